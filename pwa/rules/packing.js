// Packing a box: what may go in, whose tubes are still missing, and the count before the seal (pure).
// Numbers in comments are the edge cases of the field.

import { grouped } from "../scan/codes.js";
import { DIFFERENCES, STAGES, say } from "./box_words.js";

/** Tubes a box takes; house, as BOX_CAPACITY in screening/transport/desk_queries.py. */
export const CAPACITY = 100;

/**
 * What a table's phone told by its QR: its closed tubes.
 * @typedef {{table: number|null, device: string, at: number,
 *   tubes: Map<string, {n: number, at: number, sent: boolean}>}} Table
 * What is known of a tube from whatever was heard.
 * @typedef {{state: "open"|"closed"|"packed"|"gone", n: number|null, at: number|null,
 *   table: number|null, device: string, heard: boolean}} Known   `heard`: a journal told it
 */

/** The id of a new trip: the site's cell and 32 random hex digits. @param {Uint8Array} random 16 bytes */
export function newBatch(cell, random) {
  return `${cell}-${Array.from(random, (b) => b.toString(16).padStart(2, "0")).join("")}`;
}

/** A table's list as its QR frames carry it. @returns {Table|null} null: not of this site */
export function readTable(list, site) {
  if (!list || !Array.isArray(list.tubes)) return null;
  if (site != null && list.site != null && list.site !== site) return null;
  const tubes = new Map();
  for (const [number, n, at, sent] of list.tubes) tubes.set(String(number), { n, at, sent: Boolean(sent) });
  return { table: list.table ?? null, device: String(list.device ?? ""), at: list.at ?? 0, tubes };
}

/** Under which a table's list is kept: a younger one of the same phone takes its place. */
export const tableKey = (table) => `${table.table ?? ""}/${table.device}`;

/**
 * All tubes somebody has told of: journals first, then what tables showed.
 * @param {Map<string, object>} work tubes of `app.work`
 * @param {Iterable<Table>} tables
 * @returns {Map<string, Known>}
 */
export function knownTubes(work, tables) {
  const known = new Map();
  for (const [number, t] of work) {
    if (!sampled(t)) continue;
    known.set(number, {
      state: t.state, n: t.n ?? null, at: t.closed_at ?? t.opened_at ?? null,
      table: t.table ?? null, device: String(t.device ?? ""), heard: true,
    });
  }
  for (const table of tables) {
    for (const [number, t] of table.tubes) {
      const before = known.get(number);
      if (before && (before.state !== "open" || before.at > t.at)) continue;
      known.set(number, {
        state: "closed", n: t.n, at: t.at, table: table.table, device: table.device, heard: t.sent,
      });
    }
  }
  return known;
}

/** Packing alone makes a tube known too, but tells nothing of who is in it. */
const sampled = (t) => t.own || t.size > 0 || t.seats?.length > 0 || t.n != null;

// --- opening ---------------------------------------------------------------------------------

/**
 * May this box start a trip, or is it one that goes on? (19, 20)
 * @param {import("./boxes.js").Boxes} boxes
 * @returns {{answer: object, batch: string|null}} `batch`: the open trip to go on with
 */
export function checkBox(boxes, number) {
  const open = boxes.list("open").find((b) => b.box === number);
  if (open) return { answer: say("box_goes_on"), batch: open.batch };
  const away = boxes.list("sealed").find((b) => b.box === number);
  if (away) {
    const [stage, stage_en] = STAGES.sealed;
    return { answer: say("box_in_use", { stage, stage_en }), batch: null };
  }
  return { answer: say("box_ok", { capacity: CAPACITY }), batch: null };
}

// --- tubes -----------------------------------------------------------------------------------

/**
 * May this tube go into this box? `pack`: state it; `ask`: what one tap may do about it.
 * @param {{boxes: import("./boxes.js").Boxes, batch: string|null, known: Map<string, Known>,
 *   used: (number: string) => ({at: number, site: string, here: boolean}|null),
 *   device: (name: string) => string, capacity?: number}} at
 * @returns {{answer: object, pack: boolean, ask: null|"close"|"seal"|"open"}}
 */
export function checkPack(at, number) {
  const { boxes, known, capacity = CAPACITY } = at;
  const box = boxes.boxes.get(at.batch);
  const no = (answer, ask = null) => ({ answer, pack: false, ask });
  if (!box) return no(say("box_not_open"), "open");
  if (boxes.stage(box) !== "open") return no(say("box_sealed"), "open");
  if (box.tubes.has(number)) return no(say("packed_here"));
  const elsewhere = boxes.where(number);
  if (elsewhere) return no(inBox(elsewhere));
  const tube = known.get(number);
  const barred = barredBy(number, tube, at.used);
  if (barred) return no(barred);
  if (box.tubes.size >= capacity) return no(say("box_full", { known: box.tubes.size, capacity }), "seal");
  if (tube?.state === "open") return no(say("tube_still_open", { table: tube.table }), "close");
  const claim = tube ? null : at.used?.(number);
  return { answer: packed(tube, claim, box.tubes.size + 1, capacity), pack: true, ask: null };
}

