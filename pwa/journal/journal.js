// The journal on the device: append-only, numbered, chained; durable before `append` returns.
import { strict } from "../ground/db.js";
import { openRest, sealRest } from "../ground/keys.js";
import { read, write } from "./entry.js";
import { batch, digest, genesis, hex, link, ref, salt, unhex } from "./format.js";

export { EntryTooLong } from "./entry.js";

/** Days that entries stay after the server holds them: a restored server may ask for them again. */
export const KEEP_MS = 7 * 24 * 3600_000;
const AT_ONCE = 500;

/** The phone has no room: nothing of the entries was written. */
export class StoreFull extends Error {
  code = "store_full";
}

/** Another window wrote first: open the journal again. Nothing was written. */
export class OtherWriter extends Error {
  code = "other_writer";
}

const label = (journal, seq) => `log ${journal} ${seq}`;
const newId = () => hex(crypto.getRandomValues(new Uint8Array(16)));

export class Journal {
  /** Go on with this device's journal, or begin its first one. */
  static async open({ db, keys, device, now = Date.now() }) {
    const rows = await db.getAll("journals");
    const own = rows.filter((row) => String(row.device) === String(device) && !row.ended);
    const row = own.sort((a, b) => b.made_at - a.made_at)[0];
    const journal = new Journal(db, keys, row ?? (await begin(db, keys, device, now)));
    journal.records = await recordsOf(db, keys, journal.row);
    return journal;
  }

  constructor(db, keys, row) {
    Object.assign(this, { db, keys, row, records: [] });
    this.queue = Promise.resolve();
  }

  get id() {
    return this.row.id;
  }

  get device() {
    return this.row.device;
  }

  get last() {
    return this.row.last;
  }

  /** The last number that the server is known to hold without a gap. */
  get acked() {
    return this.row.acked;
  }

  /**
   * State facts: all of them are on disk when this returns, or none. `views[i]` is what the screens
   * show of entry i; it is kept sealed beside it and never leaves the device.
   * Throws StoreFull, OtherWriter, EntryTooLong.
   * @returns {Promise<{refs: string[], first: number, last: number, records: object[]}>}
   */
  append(entries, views = []) {
    return this.#alone(async () => {
      const written = await this.#chain(entries, views);
      const { last, head } = written.at(-1) ?? this.row;
      await this.#store(written, { last, head });
      const records = written.map((one) => one.record);
      this.records.push(...records);
      const first = last - written.length + 1;
      return { refs: records.map((one) => one.ref), first, last, records };
    });
  }

  async #chain(entries, views) {
    const out = [];
    let { last } = this.row;
    let head = unhex(this.row.head);
    for (const [i, said] of entries.entries()) {
      last += 1;
      const { kind, ...rest } = said;
      const entry = { kind, seq: last, ...rest, salt: salt() };
      const line = write({ ...entry, seq: last });
      const view = views[i] ?? null;
      head = await link(head, line);
      const sealed = await sealRest(this.keys.seal, { entry: line, view }, label(this.id, last));
      const row = { journal: this.id, seq: last, hash: head, sealed };
      const record = { seq: last, entry: read(line), ref: await ref(line), view, at: entry.at };
      out.push({ row, record, last, head: hex(head) });
    }
    return out;
  }

  async #store(written, tip) {
    if (written.length === 0) return;
    const tx = strict(this.db, ["log", "journals"]);
    const done = tx.done.catch((problem) => problem);
    try {
      const now = await tx.objectStore("journals").get(this.id);
      if (!now || now.last !== this.last || now.head !== this.row.head || now.ended) {
        throw new OtherWriter();
      }
      for (const { row } of written) tx.objectStore("log").add(row).catch(() => {});
      const next = { ...now, ...tip };
      tx.objectStore("journals").put(next).catch(() => {});
      const problem = await done;
      if (problem) throw problem;
      this.row = next;
    } catch (problem) {
      abort(tx);
      await done;
      throw asTold(problem, tx.error);
    }
  }

  /** What the server holds now, by its receipt. It may hold less than before: a restored server. */
  confirm(last, at = null) {
    const heard = at === null ? {} : { heard_at: at };
    return this.#alone(() => this.#change({ acked: Math.max(0, Math.min(last, this.last)), ...heard }));
  }

  /** Drop what the server has held for seven days; what it does not hold stays whatever its age. */
  prune(now) {
    return this.#alone(async () => {
      const old = this.records.findIndex((r) => r.seq > this.acked || r.at > now - KEEP_MS);
      const n = old < 0 ? this.records.length : old;
      if (n === 0) return 0;
      const base = this.records[n - 1].seq;
      const base_hash = (await this.db.get("log", [this.id, base])).hash;
      const tx = strict(this.db, ["log", "journals"]);
      tx.objectStore("log").delete(IDBKeyRange.bound([this.id, 0], [this.id, base]));
      const row = await tx.objectStore("journals").get(this.id);
      tx.objectStore("journals").put({ ...row, base, base_hash });
      await tx.done;
      this.row = { ...row, base, base_hash };
      this.records.splice(0, n);
      return n;
    });
  }

  /** End this journal and begin another: after a fork, or a new enrolment. The old one's unsent
   * entries stay, are still sent, and can be exported. */
  renew({ device = this.device, keys = this.keys, now = Date.now(), why = null } = {}) {
    return this.#alone(async () => {
      await this.#change({ ended: now });
      this.keys = keys;
      this.row = await begin(this.db, keys, device, now, why);
      this.records = [];
    });
  }

  async #change(part) {
    const tx = strict(this.db, "journals");
    const row = { ...(await tx.store.get(this.id)), ...part };
    tx.store.put(row);
    await tx.done;
    this.row = row;
  }

  #alone(work) {
    const next = this.queue.then(work);
    this.queue = next.catch(() => {});
    return next;
  }
}

