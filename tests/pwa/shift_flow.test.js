// A shift on one phone, with its real stores and a server made of fetch: who gets in, what is wiped.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Holding } from "../../pwa/holding.js";
import { newKey, publicPoint } from "../../pwa/journal/format.js";
import { Kept } from "../../pwa/kept.js";
import { makeCode } from "../../pwa/scan/codes.js";
import { changeStaff, endShift } from "../../pwa/shift/end.js";
import { enrol } from "../../pwa/shift/enrol.js";
import { refreshDoors, refreshSlice, startKeeper, wipeWhenOver } from "../../pwa/shift/keeper.js";
import { byBadge, signIn } from "../../pwa/shift/sign_in.js";
import { startShift } from "../../pwa/shift/start.js";
import { stateVisit } from "../../pwa/shift/visit.js";

const HOUR = 3_600_000;
const PIN = "284917";
const LI = { id: "818283746556473829", no: "P0012", name: "李白露", roles: ["sampler"] };
const badge = (id) => {
  const number = makeCode("badge", id);
  return { kind: "badge", number, text: number, problem: null };
};

/** A phone without a screen. */
class Phone extends Holding {
  clock = Date.now();
  now() {
    return this.clock;
  }
  draw() {}
  replace(name) {
    this.at = name;
  }
}

let names = 0;
let server;
let phone;

function answer(status, body) {
  return new Response(JSON.stringify(body), {
    status, headers: { "Content-Type": status < 400 ? "application/json" : "application/problem+json" },
  });
}

function slice(more = {}) {
  const now = phone.now();
  return {
    format: "screening-slice-2", made_at: now, expires_at: now + 16 * HOUR, practice: false,
    server_key: server.key, code_keys: [], device: { id: "77", name: "D7", state: "active" },
    site: { id: "5", code: "S-05", name: "东门采样点", cell: 7, tables: 3 }, patterns: [],
    staff: [{ ...LI, badge: makeCode("badge", LI.id) }], labs: [], revision: "r1",
    roster: { cell: 7, count: 0, person: "", names: "", tails: "", household: [], rooms: "" },
    rounds: [{ id: 3, name: "第三轮", state: "sampling", mode: "pooled", size: 10 }],
    used: { tube: "", at: "", site: "", sites: [] }, work: { tubes: [], boxes: [], sealed: [] }, ...more,
  };
}

const routes = {
  "/api/v1/field/doors": () => answer(200, { made_at: 1, items: [{ code: "R1.7-1-00", name: "王小明" }] }),
  "/api/v1/devices": () => answer(201, {
    device_id: "77", site_id: "5", lab_id: null, practice: false, server_public_key: server.key,
  }),
  "/api/v1/field/sign-in": (body) => body.secret === PIN
    ? answer(200, { staff: LI, token: "t", expires_at: phone.now() + 12 * HOUR, server_time: phone.now() })
    : answer(401, { code: "bad_sign_in", detail: "工号、工作证或口令不对" }),
  "/api/v1/field/slice": (body) => server.stopped
    ? answer(403, { code: "device_stopped", detail: "此设备已停用" })
    : answer(200, slice(body.revision === "r1" ? { roster: null } : {})),
};

async function serve(path, options) {
  if (server.away || !routes[path]) throw new TypeError("fetch failed");
  server.asked.push(path);
  if (path.endsWith("/slice")) await server.slow;
  return routes[path](JSON.parse(options.body || "{}"));
}

beforeEach(async () => {
  const pair = await newKey();
  server = { away: false, stopped: false, asked: [], key: await publicPoint(pair) };
  vi.stubGlobal("fetch", (path, options) => serve(path, options));
  names += 1;
  phone = new Phone();
  phone.attach(await Kept.open(`shift-${names}`));
  await phone.load();
  phone.backing.vault.iterations = 1000; // the guessing cost is the vault's own test
  await enrol(phone, "abcd-efgh-jkmn");
});

afterEach(() => vi.unstubAllGlobals());

const atWork = async () => {
  expect((await signIn(phone, { read: badge(LI.id), secret: PIN })).state).toBe("in");
  await startShift(phone, { table: 2, round: phone.slice.rounds[0] });
};
const kinds = () => phone.records.map((r) => r.entry.kind);

