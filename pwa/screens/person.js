// One person in a tube: not swabbed, spilled, broken; moved to another tube; taken out.

import { html, nothing } from "lit-html";

import { bigButton, button, card, emptyState, facts, list, note, row, scanStrip } from "../parts/index.js";
import { markSeat, moveSeat, takeOut } from "../rules/corrections.js";
import { MARKS, REASONS, reasonText } from "../rules/sampling_words.js";
import { openTubes } from "../rules/work.js";
import { grouped } from "../scan/codes.js";
import { getLang, t } from "../words/index.js";
import { clock } from "../words/time.js";
import { supervisor } from "./sampling_asks.js";
import { act, announce, queued, returned, sceneOf } from "./sampling_desk.js";
import { markWord, stateWord } from "./sampling_parts.js";

export const screen = {
  name: "person",
  title: () => t("受检者"),
  roles: ["sampler", "site_supervisor", "community_worker"],
  link: "collect",
  icon: "person",
  enter: (app, params) => {
    params.moving = false;
  },
  view,
  scan,
};

function found(app) {
  const tube = app.work.tubes.get(app.params.tube);
  const seat = tube?.seats.find((one) => one.ref === app.params.ref);
  return tube && seat ? { tube, seat } : null;
}

function view(app) {
  const here = found(app);
  if (!here) return emptyState({ icon: "person", title: t("这里没有这个人"), text: t("可能已在别的手机上撤销。") });
  const { tube, seat } = here;
  const settled = seat.out || tube.state === "gone";
  return html`<div class="person-page">
    ${card(seat.name || t("无姓名"), facts([
      [t("证件"), seat.document ? html`<span class="code">${seat.document}</span>` : null],
      [t("管"), html`<span class="code">${grouped(tube.number)}</span> · ${stateWord(tube.state)}`],
      [t("座位"), t("第 {seat} 个", { seat: seat.seat })],
      [t("时间"), seat.at ? clock(seat.at) : null],
      [t("拭子"), seat.out ? t("已撤销") : seat.mark ? markWord(seat.mark) : t("在管内")],
    ]), { icon: "person" })}
    ${settled ? note("unknown", t("此处不能再改。")) : nothing}
    ${!settled && tube.state !== "open" ? note("look", t("此管已封，改动要负责人扫工作证。")) : nothing}
    ${settled ? nothing : app.params.moving ? moving(app, tube, seat) : changes(app, tube, seat)}
  </div>`;
}

function changes(app, tube, seat) {
  return html`
    ${seat.mark ? nothing : html`<h2>${t("拭子有问题，此人需重采")}</h2>
    <div class="mark-choices">${Object.keys(MARKS).map((what) => bigButton(markWord(what), () => begun(app, () => mark(app, tube, seat, what)), {
      tone: "plain", name: `mark-${what}`, sub: what === "not_swabbed" ? t("座位空出来") : null }))}</div>`}
    <h2>${t("登记有误")}</h2>
    <div class="mark-choices">
      ${bigButton(t("移到另一管"), () => {
        app.params.moving = true;
        app.draw();
      }, { tone: "plain", name: "move" })}
      ${bigButton(t("从管里撤销"), () => begun(app, () => out(app, tube, seat)), { tone: "plain", name: "take-out" })}
    </div>`;
}

function moving(app, tube, seat) {
  const others = openTubes(app.work, { own: false }).filter((one) => one.number !== tube.number);
  return html`<h2>${t("拭子在哪一管")}</h2>
    ${scanStrip(app, { hint: t("扫那一支管") })}
    ${list(others, (one) => row({
      title: html`<span class="code">${grouped(one.number)}</span>`, sub: t("{n} 人", { n: one.live }), icon: "tube",
      act: () => begun(app, () => move(app, tube, seat, one.number)), name: `to-${one.number}`,
    }), { key: (one) => one.number })}
    ${button(t("不移"), () => {
      app.params.moving = false;
      app.draw();
    }, { kind: "quiet", name: "no-move" })}`;
}

/** Questions wait for a badge, which is a scan: never in the queue of scans themselves. */
function begun(app, doIt) {
  doIt().catch((fault) => app.failed(fault));
}

/** A closed tube needs the supervisor, by name. (22) @returns the words for the reason, or null */
async function allowed(app, tube) {
  if (tube.state === "open") return "";
  return supervisor(app, t("此管已封，改动要负责人"));
}

/** There is no way back from a mark, so it is asked once. */
async function mark(app, tube, seat, what) {
  const sure = await app.choose({
    name: "mark", tone: "look", title: t("第 {seat} 个 {name}：{what}？", { seat: seat.seat, name: seat.name || t("无姓名"), what: markWord(what) }),
    text: t("此人要重采，这个标记不能撤销。"),
    choices: [{ value: what, label: markWord(what), tone: "look", name: "mark-yes" }],
  });
  if (!sure) return;
  if ((await allowed(app, tube)) === null) return;
  queued(app, () => act(app, markSeat(tube, seat, what)));
}

async function out(app, tube, seat) {
  const english = getLang() === "en";
  const why = await app.choose({
    name: "take-out", title: t("撤销第 {seat} 个 {name}", { seat: seat.seat, name: seat.name }),
    choices: REASONS.unbind.map(([value, zh, en]) => ({ value, label: english ? en : zh, name: `out-${value}` })),
  });
  if (!why) return;
  const by = await allowed(app, tube);
  if (by === null) return;
  const outcome = takeOut(tube, seat, [reasonText("unbind", why), by].filter(Boolean).join("; "));
  stated(app, outcome);
}

function stated(app, outcome) {
  queued(app, async () => {
    await app.state(outcome.entries, outcome.views);
    returned(app, () => announce(app, outcome));
  });
}

async function scan(app, read) {
  const here = found(app);
  if (!here || !app.params.moving || read.problem || read.kind !== "tube") {
    app.say("stop", app.params.moving ? t("请扫那一支管。") : t("先回到采样再扫。"), { code: "wrong_kind" });
    return;
  }
  begun(app, () => move(app, here.tube, here.seat, read.number));
}

/** The swab's person by what the bind said: the journal still has it; else by resident code. */
function whoOf(app, seat) {
  if (seat.code) return { code: seat.code };
  const own = app.records.find((record) => record.ref === seat.ref);
  return own?.entry.who ?? null;
}

async function move(app, tube, seat, to) {
  const who = whoOf(app, seat);
  if (!who) {
    app.say("stop", t("这个人是别的手机按证件登记的，请在那台手机上移管。"), { code: "not_mine" });
    return;
  }
  let by = await allowed(app, tube);
  if (by === null) return;
  let outcome = moveSeat(sceneOf(app), tube, seat, to, who, by);
  if (outcome.ask) {
    announce(app, outcome);
    by = await supervisor(app, t("须单管的人：拭子确在这支管里，要负责人注明"));
    if (by === null) return;
    outcome = moveSeat(sceneOf(app), tube, seat, to, who, by);
  }
  if (!outcome.entries.length) {
    announce(app, outcome);
    return;
  }
  stated(app, outcome);
}
