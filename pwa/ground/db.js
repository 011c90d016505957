// The device's store (IndexedDB): its shape, its versions, and how an older one is carried over.
import { openDB } from "idb";

import { genesis, hex, link, newKey, unhex } from "../journal/format.js";
import { newSealingKey, sealRest } from "./keys.js";

export const NAME = "screening-field";
export const VERSION = 2;
/** A write is on disk before it is called done. */
export const STRICT = { durability: "strict" };
const CHUNK = 100;

/*
 * Version 1: `entries` {seq, entry (text), at, view (clear)}; `meta` "journal" {id, device, last, acked},
 *            "keys" {sign}. One journal an installation.
 * Version 2: `log` [journal, seq] {journal, seq, hash (after it), sealed}; `journals` by id {id, device,
 *            sign, last, head, acked, base, made_at, ended}; `vault`, `carried`, `meta`.
 *            `entries` stays as the place from which version 1 is carried over, and is empty then.
 */
const STEPS = [
  (db) => {
    db.createObjectStore("entries", { keyPath: "seq" });
    db.createObjectStore("meta");
  },
  (db) => {
    db.createObjectStore("log", { keyPath: ["journal", "seq"] });
    db.createObjectStore("journals", { keyPath: "id" });
    db.createObjectStore("vault");
    db.createObjectStore("carried", { keyPath: "id" });
  },
];

/** Open the store, bring it to this version, carry over what an earlier version wrote. */
export async function openStore(name = NAME, { moved = () => {} } = {}) {
  const db = await openDB(name, VERSION, {
    upgrade(raw, from) {
      for (const step of STEPS.slice(from)) step(raw);
    },
    blocking: (_current, _wanted, event) => event.target.close(),
  });
  try {
    await carryOver(db, moved);
  } catch (problem) {
    db.close();
    throw problem;
  }
  return db;
}

/** A transaction whose end means: on disk. */
export const strict = (db, stores) => db.transaction(stores, "readwrite", STRICT);

export const getMeta = (db, key) => db.get("meta", key);

export async function putMeta(db, key, value) {
  const tx = strict(db, "meta");
  await Promise.all([tx.store.put(value, key), tx.done]);
}

/** Version 1's entries, sealed and moved in chunks: each chunk is one transaction, so that a phone
 * that dies in the middle goes on where it stopped. Bytes, numbers and hashes stay what they were. */
async function carryOver(db, moved) {
  const old = await db.get("meta", "journal");
  if (!old) return;
  const keys = await oldKeys(db);
  const start = await genesis(old.device, old.id);
  const row = { id: old.id, device: old.device, sign: keys.sign, base: 0, ended: null };
  for (;;) {
    const rows = await db.getAll("entries", undefined, CHUNK);
    if (rows.length === 0) break;
    await moveChunk(db, { ...row, last: 0, acked: 0, head: hex(start), made_at: rows[0].at }, keys, rows);
    await moved(rows.length);
  }
  const tx = strict(db, ["meta", "journals"]);
  const journals = tx.objectStore("journals");
  const done = (await journals.get(old.id)) ?? { ...row, last: 0, head: hex(start), made_at: 0 };
  journals.put({ ...done, acked: Math.min(old.acked ?? 0, done.last) });
  tx.objectStore("meta").delete("journal");
  await tx.done;
}

async function moveChunk(db, row, keys, rows) {
  const begun = (await db.get("journals", row.id)) ?? row;
  let head = unhex(begun.head);
  const log = [];
  for (const { seq, entry, view = null } of rows) {
    head = await link(head, entry);
    const sealed = await sealRest(keys.seal, { entry, view }, `log ${row.id} ${seq}`);
    log.push({ journal: row.id, seq, hash: head, sealed });
  }
  const tx = strict(db, ["entries", "log", "journals"]);
  const now = (await tx.objectStore("journals").get(row.id)) ?? row;
  if (now.last === begun.last) { // else another tab was faster
    for (const one of log) {
      tx.objectStore("log").put(one);
      tx.objectStore("entries").delete(one.seq);
    }
    tx.objectStore("journals").put({ ...begun, last: rows.at(-1).seq, head: hex(head) });
  }
  await tx.done;
}

async function oldKeys(db) {
  const held = (await db.get("meta", "keys")) ?? {};
  if (held.seal && held.sign) return held;
  const sign = held.sign ?? (await newKey());
  const keys = { sign, seal: held.seal ?? (await newSealingKey()) };
  await putMeta(db, "keys", keys);
  return keys;
}
