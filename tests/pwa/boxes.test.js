// Boxes: the fold of the own journal over what the server knew; packing, and the count.
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { DIFFERENCES, REJECTIONS, WORDS, say } from "../../pwa/rules/box_words.js";
import { foldBoxes } from "../../pwa/rules/boxes.js";
import {
  checkBox, checkPack, checkSeal, compare, entryPack, entrySeal, entryUnpack, entryUnseal, explain,
  knownTubes, newBatch, notMet, readTable, stillOutside, tableKey, unheard,
} from "../../pwa/rules/packing.js";
import { makeCode } from "../../pwa/scan/codes.js";
import { Diary, T1, T2, T3 } from "./town.js";

const BATCH = "9-000102030405060708090a0b0c0d0e0f";
const BOX = makeCode("box", 7);
const SEAL = makeCode("seal", 7);
const OTHER_SEAL = makeCode("seal", 8);

function packing(...tubes) {
  const diary = new Diary();
  diary.say("box_open", { batch: BATCH, box: BOX });
  for (const tube of tubes) diary.say("pack", { batch: BATCH, box: BOX, tube });
  return diary;
}
const at = (boxes, more = {}) => ({ boxes, batch: BATCH, known: new Map(), used: () => null, ...more });
const closed = (more = {}) => ({ state: "closed", n: 10, at: 1, table: 2, device: "D7", heard: true, ...more });

describe("the words", () => {
  const python = readFileSync(new URL("../../screening/transport/checks.py", import.meta.url), "utf8");
  const joined = python.replace(/"\s*\n\s*"/g, "");

  it("are those of the server, word for word", () => {
    for (const [code, [tone, zh, en]] of Object.entries(WORDS)) {
      expect(joined, code).toContain(`"${code}"`);
      expect(joined, code).toContain(`"${tone}"`);
      expect(joined, code).toContain(zh);
      expect(joined, code).toContain(en);
    }
  });

  it("name the same reasons as the server", () => {
    const words = readFileSync(new URL("../../screening/transport/words.py", import.meta.url), "utf8");
    for (const [code, [zh, en]] of Object.entries({ ...DIFFERENCES, ...REJECTIONS })) {
      expect(words).toContain(`"${code}": ("${zh}", "${en}")`);
    }
  });

  it("take their figures in", () => {
    expect(say("seal_ok", { n: 12 }).zh).toBe("12 管，点数相符，可以封箱。");
  });
});

describe("the fold", () => {
  it("knows what lies in a box, and a tube taken out can go in again", () => {
    const diary = packing(T1, T2);
    const ref = diary.say("pack", { batch: BATCH, box: BOX, tube: T3 });
    diary.say("unpack", { batch: BATCH, tube: T3, ref, reason: "扫错" });
    expect([...foldBoxes(diary.records).boxes.get(BATCH).tubes.keys()]).toEqual([T1, T2]);
    diary.say("pack", { batch: BATCH, box: BOX, tube: T3 });
    const boxes = foldBoxes(diary.records);
    expect(boxes.boxes.get(BATCH).tubes.size).toBe(3);
    expect(boxes.where(T3).batch).toBe(BATCH);
  });

  it("an unpack answers its own line only", () => {
    const diary = packing(T1);
    diary.say("unpack", { batch: BATCH, tube: T1, ref: "ffffffffffffffff", reason: "扫错" });
    expect(foldBoxes(diary.records).boxes.get(BATCH).tubes.has(T1)).toBe(true);
  });

  it("a box is open, sealed, on the road, arrived and reconciled", () => {
    const diary = packing(T1);
    const stage = () => {
      const boxes = foldBoxes(diary.records);
      return boxes.stage(boxes.boxes.get(BATCH));
    };
    expect(stage()).toBe("open");
    const ref = diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1, differences: [] });
    expect(stage()).toBe("sealed");
    diary.say("unseal", { batch: BATCH, ref, reason: "重新清点" });
    expect(stage()).toBe("open");
    diary.say("seal", { batch: BATCH, box: BOX, seal: OTHER_SEAL, n: 1, differences: [] });
    diary.say("hand_over", { seal: OTHER_SEAL, staff: "1", to: "2", boxes: 1 });
    expect(stage()).toBe("handed");
    diary.say("arrive", { seal: OTHER_SEAL });
    expect(stage()).toBe("arrived");
    diary.say("unpacked", { seal: OTHER_SEAL });
    expect(stage()).toBe("finished");
  });

  it("goes on with a box that another phone opened, without doubling", () => {
    const work = { boxes: [{ batch: BATCH, box: BOX, at: 5, device: "D9", tubes: [T1, T2] }], sealed: [] };
    const diary = new Diary();
    diary.say("pack", { batch: BATCH, box: BOX, tube: T2 });
    const ref = diary.say("pack", { batch: BATCH, box: BOX, tube: T3 });
    expect(foldBoxes(diary.records, { work }).boxes.get(BATCH).tubes.size).toBe(3);
    diary.say("unpack", { batch: BATCH, tube: T3, ref, reason: "扫错" });
    const served = { work: { boxes: [{ ...work.boxes[0], tubes: [T1, T2, T3] }] } };
    expect([...foldBoxes(diary.records, served).boxes.get(BATCH).tubes.keys()]).toEqual([T1, T2]);
  });

  it("a sealed box that the server held and lists no more was taken by somebody else", () => {
    const diary = packing(T1);
    diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1 });
    const seq = diary.records.length;
    const taken = (slice, held) => {
      const boxes = foldBoxes(diary.records, slice);
      return boxes.takenBy(boxes.boxes.get(BATCH), held);
    };
    const later = { made_at: 9e15, work: { boxes: [], sealed: [] } };
    expect(taken(later, seq)).toBe(true);
    expect(taken(later, seq - 1)).toBe(false);
    expect(taken({ ...later, made_at: 1 }, seq)).toBe(false);
    expect(taken({ ...later, held: seq - 1 }, seq)).toBe(false); // sent after the list was made
    expect(taken({ ...later, made_at: 1, held: seq }, seq)).toBe(true); // whatever the phone's clock says
    expect(taken({ ...later, work: { sealed: [{ seal: SEAL, batch: BATCH, n: 1, at: 1 }] } }, seq)).toBe(false);
  });

  it("a seal that waits for its packer's journal is kept by the reload", () => {
    const diary = packing(T1);
    const ref = diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1 });
    const served = { work: { sealed: [{ seal: SEAL, batch: BATCH, box: BOX, n: 1, at: 1, ref: "00000000000000aa" }] } };
    expect(foldBoxes(diary.records, served).boxes.get(BATCH).seal_ref).toBe(ref);
  });

  it("learns of a box that another phone has sealed", () => {
    const boxes = foldBoxes(packing(T1).records, { work: { sealed: [{ seal: SEAL, batch: BATCH, n: 1, at: 9e15 }] } });
    expect(boxes.stage(boxes.boxes.get(BATCH))).toBe("sealed");
    expect(boxes.sealedBy(SEAL).batch).toBe(BATCH);
  });
});

