// Home: what this person may do here, what was done today, what waits.
import { html, nothing } from "lit-html";

import { actions, button, facts, icon, note, tile } from "../parts/index.js";
import { progress } from "../rules/doors.js";
import { countsSince, leftOpen, shiftOf, sliceState } from "../rules/shift.js";
import { changeStaff } from "../shift/end.js";
import { isLocked } from "../shift/keeper.js";
import { allowedOpen } from "../shift/start.js";
import { doorsNow } from "../shift/visit.js";
import { clock, count, when } from "../words/time.js";
import { t } from "../words/index.js";
import { redirectNotes } from "./redirects.js";

const AT_SITE = ["sampling", "packing", "hand_over", "doors"];
const AT_LAB = ["reception", "hand_over"];
const TILES = {
  sampling: { label: "采样", icon: "tube", link: "collect" },
  packing: { label: "装箱", icon: "box", link: "deliver" },
  hand_over: { label: "交接", icon: "van", link: "deliver" },
  reception: { label: "签收", icon: "lab", link: "test" },
  doors: { label: "入户", icon: "door", link: "collect" },
};

export const screen = {
  name: "home",
  title: (app) => app.place?.name ?? t("现场"),
  icon: "home",

  enter(app) {
    if (app.practice) return;
    if (!app.device || app.device.state === "revoked") app.replace("enrol");
    else if (!app.staff) app.replace("sign_in");
  },

  /** A thing scanned at home opens the task it belongs to. */
  async scan(app, read) {
    const task = { tube: "sampling", resident: "sampling", document: "sampling", box: "packing", seal: "hand_over", site: "shift" }[read.kind];
    const at = app.device?.lab && read.kind === "seal" ? "reception" : task;
    const target = app.screens.get(at);
    if (!target || !app.allowed(target)) {
      return app.say("look", t("先选要做的事"), { code: "choose_first" });
    }
    app.go(at, { read });
    if (at !== "shift") await target.scan?.(app, read);
  },

  view(app) {
    if (!app.staff && !app.practice) return nothing;
    const on = shiftOf(app.records);
    return html`
      ${whoLine(app, on)}
      ${notes(app, on)}
      ${redirectNotes(app)}
      ${tiles(app)}
      ${left(app)}
      ${today(app)}
      ${actions(
        on || app.practice ? null : button(t("开始班次"), () => app.go("shift"), { name: "start", kind: "primary", icon: "site" }),
        app.practice ? null : button(t("换人"), () => change(app), { name: "change-staff", icon: "swap" }),
        app.practice || !on ? null : button(t("结束班次"), () => app.go("shift_end"), { name: "end", icon: "clock" }),
      )}`;
  },
};

function whoLine(app, on) {
  const { staff, round, table } = app;
  return html`<section class="home-who" aria-label=${t("本班")}>
    <p class="home-name">${icon("badge")}<b>${staff?.name || staff?.no || t("练习")}</b>
      ${staff && !staff.checked ? html`<span class="tag tone-look">${icon("look")}${t("未核对")}</span>` : nothing}</p>
    ${facts([
      [t("轮次"), round?.name],
      [t("台"), table],
      [t("本班自"), on ? when(on.at, app.now()) : null],
    ])}
  </section>`;
}

function notes(app, on) {
  const state = sliceState(app.slice?.json, app.now());
  const { staff } = app;
  return html`
    ${!on && !app.practice ? note("look", t("还没有开始班次")) : nothing}
    ${staff?.refused ? note("stop", t("服务器不认识这张工作证在本点的岗位。请本点负责人授权，或换人。")) : nothing}
    ${staff?.must_change ? note("look", t("首次口令要先在电脑上改掉")) : nothing}
    ${staff?.over ? html`${note("look", t("登录已满 12 小时。可以继续工作；重新登录后名单才会更新。"))}
      ${button(t("重新登录"), () => app.go("sign_in", { again: true }), { name: "again", icon: "badge" })}` : nothing}
    ${state === "late" ? note("look", t("名单到 {at} 过期，有网络时会自动更新", { at: clock(app.slice.expires_at) })) : nothing}
    ${rosterNote(app, state)}
    ${app.met?.state === "refused" ? note("look", t("服务器没有给名单（{code}）", { code: app.met.code ?? "?" })) : nothing}
    ${app.met?.at && app.met.state === "offline" ? note("unknown", t("没有网络；名单是 {at} 的", { at: clock(app.met.at) })) : nothing}`;
}

