// What has become of boxes and seals: a fold over this phone's journal and the server's last word.
// Pure. The meaning is that of screening/transport/rules.py; within one journal the number orders.

/**
 * @typedef {{ref: string|null, at: number, mine: boolean}} Packed
 * @typedef {{batch: string, box: string, tubes: Map<string, Packed>,
 *   heard: Set<string>, unheard: Set<string>,
 *   seal: string|null, seal_ref: string|null, n: number|null, differences: object[],
 *   opened_at: number|null, sealed_at: number|null, site: number|null, round: number,
 *   device: string|null, mine: boolean}} Box   `device`: who opened it, when another phone did;
 *   `heard`, `unheard`: tubes of which the server holds, or does not hold, the sampling
 * @typedef {{at: number, ref: string|null, from: string, to: string, lab: string|null,
 *   site: string|null, boxes: number, temperature: number|null, difference: string|null,
 *   note: string|null, view: object}} Handed
 * @typedef {{batch: string|null, site: string, n: number|null, at: number|null, tubes: string[],
 *   first: Set<string>, left_at: number|null}} Manifest   as the server knows the box
 * @typedef {{seal: string, batch: string|null, handed: Handed[],
 *   arrived: {at: number, intact: boolean, n: number|null, temperature: number|null}|null,
 *   received: Map<string, number>, rejected: Map<string, {reason: string, at: number}>,
 *   elsewhere: Set<string>, finished: number|null, manifest: Manifest|null, view: object}} Trip   one seal's journey; `elsewhere`: tubes
 *   that other desks of the laboratory received
 */

function newBox(batch, box, more = {}) {
  return {
    batch, box, tubes: new Map(), heard: new Set(), unheard: new Set(), seal: null, seal_ref: null, seal_seq: null, n: null,
    differences: [], opened_at: null, sealed_at: null, site: null, round: 0, device: null,
    mine: false, served: 0, ...more,
  };
}

const corrected = (entry) => entry.at + (entry.offset ?? 0);

export class Boxes {
  constructor() {
    /** @type {Map<string, Box>} */
    this.boxes = new Map();
    this.served = new Set(); // batches the server lists at this place, and when it said so
    this.served_at = 0;
    this.served_held = null;
    /** @type {Map<string, Trip>} */
    this.trips = new Map();
    this.tubes = new Map(); // tube → batch in which it lies
    this.received = new Map(); // tube → seal it was received under, or ""
    this.rejected = new Map(); // tube → {reason, at}
    this.unpacking = null; // the seal last worked on at a laboratory
  }

  // --- what the server knew ------------------------------------------------------------------

  /** @param slice screening-slice-2: `work.boxes`, `work.sealed`, `expected` */
  serve(slice) {
    const work = slice?.work ?? {};
    this.served_at = slice?.made_at ?? 0;
    this.served_held = slice?.held ?? null; // of the own journal, when the list was asked for
    for (const told of [...(work.boxes ?? []), ...(work.sealed ?? [])]) this.served.add(told.batch);
    for (const served of work.boxes ?? []) {
      const box = newBox(served.batch, served.box, {
        opened_at: served.at ?? null, device: served.device ?? null,
      });
      this.boxes.set(box.batch, box);
      this.#fill(box, served);
    }
    for (const s of work.sealed ?? []) this.#served(s);
    for (const e of slice?.expected ?? []) {
      const trip = this.trip(e.seal);
      trip.batch = e.batch ?? trip.batch;
      trip.manifest = {
        batch: e.batch ?? null, site: e.site ?? "", n: e.n ?? null, at: e.at ?? null,
        tubes: e.tubes ?? [], first: new Set(e.first ?? []),
        left_at: e.left_at ?? null,
      };
      if (e.arrived_at) trip.arrived = { at: e.arrived_at, intact: true, n: null, temperature: null };
      for (const tube of e.received ?? []) trip.elsewhere.add(tube);
    }
  }

