// Times in sentences: "08:42" and "2026-11-22 08:42" in the phone's own zone.

const two = (n) => String(n).padStart(2, "0");

export function hm(ms) {
  if (ms === null || ms === undefined) return "—";
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

export function when(ms) {
  if (ms === null || ms === undefined) return "—";
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${hm(ms)}`;
}
