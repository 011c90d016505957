// The questions of the sampling table, each one sheet: it takes scans too, so that a scanner alone
// can answer the common ones (the new tube once more: yes).

import { html, nothing } from "lit-html";

import { bigButton, button, field, stepper } from "../parts/index.js";
import { ofOddDocument } from "../rules/persons.js";
import { closeAndOpen, closeTube, noteOver } from "../rules/tubes.js";
import { REASONS, refusal, say } from "../rules/sampling_words.js";
import { isOneself, secondPerson, supervisorOf } from "../rules/witness.js";
import { grouped } from "../scan/codes.js";
import { getLang, pick, t } from "../words/index.js";
import { act, deskOf, openBeside, queued, sceneOf, takePerson, takeRead, takeWaiting } from "./sampling_desk.js";

export function ask(app, what) {
  return SHEETS[what.kind]?.(app, what);
}

const first = (label, doIt, o = {}) => bigButton(label, doIt, { tone: "accent", ...o });

function refuse(app, code = "wait_tube") {
  const answer = say(code);
  app.say("stop", pick(answer), { code });
}

/**
 * One sheet. `finish(doIt)` answers it once: it closes first, so that the next question can open. A
 * tap queues behind the scans under way; a scan is in that queue already and runs at once (SCAN).
 * `onDismiss` runs when the sheet is closed without an answer.
 */
function open(app, make) {
  let answered = false;
  const spec = make((doIt = () => {}) => async (how) => {
    if (answered) return;
    answered = true;
    app.closeSheet(sheet);
    if (how === SCAN) await doIt();
    else queued(app, doIt);
  });
  spec.onClose = () => {
    if (!answered) spec.onDismiss?.();
  };
  const sheet = app.openSheet(spec);
  return sheet;
}

const SCAN = Symbol("scan");

/** Nobody waits any longer: whoever stood there is scanned again. */
const forget = (app) => () => {
  deskOf(app).waiting = null;
};

// --- tubes ---------------------------------------------------------------------------------------

const figure = (n, size) => html`<p class="ask-count"><b>${n}</b>${size ? html`<i>/ ${size}</i>` : nothing}</p>`;

function closeOpen(app, what) {
  const size = () => app.work.tubes.get(what.tube)?.size;
  const both = async (n = what.n) => {
    const outcome = await act(app, closeAndOpen(sceneOf(app), what, n));
    if (!outcome.ask && outcome.entries.length) await takeWaiting(app);
  };
  return open(app, (finish) => ({
    name: "close-open", tone: "look", title: t("先封手里的管"),
    body: () => html`<p class="ask-tube">${grouped(what.tube)}</p>${figure(what.n, size())}
      ${first(t("{n} 支，封管，开新管", { n: what.n }), finish(() => both()), {
        name: "close-open-yes", sub: t("或再扫一次新管 {tail}", { tail: what.next.slice(-6) }) })}
      <div class="ask-more">
        ${button(t("数目不是 {n}", { n: what.n }), finish(() => close(app, { ...what, kind: "close" })), { name: "other-count" })}
        ${button(t("两管都开着"), finish(() => openBeside(app, what.next, { foreign: what.foreign })), { name: "both-open" })}
      </div>`,
    async scan(_, read) {
      if (read.problem || read.kind !== "tube") return refuse(app);
      if (read.number === what.next) return finish(() => both())(SCAN);
      what.next = read.number;
      what.foreign = Boolean(read.foreign);
      return app.draw();
    },
  }));
}

function counted(app, what) {
  const again = what.kind === "recount";
  const n = what.count;
  return async () => {
    const outcome = what.next
      ? await act(app, again ? closeTube(sceneOf(app), what.tube, n, { again }) : closeAndOpen(sceneOf(app), what, n))
      : await act(app, closeTube(sceneOf(app), what.tube, n, { again }));
    if (outcome.ask) return;
    if (what.next && again) await openBeside(app, what.next, { foreign: what.foreign });
    else if (what.next) await takeWaiting(app);
  };
}

