// Times, ages and counts as people read them (look.md, Words).
import { getLang } from "./index.js";

const two = (n) => String(n).padStart(2, "0");

/** "14:02" of milliseconds. */
export function clock(ms) {
  if (ms === null || ms === undefined) return "";
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "2026-11-22 08:42" of milliseconds. */
export function dated(ms) {
  if (ms === null || ms === undefined) return "";
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(ms)}`;
}

/** "08:42" today, "11-22 08:42" on another day of `now`. */
export function when(ms, now) {
  if (ms === null || ms === undefined) return "";
  const [at, to] = [new Date(ms), new Date(now)];
  const sameDay = at.toDateString() === to.toDateString();
  return sameDay ? clock(ms) : `${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(ms)}`;
}

/** "2 小时 14 分" of a length in milliseconds. */
export function duration(ms) {
  const zh = getLang() === "zh";
  const minutes = Math.max(0, Math.floor(ms / 60000));
  if (minutes < 1) return zh ? "不到 1 分" : "under 1 min";
  if (minutes < 60) return zh ? `${minutes} 分` : `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours >= 48) return zh ? `${Math.floor(hours / 24)} 天` : `${Math.floor(hours / 24)} d`;
  if (!rest) return zh ? `${hours} 小时` : `${hours} h`;
  return zh ? `${hours} 小时 ${rest} 分` : `${hours} h ${rest} min`;
}

/** Thousands separated, the same in both languages. */
export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
