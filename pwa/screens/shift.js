// Start of a shift: the site's code, the table, the round, what the phone holds, what was left open.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, choice, facts, icon, list, note, row, scanStrip } from "../parts/index.js";
import { leftOpen, roundsOf, shiftOf, siteMatch, sliceState, tablesOf } from "../rules/shift.js";
import { allowedOpen, startShift, takeOver } from "../shift/start.js";
import { grouped } from "../scan/codes.js";
import { count, dated, duration } from "../words/time.js";
import { getLang, pick, t } from "../words/index.js";

const MODES = { single: "单采", household: "一户一管", pooled: "混采" };
let form = null;

const offered = (app) => roundsOf(app.slice?.json, app.round, app.now());

export const screen = {
  name: "shift",
  title: () => t("开始班次"),
  icon: "clock",

  enter(app, params) {
    const rounds = offered(app);
    form = {
      site: Boolean(app.device?.lab || app.practice || shiftOf(app.records)), table: app.table,
      round: app.round?.id ?? rounds[0]?.id ?? null, skip: false, taken: 0, busy: false,
    };
    if (!app.staff && !app.practice) return app.replace("sign_in");
    if (params.read?.kind === "site") queueMicrotask(() => this.scan(app, params.read));
    app.refreshSlice?.().then(() => {
      if (form) form.round ??= offered(app)[0]?.id ?? null;
      app.draw();
    }, (fault) => app.failed(fault));
  },

  leave() {
    form = null;
  },

  async scan(app, read) {
    if (read.kind === "tube") return joinScanned(app, read);
    const place = app.place;
    const match = siteMatch(read, app.device, place);
    if (read.kind !== "site" && match !== "here") {
      return app.say("stop", t("请扫采样点码，或要接手的管"), { code: "wrong_kind" });
    }
    if (read.problem) return app.say("stop", read.problem.sentence(getLang()), { code: read.problem.code });
    if (match === "not_a_site_phone") return app.say("stop", t("本机登记在检测机构，不用扫采样点码"), { code: match });
    if (match === "elsewhere") {
      return app.say("stop", t("这是别的采样点的码"), {
        code: "other_site", sub: t("本机登记在{name}。要换点，请向新点负责人要登记码。", { name: place?.name ?? "" }) });
    }
    form.site = true;
    app.say("ok", place?.name ?? t("点码对了"), { code: "site_ok" });
  },

  view(app) {
    const on = shiftOf(app.records);
    const others = leftOpen(app.work, app.now());
    const ready = form.site || form.skip;
    return html`
      ${on ? nothing : siteStep(app)}
      ${on ? nothing : tableStep(app)}
      ${leftStep(app, others)}
      ${on ? nothing : roundStep(app)}
      ${on ? nothing : holds(app)}
      ${on
        ? actions(bigButton(t("回首页"), () => app.replace("home"), { name: "done", icon: "home" }))
        : actions(
          bigButton(ready ? t("开始班次") : t("先扫采样点码"), () => begin(app), {
            name: "begin", icon: ready ? "ok" : "scan", disabled: !ready || form.busy }),
          ready ? null : button(t("点码扫不了"), () => skipSite(app), { name: "skip-site", kind: "quiet" }),
        )}`;
  },
};

function siteStep(app) {
  if (app.device?.lab || app.practice) return nothing;
  return html`${form.site || form.skip ? nothing : scanStrip(app, { hint: t("扫采样点码") })}
    <p class="shift-site ${form.site ? "tone-ok" : ""}">${icon(form.site ? "ok" : "site")}
      <span><b>${app.place?.name ?? t("还没有取到本点资料")}</b>${app.place?.code ? html` <span class="code">${app.place.code}</span>` : nothing}</span></p>`;
}

async function skipSite(app) {
  const yes = await app.choose({
    title: t("您在{name}吗？", { name: app.place?.name ?? t("登记的采样点") }), tone: "look",
    text: t("没有扫点码，请看清楚点名。"),
    choices: [
      { value: "yes", label: t("是，在这里"), tone: "brand" }, { value: "no", label: t("不是"), tone: "quiet" }],
  });
  if (yes === "yes" && form) form.skip = true;
  app.draw();
}

function tableStep(app) {
  if (app.device?.lab) return nothing;
  const tables = tablesOf(app.place, form.table);
  if (tables.length === 1) return nothing; // begin() knows
  return html`${choice({
    label: t("第几台"), name: "table", value: form.table,
    options: tables.map((n) => ({ value: n, label: String(n) })),
    onChange: (n) => { form.table = n; app.draw(); },
  })}
  ${form.table || !atTable(app) ? nothing : note("look", t("还没有选台；装箱时按台核对。不在台上采的不用选。"))}`;
}

const onlyTable = (app) => (app.place?.type === "site" && tablesOf(app.place).length === 1 ? 1 : null);
const atTable = (app) => Boolean(app.staff?.roles?.includes("sampler"));

