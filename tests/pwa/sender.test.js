// Sender, journal and store together, against a server of the test that checks every chain.
import "fake-indexeddb/auto";
import { gunzipSync } from "node:zlib";
import { deleteDB } from "idb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { openStore } from "../../pwa/ground/db.js";
import { openKeys } from "../../pwa/ground/keys.js";
import { exportUnsent, fileName, payloadsOf, readCarried, takeOver } from "../../pwa/journal/carry.js";
import { genesis, hex, link, newKey, publicPoint, unb64, verify } from "../../pwa/journal/format.js";
import { batchOf, Journal, unsentJournals } from "../../pwa/journal/journal.js";
import { Sender } from "../../pwa/journal/sender.js";
import { random } from "./chance.js";

const NAME = "sender-test";
const DEVICE = "123456789012345678";
const HEX = (s) => Uint8Array.from(s.match(/../g), (p) => parseInt(p, 16));

/** The outside world's end: a server by the contract of docs/journal.md, and a network that fails. */
class World {
  constructor(points) {
    Object.assign(this, { points, journals: new Map(), mood: () => "ok", calls: [], carried: [], state: "active" });
  }

  fetch = async (path, { method = "GET", headers = {}, body, signal } = {}) => {
    this.calls.push(path.split("?")[0]);
    const mood = this.mood(path);
    if (mood === "gone") throw new TypeError("Failed to fetch");
    if (mood === "portal") return new Response("<html>", { headers: { "Content-Type": "text/html" } });
    if (mood === "busy") return this.#json({ code: "unavailable" }, 503);
    if (mood === "refuse") return this.#json({ code: "broken_chain" }, 409);
    const answer = await this.#answer(path, method, headers, body);
    if (mood === "silent" && !signal.aborted) await new Promise((given) => signal.addEventListener("abort", given));
    signal?.throwIfAborted();
    return answer;
  };

  async #answer(path, method, headers, body) {
    if (path.endsWith("/carried")) {
      this.carried.push(new TextDecoder().decode(body));
      return this.#json({ last: 1, new: 1, device_state: "active" });
    }
    if (method === "GET") return this.#json(await this.receipt(new URLSearchParams(path.split("?")[1]).get("journal")));
    const raw = headers["Content-Encoding"] === "gzip" ? gunzipSync(body) : body;
    const text = new TextDecoder().decode(raw);
    if (!this.points.has(/"device":(\d+)/.exec(text)[1])) return this.#json({ code: "unknown_device" }, 403);
    return this.#json(await this.take(text));
  }

  async take(text) {
    const [head, ...entries] = text.trimEnd().split("\n");
    const { journal, first, count, prev, sent_at, signature, head: said } = JSON.parse(head);
    const device = /"device":(\d+)/.exec(head)[1];
    expect(entries).toHaveLength(count);
    let hash = HEX(prev);
    for (const entry of entries) hash = await link(hash, entry);
    expect(hex(hash)).toBe(said);
    const facts = { device, journal, last: first + count - 1, head: hash, sentAt: sent_at };
    expect(await verify(this.points.get(device), unb64(signature), facts)).toBe(true);
    const held = this.journals.get(journal) ?? { device, entries: [] };
    this.journals.set(journal, held);
    for (const [i, entry] of entries.entries()) {
      const at = first - 1 + i;
      expect(held.entries[at] ?? entry).toBe(entry);
      held.entries[at] = entry;
    }
    return this.receipt(journal);
  }

  async receipt(journal) {
    const entries = this.journals.get(journal)?.entries ?? [];
    const hole = entries.findIndex((entry) => entry === undefined);
    return {
      device: 1, journal, last: hole < 0 ? entries.length : hole, held: [], parked: [], forked: false,
      device_state: this.state, server_time: 9_000_000,
    };
  }

  #json(body, status = 200) {
    return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
  }
}

let db;
let keys;
let world;
let clock;
let told;
let senders;

beforeEach(async () => {
  await deleteDB(NAME);
  db = await openStore(NAME);
  keys = await openKeys(db);
  world = new World(new Map([[DEVICE, unb64(keys.point)]]));
  clock = 1_000_000;
  told = { offset: [], gone: [], truth: [] };
  senders = [];
});

afterEach(async () => {
  await Promise.all(senders.map((sender) => sender.stop()));
  db.close();
});

const fact = (i) => ({ kind: "open", at: clock + i, staff: 7, tube: `10${i}`, mode: "pooled", size: 10 });
const facts = (n) => Array.from({ length: n }, (_, i) => fact(i));

async function phone(more = {}) {
  const journal = await Journal.open({ db, keys, device: DEVICE });
  const sender = new Sender({
    db, keys, journal, now: () => clock, random: () => 0.5, fetch: world.fetch, timeout: 60,
    onTruth: (truth) => told.truth.push(truth), onOffset: (ms) => told.offset.push(ms), onGone: (state) => told.gone.push(state), ...more,
  });
  senders.push(sender);
  return { journal, sender };
}

