// Hand-over, the van, and the laboratory's door.
import { describe, expect, it } from "vitest";

import { foldBoxes } from "../../pwa/rules/boxes.js";
import {
  checkAll, checkBoxes, checkPerson, checkSealOf, checkTemperature, entriesOf, personOf, readDegrees, van,
} from "../../pwa/rules/hand_over.js";
import {
  checkArrive, checkReceive, checkUnpacked, entryArrive, entryReceive, entryReject, entryUnpacked,
  queue, rejection, standing,
} from "../../pwa/rules/reception.js";
import { makeCode } from "../../pwa/scan/codes.js";
import { Diary, T1, T2, T3 } from "./town.js";

const [S1, S2, S3] = [1, 2, 3].map((i) => makeCode("seal", i));
const BIG = "316824917530214401"; // an id beyond what a Number holds
const STAFF = [
  { id: BIG, no: "P0002", name: "惊蛰", badge: makeCode("badge", BIG), roles: ["courier"] },
  { id: "12", no: "P0003", name: "谷雨", badge: makeCode("badge", 12), roles: ["packer"] },
];
const at = (boxes, more = {}) =>
  ({ boxes, way: "give", staff: "12", seals: [], courier: false, name: (id) => `#${id}`, ...more });

describe("a hand-over", () => {
  it("counts each seal once", () => {
    expect(checkSealOf(at(foldBoxes([]), { seals: [S1] }), S1)).toMatchObject({ add: false, answer: { code: "seal_again" } });
  });

  it("takes a seal that no packer has told of, with a look", () => {
    expect(checkSealOf(at(foldBoxes([])), S1)).toMatchObject({ add: true, answer: { code: "seal_unknown", tone: "look" } });
    const known = foldBoxes([], { work: { sealed: [{ seal: S1, batch: "9-aa", n: 3, at: 1 }] } });
    expect(checkSealOf(at(known), S1)).toMatchObject({ add: true, answer: { code: "seal_read", tone: "ok" } });
  });

  it("stops at a box that has arrived and looks at one handed over before", () => {
    const diary = new Diary();
    diary.say("hand_over", { seal: S1, staff: "12", to: BIG, boxes: 1 });
    expect(checkSealOf(at(foldBoxes(diary.records)), S1)).toMatchObject({ add: true, answer: { code: "handed_before" } });
    diary.say("arrive", { seal: S1 });
    expect(checkSealOf(at(foldBoxes(diary.records)), S1)).toMatchObject({ add: false, answer: { tone: "stop" } });
  });

  it("a difference stops until it is noted", () => {
    expect(checkBoxes(2, [S1, S2]).tone).toBe("ok");
    expect(checkBoxes(3, [S1, S2]).tone).toBe("stop");
    expect(checkBoxes(3, [S1, S2], "有箱未封").tone).toBe("look");
  });

  it("reads degrees and looks at a warm box", () => {
    expect([readDegrees(""), readDegrees("4.5"), readDegrees("-20"), readDegrees("61"), readDegrees("4,5")])
      .toEqual([null, 4.5, -20, undefined, undefined]);
    expect(checkTemperature(4)).toBeNull();
    expect(checkTemperature(9.5)).toMatchObject({ code: "warm_box", tone: "look" });
    expect(checkAll({ counted: 1, seals: [S1], difference: null, temperature: 12 }).code).toBe("warm_box");
  });

  it("knows a badge by its code or number, and takes a stranger's unconfirmed", () => {
    expect(personOf({ number: STAFF[0].badge }, STAFF)).toMatchObject({ id: BIG, name: "惊蛰", confirmed: true });
    expect(personOf({ number: "P0003" }, STAFF)).toMatchObject({ id: "12", confirmed: true });
    const stranger = personOf({ number: makeCode("badge", "9007199254740993") }, STAFF);
    expect(stranger).toMatchObject({ id: "9007199254740993", confirmed: false });
    expect(checkPerson(stranger, "12")).toMatchObject({ code: "person_unconfirmed", tone: "look" });
    expect(checkPerson(personOf({ number: "P0003" }, STAFF), "12").tone).toBe("stop");
    expect(personOf({ number: "X9" }, []).id).toBe("0");
  });

  it("writes one entry a seal; who gives acts", () => {
    const boxes = foldBoxes([], { work: { sealed: [{ seal: S1, batch: "9-aa", n: 3, at: 1 }] } });
    const told = { seals: [S1, S2], counted: 2, giver: "12", taker: BIG, lab: "77", temperature: 4, difference: null, note: "" };
    expect(entriesOf(told, boxes)).toEqual([
      { kind: "hand_over", staff: "12", seal: S1, batch: "9-aa", to: BIG, to_lab: "77", boxes: 2, temperature: 4, difference: null, note: null },
      { kind: "hand_over", staff: "12", seal: S2, to: BIG, to_lab: "77", boxes: 2, temperature: 4, difference: null, note: null },
    ]);
  });
});

