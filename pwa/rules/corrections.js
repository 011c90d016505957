// Taking back, marking and moving a swab, as entries to state. Pure; what a closed tube needs
// before any of it is the screen's question, and the journal's `reason` keeps the answer. (21, 22)

import { clock } from "../words/time.js";
import { grouped } from "../scan/codes.js";
import { MARKS, reasonText, say } from "./sampling_words.js";
import { mustBeAlone, seatOf } from "./sampling.js";
import { isFull, nextSeat } from "./work.js";

const outcome = (o) => ({ answers: [], entries: [], views: [], ...o });

/** The last person of this phone who can be taken back with one tap: their tube is still open. */
export function lastBind(work) {
  const last = work.last;
  if (!last) return null;
  const tube = work.tubes.get(last.tube);
  const seat = tube?.seats.find((s) => s.ref === last.ref);
  return tube?.state === "open" && seat && !seat.out ? { tube, seat } : null;
}

/** Undo in one tap. (13) */
export function undoLast(work) {
  const last = lastBind(work);
  if (!last) return outcome({ answers: [say("nothing_to_undo")] });
  return { ...takeOut(last.tube, last.seat, "undo 撤销上一个"), current: last.tube.number };
}

export function takeOut(tube, seat, reason) {
  return outcome({
    answers: [say("undone", { name: seat.name || "—", seat: seat.seat })],
    entries: [{ kind: "unbind", tube: tube.number, ref: seat.ref, reason: reason.slice(0, 200) }],
    views: [null],
  });
}

/** 未采样, 遗洒, 破损, 其他 at one seat; the person must be swabbed again. */
export function markSeat(tube, seat, what) {
  const [zh, en] = MARKS[what];
  return outcome({
    answers: [say("marked", { seat: seat.seat, what: zh, what_en: en })],
    entries: [{ kind: "mark", tube: tube.number, ref: seat.ref, what }], views: [null],
  });
}

/**
 * A person's swab lies in another open tube. Who must be alone goes into a pool only when a
 * supervisor says that the swab lies there: what is in a tube is never denied.
 * @param {import("./tubes.js").Scene} scene
 * @param {object} who as the journal names people: what the bind said, or the resident code
 * @param {string|null} by the supervisor's words
 */
export function moveSeat(scene, tube, seat, to, who, by = null) {
  const target = scene.work.tubes.get(to);
  const fault = target ? whyNot(scene, tube, seat, target, by) : say("tube_not_open");
  if (fault) return outcome({ answers: [fault], ask: fault.code === "single_lane" ? { kind: "supervisor" } : undefined });
  const next = nextSeat(target);
  return outcome({
    answers: [say("moved", { name: seat.name || "—", tube: grouped(to), seat: next })],
    entries: [{
      kind: "move", tube: tube.number, ref: seat.ref, to, seat: next, who,
      reason: [reasonText("move", "other_tube"), by].filter(Boolean).join("; ").slice(0, 200),
    }],
    views: [{ name: seat.name, document: seat.document, key: seat.key, code: seat.code }],
  });
}

function whyNot(scene, tube, seat, target, by) {
  if (target.state !== "open") return say("tube_closed", { when: clock(target.closed_at) });
  if (target.number === tube.number) return say("twice_in_tube", { seat: seat.seat });
  const there = seatOf(target, seat);
  if (there) return say("twice_in_tube", { seat: there.seat });
  if (isFull(target)) return say("tube_full", { members: target.live });
  const resident = scene.slice?.findKey(seat.key) ?? null;
  if (target.mode !== "single" && !by && mustBeAlone(scene, { resident })) return say("single_lane");
  return null;
}

/** A closed tube that is not packed is opened again, with a supervisor's name. */
export function reopenTube(tube, reason) {
  return outcome({
    answers: [say("reopened")], current: tube.number, views: [null],
    entries: [{ kind: "reopen", tube: tube.number, ref: tube.close_ref, reason: reason.slice(0, 200) }],
  });
}
