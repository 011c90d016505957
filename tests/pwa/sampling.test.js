// What a scan means at the table: the edge cases of the field, by their numbers.

import { readFileSync } from "node:fs";

import { beforeAll, describe, expect, test } from "vitest";

import { lastBind, markSeat, moveSeat, reopenTube, undoLast } from "../../pwa/rules/corrections.js";
import { ofCode, ofDocument, ofForm, ofItem, ofName, ofOddDocument, ofResident } from "../../pwa/rules/persons.js";
import { householdScanned, personScanned, singleTube } from "../../pwa/rules/sampling.js";
import { WORDS } from "../../pwa/rules/sampling_words.js";
import { closeAndOpen, closeTube, noteOver, tubeScanned } from "../../pwa/rules/tubes.js";
import { Slice } from "../../pwa/rules/slice.js";
import { Diary, T1, T2, T3, sliceJson } from "./town.js";

const ID = "11010519491231002X";
let slice;
beforeAll(async () => {
  slice = new Slice(await sliceJson({
    people: [
      { id: "11", name: "李**", tail: "002X", doc: `resident_id:${ID}`, household: 1 },
      { id: "12", name: "李*", tail: "1234", household: 1 },
      { id: "13", name: "欧阳**", tail: "5678", household: 2 },
      { id: "14", name: "王*", tail: "1111", household: 2 },
      ...Array.from({ length: 20 }, (_, i) => ({ id: String(100 + i), name: "赵*", household: 10 + i })),
    ],
    sampled: [{ index: 1, at: 1_700_000_040_000 }, { index: 3, at: 1_700_000_040_000 }],
    single: [2, 3], used: [T3],
  }));
});

const scene = (diary, o = {}) => ({
  work: diary.fold(o.served ?? null), slice, round: slice.round(3), current: T1, mode: null, size: null,
  site: 4, place: "东门", roundId: 3, practice: false, ...o,
});
const codes = (outcome) => outcome.answers.map((a) => a.code);
const kinds = (outcome) => outcome.entries.map((e) => e.kind);
const resident = (id) => ofResident(slice.find(9, String(id)));
const opened = (mode = "pooled", size = 10) => {
  const diary = new Diary();
  diary.say("open", { tube: T1, mode, size });
  return diary;
};
const fill = (diary, n) => {
  for (let i = 0; i < n; i++) diary.state(personScanned(scene(diary), resident(100 + i)));
  return diary;
};

