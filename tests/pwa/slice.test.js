// The slice of the register: everybody is found, however they are asked for, fast for 50,000.

import { beforeAll, describe, expect, test } from "vitest";

import { readResidentCode } from "../../pwa/scan/codes.js";
import { Slice, merged } from "../../pwa/rules/slice.js";
import { sliceJson } from "./town.js";

const PEOPLE = [
  { id: "9223372036854775000", name: "李**", tail: "002X", doc: "resident_id:11010519491231002X", household: 1, building: "3号楼", room: "2-201" },
  { id: "12", name: "李*", tail: "1234", household: 1, building: "3号楼", room: "2-201" },
  { id: "13", name: "欧阳**", tail: "5678", household: 2, building: "12号楼", room: "1-1203" },
  { id: "14", name: "J*** S****", tail: "0777", doc: "passport:GB-1234567", building: "12号楼", room: "1-302" },
];
let json;
let slice;
beforeAll(async () => {
  json = await sliceJson({
    people: PEOPLE, sampled: [{ index: 1, at: 1_700_000_040_000 }], single: [2], used: ["10000000010179"],
  });
  slice = new Slice(json);
});

const ids = (text) => slice.search(text).found.map((p) => p.person);

describe("a refresh", () => {
  test("indexes fifty thousand people again only when the roster is another", () => {
    const used = { ...json.used, tube: "10000000010276" };
    const before = new Slice(json);
    before.find(9, "12");
    before.used("10000000010179");
    const after = new Slice({ ...json, used }, before);
    expect(after.cache.get("byPerson")).toBe(before.cache.get("byPerson"));
    expect(after.find(9, "12").index).toBe(1);
    expect([after.used("10000000010179"), after.used("10000000010276")]).toEqual([null, expect.anything()]);
    const moved = { ...json.roster, names: json.roster.names.replace("李*\n", "王*\n") };
    expect(new Slice({ ...json, roster: moved }, after).find(9, "12").name).toBe("王*");
    expect(new Slice({ ...json, roster: null }, after).find(9, "12")).toBe(null);
  });
});

describe("finding one", () => {
  test("by the number of a code, beyond what a Number holds", () => {
    const one = slice.find(9, "9223372036854775000");
    expect(one).toMatchObject({ index: 0, name: "李**", tail: "002X", building: "3号楼", household: 1 });
    expect(readResidentCode(one.code)).toEqual({ cell: 9, person: "9223372036854775000" });
    expect(slice.find(8, "12")).toBe(null);
    expect(slice.find(9, "99")).toBe(null);
    expect(slice.findKey(one.key).index).toBe(0);
  });

  test("by the code of the old street, for one who moved here from there", () => {
    const came = new Slice({ ...json, roster: { ...json.roster, stored: [[1, 8]] } });
    const one = came.find(8, "12");
    expect(one).toMatchObject({ index: 1, cell: 8, key: "p:8:12" });
    expect(readResidentCode(one.code)).toEqual({ cell: 8, person: "12" });
    expect([came.find(9, "12"), came.findKey("p:9:12"), came.find(9, "13").cell]).toEqual([null, null, 9]);
    expect(came.search("1234").found.map((p) => p.cell)).toEqual([8]);
  });

  test("by document, without its number being in the slice", async () => {
    expect((await slice.findDocument("resident_id:11010519491231002X")).index).toBe(0);
    expect((await slice.findDocument("passport:GB-1234567")).index).toBe(3);
    expect(await slice.findDocument("resident_id:440524188001010014")).toBe(null);
    expect(JSON.stringify(json)).not.toContain("11010519491231002X");
  });

  test("all of a household", () => {
    expect(slice.household(0).map((p) => p.person)).toEqual(["9223372036854775000", "12"]);
    expect(slice.household(3).map((p) => p.index)).toEqual([3]);
  });
});

describe("searching", () => {
  test("by surname, two-character ones too", () => {
    expect(ids("李")).toHaveLength(2);
    expect(ids("欧阳")).toEqual(["13"]);
    expect(ids("j")).toEqual(["14"]);
  });

  test("by the last digits, in any width", () => {
    expect(ids("5678")).toEqual(["13"]);
    expect(ids("００２Ｘ")).toEqual(["9223372036854775000"]);
    expect(ids("678")).toEqual(["13"]);
  });

  test("by building and room", () => {
    expect(ids("12号楼")).toEqual(["13", "14"]);
    expect(ids("3-2-201")).toHaveLength(2);
    expect(ids("12号楼1203")).toEqual(["13"]);
    expect(ids("1203")).toEqual(["13"]);
  });

  test("by several words together", () => {
    expect(ids("李 1234")).toEqual(["12"]);
    expect(ids("李 1203")).toEqual([]);
    expect(slice.search("  ").total).toBe(0);
  });
});

describe("a round", () => {
  test("knows who was sampled, where and when, and who must be alone", () => {
    const round = slice.round(3);
    expect(round.sampledAt(1)).toEqual({ at: 1_700_000_040_000, site: "西门" });
    expect(round.sampledAt(0)).toBe(null);
    expect([0, 1, 2, 3].filter((i) => round.mustBeAlone(i))).toEqual([2]);
    expect([round.mode, round.size, round.count]).toEqual(["pooled", 10, 1]);
    expect(slice.round(4)).toBe(null);
    expect(JSON.stringify(round)).not.toContain("sampled");
  });
});

test("a used number says where and when", () => {
  expect(slice.used("10000000010179")).toEqual({ at: 28_000_000 * 60_000, site: "南门" });
  expect(slice.used("10000000010276")).toBe(null);
});

test("an unchanged roster stays when a fresh answer leaves it out", () => {
  const fresh = { ...json, roster: null, made_at: 5 };
  expect(new Slice(merged(json, fresh)).count).toBe(4);
  expect(new Slice(merged(json, { ...fresh, revision: "r2" })).count).toBe(0);
  expect(merged(null, fresh)).toBe(fresh);
});

test("50,000 persons are searched in less than 50 ms", async () => {
  const names = ["赵*", "钱**", "孙*", "李**", "周*"];
  const people = Array.from({ length: 50_000 }, (_, i) => ({
    id: String(10_000 + i), name: names[i % 5], tail: String(i % 10_000).padStart(4, "0"),
    household: 1 + (i >> 1), building: `${1 + (i % 80)}号楼`, room: `${1 + (i % 3)}-${101 + (i % 900)}`,
  }));
  const big = new Slice(await sliceJson({ people }));
  big.search("李"); // builds the indexes, once
  const once = (text) => {
    const from = performance.now();
    big.search(text);
    return performance.now() - from;
  };
  const took = ["李", "0777", "3-2-201", "李 0003", "12号楼"].map((text) => Math.min(once(text), once(text), once(text)));
  expect(Math.max(...took)).toBeLessThan(50);
  const from = performance.now();
  expect(big.find(9, "40000").index).toBe(30_000);
  expect(big.household(7)).toHaveLength(2);
  expect(performance.now() - from).toBeLessThan(200);
});
