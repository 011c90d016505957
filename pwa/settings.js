// Settings of this phone: nothing personal, wanted before any store is open.
const NAME = "screening-settings";

/**
 * @typedef {{lang: "zh"|"en", theme: "auto"|"day"|"night", thumb: "left"|"right", voice: boolean,
 *   full_name: boolean, sound: boolean, vibrate: boolean, prefix: string, suffix: string,
 *   card_line: string, awake: boolean}} Settings
 *   prefix, suffix: what the scanner sends around a code ("" prefix: none), as key names: "F13", "~", "Tab"
 */
export const DEFAULTS = {
  lang: "zh", theme: "auto", thumb: "right", voice: true, full_name: false, sound: true, vibrate: true,
  prefix: "", suffix: "Enter", card_line: "",
  awake: true,
};

/** Where cookies are forbidden, even asking for the store throws. */
function ownStore() {
  try {
    return globalThis.localStorage;
  } catch {
    return null;
  }
}

/** @returns {Settings} */
export function readSettings(store = ownStore(), languages = globalThis.navigator?.languages) {
  let kept = {};
  try {
    kept = JSON.parse(store.getItem(NAME)) ?? {};
  } catch {
    // forbidden, empty or broken: the defaults serve
  }
  const spoken = languages?.length && !languages.some((lang) => lang.startsWith("zh")) ? "en" : "zh";
  return { ...DEFAULTS, lang: spoken, ...kept };
}

export function keepSettings(settings, store = ownStore()) {
  try {
    store.setItem(NAME, JSON.stringify(settings));
  } catch {
    // a full or forbidden store: they last until the page is left
  }
}
