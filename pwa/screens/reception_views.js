// Reception as it is seen: boxes on the way, the box at the door, unpacking with its counters, the end.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, emptyState, facts, list, note, row, scanStrip } from "../parts/index.js";
import { keypad } from "../parts/keypad.js";
import { REJECTIONS } from "../rules/box_words.js";
import { manifestOf, queue } from "../rules/reception.js";
import { t } from "../words/index.js";
import { when } from "../words/time.js";
import {
  arrive, askFinish, finish, leaveBox, limitOf, openBox, refresh, reject, rejectNext, standingOf, tripInHand,
} from "./reception_desk.js";
import { boxesOf, code, figure, later, word } from "./transport_desk.js";

// --- boxes -------------------------------------------------------------------------------------

export function listView(app) {
  const boxes = boxesOf(app);
  const { coming, here, done } = queue(boxes, app.now(), limitOf(app));
  return html`
    ${scanStrip(app, { hint: t("扫到达箱子的封签"), label: t("封签") })}
    <div class="box-figures">${figure(coming.length, t("在途"))}${figure(here.length, t("清点中"))}${figure(done.length, t("已清点"))}</div>
    ${here.length ? card(t("清点中"), list(here, (line) => boxRow(app, line, "unpacking"))) : nothing}
    ${coming.length ? card(t("在途"), list(coming, (line) => boxRow(app, line, "coming"))) : nothing}
    ${done.length ? card(t("已清点"), list(done.slice(0, 20), (line) => boxRow(app, line, "done"))) : nothing}
    ${coming.length || here.length || done.length ? nothing : emptyState({
      icon: "box", title: t("还没有要来的箱子"), text: t("没有清单也可以扫封签签收，清单到后自动核对。") })}
    ${app.practice ? nothing : actions(null, button(t("更新清单"), () => later(app, refresh(app)), { icon: "download", name: "refresh" }))}`;
}

function boxRow(app, { trip, since, late }, name) {
  const n = trip.manifest?.n;
  return row({
    title: code(trip.seal), icon: late ? "look" : "box", tone: late ? "look" : "", name,
    sub: [trip.manifest?.site, since ? when(since, app.now()) : "", late ? t("超时") : ""].filter(Boolean).join(" · "),
    meta: name === "coming" ? (n == null ? "" : t("{n} 管", { n })) : `${trip.received.size}${trip.manifest ? ` / ${trip.manifest.tubes.length}` : ""}`,
    act: () => openBox(app, trip.seal),
  });
}

const trouble = (trip) => (trip.arrived && !trip.arrived.intact ? note("look", t("封签破损，已记录。")) : nothing);

const about = (app) => {
  const trip = tripInHand(app);
  const m = manifestOf(boxesOf(app), trip);
  return html`<p class="box-line">${t("封签")} ${code(trip.seal)}
    <span>${m ? [m.site, m.n == null ? "" : t("封箱 {n} 管", { n: m.n })].filter(Boolean).join(" · ") : t("清单未到")}</span></p>`;
};

// --- at the door -------------------------------------------------------------------------------

export function arriveView(app, desk) {
  const pick = (intact) => () => {
    desk.intact = intact;
    app.draw();
  };
  return html`
    ${about(app)}
    <fieldset class="big-choice"><legend>${t("封签完好吗")}</legend>
      ${button(t("完好"), pick(true), { icon: "ok", pressed: desk.intact === true, name: "intact" })}
      ${button(t("破损"), pick(false), { icon: "look", pressed: desk.intact === false, name: "broken" })}
    </fieldset>
    <details class="box-more"><summary>${t("温度和管数（可以不填）")}</summary>
      ${keypad({ label: t("箱内温度"), name: "degrees", value: desk.degrees, digits: 2, signed: true, point: true, unit: "°C",
        onChange: (text) => { desk.degrees = text; app.draw(); }, onEnter: () => arrive(app) })}
      ${keypad({ label: t("开箱前数过的管数"), name: "tubes", value: desk.typed, unit: t("支"),
        onChange: (text) => { desk.typed = text; app.draw(); }, onEnter: () => arrive(app) })}
    </details>
    ${actions(
      bigButton(t("签到，开始清点"), () => arrive(app), { tone: "accent", icon: "ok", name: "arrive", disabled: desk.intact === null }),
      button(t("退回"), () => leaveBox(app), { icon: "back", name: "leave" }),
    )}`;
}

// --- unpacking ---------------------------------------------------------------------------------

