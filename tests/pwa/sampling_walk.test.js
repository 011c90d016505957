// Any morning at the table: random scans and taps, and what must hold after each of them.

import { beforeAll, expect, test } from "vitest";

import { markSeat, moveSeat, undoLast } from "../../pwa/rules/corrections.js";
import { ofName, ofResident } from "../../pwa/rules/persons.js";
import { personScanned, singleTube } from "../../pwa/rules/sampling.js";
import { Slice } from "../../pwa/rules/slice.js";
import { closeAndOpen, closeTube, noteOver, tubeScanned } from "../../pwa/rules/tubes.js";
import { addRecord, startWork } from "../../pwa/rules/work.js";
import { Diary, sliceJson } from "./town.js";

let slice;
beforeAll(async () => {
  const people = Array.from({ length: 40 }, (_, i) => ({ id: String(100 + i), name: "赵*", household: 1 + (i >> 1) }));
  slice = new Slice(await sliceJson({ people, single: [5, 6], sampled: [{ index: 7, at: 60_000 }], size: 4 }));
});

function chance(seed) {
  let x = seed * 2654435761;
  return (n) => {
    x = Math.imul(x ^ (x >>> 15), 2246822519) + 0x9e3779b9;
    return ((x ^ (x >>> 13)) >>> 0) % n;
  };
}

/** One morning: what was done, in order, by rules alone. */
class Morning {
  constructor(seed) {
    this.any = chance(seed);
    this.diary = new Diary();
    this.work = startWork({ device: "D7", site: 4 });
    this.current = null;
    this.next = 1;
  }

  scene() {
    const current = this.work.tubes.get(this.current)?.state === "open" ? this.current : null;
    return {
      work: this.work, slice, round: slice.round(3), current, mode: null, size: null, site: 4, place: "东门",
      roundId: 3, practice: false,
    };
  }

  state(outcome) {
    const before = this.diary.records.length;
    this.diary.state(outcome);
    for (const record of this.diary.records.slice(before)) addRecord(this.work, record);
    if (outcome.current) this.current = outcome.current;
    return outcome;
  }

  tube() {
    const number = this.any(3) && this.next > 1 ? `t${1 + this.any(this.next)}` : `t${this.next++}`;
    const outcome = this.state(tubeScanned(this.scene(), number));
    const { ask } = outcome;
    if (ask?.kind === "close_open") this.state(this.any(4) ? closeAndOpen(this.scene(), ask) : tubeScanned(this.scene(), number, { anyway: true }));
    if (ask?.kind === "close" && this.any(2)) this.state(closeTube(this.scene(), ask.tube, ask.n));
  }

  person() {
    const person = this.any(6) ? ofResident(slice.resident(this.any(40))) : ofName(`甲${this.any(9)}`, "1");
    const { ask } = this.state(personScanned(this.scene(), person));
    if (ask?.kind === "reason" && this.any(2)) this.state(personScanned(this.scene(), person, { [ask.why]: "other" }));
    if (ask?.kind === "single") this.state(singleTube(this.scene(), `t${this.next++}`, person));
    if (ask?.kind === "full" && this.any(3) === 0) this.state(noteOver(this.scene(), ask.tube));
  }

  correct() {
    const tubes = [...this.work.tubes.values()].filter((t) => t.state === "open" && t.live);
    const tube = tubes[this.any(tubes.length || 1)];
    const seat = tube?.seats.filter((s) => !s.out && !s.mark).at(0);
    const how = this.any(3);
    if (how === 0 || !seat) this.state(undoLast(this.work));
    else if (how === 1) this.state(markSeat(tube, seat, ["not_swabbed", "spilled"][this.any(2)]));
    else this.state(moveSeat(this.scene(), tube, seat, `t${1 + this.any(this.next)}`, { code: seat.code }));
  }

  step() {
    [() => this.tube(), () => this.person(), () => this.person(), () => this.person(), () => this.correct()][this.any(5)]();
  }
}

const ALONE = new Set(["p:9:105", "p:9:106"]);

/** What is wrong with the tubes now; an expectation a step would take longer than the morning. */
function* wrong({ work }) {
  for (const tube of work.tubes.values()) {
    if (tube.live > Math.max(tube.size, tube.over)) yield `${tube.number} holds ${tube.live}`;
    const live = tube.seats.filter((s) => !s.out && !s.mark && s.key).map((s) => s.key);
    if (new Set(live).size !== live.length) yield `${tube.number} holds somebody twice`;
    if (new Set(tube.seats.map((s) => s.seat)).size !== tube.seats.length) yield `${tube.number} gave a seat twice`;
    if (tube.mode !== "single" && live.some((key) => ALONE.has(key))) yield `${tube.number} pools who must be alone`;
  }
}

test("sixty mornings of two hundred acts", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const morning = new Morning(seed);
    for (let i = 0; i < 200; i++) {
      morning.step();
      for (const fault of wrong(morning)) throw new Error(`seed ${seed}, act ${i}: ${fault}`);
    }
    expect(morning.work.tubes).toEqual(morning.diary.fold().tubes);
    expect(morning.work.last).toEqual(morning.diary.fold().last);
  }
});
