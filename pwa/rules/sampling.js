// What a scan means at the sampling table: the answers in words and the entries to state. Pure:
// nothing is written here, and time, tubes and the slice come in with the scene.

import { hm, when } from "./clock.js";
import { grouped } from "../scan/codes.js";
import { MODES, STATES, reasonText, say, worst } from "./sampling_words.js";
import { isFull, nextSeat, roomOf, swabsOf } from "./work.js";

/**
 * @typedef {{work: object, slice: object|null, round: object|null, current: string|null,
 *   mode: string, size: number, site: number|null, place: string, roundId: number,
 *   practice: boolean}} Scene
 * @typedef {{answers: object[], entries: object[], views: (object|null)[], current?: string,
 *   ask?: object}} Outcome  `ask` names what the screen must ask before anything is stated.
 */

const RANK = { single: 0, household: 1, pooled: 2 };

const outcome = (o = {}) => ({ answers: [], entries: [], views: [], ...o });
const stop = (...answers) => outcome({ answers });

const modeWords = (mode, size) => ({ mode: MODES[mode][0], mode_en: MODES[mode][1], size });

/** The policy's mode and size, or the freedom of no round. */
export function ruleOf(scene) {
  const round = scene.round;
  return round?.mode ? { mode: round.mode, size: round.size } : null;
}

/** What the sampler chose, never looser than the rule. */
export function chosen(scene) {
  const rule = ruleOf(scene);
  const mode = scene.mode ?? rule?.mode ?? "pooled";
  const size = mode === "single" ? 1 : (scene.size ?? rule?.size ?? 10);
  return { mode, size };
}

const looser = (mode, size, rule) => RANK[mode] > RANK[rule.mode] || size > rule.size;

// --- tubes ---------------------------------------------------------------------------------------

/** Why a number cannot be opened here, if it cannot: used, elsewhere, closed. (3, 4) */
export function usedBefore(scene, number) {
  const tube = scene.work.tubes.get(number);
  if (tube) return tube.state === "open" ? null : usedHere(scene, tube);
  const told = scene.slice?.used(number);
  if (!told) return null;
  const [stage, stage_en] = STATES.used;
  return say("tube_used", { where: told.site, when: when(told.at), stage, stage_en, tube: number });
}

function usedHere(scene, tube) {
  const [stage, stage_en] = STATES[tube.state];
  const at = when(tube.closed_at ?? tube.opened_at);
  return say("tube_used", { where: `${scene.place} ${tube.device}`.trim(), when: at, stage, stage_en, tube: tube.number });
}

/**
 * A tube code was read: go on with it, take it over, open it, or ask about the one in hand.
 * @param {Scene} scene @param {string} number @param {{foreign?: boolean, anyway?: boolean}} o
 *   `anyway`: the tube in hand stays open beside the new one.
 * @returns {Outcome}
 */
export function tubeScanned(scene, number, o = {}) {
  const used = usedBefore(scene, number);
  if (used) return stop(used);
  const known = scene.work.tubes.get(number);
  if (known) return goOn(scene, known);
  const hand = inHand(scene);
  if (hand && !o.anyway && hand.live > 0) {
    return outcome({
      answers: [say("other_open", { tube: grouped(hand.number), n: hand.live })],
      ask: { kind: "close_open", tube: hand.number, n: hand.live, next: number, foreign: Boolean(o.foreign) },
    });
  }
  return openTube(scene, number, o);
}

function goOn(scene, tube) {
  if (tube.site !== null && scene.site !== null && tube.site !== scene.site) {
    return stop(say("tube_elsewhere", { where: String(tube.site) }));
  }
  if (tube.number === scene.current) {
    return outcome({ ask: { kind: "close", tube: tube.number, n: tube.live }, current: tube.number });
  }
  const details = { members: tube.live, when: hm(tube.opened_at) };
  if (tube.own) return outcome({ answers: [say("tube_switched", details)], current: tube.number });
  return outcome({
    answers: [say("tube_open_here", details)],
    entries: [{ kind: "join", tube: tube.number }], views: [null], current: tube.number,
  });
}

/** The tube that persons go into now, if it is open. */
export function inHand(scene) {
  const tube = scene.current ? scene.work.tubes.get(scene.current) : null;
  return tube?.state === "open" ? tube : null;
}

/** A new number is opened in the chosen mode. (8, 17, 50) */
export function openTube(scene, number, { foreign = false, mode = null } = {}) {
  const want = mode === "single" ? { mode, size: 1 } : chosen(scene);
  const rule = ruleOf(scene);
  const answers = [];
  if (!scene.round && !scene.practice) answers.push(say("round_not_open"));
  if (foreign) answers.push(say("foreign_label"));
  if (rule && looser(want.mode, want.size, rule)) {
    return stop(...answers, say("pooling_forbidden", { ...modeWords(rule.mode, rule.size), ...whyOf(scene) }));
  }
  answers.push(say("tube_opened", modeWords(want.mode, want.size)));
  return outcome({
    answers, current: number, views: [null],
    entries: [{ kind: "open", tube: number, mode: want.mode, size: want.size }],
  });
}

