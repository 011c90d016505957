// The sampling table of one phone: which tube is in hand, who waits, what a read leads to.
// A read is answered from the phone alone; what the server knows more comes later, as a look.

import { ofCode, ofDocument, ofItem } from "../rules/persons.js";
import { homesIn, personScanned, singleTube } from "../rules/sampling.js";
import { refusal, say, worst } from "../rules/sampling_words.js";
import { surname } from "../rules/names.js";
import { openTube, tubeScanned } from "../rules/tubes.js";
import { openTubes } from "../rules/work.js";
import { grouped } from "../scan/codes.js";
import { getLang, pick, t } from "../words/index.js";
import { ask } from "./sampling_asks.js";

const desks = new WeakMap();

/**
 * @returns {{current: string|null, mode: string|null, size: number|null, waiting: object|null,
 *   single: object|null, given: object|null, back: string|null, later: object[], people: object[]|null}}  `people`: who of the door list belongs into this household's tube
 */
export function deskOf(app) {
  const [{ backing }, staff] = [app, app.staff?.id ?? null];
  const kept = desks.get(app);
  if (!kept || kept.backing !== backing || kept.staff !== staff) { // not practice's, not another person's
    desks.set(app, {
      backing, staff,
      current: null, mode: null, size: null, waiting: null, single: null, given: null, back: null, later: [],
      people: null,
    });
  }
  const desk = desks.get(app);
  if (app.work.tubes.get(desk.current)?.state !== "open") {
    desk.current = openTubes(app.work).at(0)?.number ?? null;
  }
  return desk;
}

export function sceneOf(app) {
  const desk = deskOf(app);
  return {
    work: app.work, slice: app.slice, round: app.slice ? app.slice.round(app.round?.id) : app.round,
    current: desk.current, mode: desk.mode, size: desk.size, site: app.place?.id ?? null,
    place: app.place?.name ?? "", roundId: app.round?.id ?? 0, practice: app.practice,
  };
}

/** After the scans under way, and before those that come. */
export function queued(app, doIt) {
  app.queue = app.queue.then(doIt).catch((fault) => app.failed(fault));
}

/** What a rule came to: stated, said, asked. */
export async function act(app, outcome) {
  if (outcome.entries.length) await app.state(outcome.entries, outcome.views);
  const desk = deskOf(app);
  if (outcome.current) desk.current = outcome.current;
  const done = outcome.entries.at(-1)?.kind === "close";
  if (done) nextInHand(app, outcome);
  if (done && desk.back && app.screen?.name === "sampling") returned(app, () => announce(app, outcome));
  else announce(app, outcome);
  if (outcome.ask) ask(app, outcome.ask);
  return outcome;
}

/** Another open tube comes to hand when one is closed; that is never left unsaid. */
function nextInHand(app, outcome) {
  const tube = app.work.tubes.get(deskOf(app).current);
  if (tube) outcome.answers.unshift(say("now_in_hand", { tube: grouped(tube.number), members: tube.live }));
}

/** Back first, said there: a screen that comes up wipes the answer of the one before. */
export function returned(app, then) {
  const view = app.host.ownerDocument.defaultView;
  view.addEventListener("popstate", () => setTimeout(then), { once: true });
  app.back();
}

/** The worst answer is the sentence, the others stand below it. */
export function announce(app, { answers, bound = null }) {
  if (!answers.length) return;
  app.host?.ownerDocument.defaultView?.scrollTo?.(0, 0); // the counter is what is looked at
  const tone = worst(answers);
  const main = tone === "stop" ? answers.find((a) => a.tone === "stop") : answers.at(-1);
  const rest = answers.filter((a) => a !== main).map((a) => pick(a)).join(" ");
  app.say(tone, pick(main), { code: main.code, sub: rest || null, voice: spoken(app, main, bound) });
}

