// Words: t("中文") is Chinese or its English; one dictionary an owner, all joined here.
import { words as doors } from "./doors.js";
import { words as kernel } from "./kernel.js";
import { words as sampling } from "./sampling.js";
import { words as scan } from "./scan.js";
import { words as store } from "./store.js";
import { words as transport } from "./transport.js";

export const parts = { doors, kernel, sampling, scan, store, transport };
export const english = Object.assign({}, ...Object.values(parts));

let lang = "zh";

export const getLang = () => lang;

export function setLang(to) {
  lang = to === "en" ? "en" : "zh";
}

/** The sentence in the language of the screen; `{name}` takes `values.name`. */
export function t(zh, values = null) {
  const text = lang === "en" ? (english[zh] ?? zh) : zh;
  return values ? spoken(fill(text, values)) : text;
}

/** One of two texts that came together, as `{zh, en}` (from the server or a rule). */
export function pick(texts, values = null) {
  if (!texts || typeof texts === "string") return texts ?? "";
  const text = (lang === "en" ? texts.en : texts.zh) ?? texts.zh ?? "";
  return spoken(values ? fill(text, values) : text);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, key) => (key in values ? String(values[key]) : all));
}

const SEVERAL = {
  tubes: "tube", boxes: "box", people: "person", persons: "person", swabs: "swab", records: "record", entries: "entry",
  seals: "seal", seats: "seat", parts: "part", tries: "try",
};
const ONE = new RegExp(`(^|[^\\d.,:/-])1 ((?:[a-z]+ )?)(${Object.keys(SEVERAL).join("|")})\\b( are\\b)?`, "g");

/** English says "1 tube is", not "1 tubes are"; Chinese does not care. */
function spoken(text) {
  if (lang !== "en") return text;
  return text.replace(ONE, (_, before, which, word, are) => `${before}1 ${which}${SEVERAL[word]}${are ? " is" : ""}`);
}
