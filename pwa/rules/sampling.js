// What a person at the sampling table comes to: the answers in words and the entries to state. Pure:
// nothing is written here; numbers in comments are the edge cases of the field.

import { clock, dated } from "../words/time.js";
import { grouped } from "../scan/codes.js";
import { reasonText, say } from "./sampling_words.js";
import { openTube, outcome, stop, usedBefore, usedHere } from "./tubes.js";
import { isFull, nextSeat, roomOf, swabsOf } from "./work.js";

/**
 * @typedef {{key: string|null, who: object, name: string, document: string, code: string|null,
 *   resident: object|null, household: number|null, told: string|null, expired?: boolean,
 *   seen?: string|null, minimal?: boolean}} Person  as rules/persons.js makes them
 *
 * A person stands at the table. (1, 6, 9-13, 16-18)
 * @param {Scene} scene @param {Person} person
 * @param {{again?: string, household?: string, tube?: string}} o coded reasons already given
 * @returns {Outcome}
 */
export function personScanned(scene, person, o = {}) {
  const tube = scene.work.tubes.get(o.tube ?? scene.current);
  if (!tube) return outcome({ answers: [say("tube_not_open")], ask: { kind: "tube", person } });
  if (tube.state !== "open") return stop(say("tube_closed", { when: clock(tube.closed_at) }));
  const twice = seatOf(tube, person);
  if (twice) return stop(say("twice_in_tube", { seat: twice.seat }));
  if (isFull(tube)) {
    return outcome({ answers: [say("tube_full", { members: tube.live })], ask: { kind: "full", tube: tube.number, n: tube.live, person } });
  }
  const alone = mustBeAlone(scene, person);
  if (alone && tube.mode !== "single") {
    return outcome({ answers: [say("single_lane")], ask: { kind: "single", person } });
  }
  const before = sampledBefore(scene, person);
  if (before && !alone && !o.again) {
    return outcome({ answers: [say("already_sampled", before)], ask: { kind: "reason", why: "again", person } });
  }
  if (otherHousehold(scene, tube, person) && !o.household) {
    return outcome({ answers: [say("mixed_household")], ask: { kind: "reason", why: "household", person } });
  }
  return bound(tube, person, { before, alone, listed: Boolean(scene.slice?.count), ...o });
}

function bound(tube, person, o) {
  const seat = nextSeat(tube);
  const answers = notes(person, o);
  const nth = tube.live + 1; // what the counter shows; a seat that was taken back is not given again
  const last = nth >= roomOf(tube);
  const readBack = say(last ? "last_seat" : "bind_ok", { name: nameOf(person), seat: nth, last });
  const reasons = [
    o.again && reasonText("again", o.again),
    o.household && reasonText("household", o.household),
    person.seen && `document_seen ${person.seen}`,
  ].filter(Boolean);
  return outcome({
    answers: [...answers, readBack], current: tube.number, bound: { seat, nth, last, person, tube: tube.number },
    entries: [{
      kind: "bind", tube: tube.number, seat, who: person.who,
      purpose: o.purpose ?? person.purpose ?? (o.alone && o.before ? "recheck" : "screen"),
      reason: reasons.join("; ").slice(0, 200) || null,
    }],
    views: [viewOf(person)],
  });
}

/** What a person is called on the screen: masked, or by the end of the document alone. */
export const nameOf = (person) => person.name || person.document.replace(/^.*\*/, "…") || "—";

/** What stays on the phone beside the entry: masked, and sealed at rest. */
export const viewOf = (person) => ({
  name: person.name, document: person.document, key: person.key, code: person.code,
});

/** Oddities that stop nobody, in words. (9, 10, 11, 12) */
function notes(person, o) {
  const out = [];
  if (o.before && o.alone) out.push(say("sampled_again", o.before));
  if (person.expired) out.push(say("code_expired"));
  if (person.seen) out.push(say("check_seen"));
  if (person.minimal) out.push(say("minimum_identity"));
  else if (!person.resident && !person.seen) out.push(say(o.listed ? "outside_slice" : "no_list"));
  if (person.differs) out.push(say("name_differs", { name: person.resident.name }));
  return out;
}

