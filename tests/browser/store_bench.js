// The phone's store alone on a page, for tests that tear the battery out.
import { openDB } from "idb";

import { openStore } from "../../pwa/ground/db.js";
import { openKeys } from "../../pwa/ground/keys.js";
import { newKey } from "../../pwa/journal/format.js";
import { b64, genesis, hex, link } from "../../pwa/journal/format.js";
import { batchOf, Journal } from "../../pwa/journal/journal.js";

const NAME = "bench-store";
const DEVICE = "123456789012345678";
const fact = (i) => ({
  kind: "open", at: Date.now(), staff: "987654321098765432", round: 0, tube: `1${i}`, mode: "pooled", size: 10,
});

async function open() {
  const db = await openStore(NAME);
  const keys = await openKeys(db);
  return { db, keys, journal: await Journal.open({ db, keys, device: DEVICE }) };
}

globalThis.bench = {
  /** Append n acts, many at once as in a rush; each is named on the console once it is kept. */
  async rush(n) {
    const { journal } = await open();
    const from = journal.last;
    for (let i = 0; i < n; i += 5) {
      await Promise.all([0, 1, 2, 3, 4].map(async (j) => {
        const { first, last } = await journal.append([fact(from + i + j), fact(from + i + j)].slice(0, 1 + (j % 2)));
        console.log(`kept ${first} ${last}`);
      }));
    }
    return journal.last;
  },

  /** Everything as one signed batch, and the key's public point. */
  async batch() {
    const { db, keys, journal } = await open();
    const made = await batchOf(db, keys, journal.row, { first: 1, most: 5000, sentAt: Date.now(), bytes: 1e9 });
    return { ...made, point: keys.point, records: journal.records.length, acked: journal.acked };
  },

  /** A full journal as version 1 of the app kept it. */
  async versionOne(n) {
    const id = "0123456789abcdef0123456789abcdef";
    const sign = await newKey();
    const one = await openDB(NAME, 1, {
      upgrade(raw) {
        raw.createObjectStore("entries", { keyPath: "seq" });
        raw.createObjectStore("meta");
      },
    });
    let head = await genesis(DEVICE, id);
    const texts = [];
    for (let seq = 1; seq <= n; seq += 1) {
      const entry = JSON.stringify({ kind: "shift_start", seq, at: 1000 + seq, staff: 7, salt: "AAAAAAAAAAAAAAAAAAAAAA" });
      head = await link(head, entry);
      texts.push(entry);
    }
    const tx = one.transaction("entries", "readwrite");
    texts.forEach((entry, i) => tx.store.put({ seq: i + 1, entry, at: 1001 + i, view: { name: "甲" } }));
    await tx.done;
    await one.put("meta", { id, device: DEVICE, last: n, acked: 0 }, "journal");
    await one.put("meta", { sign }, "keys");
    one.close();
    const point = b64(new Uint8Array(await crypto.subtle.exportKey("raw", sign.publicKey)));
    return { head: hex(head), texts, point };
  },
};