describe("packing", () => {
  it("a batch is named by its cell and 32 hex digits", () => {
    expect(newBatch(9, Uint8Array.from({ length: 16 }, (_, i) => i))).toBe(BATCH);
  });

  it("asks for a box first, and for another when this one is sealed", () => {
    expect(checkPack(at(foldBoxes([])), T1).answer.code).toBe("box_not_open");
    const diary = packing(T1);
    diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1 });
    expect(checkPack(at(foldBoxes(diary.records)), T2)).toMatchObject({ pack: false, ask: "open" });
  });

  it("takes closed tubes in any order and a double scan does no harm", () => {
    const boxes = foldBoxes(packing(T1).records);
    const known = new Map([[T2, closed()]]);
    expect(checkPack(at(boxes, { known }), T2)).toMatchObject({ pack: true, answer: { code: "tube_in", tone: "ok" } });
    expect(checkPack(at(boxes, { known }), T1)).toMatchObject({ pack: false, answer: { code: "packed_here", tone: "look" } });
  });

  it("looks at an open tube and offers to close it", () => {
    const known = new Map([[T2, closed({ state: "open" })]]);
    expect(checkPack(at(foldBoxes(packing().records), { known }), T2)).toMatchObject({
      pack: false, ask: "close", answer: { code: "tube_still_open", tone: "look" },
    });
  });

  it("stops at a tube of another box, one that is gone, and one used elsewhere", () => {
    const diary = packing(T1);
    diary.say("box_open", { batch: "9-00000000000000ff", box: makeCode("box", 8) });
    const boxes = foldBoxes(diary.records);
    const other = { ...at(boxes), batch: [...boxes.boxes.keys()][1] };
    expect(checkPack(other, T1).answer).toMatchObject({ tone: "stop", code: "tube_packed" });
    const known = new Map([[T2, closed({ state: "gone" })]]);
    expect(checkPack(at(boxes, { known }), T2).answer).toMatchObject({ tone: "stop", code: "tube_gone" });
    const used = () => ({ at: 5, site: "西门", here: false });
    expect(checkPack(at(boxes, { used }), T3).answer).toMatchObject({ tone: "stop", code: "tube_used" });
  });

  it("takes a tube that nobody knows, with a look", () => {
    const found = checkPack(at(foldBoxes(packing().records)), T2);
    expect(found).toMatchObject({ pack: true, answer: { tone: "look", code: "nobody_knows" } });
  });

  it("a full box asks for its seal", () => {
    const boxes = foldBoxes(packing(T1).records);
    const known = new Map([[T2, closed()], [T3, closed()]]);
    expect(checkPack(at(boxes, { known, capacity: 2 }), T2)).toMatchObject({ pack: true, answer: { code: "last_in" } });
    const full = foldBoxes(packing(T1, T2).records);
    expect(checkPack(at(full, { known, capacity: 2 }), T3)).toMatchObject({ pack: false, ask: "seal" });
  });

  it("a box goes on, and one that waits sealed does not begin a second trip", () => {
    const diary = packing(T1);
    expect(checkBox(foldBoxes(diary.records), BOX)).toMatchObject({ batch: BATCH, answer: { tone: "ok" } });
    diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1 });
    expect(checkBox(foldBoxes(diary.records), BOX).answer).toMatchObject({ code: "box_in_use", tone: "stop" });
    diary.say("hand_over", { seal: SEAL, to: "2", boxes: 1 });
    expect(checkBox(foldBoxes(diary.records), BOX).answer.code).toBe("box_ok");
  });
});