describe("getting in", () => {
  test("enrolling tells the place, and signing in brings the roster under the PIN", async () => {
    expect(phone.device).toMatchObject({ id: "77", site: "5", name: "D7" });
    expect(phone.place.name).toBe("东门采样点");
    await atWork();
    expect(phone.staff).toMatchObject({ id: LI.id, checked: true, token: "t" });
    expect(phone.backing.vault.status.kept).toBe(true);
    expect(phone.records.at(-1).entry).toMatchObject({ kind: "shift_start", table: 2, round: 3, staff: LI.id });
  });

  test("without a network the same PIN opens the roster again", async () => {
    await atWork();
    await changeStaff(phone);
    expect(phone.staff).toBeNull();
    expect(phone.slice?.json.roster ?? null).toBeNull();
    server.away = true;
    const out = await signIn(phone, { read: badge(LI.id), secret: PIN });
    expect(out.state).toBe("known");
    expect(phone.slice.json.roster).not.toBeNull();
    expect(phone.staff).toMatchObject({ id: LI.id, name: LI.name, checked: true, token: null });
  });

  test("a staff number works without a network for who was here before", async () => {
    await atWork();
    await changeStaff(phone);
    server.away = true;
    expect((await signIn(phone, { no: "p0012", secret: PIN })).state).toBe("known");
    expect((await signIn(phone, { no: "P0099", secret: PIN })).state).toBe("needs_badge");
  });

  test("five wrong PINs wipe the roster and leave the journal whole", async () => {
    await atWork();
    const before = phone.records.length;
    await changeStaff(phone);
    server.away = true;
    const out = [];
    for (let i = 0; i < 5; i += 1) out.push(await signIn(phone, { read: badge(LI.id), secret: "000000" }));
    expect(out.map((o) => [o.state, o.left])).toEqual([
      ["wrong", 4], ["wrong", 3], ["wrong", 2], ["wrong", 1], ["wiped", undefined],
    ]);
    expect(phone.backing.vault.status.kept).toBe(false);
    expect(phone.backing.records).toHaveLength(before);
    const again = await Kept.open(`shift-${names}`);
    await again.load();
    expect(again.records).toHaveLength(before);
  });

  test("a wrong PIN at the server says so in the server's words", async () => {
    await expect(signIn(phone, { read: badge(LI.id), secret: "1" })).rejects.toMatchObject({
      code: "bad_sign_in", status: 401,
    });
  });

  test("a badge nobody can check works without the roster, and is checked at the next slice", async () => {
    server.away = true;
    phone.useSlice(null);
    const out = await signIn(phone, { read: badge(LI.id), secret: "" });
    expect(out.state).toBe("unchecked");
    await startShift(phone);
    expect(phone.records.at(-1).entry.staff).toBe(LI.id);
    server.away = false;
    expect(await refreshSlice(phone)).toBe("fresh");
    expect(phone.staff).toMatchObject({ name: LI.name, roles: ["sampler"], checked: false, refused: false });
    expect(phone.slice.json.roster).toBeNull();
  });

  test("a badge of practice lets nobody in, not even unchecked", async () => {
    server.away = true;
    const drill = { ...badge(LI.id), number: makeCode("badge", LI.id, { practice: true }), problem: { code: "practice_code" } };
    expect((await byBadge(phone, drill)).state).toBe("needs_badge");
    expect(phone.staff).toBeNull();
  });

  test("a stranger's badge is named as such when the server answers", async () => {
    server.away = true;
    await byBadge(phone, badge("42"));
    server.away = false;
    await refreshSlice(phone);
    expect(phone.staff).toMatchObject({ id: "42", refused: true });
  });
});