describe("tubes", () => {
  test("a new number opens in the round's mode and size", () => {
    const o = tubeScanned(scene(new Diary(), { current: null }), T1);
    expect(o.entries).toEqual([{ kind: "open", tube: T1, mode: "pooled", size: 10 }]);
    expect([o.current, codes(o)]).toEqual([T1, ["tube_opened"]]);
  });

  test("3: a used number is a hard stop with where and when", () => {
    const o = tubeScanned(scene(new Diary()), T3);
    expect(o.entries).toEqual([]);
    expect(o.answers[0]).toMatchObject({ code: "tube_used", tone: "stop" });
    expect(o.answers[0].zh).toContain("南门");
    const diary = opened();
    diary.say("close", { tube: T1, n: 0 });
    expect(codes(tubeScanned(scene(diary, { current: null }), T1))).toEqual(["tube_used"]);
  });

  test("4, 24: open here by another phone: taken over", () => {
    const served = { tubes: [{ tube: T2, mode: "pooled", size: 10, state: "open", at: 5, device: "D2", seats: [] }] };
    const o = tubeScanned(scene(new Diary(), { served, current: null }), T2);
    expect([kinds(o), codes(o), o.current]).toEqual([["join"], ["tube_open_here"], T2]);
  });

  test("an own open tube is switched to, nothing is stated", () => {
    const diary = opened();
    diary.say("open", { tube: T2, mode: "pooled", size: 10 });
    const o = tubeScanned(scene(diary), T2);
    expect([kinds(o), codes(o), o.current]).toEqual([[], ["tube_switched"], T2]);
  });

  test("the tube in hand once more: close it, unless nobody is in it", () => {
    const o = tubeScanned(scene(fill(opened(), 2)), T1);
    expect([kinds(o), o.ask]).toMatchObject([[], { kind: "close", n: 2 }]);
    expect(tubeScanned(scene(opened()), T1).ask).toBe(undefined);
  });

  test("8: no round: opened, said in words", () => {
    const o = tubeScanned(scene(new Diary(), { round: null, current: null }), T1);
    expect([kinds(o), codes(o)]).toEqual([["open"], ["round_not_open", "tube_opened"]]);
  });

  test("17: looser than the rule is refused, and says why", () => {
    const strict = { mode: "household", size: 6, why: { zh: "封控区", en: "locked area" } };
    const o = tubeScanned(scene(new Diary(), { round: strict, mode: "pooled", size: 10, current: null }), T1);
    expect([kinds(o), codes(o)]).toEqual([[], ["pooling_forbidden"]]);
    expect(o.answers[0].zh).toContain("封控区");
  });

  test("a new number while one is in hand: close n and open, in one act", () => {
    const diary = fill(opened(), 7);
    const o = tubeScanned(scene(diary), T2);
    expect(o.ask).toMatchObject({ kind: "close_open", tube: T1, n: 7, next: T2 });
    expect(o.entries).toEqual([]);
    const both = closeAndOpen(scene(diary), o.ask);
    expect(both.entries).toMatchObject([{ kind: "close", tube: T1, n: 7 }, { kind: "open", tube: T2 }]);
    expect(kinds(tubeScanned(scene(diary), T2, { anyway: true }))).toEqual(["open"]);
  });

  test("23, 2: closing asks again when the count differs, and twice is the truth", () => {
    const diary = fill(opened(), 7);
    expect(kinds(closeTube(scene(diary), T1, 7))).toEqual(["close"]);
    const o = closeTube(scene(diary), T1, 6);
    expect([kinds(o), codes(o), o.ask.kind]).toEqual([[], ["count_differs"], "recount"]);
    expect(closeTube(scene(diary), T1, 6, { again: true }).entries).toMatchObject([{ kind: "close", n: 6 }]);
    const eleven = closeTube(scene(fill(opened(), 10)), T1, 11, { again: true });
    expect(kinds(eleven)).toEqual(["over", "close"]);
    expect(codes(closeTube(scene(opened()), T1, 0))).toEqual(["close_empty"]);
  });
});

