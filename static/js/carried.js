// The desk that takes in a phone's QR codes: counts them, names the missing, sends when all are there.

import { say } from "./lang.js";

const FRAME = /^SQ1\.([0-9A-F]{8})\.([1-9]\d{0,3})\.([1-9]\d{0,3})\.[A-Z2-7]+$/;

/** What the frames read so far amount to: {id, n, have, missing}; null before the first. */
export function tally(lines) {
  const read = lines.map((line) => FRAME.exec(line)).filter((found) => found !== null);
  if (read.length === 0) return null;
  const [, id, , n] = read[0];
  const have = new Set(read.filter((found) => found[1] === id && found[3] === n).map((found) => Number(found[2])));
  const missing = Array.from({ length: Number(n) }, (_, i) => i + 1).filter((i) => !have.has(i));
  return { id, n: Number(n), have: have.size, missing };
}

/** One more read: the lines to keep and what to say. tone: ok, look or stop. */
export function hear(lines, text) {
  const frame = text.toUpperCase();
  const found = FRAME.exec(frame);
  if (found === null) return { lines, tone: "stop", zh: "这不是日志二维码", en: "not of a journal's QR codes" };
  const before = tally(lines);
  if (before !== null && before.id !== found[1]) {
    return { lines, tone: "stop", zh: "这是另一份日志的二维码", en: "a code of another export" };
  }
  if (lines.includes(frame)) return { lines, tone: "look", zh: "这张扫过了", en: "read before" };
  return { lines: [...lines, frame], tone: "ok", zh: "已收下", en: "taken" };
}

function progress(told) {
  if (told === null) return "";
  const count = `${told.have} / ${told.n}`;
  if (told.missing.length === 0) return say(`${count}，已扫齐`, `${count}, all read`);
  const next = told.missing.slice(0, 12).join(", ") + (told.missing.length > 12 ? " …" : "");
  return say(`${count}，还差 ${next}`, `${count}, missing ${next}`);
}

function attach(form) {
  const kept = form.querySelector("textarea");
  const line = form.querySelector("[data-carried-progress]");
  const lines = () => kept.value.split(/\s+/).filter((text) => text !== "");
  const show = () => {
    line.textContent = progress(tally(lines()));
  };
  form.addEventListener("scan", (event) => {
    event.preventDefault();
    const told = hear(lines(), event.detail.text);
    kept.value = told.lines.join("\n");
    event.target.show(told.tone, event.detail.text.slice(0, 16), say(told.zh, told.en));
    show();
    if (tally(told.lines)?.missing.length === 0) form.requestSubmit();
  });
  show();
}

if (globalThis.document) {
  for (const form of document.querySelectorAll("[data-carried]")) attach(form);
}
