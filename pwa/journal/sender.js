// Sends what waits: runs the outbox machine's commands against the network and the store.
import { strict } from "../ground/db.js";
import { hex } from "./format.js";
import { batchOf, confirmOld, hashAfter, unsentJournals } from "./journal.js";
import { begin, step, truth, wakeAt } from "./outbox.js";
import { onlyUnsent, Wire } from "./wire.js";

const JOURNAL = "/api/v1/journal";
const LOOK_MS = 60_000; // whether there is a network after all

export class Sender {
  /**
   * @param {object} parts {db, keys, journal, now?, fetch?, random?, onTruth(truth), onOffset(ms),
   *   onGone(state): the device was revoked, declared lost, or its journal forked: wipe the roster,
   *   onRenewed(): the journal goes on under a new id}
   */
  constructor(parts) {
    const quiet = () => {};
    Object.assign(this, {
      now: Date.now, random: Math.random, fetch: undefined, timeout: undefined,
      onTruth: quiet, onOffset: quiet, onGone: quiet, onRenewed: quiet, ...parts,
    });
    this.wire = new Wire(this);
    this.machine = begin(this.journal.row);
    this.older = this.carried = this.refused = 0;
    this.timer = null;
    this.running = Promise.resolve();
    this.busy = 0;
    this.listens = [];
  }

  get truth() {
    const first = this.journal.records.find((record) => record.seq > this.machine.acked);
    const put_back = this.journal.row.why === "store_put_back";
    const { older, carried, refused } = this;
    return truth(this.machine, { since: first?.at ?? null, older, carried, refused, put_back });
  }

  /** Begin to listen to the network, the page and the clock. */
  start() {
    const on = (target, name, hear) => {
      target?.addEventListener?.(name, hear);
      this.listens.push(() => target?.removeEventListener?.(name, hear));
    };
    on(globalThis, "online", () => this.hear({ type: "online" }));
    on(globalThis, "offline", () => this.hear({ type: "offline" }));
    on(globalThis.document, "visibilitychange", () => document.hidden || this.wake());
    on(globalThis.navigator?.serviceWorker, "message", ({ data }) => data?.type === "wake" && this.wake());
    return this.wake();
  }

  stop() {
    clearTimeout(this.timer);
    for (const end of this.listens.splice(0)) end();
    this.stopped = true;
    return this.running;
  }

  /** Look whether something is due. */
  wake() {
    const missed = this.machine.offline && globalThis.navigator?.onLine; // a frozen page hears of no network
    return this.hear({ type: missed ? "online" : "wake" });
  }

  /** By hand: forget the waiting time. */
  tryNow() {
    return this.hear({ type: "try" });
  }

  /** After an append: the journal is longer. */
  async appended() {
    if (this.machine.phase !== "idle" || this.now() < this.machine.next_at) this.#askForSync();
    await this.hear({ type: "grown", last: this.journal.last });
  }

  /** One event; resolves when what it set off has ended. */
  hear(event) {
    if (this.stopped) return this.running;
    const commands = this.#step(event);
    if (commands.length === 0) this.#sleep();
    else this.running = this.running.then(() => this.#run(commands));
    return this.running;
  }

  #step(event) {
    const before = { ...this.machine, last: this.journal.last };
    const { state, commands } = step(before, { now: this.now(), random: this.random(), ...event });
    this.machine = state;
    this.onTruth(this.truth);
    return commands;
  }

