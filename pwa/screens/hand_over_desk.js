// One hand-over in the making: seals, the typed count, the other person, where to; then stated at once.
import {
  BOX_DIFFERENCES, checkAll, checkBoxes, checkPerson, checkSealOf, checkTemperature, entriesOf, personOf,
  readDegrees, van,
} from "../rules/hand_over.js";
import { t } from "../words/index.js";
import { clock } from "../words/time.js";
import { recallDraft } from "./hand_over_draft.js";
import { hearFrame } from "./packing_tables.js";
import { redirectedWay } from "./redirects.js";
import { boxesOf, hasRole, nameOf, say, sealedHere, tell, word } from "./transport_desk.js";

const desks = new WeakMap();
const FRESH = () => ({
  step: "seals", seals: [], typed: "", difference: null, person: null, lab: null, degrees: "", note: "",
  site: null, told: new Map(), done: null, frames: null,
});

/**
 * @returns {{way: "give"|"take"|null, step: "seals"|"count"|"who"|"cargo"|"confirm"|"done",
 *   seals: string[], typed: string, difference: string|null, person: object|null, lab: string|null,
 *   degrees: string, note: string, site: {id: string, name: string}|null,
 *   told: Map<string, {n: number|null, at: number|null, site: string}>, done: object|null}}
 *   `told`: what the packer's phone showed of the boxes
 */
export function deskOf(app) {
  const desk = desks.get(app);
  if (desk && desk.backing === app.backing && desk.staff === me(app)) return desk;
  const fresh = { backing: app.backing, staff: me(app), way: null, ...FRESH() }; // not practice's, not another person's
  desks.set(app, fresh);
  return fresh;
}

export const isCourier = (app) => hasRole(app, "courier");
const atSite = (app) => hasRole(app, "packer", "site_supervisor");

/** Begins anew; only a courier has to say which way. */
export function begin(app, way = null) {
  Object.assign(deskOf(app), { way: way ?? (isCourier(app) ? null : "give"), ...FRESH() });
  app.hush();
}

export function go(app, step) {
  deskOf(app).step = step;
  app.hush();
}

export const me = (app) => String(app.staff?.id ?? 0);
const limit = (app) => app.round?.limits?.in_transit ?? app.slice?.rounds?.[0]?.limits?.in_transit ?? null;
export const vanOf = (app) => van(boxesOf(app), me(app), limit(app), app.now());

export const inVan = (app, seal) => vanOf(app).some((s) => s.boxes.some((b) => b.seal === seal));

/** Boxes of this place that wait sealed, or lie in the van. @returns {{seal, n, since, site}[]} */
export function waiting(app) {
  const desk = deskOf(app);
  const named = new Map(desk.told);
  if (desk.way === "give" && isCourier(app)) {
    for (const s of vanOf(app)) for (const b of s.boxes) named.set(b.seal, { n: b.n, at: b.since, site: s.site });
  }
  if (desk.way === "give" && atSite(app)) {
    for (const b of sealedHere(app)) named.set(b.seal, { n: b.n, at: b.sealed_at, site: "" });
  }
  return [...named].map(([seal, x]) => ({ seal, n: x.n, since: x.at, site: x.site }));
}

/** After a reload: the hand-over that was in hand, unless this one has begun. */
export async function takeUp(app) {
  const draft = await recallDraft(app);
  const desk = deskOf(app);
  if (!draft || desk.seals.length) return;
  Object.assign(desk, FRESH(), draft);
  app.say("look", t("接着做上次没有做完的交接。"), { code: "draft" });
}

// --- seals -----------------------------------------------------------------------------------

export function takeSeal(app, seal) {
  const desk = deskOf(app);
  const { answer, add } = checkSealOf({
    boxes: boxesOf(app), way: desk.way, staff: me(app), seals: desk.seals,
    courier: isCourier(app) && !atSite(app),
    name: (id) => nameOf(app, id),
  }, seal);
  if (add) desk.seals = [...desk.seals, seal];
  const way = add ? redirectedWay(app, [seal]) : null;
  if (way) return tell(app, say("redirected", way), { voice: t("改送 {lab}", way) });
  return tell(app, answer, { voice: add ? t("第 {n} 箱", { n: desk.seals.length }) : null });
}

