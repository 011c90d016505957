// The packing desk: the box in hand, the step one is at, and what each act states.
import {
  checkBox, checkPack, checkSeal, compare, entryOpen, entryPack, entrySeal, entryUnpack, entryUnseal,
  explain, knownTubes, newBatch, unheard,
} from "../rules/packing.js";
import { personOf } from "../rules/hand_over.js";
import { grouped } from "../scan/codes.js";
import { t } from "../words/index.js";
import { tablesOf } from "./packing_tables.js";
import { boxesOf, hasRole, later, say, tell } from "./transport_desk.js";

const desks = new WeakMap();
const FRESH = { step: "fill", typed: "", n: null, why: [], met: null, seal: null, taking: false };

/**
 * @returns {{batch: string|null, step: "fill"|"count"|"compare"|"done", typed: string, n: number|null,
 *   why: object[], met: Set<string>|null, seal: string|null, taking: boolean, next: string|null,
 *   done: object|null}}
 *   `met`: a second walk through the box; `seal`: scanned before the count; `next`: waits for a new box
 */
export function deskOf(app) {
  const { backing } = app; // what was typed in practice stays there
  if (desks.get(app)?.backing !== backing || !desks.has(app)) desks.set(app, { backing, batch: null, next: null, done: null, ...FRESH });
  const desk = desks.get(app);
  const boxes = boxesOf(app);
  const box = boxes.boxes.get(desk.batch);
  if (box && boxes.stage(box) !== "open" && desk.step !== "done") Object.assign(desk, { batch: null, ...FRESH });
  return desk;
}

export const boxInHand = (app) => boxesOf(app).boxes.get(deskOf(app).batch) ?? null;

/** After a reload: the box this phone packed last, if it is still open. */
export function resume(app) {
  const desk = deskOf(app);
  if (desk.step === "done") Object.assign(desk, { batch: null, done: null, ...FRESH });
  if (desk.batch) return;
  const boxes = boxesOf(app);
  const last = app.records.findLast((r) => r.entry.kind === "pack" || r.entry.kind === "box_open");
  const box = last && boxes.boxes.get(last.entry.batch);
  if (box && boxes.stage(box) === "open") desk.batch = box.batch;
}

export const knownOf = (app) => knownTubes(app.work.tubes, tablesOf(app));

/** Where the server says a number was used. */
export function usedOf(app, number) {
  const claim = app.slice?.used?.(number);
  return claim ? { ...claim, here: claim.site === app.place?.name } : null;
}

/** Tubes of the box in hand that no heard journal knows. */
export const unheardIn = (app) => unheard(boxInHand(app), knownOf(app), (number) => usedOf(app, number));

const scene = (app) => ({
  boxes: boxesOf(app), batch: deskOf(app).batch, known: knownOf(app), used: (number) => usedOf(app, number),
});

// --- the box ---------------------------------------------------------------------------------

/** A box was scanned: a trip begins or goes on. */
export async function takeBox(app, number) {
  const { answer, batch } = checkBox(boxesOf(app), number);
  if (answer.tone === "stop") return tell(app, answer);
  if (batch) return choose(app, batch, answer);
  const cell = app.place?.cell ?? app.slice?.place?.cell ?? app.slice?.cell ?? 0;
  const wire = newBatch(cell, crypto.getRandomValues(new Uint8Array(16)));
  await app.state([entryOpen(wire, number)]);
  return choose(app, wire, answer);
}

/** Goes on with a box; the tube that met a full one goes in. */
export async function choose(app, batch, answer = say("box_goes_on")) {
  const desk = deskOf(app);
  const next = desk.next;
  Object.assign(desk, { batch, next: null, done: null, ...FRESH });
  tell(app, answer, { voice: t("开箱") });
  if (next) await takeTube(app, next);
  app.draw();
}

export function leaveBox(app) {
  Object.assign(deskOf(app), { batch: null, done: null, ...FRESH });
  app.hush();
}

// --- tubes -----------------------------------------------------------------------------------