async function settled(sender) {
  let seen = null;
  while (seen !== sender.running) {
    seen = sender.running;
    await seen;
  }
}

describe("sending", () => {
  it("asks, sends in batches, and shows the truth of the receipt", async () => {
    const { journal, sender } = await phone();
    await journal.append(facts(450));
    sender.start();
    await settled(sender);
    expect(sender.truth).toMatchObject({ held: 450, waiting: 0, since: null, state: "idle" });
    expect(world.calls).toHaveLength(4);
    expect(told.offset.at(-1)).toBe(8_000_000);
    await journal.append([fact(1)]);
    await sender.appended();
    await settled(sender);
    const again = await phone();
    expect(again.journal.acked).toBe(451);
    expect(again.sender.truth).toMatchObject({ held: 451, waiting: 0, last_contact: clock }); // before anybody was asked
  });

  it("rests while there is no network, and goes on although nobody said that one came", async () => {
    const { journal, sender } = await phone();
    await sender.hear({ type: "offline" });
    await journal.append(facts(3));
    await sender.appended();
    const before = told.truth.length;
    await new Promise((resolve) => { setTimeout(resolve, 900); });
    expect(told.truth.length - before).toBe(0); // each would draw the whole screen
    vi.stubGlobal("navigator", { onLine: true });
    await sender.wake();
    await settled(sender);
    vi.unstubAllGlobals();
    expect(sender.truth).toMatchObject({ held: 3, waiting: 0 });
  });

  it("says since when something waits, and sends it when the network is back", async () => {
    const { journal, sender } = await phone();
    world.mood = () => "gone";
    await journal.append(facts(3));
    await sender.appended();
    await settled(sender);
    expect(sender.truth).toMatchObject({ held: 0, waiting: 3, since: clock, state: "waiting" });
    world.mood = () => "ok";
    await sender.hear({ type: "online" });
    await settled(sender);
    expect(sender.truth.waiting).toBe(0);
  });

  it("sends nothing twice when the answer, not the batch, was lost", async () => {
    const { journal, sender } = await phone();
    await sender.wake();
    await settled(sender);
    world.mood = (path) => (path.endsWith("/journal") ? "silent" : "ok");
    await journal.append(facts(5));
    await sender.appended();
    await settled(sender);
    expect(sender.truth).toMatchObject({ message: null, waiting: 5 });
    clock += 10_000;
    world.calls = [];
    await sender.wake();
    await settled(sender);
    expect(world.calls).toEqual(["/api/v1/journal/receipt"]);
    expect(sender.truth).toMatchObject({ held: 5, waiting: 0 });
  });

  it("knows a sign-in page of a hotel's network from a receipt", async () => {
    const { journal, sender } = await phone();
    world.mood = () => "portal";
    await journal.append(facts(1));
    await sender.appended();
    await settled(sender);
    expect(sender.truth).toMatchObject({ message: "portal", waiting: 1 });
  });

  it("stops in words when a batch is refused whole, and tries again by hand", async () => {
    const { journal, sender } = await phone();
    await journal.append(facts(2));
    world.mood = () => "refuse";
    await sender.appended();
    await settled(sender);
    expect(sender.truth).toMatchObject({ state: "stopped", message: "broken_chain", waiting: 2 });
    world.mood = () => "ok";
    await sender.tryNow();
    await settled(sender);
    expect(sender.truth.waiting).toBe(0);
  });

  it("goes on sending what a revoked phone wrote", async () => {
    const { journal, sender } = await phone();
    world.state = "revoked";
    await journal.append(facts(250));
    await sender.appended();
    await settled(sender);
    expect(told.gone).toEqual(["revoked"]);
    expect(sender.truth).toMatchObject({ state: "revoked", waiting: 0, held: 250 });
  });

  it("sends the journal of an earlier enrolment under the key that wrote it", async () => {
    const first = await phone();
    await first.journal.append(facts(3));
    const sign = await newKey();
    world.points.set("77", unb64(await publicPoint(sign)));
    const again = { ...keys, sign };
    const journal = await Journal.open({ db, keys: again, device: "77" });
    await journal.append(facts(1));
    const sender = new Sender({ db, keys: again, journal, now: () => clock, fetch: world.fetch, random: () => 1 });
    senders.push(sender);
    sender.start();
    await settled(sender);
    expect(await unsentJournals(db)).toEqual([]);
    expect([...world.journals.values()].map((held) => [held.device, held.entries.length]).sort()).toEqual([[DEVICE, 3], ["77", 1]]);
    expect(sender.truth).toMatchObject({ waiting: 0, older: 0 });
  });

  it("says what of earlier enrolments is refused for good, and sends the rest", async () => {
    const enrolled = async (device) => {
      const sign = await newKey();
      const own = { ...keys, sign };
      return { own, sign, journal: await Journal.open({ db, keys: own, device }) };
    };
    for (const [device, n] of [["55", 2], ["66", 3]]) {
      const { sign, journal } = await enrolled(device);
      await journal.append(facts(n));
      if (device === "66") world.points.set(device, unb64(await publicPoint(sign))); // a restored server forgot 55
    }
    const { own, sign, journal } = await enrolled("77");
    world.points.set("77", unb64(await publicPoint(sign)));
    const sender = new Sender({ db, keys: own, journal, now: () => clock, fetch: world.fetch, random: () => 1 });
    senders.push(sender);
    sender.start();
    await settled(sender);
    expect(sender.truth).toMatchObject({ waiting: 2, older: 2, stuck: 2 });
    expect([...world.journals.values()].map((held) => held.device)).toContain("66");
  });

  it("posts what it carries for another phone, once", async () => {
    const { sender } = await phone();
    const payload = JSON.stringify({ format: "screening-carry-1", device: "9", journal: "ab".repeat(16), first: 1, last: 2, sealed: "x" });
    await takeOver(db, payload, clock);
    await takeOver(db, payload, clock);
    sender.start();
    await settled(sender);
    expect(world.carried).toEqual([payload]);
    expect(sender.truth.carried).toBe(0);
  });

  it("begins a new journal when its store was put back to an older day", async () => {
    const { journal, sender } = await phone();
    await journal.append(facts(2));
    const old = journal.id;
    const { body } = await batchOf(db, keys, journal.row, { first: 1, most: 9, sentAt: clock });
    const entries = body.trimEnd().split("\n").slice(1);
    world.journals.set(old, { device: DEVICE, entries: [...entries, "3", "4"] });
    let renewed = 0;
    sender.onRenewed = () => { renewed += 1; };
    await sender.wake();
    await settled(sender);
    expect(renewed).toBe(1);
    expect(journal.id).not.toBe(old);
    expect((await journal.append([fact(9)])).first).toBe(1);
    await sender.appended();
    await settled(sender);
    expect(world.journals.get(journal.id).entries).toHaveLength(1);
    expect(sender.truth).toMatchObject({ message: "store_put_back", waiting: 0 });
  });
});

