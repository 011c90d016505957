// My doors: callbacks first by deadline, then building by building; works without a network.
import { html, nothing } from "lit-html";

import { actions, button, emptyState, field, icon, list, note, progress as bar, row } from "../parts/index.js";
import { doorKey, filterDoors, progress, sections } from "../rules/doors.js";
import { doorsNow, itemsOf, stateDone } from "../shift/visit.js";
import { isLocked, refreshDoors } from "../shift/keeper.js";
import { addressOf, clockTag, stateTag } from "../parts/doors.js";
import { clock, count } from "../words/time.js";
import { t } from "../words/index.js";

const ONLY = [["open", "未完"], ["callback", "待重采"], ["later", "已约"], ["all", "全部"]];
const TEAM = ["sampler", "site_supervisor", "community_worker"];
const MINUTE = 60_000;
const kept = { text: "", only: "open", top: 0 };
let asked = null;
let clocks = null;

export const screen = {
  name: "doors",
  title: () => t("入户"),
  roles: TEAM,
  link: "collect",
  icon: "door",

  enter(app) {
    stateDone(app).catch((fault) => app.failed(fault));
    clocks = setInterval(() => app.draw(), MINUTE); // time left to a deadline, appointments that fall due
    if (!app.practice) fetchList(app);
  },

  leave() {
    clearInterval(clocks);
  },

  /** A resident's code at the door opens that household. */
  async scan(app, read) {
    if (read.kind !== "resident" || read.problem) {
      return app.say("look", read.problem ? t("读不出来，请用身份证或在名单里找") : t("扫居民码，或在名单里找"), { code: "not_a_resident" });
    }
    const items = itemsOf(app);
    const item = items.find((one) => one.code === read.code || String(one.person) === String(read.person));
    if (!item) return offer(app, read);
    return app.go("door", { key: doorKey(item) });
  },

  view(app) {
    const items = itemsOf(app);
    const all = doorsNow(app, items);
    const total = progress(all, app.now());
    const shown = sections(filterDoors(all, kept));
    return html`
      ${head(app, total)}
      ${items.length ? tools(app) : nothing}
      ${shown.map((part) => section(app, part))}
      ${shown.length ? nothing : empty(app, items)}
      ${actions(null,
        button(t("不在名单的人"), () => unlisted(app), { name: "unlisted", icon: "plus" }),
        app.practice ? null : button(t("更新名单"), () => fetchList(app), { name: "refresh", icon: "download" }))}`;
  },
};

async function fetchList(app) {
  if (asked) return;
  asked = refreshDoors(app);
  app.draw();
  try {
    const came = await asked;
    app.doorsCame = came;
  } catch (fault) {
    app.failed(fault);
  } finally {
    asked = null;
    app.draw();
  }
}

function head(app, total) {
  const made = app.slice?.json?.doors?.made_at;
  return html`<section class="doors-head" aria-label=${t("进度")}>
    ${total.total === 0 ? nothing : bar(total.settled, total.total, t("已有结果"))}
    <p class="doors-figures">
      ${figure(total.done, t("已采"))}${figure(total.absent, t("不在"))}${figure(total.refused, t("拒检"))}
      ${figure(total.moved, t("搬走"))}${figure(total.later, t("已约"))}
    </p>
    ${total.callbacks ? html`<p class="doors-callbacks tone-${total.late ? "stop" : "look"}">${icon(total.late ? "stop" : "clock")}
      <span>${total.late
        ? t("待重采 {n} 人，{late} 人已过时限", { n: total.callbacks, late: total.late })
        : t("待重采 {n} 人", { n: total.callbacks })}</span></p>` : nothing}
    ${asked ? html`<p class="doors-made" role="status">${t("正在更新名单")}</p>`
      : made ? html`<p class="doors-made">${app.doorsCame === "offline" ? t("没有网络；名单是 {at} 的", { at: clock(made) }) : t("名单截至 {at}", { at: clock(made) })}</p>` : nothing}
  </section>`;
}