/** A tube was scanned: into the box, out of it, or met on a second walk. */
export async function takeTube(app, number, { anyway = false } = {}) {
  const desk = deskOf(app);
  if (desk.taking) return later(app, takeOut(app, number));
  if (desk.met && boxInHand(app)?.tubes.has(number)) return meet(app, number);
  const found = checkPack(scene(app), number);
  if (found.pack || (anyway && found.ask === "close")) {
    await app.state([entryPack(boxInHand(app), number)]);
    desk.met?.add(number);
    if (found.answer.code === "last_in" && desk.step === "fill") desk.step = "count";
    if (desk.step === "compare" && compare(boxInHand(app), desk.n, desk.why).done) return agree(app);
    return tell(app, found.pack ? found.answer : say("tube_in"), spoken(found.answer));
  }
  tell(app, found.answer, spoken(found.answer));
  if (found.ask === "seal") {
    desk.next = number;
    desk.step = "count";
  }
  if (found.ask === "open") desk.next = number;
  if (found.ask === "close") later(app, offerClose(app, number));
  return found.answer;
}

const SPOKEN = { tube_packed: "已在别的箱", tube_gone: "已离开", tube_used: "此管用过", box_full: "箱满，封箱",
  last_in: "箱满，封箱", box_not_open: "先扫箱码", tube_still_open: "没有封管", nobody_knows: "没有记录" };
const spoken = (answer) => ({ voice: SPOKEN[answer.code] ? t(SPOKEN[answer.code]) : null });

async function offerClose(app, number) {
  const picked = await app.choose({
    title: t("此管还没有封管"), text: grouped(number), tone: "look", name: "still-open",
    choices: [
      { value: "close", label: t("去封管"), tone: "brand", icon: "tube" },
      { value: "pack", label: t("照样装箱"), sub: t("封管由采样台补做") },
    ],
  });
  if (picked === "close") app.go("tube", { tube: number });
  if (picked === "pack") await takeTube(app, number, { anyway: true });
}

function meet(app, number) {
  const desk = deskOf(app);
  const again = desk.met.has(number);
  desk.met.add(number);
  return tell(app, again ? say("packed_here") : say("tube_in"));
}

export const REASONS = {
  misread: ["扫错了", "scanned by mistake"],
  stays: ["留在采样点", "stays on site"],
  broken: ["破损", "broken"],
  not_there: ["不在箱里", "not in the box"],
  other: ["其他", "other"],
};

/** Out of the box again, with its reason. */
export async function takeOut(app, number, reason = null) {
  const desk = deskOf(app);
  const box = boxInHand(app);
  if (!box?.tubes.has(number)) return tell(app, say("not_in_box"));
  const why = reason ?? (await pickReason(app));
  if (!why) return null;
  const entry = entryUnpack(box, number, why);
  if (!entry) return app.say("stop", t("此管由另一台设备装入，请在那台设备或装箱台取出。"), { code: "not_ours" });
  await app.state([entry]);
  desk.taking = false;
  desk.met?.delete(number);
  desk.why = desk.why.filter((d) => d.tube !== number);
  if (desk.step === "compare" && compare(boxInHand(app), desk.n, desk.why).done) return agree(app);
  return tell(app, say("taken_out"));
}

const pickReason = (app) => app.choose({
  title: t("为什么取出"), name: "unpack",
  choices: Object.entries(REASONS).map(([key, pair]) => ({ value: t(pair[0]), label: t(pair[0]), name: `why-${key}` })),
});

/** The tube this phone packed last into this box, if it still lies there. */
export function lastPacked(app) {
  const box = boxInHand(app);
  if (!box) return null;
  const last = app.records.findLast((r) => r.entry.kind === "pack" && r.entry.batch === box.batch
    && box.tubes.get(r.entry.tube)?.ref === r.ref);
  return last?.entry.tube ?? null;
}

export async function undoLast(app) {
  const tube = lastPacked(app);
  if (tube) await takeOut(app, tube, t("撤销上一管"));
}

// --- the count and the seal ------------------------------------------------------------------

export function startCount(app) {
  Object.assign(deskOf(app), { step: "count", typed: "", n: null, why: [], met: null, taking: false });
  app.hush();
}