function rosterNote(app, state) {
  if (app.practice || (state !== "none" && state !== "expired" && app.slice?.json.roster) || app.device?.lab) return nothing;
  if (isLocked(app)) {
    return html`${note("look", t("名单锁着。凭居民码、证件照常采样。"))}
      ${button(t("输 PIN 打开名单"), () => app.go("sign_in", { again: true }), { name: "unlock", icon: "lock", kind: "primary" })}`;
  }
  if (app.staff?.checked === false) {
    return html`${note("look", t("名单未打开：核对之后才有。现在凭居民码、证件照常采样。"))}
      ${button(t("输 PIN 核对"), () => app.go("sign_in", { again: true }), { name: "check-me", icon: "badge" })}`;
  }
  return note("look", t("名单没有打开。凭居民码、证件照常采样；登录后名单会回来。"));
}

function tiles(app) {
  const names = app.practice ? [...AT_SITE, "reception"] : app.device?.lab ? AT_LAB : AT_SITE;
  const mine = names.filter((name) => app.screens.get(name) && app.allowed(app.screens.get(name)));
  if (!mine.length) return note("look", t("您在这里没有现场岗位"));
  return html`<div class="tiles">${mine.map((name) => {
    const { label, icon: picture, link } = TILES[name];
    return tile(t(label), () => app.go(name), { icon: picture, link, name, sub: subOf(app, name) });
  })}</div>`;
}

function subOf(app, name) {
  if (name === "sampling") return openTubes(app);
  if (name !== "doors") return null;
  const all = progress(doorsNow(app), app.now());
  if (!all.total) return null;
  return all.callbacks ? t("待重采 {n} 人", { n: all.callbacks }) : t("还有 {n} 人", { n: all.todo + all.later });
}

function openTubes(app) {
  const { tubes } = leftOpen(app.work, app.now());
  const mine = tubes.filter((tube) => tube.mine);
  return mine.length ? t("{n} 支开着", { n: mine.length }) : null;
}

function left(app) {
  const open = allowedOpen(app, leftOpen(app.work, app.now()));
  const others = [...open.tubes, ...open.boxes].filter((one) => !one.mine).length;
  if (!others || app.practice) return nothing;
  return button(t("上一班留下 {n} 件未收尾，去接班", { n: others }), () => app.go("shift", { take: true }), { name: "take-over", icon: "swap" });
}

function today(app) {
  const start = new Date(app.now());
  start.setHours(0, 0, 0, 0);
  const done = countsSince(app.records, start.getTime());
  const shown = [
    [t("采样（人）"), done.swabs], [t("封管（支）"), done.tubes], [t("封箱（个）"), done.boxes],
    [t("交接（次）"), done.handed], [t("签收（支）"), done.received], [t("入户（次）"), done.doors],
  ].filter(([, n]) => n > 0);
  if (!shown.length) return nothing;
  return html`<section class="home-today" aria-label=${t("本机今天")}><h2>${t("本机今天")}</h2>
    <dl class="figures">${shown.map(([label, n]) => html`<div><dt>${label}</dt><dd>${count(n)}</dd></div>`)}</dl></section>`;
}

async function change(app) {
  const yes = await app.choose({
    title: t("换人"),
    text: t("开着的管和箱、未上传的记录都留在本机；名单锁上，下一个人用自己的 PIN 打开。"),
    choices: [{ value: "yes", label: t("换人"), tone: "brand", icon: "swap" }, { value: "no", label: t("不换"), tone: "quiet" }],
  });
  if (yes !== "yes") return;
  await changeStaff(app);
  app.replace("sign_in");
}