const RACKS = { priority: ["优先架", "priority rack"], unknown: ["“未知”架", "“unknown” rack"], other_box: ["照收，另一箱的管", "taken, of another box"] };

export function unpackView(app, desk) {
  const at = standingOf(app);
  const trip = tripInHand(app);
  const show = (what) => () => {
    desk.shown = desk.shown === what ? null : what;
    app.draw();
  };
  const n = at.known ? at.received.length - at.extra.length - at.unknown.length : at.received.length;
  return html`
    ${about(app)}
    ${trouble(trip)}
    ${at.leak ? note("stop", t("整袋标记为渗漏，请看相邻的管。")) : nothing}
    ${at.first.length ? card(t("优先：还有 {n} 支单人管没有扫到", { n: at.first.length }),
      html`<p class="codes">${at.first.slice(0, 6).map((tube) => html`${code(tube)} `)}</p>`, { tone: "look", icon: "flag" }) : nothing}
    ${scanStrip(app, { hint: t("逐管扫码"), label: t("管码") })}
    <div class="received" role="status" data-received=${n} data-total=${at.total ?? ""}>
      <b>${n}</b><span>${at.total === null ? t("已收，清单未到") : t("已收，共 {n}", { n: at.total })}</span></div>
    <div class="box-figures">
      ${figure(at.known ? at.missing.length : "—", t("未扫到"), { act: show("missing"), name: "missing" })}
      ${figure(at.extra.length, t("多出"), { tone: at.extra.length ? "look" : "", act: show("extra"), name: "extra" })}
      ${figure(at.unknown.length, t("未知"), { tone: at.unknown.length ? "look" : "", act: show("unknown"), name: "unknown" })}
      ${figure(at.rejected.length, t("退样"), { tone: at.rejected.length ? "stop" : "", act: show("rejected"), name: "rejected" })}
    </div>
    ${desk.shown ? shownList(desk.shown, at, trip) : nothing}
    ${desk.rack ? card(null, list([desk.rack], (rack) => row({ title: code(rack.tube), name: "last-received",
      sub: rack.rack ? word(RACKS[rack.rack]) : t("已签收"), tone: rack.rack ? "look" : "ok",
      side: button(t("退样"), () => reject(app, rack.tube), { kind: "danger", name: "reject-last" }) }))) : nothing}
    ${actions(
      trip.finished ? null : bigButton(t("结束清点"), () => askFinish(app), { tone: "accent", name: "finish" }),
      button(t("退一支管"), () => rejectNext(app), { icon: "bin", name: "reject" }),
      button(t("别的箱"), () => leaveBox(app), { icon: "list", name: "leave" }),
    )}`;
}

const TITLES = { missing: "未扫到", extra: "多出（在别的箱的清单上）", unknown: "未知（放“未知”架）", rejected: "退样" };

function shownList(which, at, trip) {
  const tubes = at[which];
  if (!tubes.length) return note("unknown", t("没有。"));
  return card(t(TITLES[which]), list(tubes, (tube) => row({
    title: code(tube), sub: which === "rejected" ? word(REJECTIONS[trip.rejected.get(tube)?.reason]) : "",
  }), { key: (tube) => tube, label: t(TITLES[which]) }));
}

// --- the end -----------------------------------------------------------------------------------

export function finishView(app, desk) {
  const at = standingOf(app);
  return html`
    ${about(app)}
    ${card(t("清点结果"), facts([
      [t("清单"), at.total === null ? t("未到") : t("{n} 管", { n: at.total })], [t("已收"), t("{n} 管", { n: at.received.length })],
      [t("缺"), at.known ? t("{n} 管", { n: at.missing.length }) : "—"], [t("多出"), at.extra.length || null],
      [t("未知"), at.unknown.length || null], [t("退样"), at.rejected.length || null],
    ]))}
    ${at.missing.length ? card(t("这些管按缺管登记"), list(at.missing, (tube) => row({ title: code(tube), name: "missing-tube" })), { tone: "look", icon: "look" }) : nothing}
    ${at.known ? nothing : note("unknown", t("清单到后，缺管和多出的管自动登记。"))}
    ${scanStrip(app, { hint: t("还有管就接着扫"), label: t("管码") })}
    ${actions(
      bigButton(at.missing.length ? t("缺 {n} 管，结束清点", { n: at.missing.length }) : t("结束清点"), () => finish(app), {
        tone: at.missing.length ? "look" : "accent", name: "finish-now" }),
      button(t("接着清点"), () => { desk.step = "unpack"; app.hush(); }, { icon: "back", name: "back-to-unpack" }),
    )}`;
}