const SPOKEN = {
  tube_full: ["满，换管", "Full, change the tube"],
  tube_used: ["此管用过，换一支", "Used before, take another tube"],
  single_lane: ["单人单管，2 号通道", "Single tube, lane 2"],
  already_sampled: ["本轮已采", "Already sampled"],
  twice_in_tube: ["已在这支管里", "Already in this tube"],
};

/** What is read out: the surname and the seat; the whole name by setting; "换管" at the last. */
export function spoken(app, answer, bound) {
  const english = getLang() === "en";
  if (!bound) return SPOKEN[answer.code]?.[english ? 1 : 0] ?? null;
  const { person, nth, last } = bound;
  const whole = person.told ?? (person.name.includes("*") ? null : person.name);
  const name = (app.settings.full_name && whole) || surname(person.told ?? person.name);
  if (english) return `${name ? `${name}, ` : ""}number ${nth}${last ? ", change the tube" : ""}`;
  return `${name} 第${nth}个${last ? "，换管" : ""}`.trim();
}

// --- reads ---------------------------------------------------------------------------------------

export async function takeRead(app, read) {
  const desk = deskOf(app);
  if (read.problem) return takeProblem(app, read);
  if (read.kind === "tube") {
    if (desk.single) return takeSingle(app, read.number, read);
    return takeTube(app, read.number, { foreign: Boolean(read.foreign) });
  }
  const person = await personOf(app, read);
  if (person) return takePerson(app, person);
  const words = KINDS[read.kind];
  const seen = words ? t(words) : t("别的码");
  app.say("stop", t("这是{seen}，这里要扫管码或受检者。", { seen }), { code: "wrong_kind" });
  return null;
}

const KINDS = {
  box: "转运箱码", seal: "封签码", site: "采样点码", badge: "工作证码", enrol: "登记用的码", frame: "续传二维码",
  tables: "台面清单",
};

/** The person a read names, or null when it names none. */
export async function personOf(app, read) {
  if (read.kind === "resident") return ofCode(read, app.slice);
  if (read.kind === "document") return ofDocument(read.doc, app.slice);
  return null;
}

function takeProblem(app, read) {
  const odd = read.odd && String(read.problem.code ?? "").startsWith("document_");
  const answer = refusal(read.problem);
  if (odd) {
    app.say("stop", pick(answer), { code: answer.code });
    return ask(app, { kind: "seen", answer, doc: read.odd });
  }
  app.say("stop", pick(answer), { code: answer.code, sub: wayOut(read, answer.code) });
  return null;
}

const NO_OTHER_WAY = new Set(["wrong_kind", "practice_code", "live_code", "use_id_card", "bad_code_signature", "code_expired"]);

/** What to do about a read that is no use; nothing where its sentence says so itself. */
function wayOut(read, code) {
  if (NO_OTHER_WAY.has(code)) return null;
  if (read.kind === "resident" || read.kind === "document") return t("读不出时请用身份证。");
  if (read.source === "typed" && /[a-z]/i.test(read.text)) return t("证件号请在“找人、证件”里输入。");
  return t("管码读不出时换一支管；认人用居民码或证件。");
}

export async function takeTube(app, number, o = {}) {
  const outcome = await act(app, tubeScanned(sceneOf(app), number, o));
  if (outcome.current && !outcome.ask) await takeWaiting(app);
  return outcome;
}

export async function openBeside(app, number, o = {}) {
  await act(app, openTube(sceneOf(app), number, o));
  await takeWaiting(app);
}

async function takeSingle(app, number, { foreign = null } = {}) {
  const desk = deskOf(app);
  const person = desk.single;
  const outcome = await act(app, singleTube(sceneOf(app), number, person, { foreign: Boolean(foreign) }));
  if (outcome.entries.length) desk.single = null;
  return outcome;
}

/** Who stood at the table when the tube was full or missing goes into the new one. */
export async function takeWaiting(app) {
  const desk = deskOf(app);
  const person = desk.waiting;
  desk.waiting = null;
  if (person) await takePerson(app, person);
}