async function begin(db, keys, device, now, why = null) {
  const id = newId();
  const head = hex(await genesis(device, id));
  const row = {
    id, device, sign: keys.sign, last: 0, head, acked: 0, base: 0, made_at: now, heard_at: null, ended: null, why,
  };
  const tx = strict(db, "journals");
  tx.store.add(row);
  await tx.done;
  return row;
}

/** Journals of this installation with entries that the server is not known to hold. */
export async function unsentJournals(db) {
  return (await db.getAll("journals")).filter((row) => row.last > row.acked);
}

/** What the server holds of an older journal of this installation. */
export async function confirmOld(db, id, last) {
  const tx = strict(db, "journals");
  const row = await tx.store.get(id);
  if (row) tx.store.put({ ...row, acked: Math.max(0, Math.min(last, row.last)) });
  await tx.done;
}

/** A signed batch of entries first .. first + most - 1, at most `bytes` long; null where nothing is.
 * @returns {Promise<{body: string, first: number, last: number}|null>} */
export async function batchOf(db, keys, row, { first, most, bytes = 1_000_000, sentAt }) {
  const from = Math.max(first, row.base + 1);
  const range = IDBKeyRange.bound([row.id, from], [row.id, from + most - 1]);
  const entries = [];
  let size = 0;
  for (const one of await db.getAll("log", range)) {
    if (one.seq !== from + entries.length || (size > bytes && entries.length > 0)) break;
    const { entry } = await openRest(keys.seal, one.sealed, label(row.id, one.seq));
    entries.push(entry);
    size += entry.length;
  }
  if (entries.length === 0) return null;
  const prev = await hashAfter(db, row, from - 1);
  const practice = read(entries[0]).practice === true; // a journal is of one kind from its first entry on
  const { body } = await batch(row.sign.privateKey, {
    device: row.device, journal: row.id, first: from, prev, entries, sentAt, practice,
  });
  return { body, first: from, last: from + entries.length - 1 };
}

/** The chain's hash after a number; null where it is not here. */
export async function hashAfter(db, row, seq) {
  if (seq === 0) return genesis(row.device, row.id);
  if (seq === row.base) return row.base_hash;
  return (await db.get("log", [row.id, seq]))?.hash ?? null;
}

async function recordsOf(db, keys, row) {
  const rows = await db.getAll("log", IDBKeyRange.bound([row.id, 0], [row.id, Infinity]));
  const out = [];
  for (let i = 0; i < rows.length; i += AT_ONCE) {
    out.push(...(await Promise.all(rows.slice(i, i + AT_ONCE).map((one) => record(keys, row, one)))));
  }
  return out;
}

async function record(keys, row, { seq, sealed }) {
  const { entry: line, view } = await openRest(keys.seal, sealed, label(row.id, seq));
  const entry = read(line);
  return { seq, entry, ref: hex((await digest(line)).slice(0, 8)), view, at: entry.at };
}

function abort(tx) {
  try {
    tx.abort();
  } catch {
    // it has ended already
  }
}

function asTold(problem, error) {
  const names = [problem?.name, error?.name];
  return names.includes("QuotaExceededError") ? new StoreFull(String(problem.message)) : problem;
}
