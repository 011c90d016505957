// Door to door: who is still to be visited, in which order, and how far the list is.

import { OUTCOMES } from "./visits.js";

/**
 * @typedef {{cell: number, person: string, code: string, name: string, phone: string|null,
 *   building: string, unit: string, room: string, household: number, kind: "callback"|"visit",
 *   single: boolean, deadline: number|null, callback_id: number|null, note: string,
 *   tries: number}} Item one person of the list, as the server sends it
 * @typedef {import("./visits.js").Visit} Visit
 * @typedef {Item & {state: string, visit: Visit|null, until: number|null, at: number|null}} Member
 * @typedef {{key: string, building: string, unit: string, room: string, members: Member[],
 *   callback: boolean, deadline: number|null, until: number|null, open: number}} Door
 */

const MINUTE = 60_000;
const SOON = 60 * MINUTE; // a deadline this near is called out
const EARLY = 10 * MINUTE; // an appointment comes back to the list this long before it
const words = new Intl.Collator("zh", { numeric: true });

/**
 * Whose swab lies in a tube that this phone knows: code → tube number. A callback needs a new swab:
 * the seat in the old pool does not answer it.
 */
export function swabsOf(tubes, items) {
  const wanted = new Map(items.map((item) => [item.code, item]));
  const out = new Map();
  for (const tube of tubes.values()) {
    for (const seat of tube.seats) {
      const item = wanted.get(seat.code);
      if (item && !seat.out && !seat.mark && answers(item, tube, seat)) {
        out.set(seat.code, tube.number);
      }
    }
  }
  return out;
}

const answers = (item, tube, seat) =>
  item.kind !== "callback" || tube.mode === "single" || ["resample", "recheck"].includes(seat.purpose);

/** @returns {string} todo, later, or an outcome */
function stateOf(visit, swab, now) {
  if (swab || visit?.outcome === "done") return "done";
  if (!visit) return "todo";
  if (visit.outcome !== "come_back") return visit.outcome;
  return visit.until !== null && visit.until - EARLY > now ? "later" : "todo";
}

/** The doors, in the order to walk them. @returns {Door[]} */
export function doorsOf(items, visits, swabs, now) {
  const by = new Map();
  for (const item of items) {
    const key = doorKey(item);
    const door = by.get(key) ?? newDoor(key, item);
    by.set(key, door);
    const visit = visits.get(item.code) ?? null;
    const state = stateOf(visit, swabs.has(item.code), now);
    const until = visit?.outcome === "come_back" && state !== "done" ? visit.until : null;
    door.members.push({ ...item, state, visit, until, at: visit?.at ?? null });
  }
  const out = [...by.values()];
  out.forEach(settle);
  return out.sort(byTurn);
}

/** One household at one address is one door; a person with neither stands alone. */
export function doorKey(item) {
  const address = [item.building, item.unit, item.room].map((part) => part ?? "").join("|");
  if (item.household) return `h${item.cell}-${item.household}`;
  return item.room ? `a${address}` : `p${item.code}`;
}

const newDoor = (key, item) => ({
  key, building: item.building ?? "", unit: item.unit ?? "", room: item.room ?? "",
  members: [], callback: false, deadline: null, until: null, open: 0,
});

const isOpen = (member) => member.state === "todo" || member.state === "later";
const least = (values) => values.reduce((a, b) => (a === null || (b ?? a) < a ? b ?? a : a), null);

function settle(door) {
  const open = door.members.filter(isOpen);
  const callbacks = open.filter((m) => m.kind === "callback");
  door.open = open.length;
  door.callback = callbacks.length > 0;
  door.deadline = least(callbacks.map((m) => m.deadline));
  door.until = open.length && open.every((m) => m.until) ? least(open.map((m) => m.until)) : null;
  door.absent = door.members.some((m) => m.state === "absent");
  door.later = open.length > 0 && open.every((m) => m.state === "later");
}