function roundStep(app) {
  const rounds = offered(app);
  if (!rounds.length) return note("look", t("没有进行中的轮次。照常采样，由负责人归到轮次里。"));
  const round = rounds.find((one) => one.id === form.round) ?? rounds[0];
  return html`
    ${rounds.length > 1 ? choice({
      label: t("轮次"), name: "round", value: round.id, stacked: true,
      options: rounds.map((one) => ({ value: one.id, label: one.name, sub: poolOf(one) })),
      onChange: (id) => { form.round = id; app.draw(); },
    }) : nothing}
    ${card(rounds.length > 1 ? null : round.name, facts([
      [t("方式"), poolOf(round)], [t("为什么"), round.why ? pick(round.why) : null],
      [t("截止"), round.ends_at ? dated(round.ends_at) : null],
    ]), { icon: "tube" })}`;
}

const poolOf = (round) => round.mode === "pooled"
  ? t("{n} 合 1 混采", { n: round.size }) : t(MODES[round.mode] ?? "混采");

function holds(app) {
  const json = app.slice?.json;
  const state = sliceState(json, app.now());
  if (app.refreshing && !json?.roster) {
    return html`<p class="shift-fetch" role="status"><progress></progress><span>${t("正在取名单")}</span></p>`;
  }
  return card(t("本机带着"), html`${facts([
    [t("名单"), json?.roster ? t("{n} 人", { n: count(json.roster.count) }) : t("没有")],
    [t("取自"), json?.made_at ? dated(json.made_at) : null],
    [t("有效到"), json?.expires_at ? dated(json.expires_at) : null],
    [t("未上传"), t("{n} 条", { n: count(app.outbox.waiting ?? 0) })],
  ])}${app.met?.state === "refused" ? note("look", t("服务器没有给名单（{code}）", { code: app.met.code ?? "?" })) : nothing}
  ${state === "none" ? note("look", t("没有名单也能采样：凭居民码、证件。")) : nothing}
  ${button(t("再取一次"), () => app.refreshSlice?.(), { name: "refresh", icon: "download", kind: "quiet" })}`, { icon: "phone" });
}

// --- taking over -----------------------------------------------------------------------------------

function leftStep(app, open) {
  const { tubes, boxes } = allowedOpen(app, open);
  if (!tubes.length && !boxes.length) return nothing;
  const waiting = tubes.filter((tube) => !tube.mine);
  return card(t("上一班留下的"), html`
    ${list(tubes, (tube) => tubeRow(app, tube), { key: (tube) => tube.number, label: t("开着的管") })}
    ${list(boxes, (box) => boxRow(app, box), { key: (box) => box.batch, label: t("开着的箱") })}
    ${waiting.length > 1 ? button(t("接手全部 {n} 支管", { n: waiting.length }), () => join(app, waiting.map((one) => one.number)), { name: "join-all", icon: "swap" }) : nothing}`, { icon: "swap" });
}

const ageOf = (one) => (one.age === null ? "" : t("开了 {age}", { age: duration(one.age) }));
const ownerOf = (one) => (one.mine ? t("本机") : (one.device || t("另一台手机")));
const subOf = (one, ...more) => [...more, ownerOf(one), ageOf(one)].filter(Boolean).join(" · ");

function tubeRow(app, tube) {
  const table = tube.table ? t("{n} 号台", { n: tube.table }) : "";
  return row({
    title: html`<span class="code">${grouped(tube.number)}</span>`, name: `tube-${tube.number}`,
    sub: subOf(tube, `${tube.n}/${tube.size}`, table),
    side: tube.mine
      ? html`<span class="tag tone-ok">${icon("ok")}${t("本机")}</span>`
      : button(t("接手"), () => join(app, [tube.number]), { name: `join-${tube.number}`, kind: "primary" }),
  });
}

function boxRow(app, box) {
  return row({
    title: html`<span class="code">${grouped(box.box)}</span>`, name: `box-${box.batch}`,
    sub: subOf(box, t("{n} 支", { n: box.n })),
    side: button(t("接着装"), () => app.go("packing", { batch: box.batch }), { name: `go-${box.batch}` }),
  });
}

async function join(app, numbers) {
  await takeOver(app, numbers);
  const text = numbers.length > 1 ? t("接手了 {n} 支管", { n: numbers.length }) : t("接手了 {tube}", { tube: grouped(numbers[0]) });
  app.say("ok", text, { code: "joined" });
}

async function joinScanned(app, read) {
  const tube = app.work.tubes.get(read.number ?? read.text);
  if (!tube || tube.state !== "open") {
    return app.say("look", t("这支管不在没收尾的单子里"), { code: "not_open" });
  }
  if (leftOpen(app.work, app.now()).tubes.find((one) => one.number === tube.number)?.mine) {
    return app.say("ok", t("这支管已经在本机"), { code: "already_mine" });
  }
  return join(app, [tube.number]);
}

async function begin(app) {
  if (form.busy) return;
  form.busy = true;
  const rounds = offered(app);
  const round = rounds.find((one) => one.id === form.round) ?? rounds[0] ?? null;
  try {
    await startShift(app, { table: form.table ?? onlyTable(app), round });
  } catch (fault) {
    form.busy = false;
    return app.failed(fault);
  }
  app.replace("home");
  app.say("ok", t("班次开始了"), { code: "shift_started" });
  return undefined;
}