  async #run(commands) {
    this.busy += 1;
    try {
      for (const command of commands) {
        if (this.stopped) return; // another window goes on from what is on the disk
        const event = await this.#do(command);
        if (event && !this.stopped) this.#after(event);
      }
    } catch (problem) {
      console.error("outbox", problem?.name, problem?.message); // the store failed, not the network: look again later
      if (!this.stopped) this.#after({ type: "failed", why: "store", random: 1 });
    } finally {
      this.busy -= 1;
    }
  }

  // what follows is queued, not nested: a long journal is sent in many batches
  #after(event) {
    const commands = this.#step(event);
    if (commands.length > 0) this.running = this.running.then(() => this.#run(commands));
    if (commands.some((c) => c.do === "send" || c.do === "ask")) return;
    this.running = this.running.then(() => this.#rest()).then(() => this.#sleep());
  }

  #sleep() {
    clearTimeout(this.timer);
    const at = this.machine.offline ? this.now() + LOOK_MS : wakeAt(this.machine);
    if (at === null || this.stopped) return;
    this.timer = setTimeout(() => this.wake(), Math.min(Math.max(at - this.now(), 250), 600_000));
  }

  #do(command) {
    return {
      send: () => this.#send(command),
      ask: () => this.#ask(),
      confirm: () => void this.journal.confirm(command.last, this.now()).catch(() => {}),
      offset: () => void this.onOffset(command.ms),
      gone: () => void this.onGone(command.state), // not awaited: it may stop this very sender
      renew: () => this.#renew(),
    }[command.do]();
  }

  async #renew() {
    await this.journal.renew({ now: this.now(), why: "store_put_back" });
    this.machine = { ...begin(this.journal.row), device_state: this.machine.device_state, ask: false };
    this.older = await this.#countOlder();
    await this.onRenewed();
  }

  async #send({ first, most }) {
    const began = this.now();
    const made = await batchOf(this.db, this.keys, this.journal.row, { first, most, sentAt: began });
    if (made === null) return { type: "failed", why: "store", random: 1 };
    return this.#heard(began, { first: made.first, last: made.last }, () => this.wire.post(JOURNAL, made.body));
  }

  #ask() {
    const { device, id } = this.journal;
    const began = this.now();
    return this.#heard(began, null, () => this.wire.call(`${JOURNAL}/receipt?device=${device}&journal=${id}`));
  }

  async #heard(began, sent, call) {
    try {
      const receipt = await call();
      return { type: "receipt", receipt, began, sent, agrees: await this.#agrees(receipt) };
    } catch (problem) {
      return { type: "failed", ...onlyUnsent(problem) };
    }
  }

  // a copied or restored store learns here that the server's numbers are another's
  async #agrees({ last, head }) {
    if (!head || last > this.journal.last) return null;
    const own = await hashAfter(this.db, this.journal.row, last);
    return own === null ? null : hex(own) === head;
  }

  // with the server in reach and nothing of our own to send: earlier journals, and what we carry for others
  async #rest() {
    this.older = await this.#countOlder();
    this.carried = await this.#countCarried();
    const reached = this.machine.fails === 0 && this.machine.last_contact !== null && !this.machine.offline;
    if (reached && this.older > 0) await this.#sendOlder();
    if (reached && this.carried > 0) await this.#sendCarried();
    this.onTruth(this.truth);
  }

  async #countCarried() {
    return (await this.db.getAll("carried")).filter((row) => !row.refused).length;
  }

  /** Post now what is carried for other phones.
   * @returns {Promise<{receipts: object[], refused: string[], left: number}>} refused: the server's codes */
  async deliver() {
    let told = { receipts: [], refused: [], left: 0 };
    this.running = this.running.then(async () => {
      told = await this.#sendCarried().catch(() => told);
    });
    await this.running;
    this.onTruth(this.truth);
    return told;
  }

  async #olderJournals() {
    return (await unsentJournals(this.db)).filter((row) => row.id !== this.journal.id);
  }

  async #countOlder() {
    const rows = await this.#olderJournals();
    return rows.reduce((n, row) => n + row.last - row.acked, 0);
  }

  async #sendOlder() {
    let refused = 0;
    for (const row of await this.#olderJournals()) {
      try {
        await this.#sendOld(row);
      } catch (problem) {
        const { why, status } = onlyUnsent(problem);
        if (why !== "http" || status >= 500 || status === 429) break;
        refused += row.last - row.acked; // the next journal may be welcome
      }
    }
    this.refused = refused;
    this.older = await this.#countOlder();
  }

  async #sendOld(row) {
    for (let first = row.acked + 1; first <= row.last; ) {
      const made = await batchOf(this.db, this.keys, row, { first, most: 200, sentAt: this.now() });
      if (made === null) break;
      const receipt = await this.wire.post(JOURNAL, made.body);
      await confirmOld(this.db, row.id, receipt.forked ? made.last : receipt.last);
      first = made.last + 1;
    }
  }

  async #sendCarried() {
    const told = { receipts: [], refused: [], left: 0 };
    for (const row of await this.db.getAll("carried")) {
      if (row.refused) continue;
      try {
        told.receipts.push(await this.wire.post(`${JOURNAL}/carried`, row.payload));
        await this.#change("carried", (store) => store.delete(row.id));
      } catch (problem) {
        const { why, status, code } = onlyUnsent(problem);
        if (why !== "http" || status >= 500 || status === 429) break;
        told.refused.push(code ?? "refused");
        await this.#change("carried", (store) => store.put({ ...row, refused: code ?? "refused" }));
      }
    }
    this.carried = told.left = await this.#countCarried();
    return told;
  }

  async #change(store, change) {
    const tx = strict(this.db, store);
    change(tx.store);
    await tx.done;
  }

  // where the browser can wake the app later, it is asked to
  #askForSync() {
    const ready = globalThis.navigator?.serviceWorker?.ready;
    ready?.then((registration) => registration.sync?.register("outbox")).catch(() => {});
  }
}
