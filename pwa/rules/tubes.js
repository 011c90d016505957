// Opening, going on with and closing a tube, as answers and entries. Pure: time, tubes and the slice
// come in with the scene.

import { clock, dated } from "../words/time.js";
import { grouped } from "../scan/codes.js";
import { MODES, STATES, say, worst } from "./sampling_words.js";
import { roomOf } from "./work.js";

/**
 * @typedef {{work: object, slice: object|null, round: object|null, current: string|null,
 *   mode: string, size: number, site: number|null, place: string, roundId: number,
 *   practice: boolean}} Scene
 * @typedef {{answers: object[], entries: object[], views: (object|null)[], current?: string,
 *   ask?: object}} Outcome  `ask` names what the screen must ask before anything is stated.
 */

const RANK = { single: 0, household: 1, pooled: 2 };

export const outcome = (o = {}) => ({ answers: [], entries: [], views: [], ...o });
export const stop = (...answers) => outcome({ answers });

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

/** Why a number cannot be opened here, if it cannot: used, elsewhere, closed. (3, 4) */
export function usedBefore(scene, number) {
  const tube = scene.work.tubes.get(number);
  if (tube) return tube.state === "open" ? null : usedHere(scene, tube);
  const told = scene.slice?.used(number);
  if (!told) return null;
  const [stage, stage_en] = STATES.used;
  return say("tube_used", { where: told.site, when: dated(told.at), stage, stage_en, tube: number });
}

export function usedHere(scene, tube) {
  const [stage, stage_en] = STATES[tube.state];
  const at = dated(tube.closed_at ?? tube.opened_at);
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
  if (tube.site !== null && scene.site !== null && String(tube.site) !== String(scene.site)) {
    return stop(say("tube_elsewhere", { where: String(tube.site) }));
  }
  if (tube.number === scene.current && tube.live > 0) {
    return outcome({ ask: { kind: "close", tube: tube.number, n: tube.live }, current: tube.number });
  }
  const details = { members: tube.live, when: clock(tube.opened_at) };
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
  if (tube?.state !== "open") return stop(say("tube_closed", { when: clock(tube?.closed_at) }));
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