export function whyOf(scene) {
  const why = scene.round?.why;
  return { why: why?.zh || "本轮规则", why_en: why?.en || "the round's rule" };
}

/**
 * The sampler confirms `n` swabs. (1, 2, 23)
 * @param {{again?: boolean}} o `again`: counted twice, the count is the truth and the list waits.
 */
export function closeTube(scene, number, n, { again = false } = {}) {
  const tube = scene.work.tubes.get(number);
  if (tube?.state !== "open") return stop(say("tube_closed", { when: hm(tube?.closed_at) }));
  if (n !== tube.live && !again) {
    return outcome({ answers: [say("count_differs", { n, members: tube.live })], ask: { kind: "recount", tube: number, n } });
  }
  const entries = [];
  const answers = [];
  if (tube.size && n > tube.size && tube.over < n) {
    entries.push({ kind: "over", tube: number, n });
    answers.push(say("over_count", { n, size: tube.size }));
  }
  entries.push({ kind: "close", tube: number, n });
  answers.push(n === 0 && tube.live === 0 ? say("close_empty") : say("closed", { n }));
  return outcome({ answers, entries, views: entries.map(() => null) });
}

/** Close the one in hand with its confirmed count and open the next, as one act. */
export function closeAndOpen(scene, ask, n = ask.n) {
  const closed = closeTube(scene, ask.tube, n);
  if (closed.ask || worst(closed.answers) === "stop") return closed;
  const opened = openTube(scene, ask.next, { foreign: ask.foreign });
  if (!opened.entries.length) return opened;
  return outcome({
    answers: opened.answers, current: ask.next,
    entries: [...closed.entries, ...opened.entries], views: [...closed.views, ...opened.views],
  });
}

/** More swabs than the tube's size: a supervisor notes it and one more person fits. (2) */
export function noteOver(scene, number) {
  const tube = scene.work.tubes.get(number);
  const n = Math.max(tube.live, roomOf(tube)) + 1;
  return outcome({
    answers: [say("over_noted", { n, size: tube.size })],
    entries: [{ kind: "over", tube: number, n }], views: [null],
  });
}

// --- persons -------------------------------------------------------------------------------------

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
  if (tube.state !== "open") return stop(say("tube_closed", { when: hm(tube.closed_at) }));
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
  return bound(tube, person, { before, alone, ...o });
}

function bound(tube, person, o) {
  const seat = nextSeat(tube);
  const answers = notes(person, o);
  const last = tube.live + 1 >= roomOf(tube);
  const readBack = say(last ? "last_seat" : "bind_ok", { name: person.name || "—", seat, last });
  const reasons = [
    o.again && reasonText("again", o.again),
    o.household && reasonText("household", o.household),
    person.seen && `document_seen ${person.seen}`,
  ].filter(Boolean);
  return outcome({
    answers: [...answers, readBack], current: tube.number, bound: { seat, last, person, tube: tube.number },
    entries: [{
      kind: "bind", tube: tube.number, seat, who: person.who,
      purpose: o.purpose ?? person.purpose ?? (o.alone && o.before ? "recheck" : "screen"),
      reason: reasons.join("; ").slice(0, 200) || null,
    }],
    views: [viewOf(person)],
  });
}

/** What stays on the phone beside the entry: masked, and sealed at rest. */
export const viewOf = (person) => ({
  name: person.name, document: person.document, key: person.key, household: person.household ?? null,
});

/** Oddities that stop nobody, in words. (9, 10, 11, 12) */
function notes(person, o) {
  const out = [];
  if (o.before && o.alone) out.push(say("sampled_again", o.before));
  if (person.expired) out.push(say("code_expired"));
  if (person.seen) out.push(say("check_seen"));
  if (person.minimal) out.push(say("minimum_identity"));
  else if (!person.resident && !person.seen) out.push(say("outside_slice"));
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
  if (told) return { when: when(told.at), where: told.site };
  const own = swabsOf(scene.work, person.key).find(
    (use) => use.round === scene.roundId && use.purpose === "screen",
  );
  if (!own) return null;
  return { when: hm(own.at), where: `管 ${grouped(own.tube)}` };
}

/** A household tube takes one household. (18) */
function otherHousehold(scene, tube, person) {
  if (tube.mode !== "household" || tube.live === 0) return false;
  const homes = tube.seats
    .filter((s) => !s.out && s.mark !== "not_swabbed")
    .map((s) => s.household ?? scene.slice?.findKey(s.key)?.household ?? null);
  if (!person.household) return homes.some((home) => home !== null);
  return homes.some((home) => home !== null && home !== person.household);
}

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
  const seat = { seat: entry.seat, key: person.key, household: person.household, out: false, mark: null };
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
