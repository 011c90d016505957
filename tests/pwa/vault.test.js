// The roster under the PIN: guesses are counted on disk, and the journal is never its hostage.
import "fake-indexeddb/auto";
import { deleteDB } from "idb";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { openStore } from "../../pwa/ground/db.js";
import { openKeys } from "../../pwa/ground/keys.js";
import { GRACE_MS, ITERATIONS, TRIES, Vault } from "../../pwa/ground/vault.js";
import { Journal } from "../../pwa/journal/journal.js";

let db;
let keys;
let clock;
const now = () => clock;
const slice = { made_at: 1000, expires_at: 43_201_000, revision: "r1", roster: { names: "张*三\n李*" } };

beforeEach(async () => {
  db?.close();
  await deleteDB("vault-test");
  db = await openStore("vault-test");
  keys = await openKeys(db);
  clock = 2000;
});

const open = () => Vault.open({ db, keys, now, iterations: 500 });

async function admitted(pin = "284917") {
  const vault = await open();
  await vault.put(slice);
  expect(await vault.admit("77", pin)).toBe(true);
  return vault;
}

describe("the vault", () => {
  it("asks the iterations that today's guidance asks", () => {
    expect(ITERATIONS).toBeGreaterThanOrEqual(600_000);
  });

  it("opens with the PIN of whoever was admitted, after a restart", async () => {
    const first = await admitted();
    await first.admit("88", "111222");
    await first.lock();
    const vault = await open();
    expect(vault.status).toMatchObject({ kept: true, locked: true, tries_left: TRIES });
    expect(await vault.open("88", "111222")).toEqual(slice);
    expect(vault.status.locked).toBe(false);
    expect(await (await open()).open("99", "111222")).toBe(null);
  });

  it("keeps nothing readable on the disk", async () => {
    await admitted();
    const row = await db.get("vault", "slice");
    const bytes = new TextDecoder("latin1").decode(row.data);
    expect(bytes).not.toContain("roster");
    expect(row.data[12]).not.toBe(0x1f);
  });

  it("is wiped after five wrong guesses, across restarts, and the journal stays", async () => {
    await (await admitted()).lock();
    const journal = await Journal.open({ db, keys, device: "1" });
    await journal.append([{ kind: "shift_start", at: 5, staff: 1 }]);
    for (let i = 0; i < TRIES; i++) {
      const vault = await open();
      expect(vault.status.tries_left).toBe(TRIES - i);
      expect(await vault.open("77", `00000${i}`)).toBe(null);
    }
    const vault = await open();
    expect(vault.status).toMatchObject({ kept: false, wiped: { reason: "tries", at: 2000 } });
    expect(await vault.open("77", "284917")).toBe(null);
    expect((await Journal.open({ db, keys, device: "1" })).records).toHaveLength(1);
  });

  it("forgets the count when the PIN was right", async () => {
    await (await admitted()).lock();
    for (let i = 0; i < 3 * TRIES; i++) {
      const vault = await open();
      expect(await vault.open("77", i % 4 === 3 ? "284917" : "0")).toEqual(i % 4 === 3 ? slice : null);
      await vault.lock();
    }
  });

  it("counts a guess before it is made", async () => {
    const vault = await admitted();
    await vault.lock();
    const guess = vault.open("77", "000000");
    while ((await db.get("vault", "slice")).tries === 0) await Promise.resolve();
    expect((await db.get("vault", "slice")).tries).toBe(1);
    await guess;
  });

  it("opens without a PIN only within the grace, and never with a clock put back", async () => {
    await admitted();
    clock += GRACE_MS - 1;
    expect(await (await open()).resume()).toEqual(slice); // and the grace begins anew
    clock += GRACE_MS - 1;
    const working = await open();
    expect(await working.resume()).toEqual(slice);
    clock -= 1;
    expect(await (await open()).resume()).toBe(null);
    clock += 10;
    expect(await (await open()).resume()).toBe(null);
    expect(await (await open()).open("77", "284917")).toEqual(slice);
    clock += GRACE_MS;
    expect(await (await open()).resume()).toBe(null);
  });

  it("ends the grace when it is locked", async () => {
    await (await admitted()).lock();
    expect(await (await open()).resume()).toBe(null);
  });

  it("is wiped when its time is over", async () => {
    await admitted();
    clock = slice.expires_at;
    const vault = await open();
    expect(vault.status.wiped.reason).toBe("expired");
    expect(await vault.open("77", "284917")).toBe(null);
  });

  it("takes a fresher slice under the same PINs while it is open", async () => {
    const vault = await admitted();
    const fresh = { ...slice, revision: "r2" };
    await vault.put(fresh);
    await vault.lock();
    expect(await vault.open("77", "284917")).toEqual(fresh);
  });

  it("drops old PINs when a slice comes while nobody has opened it", async () => {
    await (await admitted()).lock();
    const vault = await open();
    await vault.put({ ...slice, revision: "r2" });
    expect(vault.status.staff).toEqual([]);
    expect(vault.slice.revision).toBe("r2");
  });

  it("works from memory when the phone is full, and keeps what it had", async () => {
    const vault = await admitted();
    const fresh = { ...slice, revision: "r2" };
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementationOnce(() => {
      throw new DOMException("no room", "QuotaExceededError");
    });
    expect(await vault.put(fresh)).toBe(false);
    full.mockRestore();
    expect(vault.slice).toEqual(fresh);
    await vault.lock();
    expect(await vault.open("77", "284917")).toEqual(slice);
  });

  it("leaves nothing when the shift ends", async () => {
    const vault = await admitted();
    await vault.wipe("shift_end");
    expect(vault.slice).toBe(null);
    expect(await db.getAll("vault")).toEqual([{ wiped: { reason: "shift_end", at: 2000 } }]);
  });
});
