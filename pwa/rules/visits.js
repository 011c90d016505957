// Visits: what was stated of a person at a door, what of it stands, and the entries that state it.

/**
 * @typedef {{outcome: string, until: number|null, note: string, at: number, seq: number,
 *   ref: string, tries: number}} Visit what this phone last stated of a person
 */

export const OUTCOMES = ["done", "absent", "refused", "moved", "come_back"];
const UNDONE = "undone";
const MINUTE = 60_000;
export const FURTHEST = 7 * 24 * 60 * MINUTE; // of an appointment

/**
 * The last visit that stands, by person's code. Records are in order of number. `since`: whom the
 * list still names was not settled by a visit of another day.
 */
export function foldVisits(records, since = 0) {
  const by = new Map();
  for (const record of records) {
    const { entry } = record;
    if (entry.kind !== "visit" || !entry.who?.code || entry.at < since) continue;
    const list = by.get(entry.who.code) ?? [];
    by.set(entry.who.code, list);
    if (entry.outcome !== UNDONE) list.push(visitOf(record));
    else if (list.some((v) => v.ref === entry.ref)) {
      list.splice(list.findIndex((v) => v.ref === entry.ref), 1);
    }
  }
  const out = new Map();
  for (const [code, list] of by) {
    if (list.length) out.set(code, { ...list.at(-1), tries: list.length });
  }
  return out;
}

const visitOf = ({ entry, at, seq, ref }) => ({
  outcome: entry.outcome, until: entry.until ?? null, note: entry.note ?? "",
  at: entry.at ?? at, seq, ref, callback: entry.callback ?? null,
});

/** Nobody at the door, or gone: the dispatcher has to know at once. */
export const goesToDispatcher = (item, outcome) =>
  item.kind === "callback" && (outcome === "absent" || outcome === "moved");

/** The entry that states an outcome. */
export function visitEntry(item, outcome, { until = null, note = "" } = {}) {
  const entry = { kind: "visit", who: { code: item.code }, outcome, note: note.slice(0, 200) };
  if (outcome === "come_back") entry.until = until;
  if (item.callback_id) entry.callback = item.callback_id;
  return entry;
}

/** The entry that takes a visit back. */
export function undoEntry(code, visit) {
  const entry = { kind: "visit", who: { code }, outcome: UNDONE, ref: visit.ref, note: "" };
  if (visit.callback) entry.callback = visit.callback;
  return entry;
}

/** Why an appointment cannot be made at this time, or null. */
export function badTime(until, now) {
  if (until === null || Number.isNaN(until)) return "no_time";
  if (until <= now) return "past";
  return until - now > FURTHEST ? "too_far" : null;
}

/** Times offered by one tap: half an hour, one and two hours on, and this evening at half past six. */
export function quickTimes(now, evening) {
  const round = (ms) => Math.ceil(ms / (5 * MINUTE)) * 5 * MINUTE;
  const out = [30, 60, 120].map((minutes) => round(now + minutes * MINUTE));
  return evening > out.at(-1) ? [...out, evening] : out;
}
