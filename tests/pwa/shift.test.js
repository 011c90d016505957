// Start and end of a shift: what was left open, who wears the badge, what still hinders the end.
import { describe, expect, test } from "vitest";

import * as shift from "../../pwa/rules/shift.js";
import { makeCode } from "../../pwa/scan/codes.js";

const NOW = Date.UTC(2026, 10, 22, 6, 0);
const MINUTE = 60_000;
const work = {
  tubes: new Map([
    ["a", { number: "a", state: "open", opened_at: NOW - 5 * MINUTE, live: 3, size: 10, device: "own" }],
    ["b", { number: "b", state: "open", opened_at: NOW - 90 * MINUTE, live: 7, size: 10, device: "D7" }],
    ["c", { number: "c", state: "closed", opened_at: NOW - MINUTE, live: 7, size: 10, device: "own" }],
  ]),
  boxes: new Map([
    ["7-1", { batch: "7-1", box: "x", state: "open", at: NOW - MINUTE, device: "D7", tubes: ["t"] }],
    ["7-2", { batch: "7-2", box: "y", state: "sealed", at: NOW, device: "own", tubes: [] }],
  ]),
};
const record = (entry, seq = 1) => ({ seq, ref: "", at: NOW, entry: { at: NOW, ...entry } });

describe("taking over", () => {
  test("open tubes and boxes of any device are listed, the oldest first, with their age", () => {
    const { tubes, boxes } = shift.leftOpen(work, NOW);
    expect(tubes.map((t) => [t.number, t.device, t.age / MINUTE, t.mine])).toEqual([
      ["b", "D7", 90, false], ["a", "own", 5, true],
    ]);
    expect(boxes.map((b) => [b.batch, b.n])).toEqual([["7-1", 1]]);
  });

  test("the end of a shift names the phone's own open things only", () => {
    const found = shift.beforeEnd(work, { waiting: 4 }, NOW);
    expect(found.tubes.map((t) => t.number)).toEqual(["a"]);
    expect(found.boxes).toEqual([]);
    expect(found.waiting).toBe(4);
  });
});

describe("the shift itself", () => {
  test("a shift is on from its start to its end", () => {
    const start = record({ kind: "shift_start", staff: 3, round: 2, table: 4 });
    expect(shift.shiftOf([start, record({ kind: "bind" })])).toMatchObject({ staff: 3, table: 4 });
    expect(shift.shiftOf([start, record({ kind: "shift_end", n: 2 })])).toBeNull();
    expect(shift.shiftOf([])).toBeNull();
  });

  test("swabs taken back and visits undone are not counted, yesterday neither", () => {
    const kinds = ["bind", "bind", "unbind", "close", "visit"];
    const records = kinds.map((kind) => record({ kind, outcome: "absent" }));
    records.push(record({ kind: "visit", outcome: "undone" }));
    records.push(record({ kind: "bind", at: NOW - 20 * 60 * MINUTE }));
    expect(shift.countsSince(records, NOW - 60 * MINUTE)).toMatchObject({
      swabs: 1, tubes: 1, doors: 0,
    });
  });

  test("a slice tells an hour before that it runs out", () => {
    const at = (expires_at) => shift.sliceState({ expires_at }, NOW);
    expect([NOW + 61 * MINUTE, NOW + 59 * MINUTE, NOW].map(at)).toEqual(["good", "late", "expired"]);
    expect(shift.sliceState(null, NOW)).toBe("none");
  });

  test("phones ask for their slice every three minutes, not in one second", () => {
    expect([0, 0.5, 1].map(shift.nextRefresh)).toEqual([144_000, 180_000, 216_000]);
  });
});

describe("codes at the start", () => {
  const people = [
    { id: "12", no: "P0012", name: "赵六", badge: makeCode("badge", 12), roles: ["sampler"] },
  ];

  test("a badge is known by its code, by its id, and by the staff number of older cards", () => {
    const code = makeCode("badge", 12);
    expect(shift.wearerOf({ kind: "badge", number: code, text: code }, people)).toBe(people[0]);
    expect(shift.wearerOf({ kind: "badge", number: "P0012", text: "P0012" }, people)).toBe(people[0]);
    expect(shift.wearerOf({ kind: "badge", number: makeCode("badge", 13) }, people)).toBeNull();
  });

  test("an id beyond what numbers hold keeps every digit", () => {
    const long = `50${"818283746556473829".padStart(20, "0")}77`;
    expect(shift.serialOf({ number: long })).toBe("818283746556473829");
  });

  test("who is known by the badge alone goes on unchecked, with the roles of the place", () => {
    const stranger = { kind: "badge", number: makeCode("badge", 99), text: makeCode("badge", 99) };
    expect(shift.unchecked(stranger, "site")).toMatchObject({ id: "99", checked: false, token: null });
    expect(shift.unchecked(stranger, "lab").roles).toEqual(["lab_technician"]);
    expect(shift.unchecked(stranger, "site", people[0]).roles).toEqual(["sampler"]);
  });

  test("the site's sheet must be that of the enrolled site, old or new", () => {
    const code = (id) => ({ kind: "site", number: makeCode("site", id), text: makeCode("site", id) });
    const place = { id: 5, code: "S-05" };
    expect(shift.siteMatch(code(5), { site: "5" }, place)).toBe("here");
    expect(shift.siteMatch(code(6), { site: "5" }, place)).toBe("elsewhere");
    expect(shift.siteMatch({ text: "SITE:S-05" }, { site: "5" }, place)).toBe("here");
    expect(shift.siteMatch(code(5), { site: null, lab: 2 }, place)).toBe("not_a_site_phone");
  });

  test("an enrolment code comes from a link, a picture or a finger", () => {
    expect(shift.enrolCode("https://h.example/field/#enrol=abcd-efgh-jkmn")).toBe("abcd-efgh-jkmn");
    expect(shift.enrolCode(" abcd efgh jkmn ")).toBe("abcdefghjkmn");
    expect(shift.enrolCode("no")).toBeNull();
    expect(shift.enrolCode(null)).toBeNull();
  });
});

test("without a slice the kept round goes on until it ends", () => {
  const kept = { id: 3, name: "三", ends_at: NOW + 1 };
  expect(shift.roundsOf(null, kept, NOW)).toEqual([kept]);
  expect(shift.roundsOf(null, kept, NOW + 1)).toEqual([]);
  expect(shift.roundsOf({ rounds: [] }, kept, NOW)).toEqual([]);
});

test("what is kept of a round names nobody", () => {
  expect(shift.policyOf({ id: 3, mode: "pooled", told: { single: "AA" } })).toEqual({ id: 3, mode: "pooled" });
});

test("a table is chosen among those of the site", () => {
  expect(shift.tablesOf({ tables: 3 })).toEqual([1, 2, 3]);
  expect(shift.tablesOf({ tables: null }, 2)).toEqual([1, 2]);
});
