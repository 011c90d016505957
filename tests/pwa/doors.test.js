// Door to door: the order of the doors, what each visit leaves behind, and what one tap takes back.
import { describe, expect, test } from "vitest";

import * as doors from "../../pwa/rules/doors.js";
import * as visits from "../../pwa/rules/visits.js";

const NOW = Date.UTC(2026, 10, 22, 1, 0);
const HOUR = 3_600_000;

let person = 0;
const item = (members = {}) => {
  person += 1;
  return {
    cell: 7, person: String(person), code: `R1.7-${person}-00`, name: "王*", phone: null,
    building: "3号楼", unit: "1", room: "101", household: 0, kind: "visit", single: false,
    deadline: null, callback_id: null, note: "", tries: 0, ...members,
  };
};
const callback = (members = {}) =>
  item({ kind: "callback", single: true, deadline: NOW + 3 * HOUR, callback_id: 9, ...members });
let seq = 0;
const record = (entry) => {
  seq += 1;
  return { seq, ref: `r${seq}`, at: NOW + seq, view: null, entry: { at: NOW + seq, ...entry } };
};
const visit = (who, outcome, more = {}) => record(visits.visitEntry(who, outcome, more));
const list = (items, records = [], swabs = new Map(), now = NOW) =>
  doors.doorsOf(items, visits.foldVisits(records), swabs, now);
const rooms = (found) => found.map((door) => `${door.building} ${door.room}`);

describe("the order of the doors", () => {
  test("callbacks come first, the nearest deadline before the others", () => {
    const late = callback({ room: "901", deadline: NOW + 2 * HOUR });
    const soon = callback({ room: "902", deadline: NOW + HOUR });
    const never = callback({ room: "903", deadline: null });
    const found = list([item({ room: "101" }), never, late, soon]);
    expect(rooms(found)).toEqual(["3号楼 902", "3号楼 901", "3号楼 903", "3号楼 101"]);
  });

  test("building 2 comes before building 10, room 301 before room 1201", () => {
    const items = [
      item({ building: "10号楼", room: "101" }), item({ building: "2号楼", room: "1201" }),
      item({ building: "2号楼", room: "301" }),
    ];
    expect(rooms(list(items))).toEqual(["2号楼 301", "2号楼 1201", "10号楼 101"]);
  });

  test("one household is one door, people without a room stand alone", () => {
    const items = [
      item({ household: 4 }), item({ household: 4 }), item({ room: "", building: "" }),
      item({ room: "", building: "" }),
    ];
    expect(list(items).map((door) => door.members.length).sort()).toEqual([1, 1, 2]);
  });

  test("a settled door goes to the end, an appointment stands before it", () => {
    const [a, b, c] = [item({ room: "101" }), item({ room: "102" }), item({ room: "103" })];
    const records = [visit(a, "done"), visit(b, "come_back", { until: NOW + 2 * HOUR })];
    expect(rooms(list([a, b, c], records))).toEqual(["3号楼 103", "3号楼 102", "3号楼 101"]);
    expect(doors.sections(list([a, b, c], records)).map((s) => s.kind)).toEqual([
      "building", "later", "done",
    ]);
  });

  test("a door where nobody was met stands after the appointments, before what is settled", () => {
    const [a, b, c] = [item({ room: "101" }), item({ room: "102" }), item({ room: "103" })];
    const records = [visit(a, "refused"), visit(b, "absent"), visit(c, "come_back", { until: NOW + 2 * HOUR })];
    expect(doors.sections(list([a, b, c], records)).map((s) => s.kind)).toEqual(["later", "absent", "done"]);
  });

  test("a visit of another day does not settle whom the list still names", () => {
    const who = item();
    const records = [visit(who, "absent")];
    expect(visits.foldVisits(records, NOW + HOUR).size).toBe(0);
    expect(visits.foldVisits(records, NOW - HOUR).size).toBe(1);
  });

  test("an appointment is due again ten minutes before its time", () => {
    const who = item();
    const records = [visit(who, "come_back", { until: NOW + HOUR })];
    const at = (now) => list([who], records, new Map(), now)[0].members[0].state;
    expect(at(NOW + 49 * 60_000)).toBe("later");
    expect(at(NOW + 50 * 60_000)).toBe("todo");
  });

  test("a callback whose appointment lies ahead does not stand above those at home now", () => {
    const later = callback({ room: "901" });
    const now = callback({ room: "902" });
    const records = [visit(later, "come_back", { until: NOW + 2 * HOUR })];
    expect(rooms(list([later, now, item()], records))).toEqual([
      "3号楼 902", "3号楼 101", "3号楼 901",
    ]);
  });
});

