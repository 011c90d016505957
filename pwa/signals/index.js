// What the app says without words on the screen: sound, vibration, speech, by the settings.
import { Sounds } from "./sound.js";
import { Speech } from "./speech.js";
import { vibrate } from "./vibration.js";

/** Settings that matter here: sound (bool), volume (0-1), vibrate (bool), voice ("off" or how much), lang. */
export class Signals {
  constructor({ sounds = new Sounds(), speech = new Speech(), shake = vibrate } = {}) {
    this.sounds = sounds;
    this.speech = speech;
    this.shake = shake;
  }

  /** Sound may start only in a touch or a key: listen for the first ones. */
  wait(target = document) {
    const unlock = () => this.sounds.unlock();
    for (const name of ["pointerdown", "keydown"]) {
      target.addEventListener(name, unlock, { capture: true, passive: true });
    }
    return this;
  }

  /** @param {"ok"|"look"|"stop"|"again"} tone */
  signal(tone, settings = {}) {
    if (settings.sound !== false) this.sounds.play(tone, settings.volume ?? 1);
    if (settings.vibrate !== false) this.shake(tone);
    if (tone === "stop") this.speech.hush(); // the alarm must not be talked over by an old name
  }

  speak(text, settings = {}) {
    if (settings.voice === "off" || settings.voice === false) return false;
    return this.speech.speak(text, { lang: settings.lang ?? "zh", volume: settings.volume ?? 1 });
  }

  hush() {
    this.sounds.hush();
    this.speech.hush();
  }
}

// The app has one mouth; tests make their own.
const own = new Signals();
export const signal = (tone, settings) => own.signal(tone, settings);
export const speak = (text, settings) => own.speak(text, settings);
export const hush = () => own.hush();
export const wait = (target) => own.wait(target);