/** The typed count; only now is the system's shown. */
export async function compareNow(app) {
  const desk = deskOf(app);
  if (!/^[0-9]+$/.test(desk.typed)) return app.say("look", t("请先数箱里的管，再输入管数。"), { code: "no_count" });
  Object.assign(desk, { n: Number(desk.typed), step: "compare" });
  const found = compare(boxInHand(app), desk.n, desk.why);
  if (found.done && desk.seal && !unheardIn(app).length) return takeSeal(app, desk.seal);
  const voice = found.done ? t("点数相符") : t("点数不符");
  return tell(app, found.answer, { voice, sub: found.done ? t("请扫封签。") : null });
}

/** The search came to an end. */
function agree(app) {
  const desk = deskOf(app);
  const { answer, off } = compare(boxInHand(app), desk.n, desk.why);
  if (off === 0) Object.assign(desk, { why: [], met: null });
  return tell(app, answer, { voice: t("点数相符"), sub: t("请扫封签。") });
}

/** A difference explained by one tap: of a tube, or of the number. */
export function explainOne(app, reason, tube = null) {
  const desk = deskOf(app);
  const { off, left } = compare(boxInHand(app), desk.n, desk.why);
  if (left === 0 && !desk.why.some((d) => tube && d.tube === tube)) return;
  desk.why = explain(desk.why, { code: reason, tube }, off > 0 ? 1 : -1);
  const now = compare(boxInHand(app), desk.n, desk.why);
  if (now.done) tell(app, now.answer, { voice: t("原因已注明"), sub: t("请扫封签。") });
  else app.draw();
}

export function forgetReasons(app) {
  deskOf(app).why = [];
  app.draw();
}

/** A seal was scanned: before the count it waits, after it the box is closed. */
export async function takeSeal(app, number) {
  const desk = deskOf(app);
  const box = boxInHand(app);
  if (!box) return tell(app, say("box_not_open"));
  const answer = checkSeal(boxesOf(app), box.batch, number);
  if (answer.tone === "stop" || desk.step === "done") return tell(app, answer);
  if (desk.step === "fill" || desk.step === "count") {
    desk.seal = number;
    if (desk.step === "fill") desk.step = "count";
    return app.say("look", t("先输入点数，再封箱。"), { code: "count_first", voice: t("先点数") });
  }
  const found = compare(box, desk.n, desk.why);
  if (!found.done) {
    desk.seal = number;
    return tell(app, found.answer);
  }
  const { n, why } = desk;
  await app.state([entrySeal(box, number, n, found.off ? why : [])]);
  const done = { box: box.box, batch: box.batch, seal: number, n, at: app.now() };
  Object.assign(desk, { ...FRESH, batch: box.batch, step: "done", done });
  return tell(app, say("sealed", { n }), { voice: t("已封箱 {n} 管", { n }) });
}

// --- opening a sealed box again --------------------------------------------------------------

const UNSEAL = ["重新清点", "漏装", "封签破损", "其他"];

/** By the supervisor only: signed in here, or with the badge at hand. */
export async function unseal(app, box) {
  const by = hasRole(app, "site_supervisor") || app.practice ? app.staff : await supervisorBadge(app);
  if (!by) return;
  const reason = await app.choose({
    title: t("为什么拆封"), name: "unseal",
    choices: UNSEAL.map((why) => ({ value: t(why), label: t(why) })),
  });
  if (!reason) return;
  const entry = entryUnseal(box, reason);
  if (!entry) return void app.say("stop", t("此箱由另一台设备封箱，请在那台设备或装箱台拆封。"), { code: "not_ours" });
  await app.state([{ ...entry, ...(by.id ? { staff: by.id } : {}) }]);
  await choose(app, box.batch);
}

function supervisorBadge(app) {
  return new Promise((resolve) => {
    let found = null;
    const sheet = app.openSheet({
      title: t("请负责人扫工作证"), tone: "look", name: "supervisor",
      body: () => t("拆封由采样点负责人确认。"),
      onClose: () => resolve(found),
      scan: (_, read) => {
        const person = !read.problem && personOf(read, app.slice?.staff ?? []);
        if (!person?.confirmed || !person.roles.includes("site_supervisor")) {
          return app.say("stop", t("这不是本点负责人的工作证。"), { code: "not_supervisor" });
        }
        found = person;
        return app.closeSheet(sheet);
      },
    });
  });
}
