// The laboratory's door: a box by its seal, its tubes one by one, what is missing or too much (pure).
// Numbers in comments are the edge cases of the field.

import { REJECTIONS, say, worst } from "./box_words.js";
import { checkTemperature } from "./hand_over.js";

/**
 * What should lie in a box: as the server tells, else as this very phone packed it (practice).
 * @returns {import("./boxes.js").Manifest|null}
 */
export function manifestOf(boxes, trip) {
  if (!trip || trip.manifest) return trip?.manifest ?? null;
  const own = boxes.boxes.get(trip.batch);
  if (!own?.mine || own.seal !== trip.seal) return null;
  return {
    batch: own.batch, site: "", n: own.n, at: own.sealed_at, tubes: [...own.tubes.keys()], first: NONE, left_at: null,
  };
}
const NONE = new Set();

/**
 * A box at the door. (19, 36)
 * @param {import("./boxes.js").Boxes} boxes
 * @returns {Answer[]} the first is what the screen says of the box
 */
export function checkArrive(boxes, seal, { n = null, temperature = null, late = null } = {}) {
  const trip = boxes.trips.get(seal);
  const manifest = manifestOf(boxes, trip);
  const counted = manifest?.n ?? null;
  const out = [checkTemperature(temperature)].filter(Boolean);
  if (late) out.push(say("late_box"));
  if (trip?.arrived) return [say("arrived_before"), ...out];
  if (!manifest) return [say("no_manifest"), ...out];
  if (n != null && counted != null && n !== counted) {
    out.unshift(say("seal_count", { counted: n, known: counted }, "look"));
  }
  return out.length ? out : [say("arrive_ok", { counted: counted ?? "—" })];
}

/**
 * A tube out of this box; whatever it is, it is taken. (19, 20, 30, 31)
 * @returns {{answer: object, take: boolean, rack: null|"unknown"|"priority"|"other_box"}}
 */
export function checkReceive(boxes, seal, tube) {
  const trip = boxes.trips.get(seal);
  if (trip?.received.has(tube)) return { answer: say("received_here"), take: false, rack: null };
  const before = boxes.received.get(tube);
  if (before != null) {
    return { answer: say("received_before", { where: before || "—" }), take: false, rack: null };
  }
  const manifest = manifestOf(boxes, trip);
  if (isFirst(boxes, tube)) {
    const inside = manifest?.tubes.includes(tube) ?? true;
    return { answer: inside ? say("priority") : say("wrong_box"), take: true, rack: "priority" };
  }
  if (!manifest) return { answer: say("receive_ok"), take: true, rack: null };
  if (manifest.tubes.includes(tube)) return { answer: say("receive_ok"), take: true, rack: null };
  if (listedIn(boxes, tube)) return { answer: say("wrong_box"), take: true, rack: "other_box" };
  return { answer: say("unlisted_tube"), take: true, rack: "unknown" };
}

/** The seal on whose manifest a tube stands; null: on none that is known here. */
export function listedIn(boxes, tube) {
  for (const trip of boxes.trips.values()) {
    if (manifestOf(boxes, trip)?.tubes.includes(tube)) return trip.seal;
  }
  return null;
}

const isFirst = (boxes, tube) => [...boxes.trips.values()].some((t) => t.manifest?.first.has(tube));

/**
 * Where unpacking stands; true again when the manifest comes later.
 * @returns {{known: boolean, total: number|null, received: string[], missing: string[],
 *   first: string[], extra: string[], unknown: string[], rejected: string[], leak: boolean}}
 *   `first`: priority tubes not yet scanned; `extra`: on another box's list
 */
export function standing(boxes, trip) {
  const manifest = manifestOf(boxes, trip);
  const received = [...new Set([...trip.received.keys(), ...trip.elsewhere])];
  const rejected = [...trip.rejected.keys()];
  const listed = new Set(manifest?.tubes ?? []);
  const seen = (tube) => boxes.received.has(tube) || boxes.rejected.has(tube) || trip.elsewhere.has(tube);
  const missing = [...listed].filter((tube) => !seen(tube));
  const strange = manifest ? received.filter((tube) => !listed.has(tube)) : [];
  return {
    known: Boolean(manifest),
    total: manifest ? listed.size : null,
    received, missing, rejected,
    first: missing.filter((tube) => manifest.first.has(tube)),
    extra: strange.filter((tube) => listedIn(boxes, tube)),
    unknown: strange.filter((tube) => !listedIn(boxes, tube)),
    leak: [...trip.rejected.values()].some((r) => r.reason === "leak"),
  };
}

/** What finishing now would say. (34) @returns {Answer} */
export function checkUnpacked(boxes, trip) {
  const { missing, known } = standing(boxes, trip);
  if (!known) return say("unpacked_unlisted");
  return missing.length ? say("not_unpacked", { n: missing.length, missing }) : say("unpacked_ok");
}

/** @returns {Answer} */
export function rejection(reason) {
  const [why, why_en] = REJECTIONS[reason] ?? REJECTIONS.other;
  return say("rejected", { why, why_en });
}

/** Boxes on the way, being unpacked and done, the longest waiting first. */
export function queue(boxes, now, minutes = null) {
  const coming = [];
  const here = [];
  const done = [];
  for (const trip of boxes.trips.values()) {
    const line = { trip, ...lateness(trip, now, minutes) };
    if (trip.finished) done.push(line);
    else if (trip.arrived) here.push(line);
    else if (trip.manifest) coming.push(line);
  }
  const since = (a, b) => (a.since ?? 0) - (b.since ?? 0);
  return { coming: coming.sort(since), here: here.sort(since), done: done.sort((a, b) => since(b, a)) };
}

/** Since when the box waits, and whether its road was longer than the limit. (36) */
export function lateness(trip, now, minutes) {
  const left = trip.manifest?.left_at ?? trip.handed[0]?.at ?? null;
  const end = trip.arrived?.at ?? now;
  const since = trip.finished ?? trip.arrived?.at ?? left ?? trip.manifest?.at ?? null;
  return { since, late: Boolean(minutes && left && end - left > minutes * 60_000) };
}

export const entryArrive = (trip, { intact, n, temperature }) => ({
  kind: "arrive", seal: trip.seal, ...(trip.batch ? { batch: trip.batch } : {}), intact, n, temperature,
});
export const entryReceive = (seal, tube) => ({ kind: "receive", tube, seal: seal || null });
export const entryReject = (tube, reason) => ({ kind: "reject", tube, reason });
export const entryUnpacked = (trip) => ({
  kind: "unpacked", seal: trip.seal, ...(trip.batch ? { batch: trip.batch } : {}),
});

/** The answer that a screen says first. */
export const worstOf = (answers) => worst(answers);
