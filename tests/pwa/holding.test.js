// What the app holds: facts with their common members, the phone's store through reloads, practice.
import "fake-indexeddb/auto";

import { describe, expect, test } from "vitest";

import { b64, unb64 } from "../../pwa/journal/format.js";
import { Holding, OtherTab } from "../../pwa/holding.js";
import { Kept } from "../../pwa/kept.js";
import { Practice } from "../../pwa/practice/backing.js";
import * as town from "../../pwa/practice/town.js";
import { readCode } from "../../pwa/scan/codes.js";
import { Slice } from "../../pwa/rules/slice.js";

const NOW = 1_795_300_000_000;
const WORDS = {
  site: "s", staff: "p", courier: "c", round: "r", phone: "f", lab: "l", elsewhere: "e", buildings: ["1", "2"],
  why: { zh: "因", en: "why" },
};

class Bare extends Holding {
  constructor() {
    super();
    this.drawn = 0;
  }

  now() {
    return NOW;
  }

  draw() {
    this.drawn += 1;
  }
}

let names = 0;
const fresh = () => `holding-${(names += 1)}`;

async function serverKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, ["deriveBits"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return btoa(String.fromCharCode(...raw)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function phone(name = fresh()) {
  const app = new Bare();
  const kept = await Kept.open(name);
  app.attach(kept);
  await app.load();
  return { app, kept, name };
}

async function enrolled(name) {
  const { app, kept } = await phone(name);
  const point = await kept.point();
  await app.adopt({ id: "7", name: "D7", practice: false, site: "819283545465816064", lab: null, server_key: await serverKey(), state: "active" });
  await app.keep({ staff: { id: "819283545465816065", no: "T1", name: "白露", roles: ["sampler"] }, table: 2, round: { id: "3", name: "r" } });
  kept.sender.stop();
  return { app, kept, point };
}

describe("facts", () => {
  test("common members are filled in, ids stay exact, what the screen says wins", async () => {
    const { app } = await enrolled(fresh());
    const { first, last, refs } = await app.state([
      { kind: "open", tube: "10000000010179", mode: "pooled", size: 10 },
      { kind: "bind", tube: "10000000010179", seat: 1, who: { code: "R1.1-2-33" }, purpose: "screen", at: NOW - 5 },
    ], [null, { name: "张*" }]);
    expect([first, last, refs.length]).toEqual([1, 2, 2]);
    const [open, bind] = app.records.map((record) => record.entry);
    expect(open).toMatchObject({ kind: "open", seq: 1, at: NOW, staff: "819283545465816065", site: "819283545465816064", table: 2, round: 3, practice: false });
    expect(bind.at).toBe(NOW - 5);
    expect(app.records[1].view).toEqual({ name: "张*" });
    expect(app.work.tubes.get("10000000010179").live).toBe(1);
  });

  test("a document never lies in the journal in the clear", async () => {
    const { app, kept } = await enrolled(fresh());
    const doc = { type: "resident_id", number: "11010519491231002X", name: "张三" };
    await app.state([{ kind: "bind", tube: "10000000010179", seat: 1, who: { doc }, purpose: "screen" }]);
    const { who } = app.records[0].entry;
    expect(Object.keys(who)).toEqual(["sealed"]);
    expect(unb64(who.sealed).length).toBeGreaterThan(65 + 12 + 16);
    const rows = await kept.db.getAll("log");
    expect(new TextDecoder().decode(rows[0].sealed)).not.toContain("11010519491231002X");
  });

  test("a second tab states nothing", async () => {
    const { app } = await enrolled(fresh());
    app.tab = "second";
    await expect(app.state([{ kind: "shift_start" }])).rejects.toBeInstanceOf(OtherTab);
    expect(app.records).toEqual([]);
  });
});

describe("through a reload", () => {
  test("device, person, table, round and journal come back; nothing of them lies in the clear", async () => {
    const name = fresh();
    const { app, kept } = await enrolled(name);
    await app.state([{ kind: "shift_start" }]);
    const meta = await kept.db.getAll("meta");
    expect(JSON.stringify(meta, (_, v) => (v instanceof Uint8Array ? String.fromCharCode(...v) : v))).not.toContain("白露");
    await kept.stop();
    const again = await phone(name);
    expect(again.app.device.name).toBe("D7");
    expect(again.app.staff.name).toBe("白露");
    expect([again.app.table, again.app.round.name, again.app.records.length]).toEqual([2, "r", 1]);
    await again.app.state([{ kind: "shift_end", n: 2 }]);
    expect(again.app.records.map((r) => r.seq)).toEqual([1, 2]);
    again.kept.sender.stop();
  });

  test("small steps of the server's clock are not written", async () => {
    const { app, kept } = await enrolled(fresh());
    let writes = 0;
    const keep = kept.keep.bind(kept);
    kept.keep = (held) => {
      writes += 1;
      return keep(held);
    };
    app.heardClock(1000);
    app.heardClock(1100);
    app.heardClock(1900);
    expect([writes, app.offset]).toEqual([2, 1900]);
  });
});

describe("enrolling again", () => {
  test("the new device has its own key and journal; what the old one has not sent stays with its key", async () => {
    const { app, kept, point } = await enrolled(fresh());
    await app.state([{ kind: "shift_start" }]);
    const before = kept.journal.row;
    const newPoint = await kept.point();
    expect(newPoint).not.toBe(point);
    await app.adopt({ ...app.device, id: "8", name: "D8" });
    kept.sender.stop();
    expect(kept.journal.id).not.toBe(before.id);
    expect(app.records).toEqual([]);
    expect(kept.journal.row.sign.publicKey).not.toBe(before.sign.publicKey);
    const old = await kept.db.get("journals", before.id);
    expect([old.last, old.acked, old.device]).toEqual([1, 0, "7"]);
  });

  test("an enrolment that the server refused changes nothing", async () => {
    const { app, kept, point } = await enrolled(fresh());
    await kept.point();
    await app.state([{ kind: "shift_start" }]);
    const signs = async (pair) => b64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
    expect([await signs(kept.journal.row.sign), await signs(kept.keys.sign)]).toEqual([point, point]);
  });
});

describe("practice", () => {
  async function practising() {
    const app = new Bare();
    app.attach(new Practice(town.town(NOW, WORDS)));
    await app.load();
    return app;
  }

  test("every code of practice says that it is one, and nothing else does", () => {
    const codes = [...town.tubes, ...town.boxes, ...town.seals, town.badge(1), town.siteCode()];
    expect(codes.map((text) => readCode(text).practice)).toEqual(codes.map(() => true));
    expect(new Set(codes).size).toBe(codes.length);
  });

  test("its roster can be searched; one must be alone, one was swabbed elsewhere", async () => {
    const slice = new Slice(town.town(NOW, WORDS).slice);
    expect(slice.count).toBe(town.people.length);
    const alone = slice.find(1, town.people[town.ALONE].person);
    expect(slice.rounds[0].mustBeAlone(alone.index)).toBe(true);
    expect(slice.rounds[0].mustBeAlone(0)).toBe(false);
    expect(slice.rounds[0].sampledAt(town.SWABBED)).toMatchObject({ site: "e" });
    expect(slice.household(0).length).toBe(3);
    expect(slice.search("2-1-101").total).toBeGreaterThan(0);
  });

  test("facts are marked, fold like real ones, and ask no server", async () => {
    const app = await practising();
    expect(app.practice).toBe(true);
    await app.state([{ kind: "open", tube: town.tubes[0], mode: "pooled", size: 10 }]);
    expect(app.records[0].entry).toMatchObject({ practice: true, seq: 1 });
    expect(app.work.tubes.get(town.tubes[0]).state).toBe("open");
    await expect(app.ask("/api/v1/field/slice")).rejects.toMatchObject({ code: "offline" });
  });

  test("leaving it gives the phone back as it was", async () => {
    const { app, kept } = await enrolled(fresh());
    await app.state([{ kind: "shift_start" }]);
    app.attach(new Practice(town.town(NOW, WORDS)));
    await app.load();
    await app.state([{ kind: "shift_start" }, { kind: "shift_start" }]);
    app.attach(kept);
    await app.load();
    expect([app.practice, app.device.name, app.records.length, app.staff.name]).toEqual([false, "D7", 1, "白露"]);
  });
});
