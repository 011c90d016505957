// Boxes that a desk sent elsewhere: which of them concern this person, and where a box goes (pure).

const same = (a, b) => String(a) === String(b);

/**
 * Redirections of the slice that still stand, by seal. What was handed over on this phone since was
 * told at the door and stands before them.
 * @param {{batch: string, seal: string|null, redirect: string, at: number, from: string, to: string,
 *   lab: string, why: object, seen_at: number|null}[]} told  as the slice gives them
 * @param {import("./boxes.js").Boxes} boxes
 * @returns {Map<string, object>}
 */
export function standing(told, boxes) {
  const out = new Map();
  for (const one of told ?? []) {
    const trip = one.seal ? boxes.trips.get(one.seal) : null;
    if (!one.seal || trip?.arrived || (trip?.handed.at(-1)?.at ?? 0) > one.at) continue;
    out.set(one.seal, one);
  }
  return out;
}

/** Those whose box this person has, or whose box waits at this place. @returns {object[]} */
export function mine(found, boxes, staff) {
  return [...found.values()].filter((one) => {
    const last = boxes.trips.get(one.seal)?.handed.at(-1);
    return last ? same(last.to, staff) : Boolean(boxes.sealedBy(one.seal));
  });
}

/** Those nobody said to have read, here (`read`: redirections by id) or elsewhere. */
export const unread = (told, read) => told.filter((one) => !one.seen_at && !(one.redirect in read));

/**
 * Where these boxes go: the one laboratory that all of them were sent to.
 * @returns {{to: string, lab: string}|null|"apart"}  null: none was redirected; "apart": not all to one
 */
export function wayOf(seals, found) {
  const told = seals.map((seal) => found.get(seal) ?? null);
  const first = told.find(Boolean);
  if (!first) return null;
  return told.every((one) => one && same(one.to, first.to)) ? { to: String(first.to), lab: first.lab } : "apart";
}

/** What the server is told with the next slice. */
export const tellSeen = (read) => Object.entries(read).map(([redirect, one]) => ({ redirect, ...one }));

/** Read redirections that the server has heard of, or names no more, are forgotten. */
export function stillUntold(read, told) {
  const waits = new Set((told ?? []).filter((one) => !one.seen_at).map((one) => one.redirect));
  return Object.fromEntries(Object.entries(read).filter(([redirect]) => waits.has(redirect)));
}