export function dropSeal(app, seal) {
  const desk = deskOf(app);
  desk.seals = desk.seals.filter((one) => one !== seal);
  app.hush();
}

/** The packer's phone lists the boxes it gave: figures for the van, the seals are still scanned. */
export async function hearBoxes(app, read) {
  const heard = await hearFrame(app, `ST1.${read.id}.${read.i}.${read.n}.${read.chunk}`);
  if (heard.state === "part") return app.say("ok", t("箱子清单 {have} / {n}", heard), { code: "part" });
  const list = heard.list;
  if (!list?.boxes?.length) return app.say("look", t("这不是箱子清单。"), { code: "bad_frame" });
  const desk = deskOf(app);
  for (const [seal, n, at] of list.boxes) desk.told.set(String(seal), { n, at, site: list.name ?? "" });
  desk.site = { id: list.site == null ? null : String(list.site), name: list.name ?? "" };
  return app.say("ok", t("{site}：{n} 箱", { site: desk.site.name, n: list.boxes.length }), { code: "boxes_heard" });
}

const siteName = (app, id) => (app.place && String(app.place.id) === id ? app.place.name
  : app.slice?.json.sites?.find((site) => site.id === id)?.name ?? null);

/** A badge that the list does not hold tells its own number, not a staff number. */
export const numberOf = ({ no }) => (/^[0-9]{10,}$/.test(no) ? t("工作证 …{tail}", { tail: no.slice(-6) }) : t("工号 {no}", { no }));

/** A courier says where the van stands by the site's code. */
export function takeSite(app, read) {
  const id = String(read.serial ?? "");
  const own = siteName(app, id);
  deskOf(app).site = { id: id || null, name: own ?? t("采样点 {n}", { n: read.code ?? `…${id.slice(-6)}` }) };
  return app.say("ok", deskOf(app).site.name, { code: "site_read" });
}

// --- the count -------------------------------------------------------------------------------

export async function countNow(app) {
  const desk = deskOf(app);
  if (!/^[0-9]+$/.test(desk.typed)) return app.say("look", t("请先数箱子，再输入箱数。"), { code: "no_count" });
  const n = Number(desk.typed);
  desk.difference = null;
  const answer = checkBoxes(n, desk.seals);
  tell(app, answer, { voice: answer.tone === "ok" ? t("箱数相符") : t("箱数不符") });
  if (answer.tone === "ok") return go(app, "who");
  const picked = await app.choose({
    title: t("箱数不符：数了 {n} 箱，扫了 {m} 个封签", { n, m: desk.seals.length }), tone: "look", name: "box-difference",
    choices: [
      { value: "again", label: t("退回重数"), tone: "brand", icon: "undo" },
      ...Object.entries(BOX_DIFFERENCES).map(([key, pair]) => ({ value: key, label: word(pair), name: `differs-${key}` })),
    ],
  });
  if (!picked || picked === "again") {
    desk.typed = "";
    return go(app, picked ? "seals" : "count");
  }
  desk.difference = t(BOX_DIFFERENCES[picked][0]);
  tell(app, checkBoxes(n, desk.seals, desk.difference));
  desk.step = "who";
  return app.draw();
}

// --- the other person, the cargo ---------------------------------------------------------------

export function takeBadge(app, read) {
  const desk = deskOf(app);
  const person = personOf(read, app.slice?.staff ?? []);
  const answer = checkPerson(person, me(app));
  if (answer.tone === "stop") return tell(app, answer);
  desk.person = person;
  desk.step = "cargo";
  const way = redirectedWay(app, desk.seals);
  desk.lab = way?.to ?? desk.lab ?? usualLab(app);
  return tell(app, answer, { voice: person.name || null, sub: numberOf(person) });
}

/** Laboratories of the place, and where a box in hand was sent that is none of them. */
export function labsOf(app) {
  const labs = app.slice?.labs ?? [];
  const way = redirectedWay(app, deskOf(app).seals);
  const far = way?.to && !labs.some((lab) => String(lab.id) === way.to);
  return far ? [...labs, { id: way.to, name: way.lab, default: false }] : labs;
}