describe("persons", () => {
  test("13: the answer reads the surname and the seat back", () => {
    const o = personScanned(scene(opened()), resident(11));
    expect(o.entries).toMatchObject([{ kind: "bind", tube: T1, seat: 1, who: { code: slice.find(9, "11").code }, purpose: "screen", reason: null }]);
    expect(o.views[0]).toMatchObject({ name: "李**", document: "****002X", key: "p:9:11" });
    expect([o.answers.at(-1).code, o.answers.at(-1).zh]).toEqual(["bind_ok", "李** 第 1 个。"]);
  });

  test("the number read back is the counter's, also after one was taken back", () => {
    const diary = fill(opened(), 3);
    diary.state(undoLast(diary.fold()));
    const o = personScanned(scene(diary), resident(11));
    expect(o.entries[0].seat).toBe(4);
    expect(o.bound).toMatchObject({ seat: 4, nth: 3 });
    expect(o.answers.at(-1).zh).toBe("李** 第 3 个。");
  });

  test("1: full blocks; the last seat says so before", () => {
    const diary = fill(opened(), 9);
    expect(codes(personScanned(scene(diary), resident(110)))).toEqual(["last_seat"]);
    fill(diary, 0);
    diary.state(personScanned(scene(diary), resident(110)));
    const o = personScanned(scene(diary), resident(111));
    expect([kinds(o), codes(o), o.ask.kind]).toEqual([[], ["tube_full"], "full"]);
    diary.state(noteOver(scene(diary), T1));
    expect(kinds(personScanned(scene(diary), resident(111)))).toEqual(["bind"]);
  });

  test("6: already sampled: where and when; a reason continues", () => {
    const o = personScanned(scene(opened()), resident(12));
    expect([kinds(o), codes(o), o.ask]).toMatchObject([[], ["already_sampled"], { kind: "reason", why: "again" }]);
    expect(o.answers[0].zh).toContain("西门");
    const on = personScanned(scene(opened()), resident(12), { again: "tube_lost" });
    expect(on.entries[0]).toMatchObject({ reason: "tube_lost 前管遗失", purpose: "screen" });
  });

  test("6: also when it was this phone, in another tube", () => {
    const diary = opened();
    diary.state(personScanned(scene(diary), resident(11)));
    diary.say("open", { tube: T2, mode: "pooled", size: 10 });
    expect(codes(personScanned(scene(diary, { current: T2 }), resident(11)))).toEqual(["already_sampled"]);
  });

  test("twice in the same tube is a stop, by code or by document", async () => {
    const diary = opened();
    diary.state(personScanned(scene(diary), resident(11)));
    const byPaper = await ofDocument({ type: "resident_id", number: ID }, slice);
    expect(codes(personScanned(scene(diary), byPaper))).toEqual(["twice_in_tube"]);
    const stranger = await ofDocument({ type: "passport", number: "GB-7654321" }, slice);
    diary.state(personScanned(scene(diary), stranger));
    expect(codes(personScanned(scene(diary), stranger))).toEqual(["twice_in_tube"]);
  });

  test("16: who must be alone never goes into a pool; a single tube takes them", () => {
    const diary = opened();
    const o = personScanned(scene(diary), resident(13));
    expect([kinds(o), codes(o), o.ask.kind]).toEqual([[], ["single_lane"], "single"]);
    expect(o.answers[0].zh).not.toMatch(/阳|密接|高风险/);
    const own = singleTube(scene(diary), T2, resident(13));
    expect(own.entries).toMatchObject([
      { kind: "open", tube: T2, mode: "single", size: 1 }, { kind: "bind", tube: T2, seat: 1, purpose: "screen" },
    ]);
    const again = singleTube(scene(diary), T2, resident(14));
    expect(again.entries[1]).toMatchObject({ purpose: "recheck" });
    expect(codes(again)).toContain("sampled_again");
    expect(codes(singleTube(scene(diary), T3, resident(13)))).toEqual(["tube_used"]);
  });

  test("a callback of the door list is a recheck in a tube alone", () => {
    const item = { cell: 9, person: "11", code: slice.find(9, "11").code, name: "李**", kind: "callback", single: true };
    expect(personScanned(scene(opened()), ofItem(item, slice)).ask.kind).toBe("single");
    const o = singleTube(scene(opened()), T2, ofItem(item, slice));
    expect(o.entries[1].purpose).toBe("recheck");
  });

  test("18: so does a family after somebody of no household", () => {
    const diary = opened("household", 6);
    diary.state(personScanned(scene(diary), ofName("张三", "13800000000")));
    const o = personScanned(scene(diary), resident(11));
    expect([kinds(o), o.ask]).toMatchObject([[], { kind: "reason", why: "household" }]);
  });

  test("18: another household needs a reason", () => {
    const diary = opened("household", 6);
    diary.state(personScanned(scene(diary), resident(11)));
    const o = personScanned(scene(diary), resident(100));
    expect([kinds(o), o.ask]).toMatchObject([[], { kind: "reason", why: "household" }]);
    expect(personScanned(scene(diary), resident(100), { household: "carer" }).entries[0].reason).toBe("carer 照护人员");
    expect(kinds(personScanned(scene(diary), resident(12), { again: "other" }))).toEqual(["bind"]);
  });

  test("a household at once: one outcome, seats in order, the refused left out", () => {
    const diary = opened("household", 6);
    const o = householdScanned(scene(diary), slice.household(0).map(ofResident));
    expect(o.entries.map((e) => e.seat)).toEqual([1]);
    expect(o.refused.map((r) => r.outcome.answers[0].code)).toEqual(["already_sampled"]);
  });

  test("9, 10: not in the slice goes on in words; minimum identity is kept", async () => {
    const stranger = await ofDocument({ type: "passport", number: "GB-7654321", name: "JOHN SMITH" }, slice);
    const o = personScanned(scene(opened()), stranger);
    expect([kinds(o), codes(o)]).toEqual([["bind"], ["outside_slice", "bind_ok"]]);
    expect(o.views[0].name).toBe("J*** S****");
    const nobody = personScanned(scene(opened()), ofName("陈 小明", "138 0000 0000"));
    expect(nobody.entries[0].who).toEqual({ name: "陈小明", phone: "138 0000 0000" });
    expect(codes(nobody)).toEqual(["minimum_identity", "bind_ok"]);
    expect(await ofForm({ type: "none", name: "陈", phone: "" }, slice)).toBe(null);
  });

  test("11: a wrong check digit needs a second person, whose name is noted", () => {
    const person = ofOddDocument({ number: "110105194912310021", name: "李四" }, "S1002");
    const o = personScanned(scene(opened()), person);
    expect(codes(o)).toEqual(["check_seen", "bind_ok"]);
    expect(o.entries[0]).toMatchObject({ reason: "document_seen S1002", who: { doc: { number: "110105194912310021" } } });
  });

  test("12: another spelling is kept and said", async () => {
    const doc = { type: "resident_id", number: ID };
    const same = await ofDocument({ ...doc, name: "李 小 四" }, slice);
    expect(same.differs).toBe(false);
    const other = await ofDocument({ ...doc, name: "张小四" }, slice);
    const o = personScanned(scene(opened()), other);
    expect(codes(o)).toEqual(["name_differs", "bind_ok"]);
    expect(o.entries[0].who.doc.name).toBe("张小四");
  });

  test("a code past its date is taken, in words", () => {
    const read = { cell: 9, person: "11", code: slice.find(9, "11").code, name: "李**", expired: true };
    expect(codes(personScanned(scene(opened()), ofCode(read, slice)))).toEqual(["code_expired", "bind_ok"]);
  });
});

