// The fold of an own journal over the server's layer, and that one more entry costs one tube.

import { describe, expect, test } from "vitest";

import {
  addRecord, foldWork, isFull, keyOfCode, nextSeat, openTubes, setServed, startWork, swabsOf,
} from "../../pwa/rules/work.js";
import { Diary, T1, T2 } from "./town.js";

const code = (n) => ({ who: { code: `R1.9-${n}-00` } });

function filled(n, size = 10) {
  const diary = new Diary();
  diary.say("open", { tube: T1, mode: "pooled", size });
  const refs = Array.from({ length: n }, (_, i) => diary.say("bind", { tube: T1, seat: i + 1, ...code(i + 1) }));
  return { diary, refs };
}

describe("a tube", () => {
  test("counts who is in it", () => {
    const tube = filled(7).diary.fold().tubes.get(T1);
    expect([tube.state, tube.live, tube.size, nextSeat(tube), isFull(tube)]).toEqual(["open", 7, 10, 8, false]);
  });

  test("gives a seat once, and frees its place", () => {
    const { diary, refs } = filled(3, 3);
    diary.say("unbind", { tube: T1, ref: refs[2], reason: "x" });
    const tube = diary.fold().tubes.get(T1);
    expect([tube.live, nextSeat(tube), isFull(tube)]).toEqual([2, 4, false]);
    expect(tube.seats[2].out).toBe(true);
  });

  test("not swabbed leaves the tube, a spilled swab stays in it", () => {
    const { diary, refs } = filled(3);
    diary.say("mark", { tube: T1, ref: refs[0], what: "not_swabbed" });
    diary.say("mark", { tube: T1, ref: refs[1], what: "spilled" });
    const tube = diary.fold().tubes.get(T1);
    expect([tube.live, tube.seats[0].mark, tube.seats[1].mark]).toEqual([2, "not_swabbed", "spilled"]);
  });

  test("the first mark of a seat stands", () => {
    const { diary, refs } = filled(1);
    diary.say("mark", { tube: T1, ref: refs[0], what: "spilled" });
    diary.say("mark", { tube: T1, ref: refs[0], what: "not_swabbed" });
    expect(diary.fold().tubes.get(T1).seats[0].mark).toBe("spilled");
  });

  test("closes with the count that was confirmed, and opens again", () => {
    const { diary } = filled(7);
    const close = diary.say("close", { tube: T1, n: 7 });
    expect(diary.fold().tubes.get(T1)).toMatchObject({ state: "closed", n: 7, close_ref: close });
    diary.say("reopen", { tube: T1, ref: close, reason: "x" });
    expect(diary.fold().tubes.get(T1)).toMatchObject({ state: "open", n: null });
  });

  test("a swab told after the close is kept", () => {
    const { diary } = filled(2);
    diary.say("close", { tube: T1, n: 3 });
    diary.say("bind", { tube: T1, seat: 3, ...code(3) });
    expect(diary.fold().tubes.get(T1)).toMatchObject({ state: "closed", live: 3, n: 3 });
  });

  test("nobody told its opening: it lies open all the same", () => {
    const diary = new Diary();
    diary.say("bind", { tube: T1, seat: 1, ...code(1) });
    expect(diary.fold().tubes.get(T1)).toMatchObject({ state: "open", live: 1 });
  });

  test("moving takes out of one tube and puts into the other", () => {
    const { diary, refs } = filled(2);
    diary.say("open", { tube: T2, mode: "pooled", size: 10 });
    const moved = diary.say("move", { tube: T1, ref: refs[1], to: T2, seat: 1, reason: "x", ...code(2) });
    const work = diary.fold();
    expect(work.tubes.get(T1).live).toBe(1);
    expect(work.tubes.get(T2).seats.map((s) => s.ref)).toEqual([moved]);
    expect(swabsOf(work, "p:9:2").map((s) => s.tube)).toEqual([T2]);
  });

  test("packing, unpacking and handing over", () => {
    const { diary } = filled(1);
    diary.say("close", { tube: T1, n: 1 });
    const pack = diary.say("pack", { batch: "9-00", box: "B", tube: T1 });
    expect(diary.fold().tubes.get(T1).state).toBe("packed");
    diary.say("unpack", { batch: "9-00", tube: T1, ref: pack, reason: "x" });
    expect(diary.fold().tubes.get(T1).state).toBe("closed");
    diary.say("pack", { batch: "9-01", box: "B", tube: T1 });
    diary.say("seal", { batch: "9-01", box: "B", seal: "S", n: 1 });
    diary.say("hand_over", { seal: "S", to: 5, boxes: 1 });
    expect(diary.fold().tubes.get(T1).state).toBe("gone");
  });

  test("an over count makes room for one more", () => {
    const { diary } = filled(2, 2);
    expect(isFull(diary.fold().tubes.get(T1))).toBe(true);
    diary.say("over", { tube: T1, n: 3 });
    expect(isFull(diary.fold().tubes.get(T1))).toBe(false);
  });
});

