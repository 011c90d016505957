// The reception desk of a laboratory: the box in hand, and what each act states.
import { REJECTIONS } from "../rules/box_words.js";
import { readDegrees } from "../rules/hand_over.js";
import {
  checkArrive, checkReceive, checkUnpacked, entryArrive, entryReceive, entryReject, entryUnpacked,
  lateness, manifestOf, rejection, standing, worstOf,
} from "../rules/reception.js";
import { grouped } from "../scan/codes.js";
import { t } from "../words/index.js";
import { when } from "../words/time.js";
import { askReason, boxesOf, freshen, later, say, tell } from "./transport_desk.js";

const desks = new WeakMap();
const FRESH = () => ({ step: "list", seal: null, intact: null, degrees: "", typed: "", rack: null, shown: null });

/**
 * @returns {{step: "list"|"arrive"|"unpack"|"finish", seal: string|null, intact: boolean|null,
 *   degrees: string, typed: string, rack: {tube: string, rack: string|null}|null, shown: string|null}}
 *   `rack`: the last tube and where it goes; `shown`: which list is open
 */
export function deskOf(app) {
  const { backing } = app; // what was typed in practice stays there
  if (desks.get(app)?.backing !== backing || !desks.has(app)) desks.set(app, { backing, ...FRESH() });
  return desks.get(app);
}

export const tripInHand = (app) => boxesOf(app).trip(deskOf(app).seal);
export const limitOf = (app) => app.round?.limits?.in_transit ?? app.slice?.rounds?.[0]?.limits?.in_transit ?? null;
export const standingOf = (app) => standing(boxesOf(app), tripInHand(app));

export function leaveBox(app) {
  Object.assign(deskOf(app), FRESH());
  app.hush();
}

/** After a reload: the box that is being unpacked. */
export function resume(app) {
  const desk = deskOf(app);
  if (desk.seal) return;
  const boxes = boxesOf(app);
  if (boxes.unpacking && !boxes.trip(boxes.unpacking).finished) openBox(app, boxes.unpacking);
}

export function openBox(app, seal) {
  const trip = boxesOf(app).trip(seal);
  Object.assign(deskOf(app), FRESH(), { seal, step: trip.arrived ? "unpack" : "arrive" });
  app.draw();
}

// --- the box -----------------------------------------------------------------------------------

/** A seal at the door: greeted, or gone on with. */
export function takeSeal(app, seal) {
  const boxes = boxesOf(app);
  const trip = boxes.trips.get(seal);
  const { late } = trip ? lateness(trip, app.now(), limitOf(app)) : { late: false };
  const answers = checkArrive(boxes, seal, { late });
  openBox(app, seal);
  const manifest = manifestOf(boxes, trip);
  if (!manifest) freshen(app, 5_000);
  const worst = worstOf(answers);
  return tell(app, worst, { voice: manifest?.n ? t("{n} 管", { n: manifest.n }) : null });
}

/** The box has come: seal whole or broken, its temperature, its count if it was counted. */
export async function arrive(app) {
  const desk = deskOf(app);
  const degrees = readDegrees(desk.degrees);
  if (desk.intact === null) return app.say("look", t("请先看封签是否完好。"), { code: "no_seal_state" });
  if (degrees === undefined) return app.say("look", t("温度应在 −30 到 60 °C 之间。"), { code: "bad_degrees" });
  const n = /^[0-9]+$/.test(desk.typed) ? Number(desk.typed) : null;
  const trip = tripInHand(app);
  const warnings = checkArrive(boxesOf(app), desk.seal, { n, temperature: degrees }).filter((a) =>
    a.code === "seal_count" || a.code === "warm_box");
  await app.state([entryArrive(trip, { intact: desk.intact, n, temperature: degrees })]);
  desk.step = "unpack";
  const first = standingOf(app).first.length;
  const sub = first ? t("有 {n} 支优先管，请先找。", { n: first }) : null;
  return tell(app, warnings.length ? worstOf(warnings) : say("arrived"), { voice: first ? t("有优先管") : t("已到达"), sub });
}

/** Asked for by hand: the lists of boxes on their way. */
export async function refresh(app) {
  const came = await app.refreshSlice?.();
  if (came === "fresh") return app.say("ok", t("清单已更新。"), { code: "fresh" });
  const at = app.slice?.made_at ? when(app.slice.made_at, app.now()) : "—";
  return app.say("look", t("现在连不上，用的是 {at} 的清单。", { at }), { code: "stale" });
}

// --- tubes -------------------------------------------------------------------------------------

const VOICES = { priority: "优先", unlisted_tube: "未知架", wrong_box: "不在清单", received_here: "已签收", received_before: "已签收" };

export async function takeTube(app, tube) {
  const desk = deskOf(app);
  const found = checkReceive(boxesOf(app), desk.seal, tube);
  if (found.take) await app.state([entryReceive(desk.seal, tube)]);
  if (found.take) desk.rack = { tube, rack: found.rack };
  if (!desk.seal) return tell(app, found.answer, { sub: t("没有扫封签，按散管签收。") });
  if (desk.step === "finish") desk.step = "unpack";
  const { missing, known } = standingOf(app);
  const last = found.take && known && !missing.length && found.answer.tone === "ok";
  const voice = VOICES[found.answer.code] ? t(VOICES[found.answer.code]) : last ? t("全部扫到") : null;
  return tell(app, found.answer, { voice, sub: last ? t("全部扫到，可以结束清点。") : null });
}

/** A tube that cannot be tested; with a leak the whole bag is looked at. */
export async function reject(app, tube) {
  const reason = await askReason(app, t("为什么退样"), REJECTIONS, { text: grouped(tube), name: "reject" });
  if (!reason) return;
  await app.state([entryReject(tube, reason)]);
  if (deskOf(app).rack?.tube === tube) deskOf(app).rack = null;
  tell(app, rejection(reason), {
    voice: t("已退样"), sub: reason === "leak" ? t("整袋标记为渗漏，请看相邻的管。") : t("管内人员需要重采。"),
  });
}

/** The next scan is the tube to reject. */
export function rejectNext(app) {
  const sheet = app.openSheet({
    title: t("扫要退的管"), tone: "look", name: "reject-scan",
    body: () => t("扫管码，再选原因。"),
    scan: async (_, read) => {
      if (read.problem || read.kind !== "tube") return app.say("stop", t("请扫管码。"), { code: "wrong_kind" });
      app.closeSheet(sheet);
      return later(app, reject(app, read.number));
    },
  });
}

// --- the end -----------------------------------------------------------------------------------

export function askFinish(app) {
  deskOf(app).step = "finish";
  tell(app, checkUnpacked(boxesOf(app), tripInHand(app)));
}

export async function finish(app) {
  const trip = tripInHand(app);
  const { missing, known, received } = standingOf(app);
  await app.state([entryUnpacked(trip)]);
  leaveBox(app);
  const answer = !known ? say("finished_unlisted", { n: received.length })
    : missing.length ? say("finished_missing", { n: missing.length }) : say("finished");
  return tell(app, answer, { voice: missing.length ? t("缺 {n} 管", { n: missing.length }) : t("清点完毕") });
}