/** Close: one tap for the count the phone has; another count is typed, and asked for again. */
function close(app, what) {
  what.count = what.n;
  const tube = app.work.tubes.get(what.tube);
  return open(app, (finish) => ({
    name: "close", title: t("封管"),
    body: () => html`<p class="ask-tube">${grouped(what.tube)}</p>${figure(what.n, tube?.size)}
      ${first(t("{n} 支，封管", { n: what.n }), finish(counted(app, { ...what, count: what.n })), { name: "close-yes" })}
      ${stepper({ label: t("数出的拭子数不同"), name: "count", value: what.count, min: 0, max: 200, onChange: (n) => {
        what.count = n;
        app.draw();
      } })}
      ${what.count === what.n || what.count === null ? nothing
        : bigButton(t("{n} 支，封管", { n: what.count }), finish(counted(app, { ...what })), { name: "close-other", tone: "look" })}
      <div class="ask-more">${button(t("超员，请负责人注明"), finish(() => over(app, what)), { name: "over" })}</div>`,
    async scan(_, read) {
      if (read.problem || read.kind !== "tube") return refuse(app);
      if (read.number === what.tube) return finish(counted(app, { ...what, count: what.n }))(SCAN);
      return finish(() => takeRead(app, read))(SCAN);
    },
  }));
}

function recount(app, what) {
  const tube = app.work.tubes.get(what.tube);
  what.count = null;
  return open(app, (finish) => ({
    name: "recount", tone: "stop", title: t("请再数一遍"),
    body: () => html`<p>${t("您数了 {n} 支拭子，系统登记 {members} 人。", { n: what.n, members: tube.live })}</p>
      ${stepper({ label: t("再数一遍的拭子数"), name: "recount", value: what.count, min: 0, max: 200, onChange: (n) => {
        what.count = n;
        app.draw();
      } })}
      ${first(t("按 {n} 支封管", { n: what.count ?? "—" }), finish(counted(app, { ...what })), {
        name: "recount-yes", disabled: what.count === null, sub: t("以实物为准，名单以后补齐") })}`,
    scan: () => refuse(app),
  }));
}

function full(app, what) {
  return open(app, (finish) => ({
    name: "full", tone: "stop", title: t("满，换管"),
    onDismiss: forget(app),
    body: () => html`<p class="ask-tube">${grouped(what.tube)}</p>${figure(what.n, app.work.tubes.get(what.tube)?.size)}
      ${first(t("{n} 支，封管", { n: what.n }), finish(() => closeFull(app, what)), {
        name: "full-close", sub: t("或直接扫下一支管") })}
      <div class="ask-more">${button(t("超员，请负责人注明"), finish(() => over(app, what)), { name: "over" })}
        ${button(t("数目不是 {n}", { n: what.n }), finish(() => close(app, { ...what, kind: "close" })), { name: "other-count" })}</div>`,
    async scan(_, read) {
      if (read.problem || read.kind !== "tube") return refuse(app, "tube_full_scan");
      if (read.number === what.tube) return finish(() => closeFull(app, what))(SCAN);
      return finish(async () => {
        const both = await act(app, closeAndOpen(sceneOf(app), { ...what, next: read.number, foreign: Boolean(read.foreign) }));
        if (both.entries.length) await takeWaiting(app);
      })(SCAN);
    },
  }));
}

async function closeFull(app, what) {
  await act(app, closeTube(sceneOf(app), what.tube, what.n));
  const person = deskOf(app).waiting;
  if (person) app.say("look", t("请扫下一支管，{name} 在等。", { name: person.name || t("此人") }), { code: "next_tube" });
}

/** The badge is a scan too, so nothing may wait for it in the queue of scans. */
function over(app, what) {
  const { waiting } = deskOf(app);
  supervisor(app, t("超员要负责人注明")).then((who) => who && queued(app, async () => {
    deskOf(app).waiting = waiting;
    await act(app, noteOver(sceneOf(app), what.tube));
    await takeWaiting(app);
  }));
}

// --- persons -------------------------------------------------------------------------------------

function reason(app, what) {
  const english = getLang() === "en";
  const titles = { again: t("本轮已采，仍要采样的原因"), household: t("不是同一户，仍要同管的原因") };
  return open(app, (finish) => ({
    name: `reason-${what.why}`, tone: "look", title: titles[what.why],
    body: () => html`<p class="ask-who">${what.person.name} <span class="code">${what.person.document}</span></p>
      <p class="ask-say">${app.answer?.text ?? ""}</p>
      <div class="ask-reasons">${REASONS[what.why].map(([code, zh, en]) =>
        bigButton(english ? en : zh, finish(() => takePerson(app, what.person, { ...what.reasons, [what.why]: code })), {
          name: `reason-${code}`, tone: "plain" }))}</div>
      <div class="ask-more">${button(t("不采"), finish(() => app.hush()), { name: "reason-none" })}</div>`,
    scan: (_, read) => finish(() => takeRead(app, read))(SCAN),
  }));
}