describe("keeping the slice", () => {
  test("the roster is not sent again while nobody came or went", async () => {
    await atWork();
    const roster = phone.slice.json.roster;
    await refreshSlice(phone);
    expect(phone.slice.json.roster).toBe(roster);
    expect(server.asked.filter((path) => path.endsWith("/slice")).length).toBeGreaterThan(1);
  });

  test("a locked roster is not fetched again behind the lock, a PIN opens it", async () => {
    await atWork();
    await phone.backing.vault.lock();
    phone.useSlice(null); // a reload after the grace
    expect(await refreshSlice(phone)).toBe("locked");
    expect(phone.slice).toBeNull();
    expect((await signIn(phone, { no: LI.no, secret: PIN })).state).toBe("in");
    expect(phone.slice.json.roster).not.toBeNull();
  });

  test("a list of doors that comes while the slice is on its way is kept, also at rest", async () => {
    await atWork();
    server.slow = new Promise((resolve) => { server.go = resolve; });
    const slow = refreshSlice(phone);
    expect(await refreshDoors(phone)).toBe("fresh");
    server.go();
    expect(await slow).toBe("fresh");
    expect(phone.slice.json.doors.items).toHaveLength(1);
    expect((await phone.backing.vault.resume()).doors.items).toHaveLength(1);
  });

  test("a slice that is over is wiped, and work goes on", async () => {
    await atWork();
    phone.clock += 17 * HOUR;
    expect(await wipeWhenOver(phone)).toBe(true);
    expect(phone.slice).toBeNull();
    expect(phone.backing.vault.status.kept).toBe(false);
    await stateVisit(phone, { code: "R1.7-1-00", name: "王*" }, "absent");
    expect(kinds()).toEqual(["shift_start", "visit"]);
  });

  test("a stopped phone loses the roster and keeps every unsent entry", async () => {
    await atWork();
    const before = phone.records.length;
    server.stopped = true;
    expect(await refreshSlice(phone)).toBe("refused");
    expect(phone.device.state).toBe("revoked");
    expect(phone.backing.vault.status).toMatchObject({ kept: false, wiped: { reason: "revoked" } });
    expect(phone.staff).toBeNull();
    expect(phone.at).toBe("enrol");
    expect(phone.backing.records).toHaveLength(before);
  });

  test("without a network nothing is lost and nothing is said to be wrong", async () => {
    await atWork();
    server.away = true;
    expect(await refreshSlice(phone)).toBe("offline");
    expect(phone.slice.json.roster).not.toBeNull();
  });
});

describe("the keeper", () => {
  /** Runs what was put off, in order, when the test says so. */
  const putOff = () => {
    const due = [];
    return {
      due,
      options: { random: () => 0.5, timer: (act, ms) => due.push({ act, ms }), clear: () => {} },
      run: () => due.pop().act(),
    };
  };

  test("it asks every three minutes, and sooner when there was no network", async () => {
    await atWork();
    const later = putOff();
    const stop = startKeeper(phone, later.options);
    expect(later.due.at(-1).ms).toBe(10_000);
    const before = server.asked.length;
    await later.run();
    expect(server.asked.length).toBe(before + 1);
    expect(later.due.at(-1).ms).toBe(180_000);
    server.away = true;
    await later.run();
    expect(later.due.at(-1).ms).toBe(30_000);
    stop();
  });

  test("after twelve hours the sign-in is over and the work is not", async () => {
    await atWork();
    const later = putOff();
    const stop = startKeeper(phone, later.options);
    phone.clock += 12 * HOUR;
    await later.run();
    expect(phone.staff).toMatchObject({ id: LI.id, token: null, over: true, checked: true });
    await stateVisit(phone, { code: "R1.7-1-00", name: "王*" }, "refused");
    expect(kinds()).toEqual(["shift_start", "visit"]);
    stop();
  });

  test("a phone that nobody is signed in to asks for nothing", async () => {
    const later = putOff();
    const stop = startKeeper(phone, later.options);
    const before = server.asked.length;
    await later.run();
    expect(server.asked.length).toBe(before);
    stop();
  });
});

describe("the end", () => {
  test("the closing entry names its own number; roster and person are gone, the journal is not", async () => {
    await atWork();
    await stateVisit(phone, { code: "R1.7-1-00", name: "王*" }, "done");
    const n = await endShift(phone);
    const last = phone.records.at(-1);
    expect([n, last.seq, last.entry.n]).toEqual([3, 3, 3]);
    expect(phone.staff).toBeNull();
    expect(phone.slice).toBeNull();
    expect(phone.backing.vault.status.wiped.reason).toBe("shift_end");
    expect(kinds()).toEqual(["shift_start", "visit", "shift_end"]);
  });
});
