// What comes too late: a slice on its way while the phone changes hands, and a phone's wrong clock.
import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Holding } from "../../pwa/holding.js";
import { newKey, publicPoint } from "../../pwa/journal/format.js";
import { Kept } from "../../pwa/kept.js";
import { Practice } from "../../pwa/practice/backing.js";
import { town } from "../../pwa/practice/town.js";
import { changeStaff, endShift } from "../../pwa/shift/end.js";
import { enrol } from "../../pwa/shift/enrol.js";
import { refreshDoors, refreshSlice, wipeWhenOver } from "../../pwa/shift/keeper.js";
import { signIn } from "../../pwa/shift/sign_in.js";
import { startShift } from "../../pwa/shift/start.js";

const HOUR = 3_600_000;
const PIN = "284917";
const LI = { id: "818283746556473829", no: "P0012", name: "李白露", roles: ["sampler"] };
const CHEN = { id: "818283746556473830", no: "P0013", name: "陈谷雨", roles: ["sampler"] };

/** A phone without a screen. */
class Phone extends Holding {
  clock = Date.now();
  now = () => this.clock;
  draw() {}
  replace() {}
}

let names = 0;
let server;
let phone;

const answer = (status, body) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

/** The server's clock is its own. */
const slice = (site = "5") => ({
  format: "screening-slice-2", made_at: server.now(), expires_at: server.now() + 12 * HOUR, practice: false,
  server_key: server.key, code_keys: [], device: { id: server.device, name: "D7", state: "active" },
  site: { id: site, code: "S", name: `点${site}`, cell: 7, tables: 3 }, patterns: [], staff: [LI, CHEN], labs: [],
  revision: `r${site}`, roster: { cell: 7, count: 0, person: "", names: "", tails: "", household: [], rooms: "" },
  rounds: [], used: { tube: "", at: "", site: "", sites: [] }, work: { tubes: [], boxes: [], sealed: [] },
});

const routes = {
  "/api/v1/devices": () => answer(201, {
    device_id: server.device, site_id: server.site, lab_id: null, practice: false, server_public_key: server.key,
  }),
  "/api/v1/field/sign-in": (body) => answer(200, {
    staff: [LI, CHEN].find((one) => one.no === body.staff_no), token: "t", expires_at: server.now() + 12 * HOUR,
  }),
  "/api/v1/field/slice": () => answer(200, slice(server.site)),
  "/api/v1/field/doors": () => answer(200, { made_at: server.now(), items: [{ code: "R1.7-1-00", name: "王小明" }] }),
};

async function serve(path, options) {
  if (!routes[path]) throw new TypeError("fetch failed");
  const said = routes[path](JSON.parse(options.body || "{}"));
  const wait = server.slow;
  if (/slice|doors/.test(path)) await wait;
  return said;
}

/** What is asked from now on comes only after `go`. */
function slowly() {
  let go;
  server.slow = new Promise((resolve) => { go = resolve; });
  return () => {
    server.slow = null;
    go();
  };
}

const enter = (no = LI.no) => signIn(phone, { no, secret: PIN });
const vault = () => phone.backing.vault.status;

async function begin({ behind = 0 } = {}) {
  names += 1;
  server = { key: await publicPoint(await newKey()), site: "5", device: "77", slow: null, now: () => Date.now() - behind };
  phone = new Phone();
  const kept = await Kept.open(`held-${names}`);
  kept.vault.iterations = 1000;
  phone.attach(kept);
  await phone.load();
  await enrol(phone, "abcd-efgh-jkmn");
  await enter();
  await startShift(phone, { table: 2 });
}

beforeEach(() => vi.stubGlobal("fetch", (path, options) => serve(path, options)));
afterEach(() => vi.unstubAllGlobals());

describe("a slice on its way", () => {
  test("is dropped when the shift has ended: no roster comes back to a phone that nobody holds", async () => {
    await begin();
    const go = slowly();
    const slow = refreshSlice(phone);
    await endShift(phone);
    go();
    await slow;
    expect(phone.slice).toBeNull();
    expect(vault()).toMatchObject({ kept: false, wiped: { reason: "shift_end" } });
  });

  test("is dropped when another person takes the phone: the lock stays, and so do the PINs", async () => {
    await begin();
    const go = slowly();
    const slow = refreshSlice(phone);
    await changeStaff(phone);
    go();
    await slow;
    expect(phone.slice?.json.roster ?? null).toBeNull();
    expect(vault()).toMatchObject({ locked: true, kept: true, staff: [LI.id] });
    expect(await phone.backing.resumeSlice()).toBeNull();
  });

  test("does not serve the next person, who gets one of their own", async () => {
    await begin();
    const go = slowly();
    const slow = refreshSlice(phone);
    await changeStaff(phone);
    const entering = enter(CHEN.no);
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    go();
    await Promise.all([slow, entering]);
    expect(phone.staff.id).toBe(CHEN.id);
    expect(phone.slice.json.roster).not.toBeNull();
    expect(vault().staff).toContain(CHEN.id);
  });

  test("of the place before is dropped when the phone is enrolled elsewhere", async () => {
    await begin();
    const go = slowly();
    const slow = refreshSlice(phone);
    Object.assign(server, { site: "6", device: "78" });
    const enrolling = enrol(phone, "wxyz-2345-6789");
    await new Promise((resolve) => { setTimeout(resolve, 30); });
    go();
    await Promise.all([slow, enrolling]);
    expect(phone.device.site).toBe("6");
    expect(phone.place.id).toBe("6");
    expect(phone.slice.json.site.id).toBe("6");
  });

  test("never comes into practice", async () => {
    await begin();
    const go = slowly();
    const slow = Promise.all([refreshSlice(phone), refreshDoors(phone)]);
    const words = { buildings: ["1号楼", "2号楼"], why: { zh: "练习", en: "practice" } };
    phone.attach(new Practice(town(phone.now(), words)));
    await phone.load();
    go();
    await slow;
    expect(phone.slice.practice).toBe(true);
    expect(phone.place.name).not.toBe("点5");
    expect(phone.slice.json.doors?.items.some((one) => one.name === "王小明")).toBeFalsy();
  });
});

describe("a phone's clock", () => {
  test.each([["a day ahead", 26 * HOUR], ["a day behind", -26 * HOUR]])("%s keeps the roster for its twelve hours", async (_, behind) => {
    await begin({ behind });
    expect(await wipeWhenOver(phone)).toBe(false);
    expect(phone.slice.json.roster).not.toBeNull();
    phone.clock += 11 * HOUR;
    expect(await wipeWhenOver(phone)).toBe(false);
    phone.clock += 2 * HOUR;
    expect(await wipeWhenOver(phone)).toBe(true);
    expect(vault()).toMatchObject({ kept: false, wiped: { reason: "expired" } });
  });
});