describe("what the server told of other phones", () => {
  const served = (o = {}) => ({
    tubes: [{
      tube: T1, mode: "pooled", size: 10, state: "open", n: null, at: 900_000, device: "D2", table: 2,
      seats: [{ seat: 1, ref: "00000000000000aa", name: "钱*", document: "1***", code: "R1.9-77-00", mark: null }],
      ...o,
    }],
    boxes: [], sealed: [],
  });

  test("is there without an own entry", () => {
    const tube = new Diary().fold(served()).tubes.get(T1);
    expect(tube).toMatchObject({ state: "open", live: 1, device: "D2", own: false });
    expect(tube.seats[0].key).toBe("p:9:77");
  });

  test("joins with own entries by reference, nothing twice", () => {
    const diary = new Diary();
    diary.say("join", { tube: T1 });
    const ref = diary.say("bind", { tube: T1, seat: 2, ...code(5) }, { name: "李*", key: "p:9:5" });
    const told = served();
    told.tubes[0].seats.push({ seat: 2, ref, name: "李*", document: "1***", code: "R1.9-5-00", mark: "spilled" });
    const tube = diary.fold(told).tubes.get(T1);
    expect(tube.seats.map((s) => [s.seat, s.mine, s.mark])).toEqual([[1, false, null], [2, true, "spilled"]]);
    expect(tube.live).toBe(2);
  });

  test("an own undo of another phone's swab counts at once", () => {
    const diary = new Diary();
    diary.say("unbind", { tube: T1, ref: "00000000000000aa", reason: "x" });
    expect(diary.fold(served()).tubes.get(T1).live).toBe(0);
  });

  test("a close by another phone closes; an own close before the server heard it stands", () => {
    const { diary } = filled(1);
    expect(diary.fold(served({ state: "closed", n: 2 })).tubes.get(T1)).toMatchObject({ state: "closed", n: 2 });
    diary.say("close", { tube: T1, n: 3 });
    expect(diary.fold(served()).tubes.get(T1)).toMatchObject({ state: "closed", n: 3 });
  });

  test("a fresh answer replaces the layer and leaves own facts", () => {
    const { diary } = filled(1);
    const work = diary.fold(served());
    expect(work.tubes.get(T1).live).toBe(2);
    setServed(work, { tubes: [], boxes: [] });
    expect(work.tubes.get(T1).live).toBe(1);
    setServed(work, { tubes: [], boxes: [{ batch: "9-00", box: "B", tubes: [T2] }] });
    expect(work.tubes.get(T2).state).toBe("packed");
  });
});

describe("undo", () => {
  test("the newest bind that stands, then the one before", () => {
    const { diary, refs } = filled(3);
    expect(diary.fold().last.ref).toBe(refs[2]);
    diary.say("unbind", { tube: T1, ref: refs[2], reason: "x" });
    diary.say("unbind", { tube: T1, ref: refs[1], reason: "x" });
    expect(diary.fold().last.ref).toBe(refs[0]);
  });
});

test("folding entry by entry is the whole fold", () => {
  const { diary, refs } = filled(6);
  diary.say("unbind", { tube: T1, ref: refs[2], reason: "x" });
  diary.say("open", { tube: T2, mode: "single", size: 1 });
  diary.say("move", { tube: T1, ref: refs[4], to: T2, seat: 1, reason: "x", ...code(5) });
  diary.say("close", { tube: T1, n: 4 });
  const step = startWork({ device: "D7", site: 4 });
  for (const record of diary.records) addRecord(step, record);
  expect(step.tubes).toEqual(diary.fold().tubes);
  expect(openTubes(step).map((t) => t.number)).toEqual([T2]);
});

test("one entry more on a shift of 400 tubes costs less than a millisecond", () => {
  const diary = new Diary();
  for (let i = 0; i < 400; i++) {
    const tube = `t${i}`;
    diary.say("open", { tube, mode: "pooled", size: 10 });
    for (let s = 1; s <= 10; s++) diary.say("bind", { tube, seat: s, ...code(i * 10 + s) });
    diary.say("close", { tube, n: 10 });
  }
  const work = foldWork(diary.records);
  const from = performance.now();
  for (let i = 0; i < 200; i++) {
    diary.say("bind", { tube: "last", seat: i + 1, ...code(9000 + i) });
    addRecord(work, diary.records.at(-1));
  }
  expect((performance.now() - from) / 200).toBeLessThan(1);
});

test("a key is the same however the code is written", () => {
  expect(keyOfCode("R1.9-0077-12")).toBe("p:9:77");
  expect(keyOfCode(null)).toBe(null);
});