describe("taking back", () => {
  test("undo takes the last one out while the tube is open", () => {
    const diary = fill(opened(), 2);
    const o = undoLast(scene(diary).work);
    expect(o.entries).toMatchObject([{ kind: "unbind", tube: T1, ref: diary.records[2].ref }]);
    diary.state(o);
    expect(lastBind(diary.fold()).seat.seat).toBe(1);
    diary.say("close", { tube: T1, n: 1 });
    expect(codes(undoLast(diary.fold()))).toEqual(["nothing_to_undo"]);
  });

  test("21: a mark is about one seat; a move keeps who it was", () => {
    const diary = fill(opened(), 2);
    const tube = diary.fold().tubes.get(T1);
    expect(markSeat(tube, tube.seats[0], "not_swabbed").entries).toMatchObject([{ kind: "mark", ref: tube.seats[0].ref }]);
    diary.say("open", { tube: T2, mode: "pooled", size: 10 });
    const o = moveSeat(scene(diary), tube, tube.seats[1], T2, { code: tube.seats[1].code });
    expect(o.entries).toMatchObject([{ kind: "move", tube: T1, to: T2, seat: 1, ref: tube.seats[1].ref }]);
    expect(codes(moveSeat(scene(diary), tube, tube.seats[1], T3, {}))).toEqual(["tube_not_open"]);
  });

  test("who must be alone is moved into a pool by a supervisor's word only", () => {
    const diary = opened();
    diary.state(singleTube(scene(diary), T2, resident(13)));
    const tube = diary.fold().tubes.get(T2);
    const o = moveSeat(scene(diary), tube, tube.seats[0], T1, { code: tube.seats[0].code });
    expect([kinds(o), codes(o), o.ask]).toEqual([[], ["single_lane"], { kind: "supervisor" }]);
    const said = moveSeat(scene(diary), tube, tube.seats[0], T1, { code: tube.seats[0].code }, "supervisor S1002");
    expect(said.entries[0].reason).toBe("other_tube 拭子在另一管; supervisor S1002");
  });

  test("22: a closed tube opens again with a name", () => {
    const diary = fill(opened(), 1);
    const ref = diary.say("close", { tube: T1, n: 1 });
    const o = reopenTube(diary.fold().tubes.get(T1), "supervisor S1002");
    expect(o.entries).toEqual([{ kind: "reopen", tube: T1, ref, reason: "supervisor S1002" }]);
  });
});

test("the sentences are the server's, where the fault is the same", () => {
  const source = readFileSync(new URL("../../screening/collection/checks/answers.py", import.meta.url), "utf-8");
  const own = ["already_sampled"]; // the phone knows the place, not the tube
  const compared = Object.entries(WORDS).filter(([code]) => source.includes(`"${code}": (`) && !own.includes(code));
  expect(compared.length).toBeGreaterThan(15);
  for (const [, [, zh, en]] of compared) {
    expect(source).toContain(`"${zh}"`);
    expect(source).toContain(`"${en}"`);
  }
});