/** Open callbacks by deadline, doors to knock at by address, appointments, nobody met, done. */
function byTurn(a, b) {
  return (
    turn(a) - turn(b) || nearer(a.deadline, b.deadline) || nearer(a.until, b.until) ||
    byAddress(a, b)
  );
}

const turn = (door) => {
  if (!door.open) return door.absent ? 3 : 4;
  if (door.callback && !door.later) return 0;
  return door.later ? 2 : 1;
};
const nearer = (a, b) => (a ?? Infinity) - (b ?? Infinity) || 0;
const byAddress = (a, b) =>
  words.compare(a.building, b.building) || words.compare(a.unit, b.unit) ||
  words.compare(a.room, b.room);

/** Doors under headings: callbacks, then each building and unit, then appointments, then done. */
export function sections(doors) {
  const out = [];
  for (const door of doors) {
    const heading = headingOf(door);
    const last = out.at(-1);
    if (last?.id === heading.id) last.doors.push(door);
    else out.push({ ...heading, doors: [door] });
  }
  return out;
}

function headingOf(door) {
  const place = turn(door);
  if (place === 0) return { id: "callback", kind: "callback" };
  if (place === 2) return { id: "later", kind: "later" };
  if (place === 3) return { id: "absent", kind: "absent" };
  if (place === 4) return { id: "done", kind: "done" };
  const { building, unit } = door;
  return { id: `b${building}|${unit}`, kind: "building", building, unit };
}

/** Doors whose address, name or phone holds the text; `only` is all, open, callback or later. */
export function filterDoors(doors, { text = "", only = "all" } = {}) {
  const wanted = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return doors.filter((door) => passes(door, only) && wanted.every((word) => holds(door, word)));
}

function passes(door, only) {
  if (only === "open") return door.open > 0 || door.absent;
  if (only === "callback") return door.members.some((m) => m.kind === "callback");
  if (only === "later") return door.later;
  return true;
}

function holds(door, word) {
  const parts = [door.building, door.unit, door.room];
  for (const m of door.members) parts.push(m.name, m.phone);
  const address = `${door.building}${door.unit}${door.room}`;
  return [...parts, address].some((part) => part && part.toLowerCase().includes(word));
}

/** How far the list is: persons by state, and the open callbacks with how many are late. */
export function progress(doors, now) {
  const out = { total: 0, todo: 0, later: 0, callbacks: 0, late: 0 };
  for (const outcome of OUTCOMES) out[outcome] = 0;
  for (const member of doors.flatMap((door) => door.members)) {
    out.total += 1;
    out[member.state] += 1;
    if (member.kind !== "callback" || !isOpen(member)) continue;
    out.callbacks += 1;
    if (member.deadline !== null && member.deadline <= now) out.late += 1;
  }
  out.settled = out.total - out.todo - out.later;
  return out;
}

/** Time to a deadline and how loud it is. @returns {{ms: number, tone: "ok"|"look"|"stop"}} */
export function clockOf(deadline, now) {
  const ms = deadline - now;
  if (ms <= 0) return { ms, tone: "stop" };
  return { ms, tone: ms <= SOON ? "look" : "ok" };
}

/** What kind of tube the swabs of this door go into. A callback is never pooled. */
export function tubeOf(door, member) {
  if (member.kind === "callback" || member.single) return "single";
  const together = door.members.filter((m) => isOpen(m) && m.kind !== "callback" && !m.single);
  return together.length > 1 ? "household" : null;
}

/** A fresh list, with those of the old one that were settled here: the server names them no more. */
export function mergedList(old, fresh, settled) {
  const named = new Set(fresh.items.map((item) => item.code));
  const kept = (old?.items ?? []).filter((item) => !named.has(item.code) && settled(item.code));
  return { ...fresh, items: [...fresh.items, ...kept] };
}

/** Persons who were swabbed but whose door was not yet stated as done. */
export const unstated = (items, visits, swabs) =>
  items.filter((i) => swabs.has(i.code) && visits.get(i.code)?.outcome !== "done");