describe("a day of crashes", () => {
  it("loses no entry that was said to be kept, and records none twice", async () => {
    for (let seed = 1; seed <= Number(process.env.SEEDS ?? 12); seed++) {
      const next = random(seed);
      world.journals.clear();
      await db.clear("log");
      await db.clear("journals");
      const kept = [];
      let { journal, sender } = await phone();
      for (let turn = 0; turn < 25; turn++) {
        world.mood = () => ["ok", "ok", "ok", "gone", "busy", "silent"][Math.floor(next() * 6)];
        clock += Math.floor(next() * 20_000);
        const n = 1 + Math.floor(next() * 20);
        const said = Array.from({ length: n }, (_, i) => ({ ...fact(0), tube: `${seed}.${turn}.${i}` }));
        const writing = journal.append(said);
        if (next() < 0.2) { // killed: the old page ends, a new one opens what is on the disk
          sender.stop();
          await writing.catch(() => {});
          ({ journal, sender } = await phone());
        }
        await writing;
        kept.push(...said.map((entry) => entry.tube));
        sender.appended();
        if (next() < 0.5) await settled(sender);
      }
      await settled(sender);
      world.mood = () => "ok";
      for (let i = 0; i < 4; i++) {
        clock += 400_000;
        await sender.tryNow();
        await settled(sender);
      }
      const held = world.journals.get(journal.id).entries.map((entry) => JSON.parse(entry).tube);
      expect([seed, held]).toEqual([seed, kept]);
      expect(sender.truth.waiting).toBe(0);
      await sender.stop();
    }
  }, 60_000);
});

describe("the export", () => {
  it("is cut into lines that say nothing but whose they are", async () => {
    const { journal } = await phone();
    await journal.append(facts(25), [{ name: "张*三" }]);
    await journal.confirm(4);
    const server = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
    const serverKey = await publicPoint(server);
    const lines = await exportUnsent({ db, keys, serverKey, now: clock, most: 10 });
    expect(lines.map(readCarried).map((l) => [l.device, l.first, l.last])).toEqual([[DEVICE, 5, 14], [DEVICE, 15, 24], [DEVICE, 25, 25]]);
    expect(lines.join("")).not.toContain("pooled");
    expect(payloadsOf(`${lines.join("\r\n")}\n\nno export\n`)).toEqual(lines);
    expect(fileName(DEVICE, clock)).toBe("screening-345678-197001010016.carry");
  });

  it("knows what is none", () => {
    for (const odd of ["", "{}", "[1]", "null", '{"format":"screening-carry-1"}']) expect(readCarried(odd)).toBe(null);
  });
});
