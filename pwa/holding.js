// What the app holds: device, person, place, slice, own journal and its fold; and how it changes.
import { foldBoxes } from "./rules/boxes.js";
import { policyOf } from "./rules/shift.js";
import { Slice } from "./rules/slice.js";
import { addRecord, foldWork, setServed } from "./rules/work.js";

const NOTHING = { held: 0, waiting: 0, since: null, state: "idle", next_at: null, parked: [], gap: null, message: null };
const KEPT = ["staff", "place", "table", "round", "offset"];

/** Another window writes; this one shows only. */
export class OtherTab extends Error {
  code = "other_tab";
}

export class Holding {
  constructor() {
    this.device = null;
    this.staff = null;
    this.place = null;
    this.table = null;
    this.round = null;
    this.offset = null;
    this.slice = null;
    this.records = [];
    this.practice = false;
    this.tab = "first"; // "first" writes, "second" only says so
    this.backing = null;
    this.outbox = NOTHING;
    this.work = { tubes: new Map(), boxes: new Map(), last: null };
  }

  /** Take a store and sender in use: the phone's, or the one of practice. */
  attach(backing) {
    this.backing = backing;
    this.practice = Boolean(backing.practice);
    this.outbox = NOTHING;
    const mine = (hear) => (told) => { if (this.backing === backing) hear(told); };
    backing.listen({
      truth: mine((truth) => { this.outbox = truth; this.draw(); }),
      offset: mine((ms) => this.heardClock(ms)),
      renewed: mine(() => this.take(backing.records, true)),
    });
  }

  /** Everything as it was kept: after a start, a change of tab, the end of practice. */
  async load() {
    const { device = null, ...kept } = await this.backing.load();
    this.device = device;
    for (const key of KEPT) this[key] = kept[key] ?? null;
    this.outbox = this.backing.truth ?? NOTHING;
    this.records = this.backing.records;
    this.useSlice(await this.backing.resumeSlice());
  }

  /** Hold nothing (the end of a practice on a phone that is no device). */
  forget() {
    this.backing = null;
    this.practice = false;
    for (const key of ["device", ...KEPT]) this[key] = null;
    this.records = [];
    this.outbox = NOTHING;
    this.slice = null;
    this.refold();
  }

  // --- kept through a reload ---------------------------------------------------------------------

  /** Change and keep staff, place, table, round, offset; sealed under the device's key. */
  async keep(changes) {
    Object.assign(this, changes);
    this.draw();
    const kept = Object.fromEntries(KEPT.map((key) => [key, this[key]]));
    await this.backing.keep({ ...kept, round: policyOf(this.round) }); // without who was sampled
  }

  /** Small steps of the clock are not worth a write. */
  heardClock(ms) {
    if (this.offset === null || Math.abs(ms - this.offset) > 250) this.keep({ offset: ms });
  }

  /** This installation is that device now; a new one begins a new journal. */
  async adopt(device) {
    await this.backing.adopt(device);
    this.device = device;
    this.records = this.backing.records;
    this.refold();
    this.recheck?.(true); // from now on the store must not be dropped by the phone
    this.draw();
  }

  /** Small things a screen keeps, sealed: JSON under a name. */
  remember(name, value) {
    return this.backing.remember(name, value);
  }

  recall(name) {
    return this.backing.recall(name);
  }

  // --- the slice and the fold ----------------------------------------------------------------------

  /** @param {object|null} json screening-slice-2, or null where there is none or it was wiped */
  useSlice(json) {
    this.slice = json ? new Slice(json, this.slice) : null;
    if (json && (json.site ?? json.lab)) {
      this.place = { type: json.lab ? "lab" : "site", ...(json.site ?? json.lab) };
    }
    if (this.round && this.slice) {
      this.round = this.slice.rounds.find((one) => String(one.id) === String(this.round.id)) ?? this.round;
    }
    this.refold();
    this.draw();
  }

  /** New records of the own journal, or all of them again. */
  take(records, afresh = false) {
    if (afresh || this.records === this.backing.records) this.records = this.backing.records;
    else this.records.push(...records);
    if (afresh) this.refold();
    else for (const record of records) this.#fold(record);
    this.draw();
  }

  refold() {
    const served = this.slice?.json.work ?? null;
    this.work = foldWork(this.records, served, { device: this.device?.name ?? "", site: this.device?.site ?? null });
    this.boxes = foldBoxes(this.records, this.slice?.json ?? null);
    this.work.boxes = this.boxes.boxes;
  }

  /** The server's layer of the tubes alone (after a small refresh). */
  serve(work) {
    setServed(this.work, work);
    this.draw();
  }

  #fold(record) {
    addRecord(this.work, record);
    this.boxes.tell(record);
  }

  // --- facts and the server --------------------------------------------------------------------------

  /**
   * State facts: durable in the journal before this resolves. Throws StoreFull, OtherTab.
   * @param {object[]} entries  without the common members
   * @param {object[]} [views]  shown on this device only
   * @returns {Promise<{refs: string[], first: number, last: number}>}
   */
  async state(entries, views = []) {
    if (this.tab !== "first") throw new OtherTab();
    const common = {
      at: this.now(), offset: this.offset, staff: this.staff?.id ?? 0, round: this.round?.id ?? 0,
      site: this.device?.site ?? null, lab: this.device?.lab ?? null, table: this.table,
      practice: Boolean(this.practice || this.device?.practice),
    };
    const full = entries.map(({ kind, ...rest }) => ({ kind, ...common, ...rest }));
    const done = await this.backing.append(full, views, this.device?.server_key ?? null);
    this.take(done.records);
    this.backing.wake();
    return { refs: done.refs, first: done.first, last: done.last };
  }

  /** Signed POST. Throws Offline or ServerProblem (ground/net.js). */
  ask(path, body = {}, { timeout = 15_000 } = {}) {
    return this.backing.ask(path, body, {
      timeout, token: this.staff?.token ?? null, offset: this.offset,
    });
  }
}