describe("the van", () => {
  it("holds by site what was taken and not given on, with the time left", () => {
    const diary = new Diary();
    const take = (seal, site, n) => {
      diary.say("hand_over", { seal, staff: "12", to: BIG, boxes: 1 }, { site, n });
      return diary.records.at(-1).entry.at;
    };
    const first = take(S1, "东门", 20);
    take(S2, "西门", 30);
    take(S3, "东门", undefined);
    const now = first + 10 * 60_000;
    expect(van(foldBoxes(diary.records), BIG, 30, now)).toMatchObject([
      { site: "东门", tubes: 20, unknown: 1, left: 20 * 60_000, boxes: [{ seal: S1 }, { seal: S3 }] },
      { site: "西门", tubes: 30, unknown: 0 },
    ]);
    expect(checkSealOf(at(foldBoxes(diary.records), { way: "take", staff: BIG }), S1).answer.code).toBe("in_van");
    diary.say("hand_over", { seal: S1, staff: BIG, to: "12", boxes: 1 });
    expect(van(foldBoxes(diary.records), BIG, null, now).map((s) => s.boxes.length)).toEqual([1, 1]);
  });
});

const EXPECTED = [
  { seal: S1, batch: "9-aa", site: "东门", n: 2, at: 5, tubes: [T1, T2], first: [T2], left_at: 10 },
  { seal: S2, batch: "9-bb", site: "西门", n: 1, at: 6, tubes: [T3], left_at: 11 },
];

describe("reception", () => {
  it("greets a box that is expected, one that is not, and one that came before", () => {
    const boxes = foldBoxes([], { expected: EXPECTED });
    expect(checkArrive(boxes, S1).map((a) => a.code)).toEqual(["arrive_ok"]);
    expect(checkArrive(boxes, S3).map((a) => a.code)).toEqual(["no_manifest"]);
    expect(checkArrive(boxes, S1, { n: 3, temperature: 20 }).map((a) => a.code)).toEqual(["seal_count", "warm_box"]);
    const diary = new Diary();
    diary.say("arrive", { seal: S1 });
    expect(checkArrive(foldBoxes(diary.records), S1)[0].code).toBe("arrived_before");
  });

  it("takes every tube and says to which rack it goes", () => {
    const diary = new Diary();
    diary.say("arrive", { seal: S1 });
    const boxes = () => foldBoxes(diary.records, { expected: EXPECTED });
    const unknown = makeCode("tube", 999);
    expect(checkReceive(boxes(), S1, T1)).toMatchObject({ take: true, rack: null });
    expect(checkReceive(boxes(), S1, T2)).toMatchObject({ take: true, rack: "priority", answer: { code: "priority" } });
    expect(checkReceive(boxes(), S1, T3)).toMatchObject({ take: true, rack: "other_box", answer: { code: "wrong_box" } });
    expect(checkReceive(boxes(), S1, unknown)).toMatchObject({ take: true, rack: "unknown", answer: { code: "unlisted_tube" } });
    diary.say("receive", { tube: T1, seal: S1 });
    expect(checkReceive(boxes(), S1, T1)).toMatchObject({ take: false, answer: { code: "received_here" } });
    expect(checkReceive(boxes(), S2, T1)).toMatchObject({ take: false, answer: { code: "received_before" } });
  });

  it("compares again when the list arrives later", () => {
    const diary = new Diary();
    diary.say("arrive", { seal: S1 });
    diary.say("receive", { tube: T1, seal: S1 });
    diary.say("receive", { tube: T3, seal: S1 });
    let boxes = foldBoxes(diary.records);
    expect(standing(boxes, boxes.trip(S1))).toMatchObject({ known: false, total: null, missing: [], unknown: [] });
    boxes = foldBoxes(diary.records, { expected: EXPECTED });
    expect(standing(boxes, boxes.trip(S1))).toMatchObject({
      known: true, total: 2, received: [T1, T3], missing: [T2], first: [T2], extra: [T3], unknown: [],
    });
    expect(checkUnpacked(boxes, boxes.trip(S1))).toMatchObject({ code: "not_unpacked", details: { n: 1 } });
  });

  it("a rejected tube is not missing, and a leak marks its box", () => {
    const diary = new Diary();
    diary.say("arrive", { seal: S1 });
    diary.say("receive", { tube: T1, seal: S1 });
    diary.say("reject", { tube: T2, reason: "leak" });
    const boxes = foldBoxes(diary.records, { expected: EXPECTED });
    expect(standing(boxes, boxes.trip(S1))).toMatchObject({ missing: [], rejected: [T2], leak: true });
    expect(checkUnpacked(boxes, boxes.trip(S1)).code).toBe("unpacked_ok");
    expect(rejection("leak").zh).toBe("已退样：渗漏。");
  });

  it("lists what comes, what is here and what is done, late boxes marked", () => {
    const diary = new Diary();
    diary.say("arrive", { seal: S1 });
    diary.say("unpacked", { seal: S1 });
    const lists = queue(foldBoxes(diary.records, { expected: EXPECTED }), 11 + 61 * 60_000, 60);
    expect(lists.coming.map((l) => [l.trip.seal, l.late])).toEqual([[S2, true]]);
    expect(lists.done.map((l) => l.trip.seal)).toEqual([S1]);
  });

  it("writes the entries of the journal", () => {
    const boxes = foldBoxes([], { expected: EXPECTED });
    expect(entryArrive(boxes.trip(S1), { intact: true, n: null, temperature: 4 })).toEqual({
      kind: "arrive", seal: S1, batch: "9-aa", intact: true, n: null, temperature: 4,
    });
    expect(entryReceive(S1, T1)).toEqual({ kind: "receive", tube: T1, seal: S1 });
    expect(entryReject(T1, "leak")).toEqual({ kind: "reject", tube: T1, reason: "leak" });
    expect(entryUnpacked(boxes.trip(S3))).toEqual({ kind: "unpacked", seal: S3 });
  });
});