describe("the tables' lists", () => {
  const list = { site: 4, table: 2, device: "D7", at: 9, tubes: [[T1, 10, 100, true], [T2, 7, 200, false]] };

  it("name the tubes still to come by table, and those not yet sent", () => {
    const table = readTable(list, 4);
    expect(tableKey(table)).toBe("2/D7");
    const known = knownTubes(new Map(), [table]);
    const boxes = foldBoxes(packing(T2, T3).records);
    expect(stillOutside(boxes, known)).toEqual([
      { table: 2, device: "D7", tubes: [{ tube: T1, n: 10, at: 100, heard: true }] },
    ]);
    expect(unheard(boxes.boxes.get(BATCH), known)).toEqual([
      { tube: T3, device: null, table: null }, { tube: T2, device: "D7", table: 2 },
    ]);
  });

  it("of another site are not taken", () => {
    expect(readTable(list, 5)).toBeNull();
    expect(readTable({ site: 4 }, 4)).toBeNull();
  });

  it("what a journal told wins, and a list closes a tube that was open", () => {
    const work = new Map([[T1, { state: "closed", n: 10, closed_at: 1, table: 2, device: "D7" }],
      [T2, { state: "open", opened_at: 150, table: 2, device: "D7" }]]);
    const known = knownTubes(work, [readTable({ ...list, tubes: [[T1, 9, 1, false], [T2, 7, 200, false]] }, 4)]);
    expect(known.get(T1).heard).toBe(true);
    expect(known.get(T2)).toMatchObject({ state: "closed", n: 7, heard: false });
  });
});

describe("the count and the seal", () => {
  const box = () => foldBoxes(packing(T1, T2).records).boxes.get(BATCH);

  it("agrees, differs, or is explained by coded taps", () => {
    expect(compare(box(), 2)).toMatchObject({ done: true, answer: { code: "seal_ok" } });
    expect(compare(box(), 4)).toMatchObject({ done: false, off: 2, left: 2, answer: { code: "seal_count" } });
    let why = explain([], { code: "broken", tube: T3 }, 1);
    expect(compare(box(), 4, why).left).toBe(1);
    why = explain(why, { code: "other" }, 1);
    expect(compare(box(), 4, why)).toMatchObject({ done: true, answer: { code: "seal_explained", tone: "look" } });
  });

  it("a second tap on a tube takes the first's place, on the number it adds up", () => {
    let why = explain([], { code: "broken", tube: T3 }, -1);
    why = explain(why, { code: "stays", tube: T3 }, -1);
    why = explain(explain(why, { code: "other" }, -1), { code: "other" }, -1);
    expect(why).toEqual([{ code: "stays", n: -1, tube: T3 }, { code: "other", n: -2, tube: null }]);
    expect(explain(why, { code: "nonsense" }, 1)).toBe(why);
  });

  it("a walk through the box finds what was scanned and is not there", () => {
    expect(notMet(box(), new Set([T2]))).toEqual([T1]);
  });

  it("a seal is used once", () => {
    const diary = packing(T1);
    expect(checkSeal(foldBoxes(diary.records), BATCH, SEAL).code).toBe("seal_free");
    diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1 });
    expect(checkSeal(foldBoxes(diary.records), "9-aa", SEAL)).toMatchObject({ code: "seal_used", tone: "stop" });
  });

  it("entries say what was counted and answer their own lines", () => {
    const diary = packing(T1);
    const open = foldBoxes(diary.records).boxes.get(BATCH);
    expect(entryPack(open, T2)).toEqual({ kind: "pack", batch: BATCH, box: BOX, tube: T2 });
    expect(entryUnpack(open, T1, "扫错")).toMatchObject({ ref: diary.records[1].ref, tube: T1 });
    expect(entryUnpack(open, T3, "扫错")).toBeNull();
    const why = explain([], { code: "other" }, 1);
    expect(entrySeal(open, SEAL, 2, why)).toEqual({
      kind: "seal", batch: BATCH, box: BOX, seal: SEAL, n: 2, differences: [{ code: "other", n: 1 }],
    });
    expect(entryUnseal(open, "重新清点")).toBeNull();
    const ref = diary.say("seal", { batch: BATCH, box: BOX, seal: SEAL, n: 1 });
    expect(entryUnseal(foldBoxes(diary.records).boxes.get(BATCH), "重新清点")).toMatchObject({ ref });
  });
});
