// One door: who lives there, and what came of each of them; one tap takes the last outcome back.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, emptyState, field, icon, note } from "../parts/index.js";
import { addressOf, clockTag, stateTag } from "../parts/doors.js";
import * as rules from "../rules/doors.js";
import { badTime, goesToDispatcher, quickTimes } from "../rules/visits.js";
import { doorsNow, itemsOf, stateDone, stateVisit, undoVisit } from "../shift/visit.js";
import { clock, when } from "../words/time.js";
import { t } from "../words/index.js";

const MINUTE = 60_000;
let form = null;
let lastKey = null; // the door one came from, for the way back from sampling

export const screen = {
  name: "door",
  title: () => t("上门"),
  roles: ["sampler", "site_supervisor", "community_worker"],
  link: "collect",
  icon: "door",

  enter(app, params) {
    form = { key: params.key ?? lastKey, time: "", problem: null };
    lastKey = form.key;
    form.clock = setInterval(() => app.draw(), MINUTE);
    if (!form.key) return app.replace("doors");
    stateDone(app).catch((fault) => app.failed(fault));
    return undefined;
  },

  leave() {
    clearInterval(form?.clock);
    form = null;
  },

  async scan(app, read) {
    const door = doorOf(app);
    const member = door?.members.find((m) => m.code === read.code || (read.person && String(m.person) === String(read.person)));
    if (!member) return app.say("look", t("这个码不是这一户名单里的人"), { code: "other_door" });
    return sample(app, door, member);
  },

  view(app) {
    const door = doorOf(app);
    if (!door) return emptyState({ icon: "door", title: t("这一户不在名单里了"), action: button(t("回名单"), () => app.replace("doors"), { kind: "primary" }) });
    return html`
      <section class="door-head"><h2>${addressOf(door) || door.members[0].name}</h2>
        ${door.deadline ? clockTag(door.deadline, app.now()) : nothing}
        ${door.callback ? note("look", t("待重采：单人单管，不与别人混")) : nothing}</section>
      <ul class="door-members">${door.members.map((m) => html`<li>${person(app, door, m)}</li>`)}</ul>
      ${bottom(app, door)}`;
  },
};

function doorOf(app) {
  const items = itemsOf(app).filter((item) => rules.doorKey(item) === form.key);
  if (!items.length) return null;
  return doorsNow(app, items)[0];
}

function bottom(app, door) {
  const family = door.members.filter((m) => m.state !== "done" && rules.tubeOf(door, m) === "household");
  return actions(
    family.length > 1
      ? bigButton(t("一户一管，采 {n} 人", { n: family.length }), () => sample(app, door, family[0], "household"), { icon: "people", name: "household", tone: "accent" })
      : null,
    button(t("还有别人"), () => app.go("sampling", { unregistered: true, back: "door" }), { name: "unlisted", icon: "plus" }),
  );
}

const WORDS = { done: "已采", absent: "不在", refused: "拒检", moved: "搬走", come_back: "约定再来" };

function person(app, door, m) {
  const single = rules.tubeOf(door, m) === "single";
  return html`<article class="door-person ${m.kind === "callback" ? "callback" : ""}" data-code=${m.code} data-state=${m.state}>
    <header><b class="door-name">${m.name}</b>
      ${single ? html`<span class="tag tone-look">${icon("tube")}${t("单人单管")}</span>` : nothing}
      ${stateTag(m.state)}</header>
    ${m.note ? html`<p class="door-note">${icon("note")}<span>${m.note}</span></p>` : nothing}
    ${was(app, m)}
    ${m.phone ? html`<a class="btn kind-plain door-call" href="tel:${m.phone}">${icon("phone")}<span>${m.phone}</span></a>` : nothing}
    ${m.state === "done" ? nothing : outcomes(app, door, m)}
  </article>`;
}

/** What was stated, and the truth about who knows it. */
function was(app, m) {
  const { visit } = m;
  const tries = (m.tries ?? 0) + (visit?.tries ?? 0);
  const held = visit && visit.seq <= (app.outbox.held ?? 0);
  const sent = visit && goesToDispatcher(m, visit.outcome);
  return html`
    ${visit ? html`<div class="door-was"><p>${t(WORDS[visit.outcome])} ${when(visit.at, app.now())}
      ${visit.until ? t("，约 {at}", { at: when(visit.until, app.now()) }) : nothing}</p>
      ${visit.outcome === "done" ? nothing : button(t("撤销"), () => undo(app, m, visit), { name: "undo", icon: "undo" })}</div>` : nothing}
    ${sent ? note(held || app.practice ? "ok" : "look", held || app.practice ? t("已报调度") : t("已记下，一有网络就报调度")) : nothing}
    ${tries ? html`<p class="door-tries">${t("上门 {n} 次", { n: tries })}</p>` : nothing}`;
}

