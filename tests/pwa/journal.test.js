// The journal on the device: durable or not written at all, one chain, carried over from version 1.
import "fake-indexeddb/auto";
import { deleteDB, openDB } from "idb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { openStore } from "../../pwa/ground/db.js";
import { openKeys, openRest } from "../../pwa/ground/keys.js";
import { batchOf, Journal, OtherWriter, StoreFull, unsentJournals } from "../../pwa/journal/journal.js";
import { digest, genesis, hex, link, newKey, unb64, verify } from "../../pwa/journal/format.js";

const NAME = "store-test";
const DEVICE = "123456789012345678";
let db;
let keys;

beforeEach(async () => {
  await deleteDB(NAME);
  db = await openStore(NAME);
  keys = await openKeys(db);
});

afterEach(() => db.close());

const open = () => Journal.open({ db, keys, device: DEVICE });
const fact = (i) => ({ kind: "open", at: 1_795_300_000_000 + i, staff: "987654321098765432", round: 5, tube: `10${i}`, mode: "pooled", size: 10 });

async function chainOf(batchBody, from) {
  const [head, ...entries] = batchBody.trimEnd().split("\n");
  let hash = from;
  for (const entry of entries) hash = await link(hash, entry);
  return { header: JSON.parse(head), entries, hash: hex(hash) };
}

async function reopened() {
  db.close();
  db = await openStore(NAME);
  keys = await openKeys(db);
  return open();
}