const figure = (n, label) => n ? html`<span><b>${count(n)}</b> ${label}</span>` : nothing;

function tools(app) {
  return html`<div class="doors-tools" role="search">
    ${field({ label: t("找楼、室、姓、电话"), name: "doors-find", value: kept.text, onInput: (text) => { kept.text = text; app.draw(); } })}
    <div class="chips" role="group" aria-label=${t("只看")}>${ONLY.map(([only, label]) => button(t(label), () => { kept.only = only; app.draw(); }, {
      pressed: kept.only === only, name: `only-${only}` }))}</div></div>`;
}

const HEADINGS = { callback: "先去：待重采", later: "已约时间", absent: "不在过，可以再去", done: "已有结果" };

function section(app, part) {
  const title = part.kind === "building" ? addressOf(part) || t("没有楼号") : t(HEADINGS[part.kind]);
  return html`<section class="doors-part part-${part.kind}"><h2>${title}<span class="figure">${part.doors.length}</span></h2>
    ${list(part.doors, (door) => doorRow(app, door, part), { key: (door) => door.key, label: title })}</section>`;
}

function doorRow(app, door, part) {
  const first = door.members.slice(0, 3).map((m) => m.name).join("、");
  const more = door.members.length > 3 ? t("等 {n} 人", { n: door.members.length }) : "";
  return row({
    title: part.kind === "building" ? door.room || first : addressOf(door) || first,
    sub: html`<span class="door-names">${first}${more}</span>
      ${door.deadline ? clockTag(door.deadline, app.now()) : nothing}
      ${door.until ? html`<span class="tag">${icon("clock")}${clock(door.until)}</span>` : nothing}`,
    name: `door-${door.key}`, icon: door.callback ? "flag" : "door",
    meta: door.open ? html`<span class="door-open">${t("{n} 人", { n: door.open })}</span>` : stateTag(door.members[0].state),
    act: () => app.go("door", { key: door.key }),
  });
}

function empty(app, items) {
  if (items.length) {
    return emptyState({ icon: "search", title: t("没有符合的门户"), text: t("换个词，或看全部。"),
      action: button(t("看全部"), () => { kept.text = ""; kept.only = "all"; app.draw(); }, { kind: "primary", name: "show-all" }) });
  }
  if (asked) return nothing;
  if (isLocked(app)) {
    return emptyState({ icon: "lock", title: t("名单锁着"), text: t("上门名单和底册一起锁着；不在名单的人照样可以采样。"),
      action: button(t("输 PIN 打开名单"), () => app.go("sign_in", { again: true }), { kind: "primary", name: "unlock" }) });
  }
  if (app.doorsCame === "refused" && app.staff?.token) {
    return emptyState({ icon: "look", title: t("服务器没有给上门名单"), text: t("可能您在本点没有上门的岗位。请问本点负责人。") });
  }
  if (app.staff?.token || app.practice) return emptyState({ icon: "door", title: t("没有要上门的人"), text: t("名单由社区和调度员派来；有新的会自动到这里。") });
  return emptyState({ icon: "lock", title: t("没有上门名单"), text: t("名单要联网登录后才取得到。不在名单的人照样可以采样。"),
    action: button(t("登录"), () => app.go("sign_in"), { kind: "primary", name: "sign-in" }) });
}

function unlisted(app) {
  app.go("sampling", { unregistered: true, back: "doors" });
}

async function offer(app, read) {
  const said = await app.choose({ title: t("不在上门名单里"), tone: "look", text: t("可以照常采样。"),
    choices: [{ value: "sample", label: t("给这个人采样"), tone: "brand", icon: "tube" }, { value: "no", label: t("不采"), tone: "quiet" }] });
  if (said !== "sample") return;
  app.go("sampling", { read, back: "doors" });
}