function outcomes(app, door, m) {
  return html`<div class="door-acts" role="group" aria-label=${t("{name} 的结果", { name: m.name })}>
    ${button(t("采样"), () => sample(app, door, m), { kind: "primary", icon: "tube", name: "sample" })}
    ${button(t("不在"), () => came(app, m, "absent"), { name: "absent" })}
    ${button(t("约时间"), () => appoint(app, m), { name: "come-back", icon: "clock" })}
    ${button(t("拒检"), () => came(app, m, "refused"), { name: "refused" })}
    ${button(t("搬走"), () => came(app, m, "moved"), { name: "moved" })}
  </div>`;
}

function sample(app, door, m, mode = null) {
  const tube = mode ?? rules.tubeOf(door, m);
  const together = mode === "household"
    ? door.members.filter((one) => one.state !== "done" && rules.tubeOf(door, one) === "household") : [m];
  const { cell, person: id, code, name } = m;
  app.go("sampling", {
    person: { cell, person: id, code, name }, people: together.map((one) => ({ cell: one.cell, person: one.person, code: one.code, name: one.name })),
    mode: tube, single: tube === "single", purpose: m.kind === "callback" ? "recheck" : "screen", back: "door",
  });
}

async function came(app, m, outcome, more = {}) {
  if (form.busy) return; // a second tap of a gloved finger
  form.busy = true;
  try {
    if (goesToDispatcher(m, outcome) && !(await certain(app, m, outcome))) return;
    await stateVisit(app, m, outcome, more);
  } finally {
    if (form) form.busy = false;
  }
  const reported = goesToDispatcher(m, outcome);
  const sub = reported ? (app.outbox.state === "offline" ? t("一有网络就报调度") : t("报调度")) : null;
  app.say(reported ? "look" : "ok", t("{name}：{what}", { name: m.name, what: t(WORDS[outcome]) }), { code: `visit_${outcome}`, sub });
}

/** The dispatcher sets out at once: asked once, taken back by one tap. */
async function certain(app, m, outcome) {
  const said = await app.choose({
    title: t("{name}：{what}？", { name: m.name, what: t(WORDS[outcome]) }), tone: "look",
    text: t("是待重采的人：会马上报给调度员。"),
    choices: [{ value: "yes", label: t(WORDS[outcome]), tone: "look" }, { value: "no", label: t("不是"), tone: "quiet" }],
  });
  return said === "yes";
}

async function undo(app, member, visit) {
  if (form.busy) return;
  form.busy = true;
  try {
    await undoVisit(app, member.code, visit);
  } finally {
    if (form) form.busy = false;
  }
  app.say("ok", t("撤销了 {name} 的{what}", { name: member.name, what: t(WORDS[visit.outcome]) }), { code: "visit_undone" });
}

// --- an appointment ---------------------------------------------------------------------------------

function appoint(app, m) {
  const now = app.now();
  const evening = new Date(now).setHours(18, 30, 0, 0);
  form.time = "";
  form.problem = null;
  const sheet = {
    title: t("{name}：什么时候再来？", { name: m.name }), name: "appoint",
    body: () => html`<div class="sheet-choices">${quickTimes(now, evening).map((at) => bigButton(clock(at), () => take(at), {
      tone: "plain", icon: "clock", name: `at-${clock(at)}` }))}</div>
      ${field({ label: t("别的时间"), name: "appoint-time", type: "datetime-local", value: form.time,
        problem: form.problem ?? undefined, onInput: (text) => { form.time = text; } })}
      ${button(t("约这个时间"), () => take(form.time ? new Date(form.time).getTime() : null), { kind: "primary", name: "appoint" })}`,
  };
  const take = async (until) => {
    const bad = badTime(until, app.now());
    if (bad) {
      form.problem = { no_time: t("请选时间"), past: t("这个时间已经过了"), too_far: t("最远约到七天内") }[bad];
      return app.draw();
    }
    app.closeSheet(sheet);
    return came(app, m, "come_back", { until });
  };
  app.openSheet(sheet);
}