  #served(s) {
    const box = this.boxes.get(s.batch) ?? newBox(s.batch, s.box ?? "", { device: s.device ?? null });
    Object.assign(box, {
      seal: s.seal, n: s.n ?? null, sealed_at: s.at ?? null, seal_ref: s.ref ?? null,
      served: s.at ?? 0,
    });
    this.boxes.set(box.batch, box);
    this.#fill(box, s);
    this.trip(s.seal).batch = s.batch;
  }

  /** `refs`, where the server gives them, name the pack lines in the order of `tubes`. */
  #fill(box, { tubes = [], refs = [], unheard = [] }) {
    box.unheard = new Set(unheard);
    tubes.forEach((tube, i) => {
      this.#put(box, tube, refs[i] ?? null, null, false);
      if (!box.unheard.has(tube)) box.heard.add(tube);
    });
  }

  /** The journey of a seal, begun if nobody has spoken of it. @returns {Trip} */
  trip(seal) {
    let trip = this.trips.get(seal);
    if (!trip) {
      trip = {
        seal, batch: null, handed: [], arrived: null, received: new Map(), rejected: new Map(),
        finished: null, manifest: null, elsewhere: new Set(), view: {},
      };
      this.trips.set(seal, trip);
    }
    return trip;
  }

  // --- what this phone said ------------------------------------------------------------------

  /** One entry of the own journal. @param {{entry: object, ref: string, view?: object}} record */
  tell(record) {
    const { entry, ref } = record;
    const tell = TELL[entry.kind];
    if (tell) tell(this, entry, ref, record.view ?? {});
  }

  #box(entry) {
    let box = this.boxes.get(entry.batch);
    if (!box) {
      box = newBox(entry.batch, entry.box ?? "");
      this.boxes.set(entry.batch, box);
    }
    box.box ||= entry.box ?? "";
    box.site ??= entry.site ?? null;
    box.round ||= entry.round ?? 0;
    return box;
  }

  #put(box, tube, ref, at, mine) {
    const before = box.tubes.get(tube);
    if (before?.mine && !mine) return;
    box.tubes.set(tube, { ref, at, mine });
    this.tubes.set(tube, box.batch);
  }

  opened(entry) {
    const box = this.#box(entry);
    box.opened_at = Math.min(box.opened_at ?? entry.at, entry.at);
    box.mine = true;
    box.device = null;
  }

  packed(entry, ref) {
    this.#put(this.#box(entry), entry.tube, ref, entry.at, true);
  }

  /** What the answered line put in comes out; a tube packed again after it stays. */
  unpacked(entry) {
    const box = this.#box(entry);
    const inside = box.tubes.get(entry.tube);
    if (!inside || (inside.ref && inside.ref !== entry.ref)) return;
    box.tubes.delete(entry.tube);
    if (this.tubes.get(entry.tube) === box.batch) this.tubes.delete(entry.tube);
  }

  sealed(entry, ref) {
    const box = this.#box(entry);
    if (box.seal && box.seal !== entry.seal && box.served > corrected(entry)) return;
    Object.assign(box, {
      seal: entry.seal, seal_ref: ref, n: entry.n, differences: entry.differences ?? [],
      sealed_at: entry.at, seal_seq: entry.seq ?? null,
    });
    this.trip(entry.seal).batch = box.batch;
  }

  unsealed(entry) {
    const box = this.#box(entry);
    if (!box.seal || (box.seal_ref && box.seal_ref !== entry.ref)) return;
    if (box.served > corrected(entry)) return; // another phone has sealed it again since
    Object.assign(box, { seal: null, seal_ref: null, n: null, differences: [], sealed_at: null });
  }

  handed(entry, ref, view) {
    const trip = this.trip(entry.seal);
    trip.batch ??= entry.batch ?? null;
    trip.handed.push({
      at: entry.at, ref, from: entry.staff, to: entry.to, lab: entry.to_lab ?? null,
      site: entry.site ?? null, boxes: entry.boxes, temperature: entry.temperature ?? null,
      difference: entry.difference ?? null, note: entry.note ?? null, view,
    });
    trip.view = { ...trip.view, ...view };
  }

  arrived(entry) {
    const trip = this.trip(entry.seal);
    trip.arrived ??= {
      at: entry.at, intact: entry.intact ?? true, n: entry.n ?? null,
      temperature: entry.temperature ?? null,
    };
    this.unpacking = entry.seal;
  }

  took(entry) {
    if (!this.received.has(entry.tube)) this.received.set(entry.tube, entry.seal ?? "");
    if (!entry.seal) return;
    const trip = this.trip(entry.seal);
    if (!trip.received.has(entry.tube)) trip.received.set(entry.tube, entry.at);
    this.unpacking = entry.seal;
  }

  /** A rejection names no seal: it belongs to the box the tube came out of, else to the one in hand. */
  refused(entry) {
    const told = { reason: entry.reason, at: entry.at };
    this.rejected.set(entry.tube, told);
    const seal = this.received.get(entry.tube) || this.#listed(entry.tube) || this.unpacking;
    if (seal) this.trip(seal).rejected.set(entry.tube, told);
  }

  #listed(tube) {
    for (const trip of this.trips.values()) {
      if (trip.manifest?.tubes.includes(tube)) return trip.seal;
    }
    return null;
  }

  ended(entry) {
    this.trip(entry.seal).finished = entry.at;
    if (this.unpacking === entry.seal) this.unpacking = null;
  }

  // --- questions -----------------------------------------------------------------------------

  /** The box in which a tube lies, wherever that box is. @returns {Box|null} */
  where(tube) {
    return this.boxes.get(this.tubes.get(tube)) ?? null;
  }

  /** "open", "sealed", "handed", "arrived" or "finished". */
  stage(box) {
    if (!box.seal) return "open";
    return this.stageOf(this.trips.get(box.seal));
  }

  stageOf(trip) {
    if (trip?.finished) return "finished";
    if (trip?.arrived) return "arrived";
    return trip?.handed.length ? "handed" : "sealed";
  }

  /** Boxes in a stage, the youngest first. */
  list(stage) {
    const since = (b) => b.sealed_at ?? b.opened_at ?? 0;
    return [...this.boxes.values()]
      .filter((b) => this.stage(b) === stage)
      .sort((a, b) => since(b) - since(a));
  }

  /**
   * Whether somebody else has taken a sealed box: the server held its seal (`held`: the last number
   * it holds, which it must have held when it made the list) and lists the box no more.
   */
  takenBy(box, held) {
    const told = box.seal_seq !== null && box.seal_seq <= Math.min(held, this.served_held ?? held);
    const later = this.served_held !== null || this.served_at > box.sealed_at; // clocks may differ
    return told && later && !this.served.has(box.batch);
  }

  /** The box that bears this seal. */
  sealedBy(seal) {
    return [...this.boxes.values()].find((b) => b.seal === seal) ?? null;
  }
}

const TELL = {
  box_open: (b, entry) => b.opened(entry),
  pack: (b, entry, ref) => b.packed(entry, ref),
  unpack: (b, entry) => b.unpacked(entry),
  seal: (b, entry, ref) => b.sealed(entry, ref),
  unseal: (b, entry) => b.unsealed(entry),
  hand_over: (b, entry, ref, view) => b.handed(entry, ref, view),
  arrive: (b, entry) => b.arrived(entry),
  receive: (b, entry) => b.took(entry),
  reject: (b, entry) => b.refused(entry),
  unpacked: (b, entry) => b.ended(entry),
};

/** All boxes from the whole own journal and a slice. @returns {Boxes} */
export function foldBoxes(records, slice = null) {
  const boxes = new Boxes();
  if (slice) boxes.serve(slice);
  for (const record of records) boxes.tell(record);
  return boxes;
}