export function seatOf(tube, person) {
  if (!person.key) return null;
  return tube.seats.find((s) => s.key === person.key && !s.out && !s.mark) ?? null;
}

/** Flagged in the slice to have a tube alone; the phone does not know why. */
export const mustBeAlone = (scene, person) =>
  person.alone === true ||
  Boolean(person.resident && scene.round?.mustBeAlone(person.resident.index));

/** Where and when in this round, exactly for the slice and for this phone's own tubes. (6) */
export function sampledBefore(scene, person) {
  const told = person.resident ? scene.round?.sampledAt(person.resident.index) : null;
  if (told) return { when: dated(told.at), where: told.site, where_en: told.site };
  const own = swabsOf(scene.work, person.key).find(
    (use) => String(use.round) === String(scene.roundId) && use.purpose === "screen",
  );
  if (!own) return null;
  return { when: clock(own.at), where: `管 ${grouped(own.tube)}`, where_en: `tube ${grouped(own.tube)}` };
}

/** A household tube takes one household. (18) */
function otherHousehold(scene, tube, person) {
  if (tube.mode !== "household" || tube.live === 0) return false;
  const homes = homesIn(scene.slice, tube);
  return homes.some((home) => home !== person.household); // nor somebody of no household with one
}

/** Households in a tube by this slice: their numbers change with the roster, so none is kept. */
export const homesIn = (slice, tube) =>
  tube.seats
    .filter((s) => !s.out && s.mark !== "not_swabbed")
    .map((s) => slice?.homeOf(s.key) ?? null);

/** Several of one household at once: one outcome, one transaction; who is refused is left out. */
export function householdScanned(scene, persons) {
  const all = outcome({ refused: [] });
  let work = scene.work;
  for (const person of persons) {
    const one = personScanned({ ...scene, work }, person);
    if (one.ask || !one.entries.length) {
      all.refused.push({ person, outcome: one });
      continue;
    }
    all.entries.push(...one.entries);
    all.views.push(...one.views);
    all.answers.push(...one.answers);
    all.bound = one.bound;
    work = withSeat(work, one.entries[0], person);
  }
  return { ...all, current: scene.current };
}

/** The fold as it would be with one more person in the tube; the real one is left alone. */
function withSeat(work, entry, person) {
  const tube = work.tubes.get(entry.tube);
  const seat = { seat: entry.seat, key: person.key, out: false, mark: null };
  const tubes = new Map(work.tubes);
  tubes.set(entry.tube, { ...tube, seats: [...tube.seats, seat], live: tube.live + 1 });
  return { ...work, tubes };
}

/** A person who must be alone: a single tube is opened and the swab lies in it, as one act. */
export function singleTube(scene, number, person, o = {}) {
  const used = usedBefore(scene, number);
  if (used) return stop(used);
  const known = scene.work.tubes.get(number);
  if (known && (known.mode !== "single" || known.live > 0)) {
    return stop(usedHere(scene, known));
  }
  const opened = known ? outcome({ current: number }) : openTube(scene, number, { ...o, mode: "single" });
  if (!known && !opened.entries.length) return opened;
  const tube = known ?? { number, mode: "single", size: 1, live: 0, over: 0, seats: [], state: "open" };
  const tubes = new Map(scene.work.tubes).set(number, tube);
  const put = personScanned({ ...scene, work: { ...scene.work, tubes }, current: number }, { ...person, alone: true }, o);
  if (!put.entries.length) return put;
  return {
    ...put, entries: [...opened.entries, ...put.entries], views: [...opened.views, ...put.views],
    answers: [...opened.answers.filter((a) => a.code !== "tube_opened"), ...put.answers],
  };
}
