// What a table tells the packer: closed tubes that lie on it, and which of them the server knows.

import { describe, expect, test } from "vitest";

import { framesOf } from "../../pwa/journal/frames.js";
import { closedOfTable, tableList } from "../../pwa/rules/table.js";
import { Diary, T1, T2, T3 } from "./town.js";

function day() {
  const diary = new Diary();
  for (const tube of [T1, T2, T3]) diary.say("open", { tube, mode: "pooled", size: 10, table: 2 });
  diary.say("close", { tube: T1, n: 7 });
  diary.say("close", { tube: T2, n: 0 });
  return diary;
}

describe("the table's list", () => {
  test("names closed tubes with their count, empty and open ones stay out", () => {
    const diary = day();
    const list = tableList(diary.fold(), diary.records, { site: "4", table: 2, device: "D7", at: 9, held: 3 });
    expect(list).toEqual({ site: "4", table: 2, device: "D7", at: 9, tubes: [[T1, 7, diary.records[3].at, false]] });
    const told = tableList(diary.fold(), diary.records, { site: "4", table: 2, device: "D7", at: 9, held: 4 });
    expect(told.tubes[0][3]).toBe(true);
  });

  test("takes in what another phone of the table closed", () => {
    const served = { tubes: [{ tube: "9", mode: "pooled", size: 10, state: "closed", n: 4, closed_at: 5, device: "D2", table: 2, seats: [] }] };
    const work = day().fold(served);
    expect(closedOfTable(work, { table: 2 }).map((t) => t.number)).toEqual(["9", T1]);
    expect(closedOfTable(work, { table: 3 }).map((t) => t.number)).toEqual([T1]);
  });

  test("leaves with the box", () => {
    const diary = day();
    diary.say("pack", { batch: "9-00", box: "B", tube: T1 });
    expect(closedOfTable(diary.fold(), { table: 2 })).toEqual([]);
  });

  test("forty tubes fit five pictures", async () => {
    const tubes = Array.from({ length: 40 }, (_, i) => [String(10000000010000 + i), 10, 1_795_300_000_000 + i, false]);
    const frames = await framesOf(JSON.stringify({ site: "1", table: 1, device: "D7", at: 1, tubes }), { prefix: "ST1" });
    expect(frames.length).toBeLessThanOrEqual(5);
    expect(frames[0]).toMatch(/^ST1\./);
  });
});
