// What modules say and how they write numbers: in the language of the page, Chinese first.

const page = globalThis.document?.documentElement;

export const lang = page?.lang === "en" ? "en" : "zh";

/** One of two sentences; the module keeps both beside each other. */
export function say(zh, en) {
  return lang === "en" ? en : zh;
}

export function thousands(n) {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Minutes in the two largest units, as the server writes them. */
export function age(minutes, to = lang) {
  const m = Math.floor(minutes);
  const zh = to === "zh";
  if (m < 1) return zh ? "不到 1 分" : "under 1 min";
  const h = Math.floor(m / 60);
  if (h === 0) return zh ? `${m} 分` : `${m} min`;
  if (h < 24) return zh ? `${h} 小时 ${m % 60} 分` : `${h} h ${m % 60} min`;
  const d = Math.floor(h / 24);
  return zh ? `${d} 天 ${h % 24} 小时` : `${d} d ${h % 24} h`;
}