export async function takePerson(app, person, reasons = {}) {
  const desk = deskOf(app);
  desk.single = null;
  const outcome = personScanned(sceneOf(app), person, reasons);
  if (outcome.ask?.kind === "tube" || outcome.ask?.kind === "full") desk.waiting = person;
  if (outcome.ask) outcome.ask.reasons = reasons;
  const asked = outcome.entries.length ? checkQuietly(app, person, outcome.bound) : null;
  await act(app, outcome);
  void asked;
  return outcome;
}

/** Coming to the table: from home, or from a door with a mode and the way back to it. */
export function arrive(app, { tube = null, mode = null, back = null, people = null }) {
  const desk = deskOf(app);
  if (tube && app.work.tubes.get(tube)?.state === "open") desk.current = tube;
  if (back || desk.back) desk.mode = back && mode !== "single" ? mode : null;
  desk.back = back;
  desk.people = people?.length > 1 ? people.map((one) => ofItem(one, app.slice)) : null;
}

/** From the door list: the person chosen there; a callback has a tube alone, a household its own. */
export async function takeItem(app, { person: item, single = false, purpose = null, mode = null }) {
  const desk = deskOf(app);
  const person = ofItem({ ...item, single, kind: purpose === "recheck" ? "callback" : "visit" }, app.slice);
  const tube = app.work.tubes.get(desk.current);
  if (person.alone && !(tube?.mode === "single" && tube.live === 0)) {
    desk.single = person;
    const answer = say("single_wanted");
    app.say("look", pick(answer), { code: answer.code, sub: person.name });
    return;
  }
  if (mode === "household" && !(tube?.mode === "household" && (tube.live === 0 || sameHome(app, tube, person)))) {
    desk.waiting = person;
    app.say("look", t("一户一管：请扫一支新管。"), { code: "household_wanted", sub: person.name });
    return;
  }
  if (!tube) { // nothing is wrong: the tube comes next
    desk.waiting = person;
    app.say("look", t("请扫管码开管，{name} 在等。", { name: person.name || t("此人") }), { code: "tube_wanted" });
    return;
  }
  await takePerson(app, person);
}

const sameHome = (app, tube, person) =>
  person.household !== null && homesIn(app.slice, tube).every((home) => home === person.household);

// --- what the server knows more ------------------------------------------------------------------

const NEWS = new Set(["already_sampled", "single_lane", "outside_area", "name_differs", "single_needed"]);

/** Somebody outside the slice: the server is asked, nobody waits for it. (6, 9, 12) */
async function checkQuietly(app, person, bound) {
  if (app.practice || person.resident || !app.staff?.token || app.outbox?.state === "offline") return;
  const { doc = null, code = null, name = null, phone = null } = person.who;
  const body = {
    act: "bind", site_id: app.place?.id ?? null, round_id: app.round?.id ?? 0, tube: bound.tube,
    text: code ?? "", doc_type: doc?.type ?? "", doc_number: doc?.number ?? "",
    doc_country: doc?.country ?? "", name: doc?.name ?? name ?? "", phone: doc?.phone ?? phone ?? "",
    seen: Boolean(person.seen),
  };
  try {
    const told = await app.ask("/api/v1/field/check", body, { timeout: 8000 });
    const news = (told?.answers ?? []).filter((a) => NEWS.has(a.code));
    if (!news.length) return;
    const text = news.map((a) => pick(a.sentence)).join(" ");
    deskOf(app).later.unshift({ seat: bound.seat, tube: bound.tube, name: person.name, text });
    app.say("look", t("第 {seat} 个 {name}：{text}", { seat: bound.seat, name: person.name, text }), {
      code: news[0].code,
    });
  } catch {
    // offline, or the server has no answer: the swab is in the tube and the journal tells it
  }
}
