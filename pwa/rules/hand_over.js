// Handing boxes over: seals and boxes are counted, two names, temperature, and the van (pure).
// Numbers in comments are the edge cases of the field.

import { say, worst } from "./box_words.js";

/** Tenths of a degree C a box may travel at, as Limits in screening/transport/rules.py. */
const COLD = -800;
const WARM = 80;
/** What the keypad takes, in degrees C. */
export const COLDEST = -30;
export const WARMEST = 60;
/** Reasons for a count of boxes that differs; the words stand in the entry. */
export const BOX_DIFFERENCES = {
  seal_lost: ["封签脱落或读不出", "a seal is lost or cannot be read"],
  left_behind: ["有箱留在采样点", "a box stays on site"],
  unsealed: ["有箱未封", "a box has no seal"],
  other: ["其他", "other"],
};

/** Ids are 63-bit: strings in the app, sometimes small numbers in tests; alike when they read alike. */
const same = (a, b) => a !== null && a !== undefined && String(a) === String(b);

/**
 * One more seal of this hand-over. (29, 36)
 * @param {{boxes: import("./boxes.js").Boxes, way: "take"|"give", staff: string, seals: string[],
 *   courier: boolean, name: (id: string) => string}} at
 * @returns {{answer: object, add: boolean}}
 */
export function checkSealOf(at, seal) {
  const { boxes, seals } = at;
  if (seals.includes(seal)) return { answer: say("seal_again"), add: false };
  const trip = boxes.trips.get(seal);
  const ok = (code, details = {}) => ({ answer: say(code, { n: seals.length + 1, ...details }), add: true });
  if (trip?.arrived) return { answer: say("seal_arrived", { where: "—" }), add: false };
  const last = trip?.handed.at(-1);
  if (at.way === "take") return same(last?.to, at.staff) ? { answer: say("in_van"), add: false } : ok("seal_read");
  if (last && !same(last.to, at.staff)) return ok("handed_before", { name: at.name(last.to), when: last.at });
  if (at.courier && !last) return ok("not_in_van");
  return trip?.batch || last ? ok("seal_read") : ok("seal_unknown");
}

/** Boxes typed against seals scanned. (29) @returns {Answer} */
export function checkBoxes(counted, seals, difference = null) {
  if (counted === seals.length) return say("hand_over_ok", { n: counted });
  const details = { counted, known: seals.length };
  return say("hand_over_count", details, difference ? "look" : "");
}

/** @param {number|null} degrees @returns {Answer|null} a look when out of range (36) */
export function checkTemperature(degrees) {
  if (degrees == null) return null;
  const tenths = Math.round(degrees * 10);
  return tenths >= COLD && tenths <= WARM ? null : say("warm_box", { temperature: degrees });
}

/** A typed temperature in degrees C; undefined when it is none. */
export function readDegrees(text) {
  if (text === "") return null;
  if (!/^-?[0-9]{1,2}(\.[0-9])?$/.test(text)) return undefined;
  const value = Number(text);
  return value >= COLDEST && value <= WARMEST ? value : undefined;
}

/**
 * Whose badge this is. A number that this phone's list does not hold is taken, unconfirmed.
 * @param {{number?: string, staff_no?: string, text?: string}} read  a badge's code, or the staff
 *   number of an older card
 * @param {{id: string, no: string, name: string, badge: string, roles: string[]}[]} staff
 * @returns {{id: string, no: string, name: string, roles: string[], confirmed: boolean}}
 *   `id` "0" when nothing tells it
 */
export function personOf(read, staff) {
  const text = String(read.number ?? read.staff_no ?? read.text ?? "");
  const id = idOnBadge(text);
  const found = staff.find((s) => s.badge === text || String(s.no) === text || (id && same(s.id, id)));
  if (found) return { ...found, roles: found.roles ?? [], confirmed: true };
  return { id: id || "0", no: text, name: "", roles: [], confirmed: false };
}

/** A badge's number holds its person's id: two digits of kind, the id, two check digits. */
function idOnBadge(badge) {
  if (!/^(50|95)([0-9]{8}|[0-9]{22})$/.test(badge)) return "";
  return badge.slice(2, -2).replace(/^0+(?=.)/, "");
}

/** @returns {Answer} */
export function checkPerson(person, self) {
  if (same(person.id, self)) return say("not_oneself");
  return person.confirmed ? say("person_ok", { name: person.name }) : say("person_unconfirmed");
}

/**
 * One entry a seal. Who gives acts: on a courier's phone that is the person whose badge was scanned.
 * @param {{seals: string[], counted: number, giver: string, taker: string, lab: string|null,
 *   temperature: number|null, difference: string|null, note: string|null}} told
 */
export function entriesOf(told, boxes) {
  return told.seals.map((seal) => {
    const batch = boxes.trips.get(seal)?.batch;
    return {
      kind: "hand_over", staff: told.giver, seal, ...(batch ? { batch } : {}), to: told.taker,
      to_lab: told.lab, boxes: told.counted, temperature: told.temperature,
      difference: told.difference || null, note: told.note || null,
    };
  });
}

/** All that may be said before the two names. @returns {Answer} the gravest */
export function checkAll({ counted, seals, difference, temperature }) {
  return worst([checkBoxes(counted, seals, difference), checkTemperature(temperature)].filter(Boolean));
}

// --- the van ---------------------------------------------------------------------------------

/**
 * What this person took and has not given on, by site; the shortest time first.
 * @param {number|null} minutes the road's limit of the round (`limits.in_transit`)
 * @returns {{site: string, tubes: number, unknown: number, since: number, left: number|null,
 *   lab: string|null, boxes: {seal: string, n: number|null, since: number}[]}[]}  `left` in ms
 */
export function van(boxes, staff, minutes, now) {
  const sites = new Map();
  for (const trip of boxes.trips.values()) {
    const last = trip.handed.at(-1);
    if (!last || !same(last.to, staff) || trip.arrived) continue;
    const name = trip.view.site ?? trip.manifest?.site ?? "";
    if (!sites.has(name)) {
      sites.set(name, { site: name, tubes: 0, unknown: 0, since: last.at, left: null, lab: last.lab, boxes: [] });
    }
    add(sites.get(name), boxes, trip, trip.handed.find((h) => same(h.to, staff)) ?? last);
  }
  const out = [...sites.values()];
  for (const s of out) s.left = minutes ? s.since + minutes * 60_000 - now : null;
  return out.sort((a, b) => a.since - b.since);
}

function add(site, boxes, trip, taken) {
  const n = boxes.sealedBy(trip.seal)?.n ?? trip.view.n ?? trip.manifest?.n ?? null;
  site.boxes.push({ seal: trip.seal, n, since: taken.at });
  site.tubes += n ?? 0;
  site.unknown += n == null ? 1 : 0;
  site.since = Math.min(site.since, taken.at);
  site.lab = taken.lab ?? site.lab;
}