describe("appending", () => {
  it("numbers, chains and keeps what the screens show of it", async () => {
    const journal = await open();
    const done = await journal.append([fact(1), fact(2)], [{ name: "张*三" }]);
    expect([done.first, done.last]).toEqual([1, 2]);
    const again = await reopened();
    expect(again.id).toBe(journal.id);
    expect(again.records).toEqual(journal.records);
    expect(again.records[0].view).toEqual({ name: "张*三" });
    expect(again.records[0].ref).toBe(done.refs[0]);
    expect(again.records[1].entry.staff).toBe("987654321098765432");
  });

  it("writes the long ids as bare numbers, as the server reads them", async () => {
    const journal = await open();
    await journal.append([{ ...fact(1), lab: null }, { kind: "hand_over", at: 1, staff: 7, seal: "3", to: "987654321098765433", boxes: 1 }]);
    const { body } = await batchOf(db, keys, journal.row, { first: 1, most: 9, sentAt: 5 });
    expect(body).toContain('"staff":987654321098765432');
    expect(body).toContain('"to":987654321098765433');
    expect(body).toContain(`"device":${DEVICE}`);
    expect(body).not.toContain("null");
  });

  it("keeps one chain when many write at once", async () => {
    const journal = await open();
    await Promise.all(Array.from({ length: 40 }, (_, i) => journal.append([fact(i), fact(i + 0.5)].slice(0, 1 + (i % 2)))));
    const { body } = await batchOf(db, keys, journal.row, { first: 1, most: 99, sentAt: 5 });
    const { header, entries, hash } = await chainOf(body, await genesis(DEVICE, journal.id));
    expect(entries.map((e) => JSON.parse(e).seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(header.head).toBe(hash);
    const facts = { device: DEVICE, journal: journal.id, last: 60, head: Uint8Array.from(header.head.match(/../g), (p) => parseInt(p, 16)), sentAt: 5 };
    expect(await verify(unb64(keys.point), unb64(header.signature), facts)).toBe(true);
  });

  it("lies sealed on the disk, and cannot be moved to another number", async () => {
    const journal = await open();
    await journal.append([{ ...fact(1), note: "机密的话" }], [{ name: "王*明" }]);
    const row = await db.get("log", [journal.id, 1]);
    expect(new TextDecoder().decode(row.sealed)).not.toContain("机密");
    await expect(openRest(keys.seal, row.sealed, `log ${journal.id} 2`)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("raw", keys.seal)).rejects.toThrow();
    await expect(crypto.subtle.exportKey("pkcs8", keys.sign.privateKey)).rejects.toThrow();
  });

  it("writes all entries of an act or none when the phone is full, and goes on after", async () => {
    const journal = await open();
    await journal.append([fact(1)]);
    const { add } = IDBObjectStore.prototype;
    let calls = 0;
    const full = vi.spyOn(IDBObjectStore.prototype, "add").mockImplementation(function (...given) {
      calls += 1;
      if (calls === 3) throw new DOMException("no room", "QuotaExceededError");
      return add.apply(this, given);
    });
    await expect(journal.append([fact(2), fact(3), fact(4)])).rejects.toBeInstanceOf(StoreFull);
    full.mockRestore();
    expect(journal.last).toBe(1);
    expect(await db.count("log")).toBe(1);
    expect((await journal.append([fact(5)])).first).toBe(2);
    expect((await reopened()).records.map((r) => r.seq)).toEqual([1, 2]);
  });

  it("refuses a second writer instead of writing a number twice", async () => {
    const one = await open();
    const two = await open();
    await one.append([fact(1)]);
    await expect(two.append([fact(2)])).rejects.toBeInstanceOf(OtherWriter);
    expect((await open()).records).toHaveLength(1);
  });

  it("refuses an entry that the server would not read, before anything is written", async () => {
    const journal = await open();
    await expect(journal.append([fact(1), { ...fact(2), note: "长".repeat(3000) }])).rejects.toThrow("bytes");
    expect(journal.last).toBe(0);
  });
});

describe("pruning and renewing", () => {
  it("drops what the server has held for a week, never what it has not", async () => {
    const journal = await open();
    await journal.append(Array.from({ length: 10 }, (_, i) => fact(i)));
    await journal.confirm(6);
    const week = 1_795_300_000_000 + 8 * 86_400_000;
    expect(await journal.prune(1_795_300_000_009)).toBe(0);
    expect(await journal.prune(week)).toBe(6);
    const again = await reopened();
    expect(again.records.map((r) => r.seq)).toEqual([7, 8, 9, 10]);
    await again.append([fact(11)]);
    const { body, first } = await batchOf(db, keys, again.row, { first: 1, most: 99, sentAt: 5 });
    expect(first).toBe(7);
    const header = JSON.parse(body.split("\n")[0]);
    expect((await chainOf(body, again.row.base_hash)).hash).toBe(header.head);
  });

  it("begins a new journal for a new enrolment and keeps the old one to be sent", async () => {
    const journal = await open();
    await journal.append([fact(1), fact(2)]);
    const old = journal.id;
    const sign = await newKey();
    await journal.renew({ device: "42", keys: { ...keys, sign } });
    expect(journal.id).not.toBe(old);
    expect((await journal.append([fact(3)])).first).toBe(1);
    const waiting = await unsentJournals(db);
    expect(waiting.map((row) => row.id).sort()).toEqual([old, journal.id].sort());
    const { body } = await batchOf(db, keys, waiting.find((row) => row.id === old), { first: 1, most: 9, sentAt: 5 });
    const header = JSON.parse(body.split("\n")[0]);
    const facts = { device: DEVICE, journal: old, last: 2, head: Uint8Array.from(header.head.match(/../g), (p) => parseInt(p, 16)), sentAt: 5 };
    expect(await verify(unb64(keys.point), unb64(header.signature), facts)).toBe(true);
  });
});

// what version 1 wrote: one journal, entries and views in the clear, keyed by number
async function versionOne(name, n) {
  await deleteDB(name);
  const one = await openDB(name, 1, {
    upgrade(raw) {
      raw.createObjectStore("entries", { keyPath: "seq" });
      raw.createObjectStore("meta");
    },
  });
  const id = "0123456789abcdef0123456789abcdef";
  const sign = await newKey();
  let head = await genesis(DEVICE, id);
  const texts = [];
  for (let seq = 1; seq <= n; seq++) {
    const entry = JSON.stringify({ kind: "bind", seq, at: 1000 + seq, staff: 7, tube: "1", seat: 1, who: { code: `R1.${seq}` }, salt: "AAAAAAAAAAAAAAAAAAAAAA" });
    texts.push(entry);
    head = await link(head, entry);
    await one.put("entries", { seq, entry, at: 1000 + seq, view: { name: `甲${seq}` } });
  }
  await one.put("meta", { id, device: DEVICE, last: n, acked: 20 }, "journal");
  await one.put("meta", { sign }, "keys");
  one.close();
  return { id, sign, texts, head: hex(head) };
}

describe("a full journal of version 1", () => {
  const check = async (store, was) => {
    const held = await openKeys(store);
    const journal = await Journal.open({ db: store, keys: held, device: DEVICE });
    expect([journal.id, journal.last, journal.acked, journal.row.head]).toEqual([was.id, was.texts.length, 20, was.head]);
    expect(await store.count("entries")).toBe(0);
    expect(journal.records[41].view).toEqual({ name: "甲42" });
    const { body } = await batchOf(store, held, journal.row, { first: 1, most: 5000, sentAt: 5 });
    const [head, ...entries] = body.trimEnd().split("\n");
    expect(entries).toEqual(was.texts);
    const refs = await Promise.all(entries.map(async (e) => hex((await digest(e)).slice(0, 8))));
    expect(journal.records.map((r) => r.ref)).toEqual(refs);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", was.sign.publicKey));
    const facts = { device: DEVICE, journal: was.id, last: entries.length, head: Uint8Array.from(was.head.match(/../g), (p) => parseInt(p, 16)), sentAt: 5 };
    expect(await verify(point, unb64(JSON.parse(head).signature), facts)).toBe(true);
    await journal.append([fact(1)]);
    expect(journal.last).toBe(was.texts.length + 1);
  };

  it("is carried over in place: bytes, numbers and hashes stay", async () => {
    const was = await versionOne("old-store", 520);
    const store = await openStore("old-store");
    await check(store, was);
    store.close();
  });

  it("goes on where a phone died in the middle, at any chunk", async () => {
    for (const dies of [1, 2, 3]) {
      const was = await versionOne("old-store", 250);
      let chunks = 0;
      const dead = openStore("old-store", {
        moved: () => {
          chunks += 1;
          if (chunks === dies) throw new Error("battery");
        },
      });
      await expect(dead).rejects.toThrow("battery");
      const store = await openStore("old-store");
      await check(store, was);
      store.close();
    }
  });

  it("is nothing to carry over on a new phone", async () => {
    expect(await db.count("journals")).toBe(0);
    expect(await db.get("meta", "journal")).toBe(undefined);
  });
});