/** The round's laboratory for this site, else where the last boxes went, else the only one. */
function usualLab(app) {
  if (app.device?.lab) return String(app.device.lab);
  const usual = labsOf(app).find((lab) => lab.default);
  if (usual) return String(usual.id);
  const last = app.records.findLast((r) => r.entry.kind === "hand_over" && r.entry.to_lab);
  if (last) return String(last.entry.to_lab);
  return labsOf(app).length === 1 ? String(labsOf(app)[0].id) : null;
}

export function cargoNow(app) {
  const desk = deskOf(app);
  const degrees = readDegrees(desk.degrees);
  if (degrees === undefined) return app.say("look", t("温度应在 −30 到 60 °C 之间。"), { code: "bad_degrees" });
  if (!desk.lab && labsOf(app).length) return app.say("look", t("请选择送往的检测机构。"), { code: "no_lab_chosen" });
  desk.step = "confirm";
  const warm = checkTemperature(degrees);
  return warm ? tell(app, warm) : app.hush();
}

export const parties = (app) => {
  const desk = deskOf(app);
  const other = desk.person?.name || numberOf(desk.person ?? { no: "" });
  const self = app.staff?.name ?? "";
  return desk.way === "take" ? { giver: other, taker: self } : { giver: self, taker: other };
};

export const labName = (app, id) =>
  labsOf(app).find((lab) => String(lab.id) === String(id))?.name ?? (app.place?.type === "lab" ? app.place.name : "");

// --- stated ------------------------------------------------------------------------------------

/** Both names, the time and the boxes: stated, then read back. */
export async function handOver(app) {
  const desk = deskOf(app);
  const boxes = boxesOf(app);
  const degrees = readDegrees(desk.degrees) ?? null;
  const counted = Number(desk.typed);
  const take = desk.way === "take";
  const names = parties(app);
  const entries = entriesOf({
    seals: desk.seals, counted, lab: desk.lab, temperature: degrees, difference: desk.difference,
    ...peopleOf(app),
  }, boxes).map((entry) => (take && desk.site?.id ? { ...entry, site: desk.site.id } : entry));
  const cargo = desk.seals.map((seal) => cargoOf(app, seal));
  const worst = checkAll({ counted, seals: desk.seals, difference: desk.difference, temperature: degrees });
  await app.state(entries, cargo.map((x) => ({ ...x, ...names, unconfirmed: !desk.person.confirmed })));
  const at = app.now();
  desk.done = { ...names, counted, cargo, lab: labName(app, desk.lab), at, take, site: app.place?.name ?? "" };
  desk.step = "done";
  const spoken = t("{giver} 交给 {taker}，{n} 箱，{at}", { ...names, n: counted, at: clock(at) });
  return app.say(worst.tone === "stop" ? "look" : worst.tone, t("已交接 {n} 箱。", { n: counted }), {
    code: "handed_over", voice: spoken, sub: spoken,
  });
}

/** Who gives acts in the entry. A number that names nobody by itself stands in the note. */
function peopleOf(app) {
  const { way, person, note } = deskOf(app);
  const nameless = person.id === "0";
  const other = nameless ? null : person.id;
  const said = [nameless ? t("对方工号 {no}，未核对。", person) : "", note.trim()].filter(Boolean).join(" ");
  return {
    giver: way === "take" ? (other ?? me(app)) : me(app),
    taker: way === "take" ? me(app) : (other ?? "0"),
    note: said.slice(0, 200) || null,
  };
}

function cargoOf(app, seal) {
  const boxes = boxesOf(app);
  const told = deskOf(app).told.get(seal);
  const trip = boxes.trips.get(seal);
  const box = boxes.sealedBy(seal);
  return {
    seal, n: told?.n ?? box?.n ?? trip?.view.n ?? null, since: told?.at ?? box?.sealed_at ?? trip?.view.since ?? null,
    site: told?.site || deskOf(app).site?.name || trip?.view.site || (box ? app.place?.name ?? "" : ""),
  };
}

/** What the packer's phone shows to the courier's. */
export function listForCourier(app) {
  const { done } = deskOf(app);
  return JSON.stringify({
    site: app.place?.id ?? null, name: done.site, table: null, device: "", at: done.at, tubes: [],
    boxes: done.cargo.map((x) => [x.seal, x.n, x.since]),
  });
}