describe("what a visit leaves behind", () => {
  test("the last visit of a person counts, and the tries are counted", () => {
    const who = item();
    const found = visits.foldVisits([visit(who, "absent"), visit(who, "absent"), visit(who, "refused")]);
    expect(found.get(who.code)).toMatchObject({ outcome: "refused", tries: 3 });
  });

  test("taking back the last visit brings the one before it to light", () => {
    const who = item();
    const records = [visit(who, "absent"), visit(who, "moved")];
    const standing = () => visits.foldVisits(records).get(who.code);
    expect(standing().outcome).toBe("moved");
    records.push(record(visits.undoEntry(who.code, standing())));
    expect(standing().outcome).toBe("absent");
    records.push(record(visits.undoEntry(who.code, standing())));
    expect(standing()).toBeUndefined();
  });

  test("a visit taken back twice takes nothing else along", () => {
    const who = item();
    const records = [visit(who, "absent"), visit(who, "moved")];
    const last = visits.foldVisits(records).get(who.code);
    for (let i = 0; i < 2; i += 1) records.push(record(visits.undoEntry(who.code, last)));
    expect(visits.foldVisits(records).get(who.code).outcome).toBe("absent");
  });

  test("only absent and moved callbacks go to the dispatcher", () => {
    const sent = visits.OUTCOMES.filter((o) => visits.goesToDispatcher(callback(), o));
    expect(sent).toEqual(["absent", "moved"]);
    expect(visits.goesToDispatcher(item(), "moved")).toBe(false);
  });

  test("the entry names the callback, and the time of an appointment only", () => {
    expect(visits.visitEntry(callback(), "absent", { until: NOW })).not.toHaveProperty("until");
    expect(visits.visitEntry(callback(), "come_back", { until: NOW })).toMatchObject({
      kind: "visit", outcome: "come_back", until: NOW, callback: 9,
    });
    expect(visits.visitEntry(item(), "done")).not.toHaveProperty("callback");
  });

  test("progress counts persons, open callbacks and the late among them", () => {
    const items = [callback({ deadline: NOW - 1 }), callback(), item(), item(), item()];
    const records = [
      visit(items[2], "done"), visit(items[3], "come_back", { until: NOW + 2 * HOUR }),
    ];
    expect(doors.progress(list(items, records), NOW)).toMatchObject({
      total: 5, done: 1, later: 1, todo: 3, settled: 1, callbacks: 2, late: 1,
    });
  });
});

describe("swabs at the door", () => {
  const tube = (number, mode, seats) => [number, { number, mode, seats }];
  const seat = (who, more = {}) => ({
    code: who.code, out: false, mark: null, purpose: "screen", ...more,
  });

  test("a swab in a tube of this phone settles the person without another tap", () => {
    const who = item();
    const swabs = doors.swabsOf(new Map([tube("1", "household", [seat(who)])]), [who]);
    expect(list([who], [], swabs)[0].members[0].state).toBe("done");
    expect(doors.unstated([who], new Map(), swabs)).toEqual([who]);
  });

  test("a swab taken back or not taken does not settle anybody", () => {
    const who = item();
    const seats = [seat(who, { out: true }), seat(who, { mark: "not_swabbed" })];
    expect(doors.swabsOf(new Map([tube("1", "pooled", seats)]), [who]).size).toBe(0);
  });

  test("the swab in the old pool does not answer a callback, the new one alone does", () => {
    const who = callback();
    const old = tube("1", "pooled", [seat(who)]);
    expect(doors.swabsOf(new Map([old]), [who]).size).toBe(0);
    const fresh = tube("2", "single", [seat(who, { purpose: "recheck" })]);
    expect(doors.swabsOf(new Map([old, fresh]), [who]).get(who.code)).toBe("2");
  });

  test("a callback is never pooled, a family shares a tube, one person follows the round", () => {
    const family = [item({ household: 5 }), item({ household: 5 }), callback({ household: 5 })];
    const [door] = list(family);
    expect(family.map((who) => doors.tubeOf(door, who))).toEqual([
      "household", "household", "single",
    ]);
    const [alone] = list([item({ room: "777" })]);
    expect(doors.tubeOf(alone, alone.members[0])).toBeNull();
  });
});

test("who was settled here stays on the list when the server names them no more", () => {
  const [a, b, c] = [item(), item(), item()];
  const found = doors.mergedList({ items: [a, b] }, { made_at: 2, items: [c] }, (code) => code === a.code);
  expect(found).toEqual({ made_at: 2, items: [c, a] });
  expect(doors.mergedList(null, { items: [c] }, () => true).items).toEqual([c]);
  expect(doors.mergedList({ items: [a] }, { items: [a] }, () => true).items).toHaveLength(1);
});

test("the search finds doors by room, name and phone, all words at once", () => {
  const items = [
    item({ room: "1502", name: "李*", phone: "13800000001" }), item({ room: "802", name: "李*" }),
  ];
  const find = (text) => rooms(doors.filterDoors(list(items), { text }));
  expect(find("李 1502")).toEqual(["3号楼 1502"]);
  expect(find("0001")).toEqual(["3号楼 1502"]);
  expect(find("3号楼1")).toHaveLength(2);
  expect(find("赵")).toEqual([]);
});

test("a deadline is called out an hour before and is over at its minute", () => {
  expect(doors.clockOf(NOW + 2 * HOUR, NOW).tone).toBe("ok");
  expect(doors.clockOf(NOW + HOUR, NOW).tone).toBe("look");
  expect(doors.clockOf(NOW, NOW).tone).toBe("stop");
});

test("an appointment lies ahead and within a week", () => {
  expect([null, NOW, NOW + 1, NOW + 8 * 24 * HOUR].map((t) => visits.badTime(t, NOW))).toEqual([
    "no_time", "past", null, "too_far",
  ]);
  expect(visits.quickTimes(NOW + 1, NOW + 9 * HOUR)).toHaveLength(4);
  expect(visits.quickTimes(NOW, NOW - HOUR)).toHaveLength(3);
});