function single(app, what) {
  const desk = deskOf(app);
  const begin = () => {
    desk.single = what.person;
    const answer = say("single_wanted");
    app.say("look", pick(answer), { code: "single_wanted", sub: what.person.name });
  };
  return open(app, (finish) => ({
    name: "single", tone: "stop", title: t("单人单管，2 号通道"),
    body: () => html`<p class="ask-who">${what.person.name} <span class="code">${what.person.document}</span></p>
      ${first(t("开单管"), finish(begin), { name: "single-open", icon: "tube", sub: t("或直接扫一支新管") })}
      <div class="ask-more">${button(t("请此人去 2 号通道"), finish(() => app.hush()), { name: "single-lane" })}</div>`,
    scan: (_, read) => {
      const next = !read.problem && (read.kind === "resident" || read.kind === "document");
      if (next) return finish(() => takeRead(app, read))(SCAN); // this one went to lane 2
      if (read.problem || read.kind !== "tube") return refuse(app, "single_wanted");
      return finish(async () => {
        desk.single = what.person;
        await takeRead(app, read);
      })(SCAN);
    },
  }));
}

/** A number that cannot be right, and a second person who has seen the paper. (11) */
function seen(app, what) {
  const form = { name: what.doc.name ?? "", second: "", wrong: false };
  const go = (finish, second) => {
    if (!second.trim() || !form.name.trim()) {
      form.wrong = true;
      return app.draw();
    }
    if (isOneself(second, app.staff)) return refuseBadge(app, "oneself");
    return finish(() => takePerson(app, ofOddDocument({ ...what.doc, name: form.name }, second.trim())))();
  };
  const typed = (key) => (text) => {
    form[key] = text;
  };
  return open(app, (finish) => ({
    name: "seen", tone: "stop", title: t("证件号码不对"),
    body: () => html`<p>${pick(what.answer)}</p>
      <p class="ask-tube">${what.doc.number}</p>
      <p>${t("确认原件就是这个号码时，写上姓名，由第二人扫工作证或写名。")}</p>
      ${field({ label: t("受检者姓名"), name: "seen-name", value: form.name, maxlength: 100, onInput: typed("name"),
        problem: form.wrong && !form.name.trim() ? t("请写姓名。") : null })}
      ${field({ label: t("核对人"), name: "seen-second", value: form.second, maxlength: 60, onInput: typed("second"), hint: t("扫工作证，或写姓名"),
        problem: form.wrong && !form.second.trim() ? t("请写核对人。") : null })}
      ${first(t("原件已由第二人核对"), () => go(finish, form.second), { name: "seen-yes" })}
      <div class="ask-more">${button(t("再读一次"), finish(() => app.hush()), { name: "seen-no" })}</div>`,
    scan: (_, read) => {
      const found = secondPerson(read, app.slice?.staff ?? [], app.staff);
      if (found.code === "badge_wanted") return finish(() => takeRead(app, read))(SCAN);
      if (found.code) return refuseBadge(app, found.code, read);
      form.second = found.name;
      return form.name.trim() ? go(finish, form.second) : app.draw();
    },
  }));
}

function refuseBadge(app, code, read) {
  if (code === "oneself") return app.say("stop", t("核对要另一个人，不能是自己。"), { code });
  if (code !== "bad_badge") return refuse(app, code);
  const answer = refusal(read.problem);
  return app.say("stop", pick(answer), { code: answer.code });
}

/**
 * A supervisor says so: their own phone by a tap, else their badge.
 * @returns {Promise<string|null>} what the journal's reason names
 */
export function supervisor(app, title) {
  if (app.practice) return Promise.resolve("practice");
  return new Promise((resolve) => {
    const own = app.staff?.roles?.includes("site_supervisor");
    open(app, (finish) => ({
      name: "supervisor", tone: "look", title,
      onDismiss: () => resolve(null),
      body: () => html`<p>${t("请负责人扫工作证。")}</p>
        ${own ? first(t("我是负责人，注明"), finish(() => resolve(`supervisor ${app.staff.no}`)), { name: "supervisor-me" }) : nothing}`,
      scan: (_, read) => {
        const { code, name, person } = supervisorOf(read, app.slice?.staff ?? []);
        if (code) return refuseBadge(app, code, read);
        return finish(() => resolve(`supervisor ${person?.no ?? name}`))(SCAN);
      },
    }));
  });
}

const SHEETS = { close_open: closeOpen, close, recount, full, reason, single, seen, tube: () => null };