function inBox(box) {
  const name = grouped(box.box || box.seal || "");
  const label = box.box ? ["箱", "box"] : ["封签", "seal"];
  return say("tube_packed", { where: `${label[0]} ${name}`, where_en: `${label[1]} ${name}` });
}

/** A tube that was used elsewhere or has left already is put aside (3). */
function barredBy(number, tube, used) {
  if (tube?.state === "gone") return say("tube_gone", { stage: "离开采样点", stage_en: "gone from the site" });
  const claim = tube ? null : used?.(number);
  if (!claim || claim.here) return null;
  return say("tube_used", { where: claim.site || "—", when: claim.at });
}

function packed(tube, claim, size, capacity) {
  if (size >= capacity) return say("last_in", { n: size });
  if (claim) return say("used_here", { when: claim.at });
  if (!tube) return say("nobody_knows");
  if (!tube.heard) return say("not_sent", { device: tube.device });
  return say("tube_in");
}

// --- what is still to come -------------------------------------------------------------------

/**
 * Closed tubes that lie in no box, by table; the longest waiting first.
 * @returns {{table: number|null, device: string, tubes: {tube: string, n: number|null, at: number|null,
 *   heard: boolean}[]}[]}
 */
export function stillOutside(boxes, known) {
  const groups = new Map();
  for (const [tube, k] of known) {
    if (k.state !== "closed" || boxes.tubes.has(tube) || boxes.received.has(tube)) continue;
    const key = k.table ?? `d${k.device}`;
    if (!groups.has(key)) groups.set(key, { table: k.table, device: k.device, tubes: [] });
    groups.get(key).tubes.push({ tube, n: k.n, at: k.at, heard: k.heard });
  }
  for (const g of groups.values()) g.tubes.sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
  return [...groups.values()].sort((a, b) => (a.table ?? 999) - (b.table ?? 999));
}

/**
 * Tubes in the box that no heard journal knows; to be named before the seal.
 * @param {(number: string) => object|null} [used] what the server said was used
 * @returns {{tube: string, device: string|null, table: number|null}[]} `device` null: nobody told
 */
export function unheard(box, known, used = () => null) {
  const out = [];
  for (const tube of box.tubes.keys()) {
    const k = known.get(tube);
    if (!k && !box.unheard.has(tube) && (box.heard.has(tube) || used(tube))) continue;
    if (!k) out.push({ tube, device: null, table: null });
    else if (!k.heard) out.push({ tube, device: k.device, table: k.table });
  }
  return out.sort((a, b) => (a.device ?? "").localeCompare(b.device ?? ""));
}

// --- the count and the seal ------------------------------------------------------------------

/**
 * The typed count against what was scanned (28). `left`: what no reason explains yet.
 * @param {{code: string, n: number, tube: string|null}[]} differences
 * @returns {{answer: object, off: number, left: number, done: boolean}}
 */
export function compare(box, n, differences = []) {
  const known = box.tubes.size;
  const off = n - known;
  const left = off - differences.reduce((sum, d) => sum + d.n, 0);
  const details = { n, counted: n, known };
  if (off === 0) return { answer: say("seal_ok", details), off, left: 0, done: true };
  const code = left === 0 ? "seal_explained" : "seal_count";
  return { answer: say(code, details), off, left, done: left === 0 };
}

/**
 * The differences with one more tap: a second tap on the same tube takes the first's place, and
 * the same reason for the number adds up.
 */
export function explain(differences, { code, tube = null }, sign) {
  if (!(code in DIFFERENCES)) return differences;
  const others = differences.filter((d) => (tube ? d.tube !== tube : d.tube || d.code !== code));
  const same = tube ? null : differences.find((d) => !d.tube && d.code === code);
  return [...others, { code, n: (same?.n ?? 0) + sign, tube }];
}

/** May this seal close this box? (28) */
export function checkSeal(boxes, batch, seal) {
  const bearer = boxes.sealedBy(seal);
  if (bearer?.batch === batch) return say("sealed_here");
  if (bearer || boxes.trips.has(seal)) return say("seal_used");
  return say("seal_free");
}

/** Tubes of the box that a second walk through it has not met: what is scanned but not there. */
export const notMet = (box, met) => [...box.tubes.keys()].filter((tube) => !met.has(tube));

// --- entries ---------------------------------------------------------------------------------

export const entryOpen = (batch, box) => ({ kind: "box_open", batch, box });
export const entryPack = (box, tube) => ({ kind: "pack", batch: box.batch, box: box.box, tube });

/** null: another phone packed it and its line is not known here. */
export function entryUnpack(box, tube, reason) {
  const ref = box.tubes.get(tube)?.ref;
  return ref ? { kind: "unpack", batch: box.batch, tube, ref, reason } : null;
}

export function entrySeal(box, seal, n, differences = []) {
  const told = differences.map(({ code, n: by, tube }) => ({ code, n: by, ...(tube ? { tube } : {}) }));
  return { kind: "seal", batch: box.batch, box: box.box, seal, n, differences: told };
}

/** null: another phone sealed it and its line is not known here. */
export const entryUnseal = (box, reason) =>
  box.seal_ref ? { kind: "unseal", batch: box.batch, ref: box.seal_ref, reason } : null;
