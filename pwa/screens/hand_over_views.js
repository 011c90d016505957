// Hand-over as it is seen: the van, the seals, the count, the other person, the read-back.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, choice, emptyState, facts, field, list, note, qrPicture, row, scanStrip, tile } from "../parts/index.js";
import { keypad } from "../parts/keypad.js";
import { framesOf } from "../journal/frames.js";
import { t } from "../words/index.js";
import { clock, duration, when } from "../words/time.js";
import {
  begin, cargoNow, countNow, deskOf, dropSeal, go, handOver, isCourier, labName, labsOf, listForCourier,
  numberOf, parties, takeBadge, vanOf, waiting,
} from "./hand_over_desk.js";
import { redirectNotes, redirectedWay } from "./redirects.js";
import { code, later } from "./transport_desk.js";

// --- which way, and the van ------------------------------------------------------------------

export function wayView(app) {
  const inside = vanOf(app);
  return html`
    ${redirectNotes(app)}
    <div class="tiles">
      ${tile(t("收箱"), () => begin(app, "take"), { icon: "download", sub: t("在采样点接箱"), name: "take", link: "deliver" })}
      ${tile(t("交箱"), () => begin(app, "give"), { icon: "upload", sub: t("到检测机构交箱"), name: "give", link: "deliver" })}
    </div>
    ${vanCard(app, inside)}`;
}

export function vanCard(app, inside = vanOf(app)) {
  if (!inside.length) return emptyState({ icon: "van", title: t("车上没有箱子") });
  return card(t("车上"), list(inside, (s) => row({
    title: s.site || t("未注明采样点"), icon: "box", name: "van-site", tone: s.left !== null && s.left < 0 ? "look" : "",
    sub: html`${t("{n} 箱，{at} 起", { n: s.boxes.length, at: when(s.since, app.now()) })} · ${timeLeft(s.left)}`,
    meta: s.unknown === s.boxes.length ? t("管数未知") : s.unknown ? t("{n}+ 管", { n: s.tubes }) : t("{n} 管", { n: s.tubes }),
  })), { icon: "van" });
}

const timeLeft = (left) => left === null ? t("没有时限")
  : left < 0 ? t("超时 {time}", { time: duration(-left) }) : t("剩 {time}", { time: duration(left) });

// --- seals and boxes ---------------------------------------------------------------------------

export function sealsView(app, desk) {
  const rest = waiting(app).filter((x) => !desk.seals.includes(x.seal));
  return html`
    ${desk.way === "take" ? note("unknown", desk.site ? desk.site.name : t("先扫采样点码，再逐箱扫封签。")) : nothing}
    ${scanStrip(app, { hint: t("逐箱扫封签"), label: t("封签") })}
    ${desk.way === "give" ? redirectNotes(app) : nothing}
    ${desk.seals.length ? card(t("已扫的封签"), list([...desk.seals].reverse(), (seal, i) => row({
      title: code(seal), icon: "ok", name: "seal-read", sub: told(app, seal),
      side: button(t("撤销"), () => dropSeal(app, seal), { icon: "undo", name: i ? "drop" : "undo", bare: i > 0 }),
    }), { key: (seal) => seal })) : nothing}
    ${rest.length ? card(desk.way === "take" ? t("清单上还没有扫的") : isCourier(app) ? t("车上还没有扫的") : t("已封，还没有扫的"), list(rest, (x) => row({
      title: code(x.seal), icon: "seal", name: "seal-waiting", sub: [x.site, x.since ? t("{at} 起", { at: when(x.since, app.now()) }) : ""].filter(Boolean).join(" · "),
      meta: x.n === null || x.n === undefined ? "" : t("{n} 管", { n: x.n }),
    }), { key: (x) => x.seal })) : nothing}
    ${desk.seals.length || rest.length ? nothing : emptyState({ icon: "seal", title: t("还没有扫封签"), text: t("只数箱和封签，不开箱。") })}
    ${actions(
      bigButton(t("数箱子"), () => go(app, "count"), { tone: "accent", name: "to-count", disabled: !desk.seals.length }),
      isCourier(app) ? button(t("看车上"), () => begin(app), { icon: "van", name: "van" }) : null,
    )}`;
}

function told(app, seal) {
  const known = waiting(app).find((x) => x.seal === seal);
  return known?.n == null ? "" : t("{n} 管", { n: known.n });
}

export const countView = (app, desk) => html`
  ${keypad({
    label: t("数一遍箱子，输入箱数"), name: "boxes", value: desk.typed, digits: 2, 
    onChange: (text) => { desk.typed = text; app.draw(); }, onEnter: () => countNow(app),
  })}
  ${actions(
    bigButton(t("核对"), () => countNow(app), { tone: "accent", name: "check-boxes", disabled: !desk.typed }),
    button(t("再扫封签"), () => go(app, "seals"), { icon: "back", name: "more-seals" }),
  )}`;

// --- the other, the cargo ----------------------------------------------------------------------

export function whoView(app, desk) {
  const take = desk.way === "take";
  return html`
    ${scanStrip(app, { hint: take ? t("扫交箱人的工作证") : t("扫接箱人的工作证"), label: t("工作证或工号") })}
    ${desk.difference ? note("look", t("差异：{why}", { why: desk.difference })) : nothing}
    ${colleagues(app)}
    ${actions(null, button(t("退回"), () => go(app, "count"), { icon: "back", name: "back-to-count" }))}`;
}

/** Without a badge at hand: couriers and packers of this place by name. */
function colleagues(app) {
  const wanted = deskOf(app).way === "take" ? ["packer", "site_supervisor"]
    : isCourier(app) ? ["lab_technician", "lab_reviewer", "courier"] : ["courier"];
  const staff = (app.slice?.staff ?? []).filter((s) => String(s.id) !== String(app.staff?.id)
    && s.roles?.some((role) => wanted.includes(role)));
  if (!staff.length) return nothing;
  return card(t("没有带工作证"), list(staff.slice(0, 12), (s) => row({
    title: s.name, sub: t("工号 {no}", { no: s.no }), icon: "person", name: "colleague",
    act: () => takeBadge(app, { number: s.badge || s.no }),
  })));
}

export function cargoView(app, desk) {
  const labs = labsOf(app);
  return html`
    ${personNote(app, desk)}
    ${redirectedWay(app, desk.seals) === "apart" ? note("look", t("这几箱去向不同，请按箱分开交接。")) : nothing}
    ${labs.length ? choice({ label: t("送往"), name: "lab", stacked: true, value: desk.lab,
      options: labs.map((lab) => ({ value: String(lab.id), label: lab.name })),
      onChange: (id) => { desk.lab = id; app.draw(); } }) : nothing}
    <details class="box-more"><summary>${t("温度和备注")}</summary>
      ${keypad({ label: t("箱内温度"), name: "degrees", value: desk.degrees, digits: 2, signed: true, point: true, unit: "°C",
        hint: t("没有温度计可以不填"), onChange: (text) => { desk.degrees = text; app.draw(); }, onEnter: () => cargoNow(app) })}
      ${field({ label: t("备注"), name: "note", value: desk.note, maxlength: 200, onInput: (text) => { desk.note = text; } })}
    </details>
    ${actions(
      bigButton(t("下一步"), () => cargoNow(app), { tone: "accent", name: "to-confirm" }),
      button(t("换人"), () => go(app, "who"), { icon: "person", name: "other-person" }),
    )}`;
}

const personNote = (app, desk) => desk.person.confirmed
  ? note("ok", t("{name}，工号 {no}", desk.person))
  : note("look", t("{who}，未核对", { who: numberOf(desk.person) }));

// --- read back ---------------------------------------------------------------------------------

export function confirmView(app, desk) {
  const { giver, taker } = parties(app);
  return html`
    <div class="two-names"><div><small>${t("交出")}</small><b>${giver}</b></div><span aria-hidden="true">→</span>
      <div><small>${t("接收")}</small><b>${taker}</b></div></div>
    ${card(null, facts([
      [t("箱数"), desk.typed], [t("封签"), html`${desk.seals.map((seal) => html`<div>${code(seal)}</div>`)}`],
      [t("送往"), labName(app, desk.lab)], [t("温度"), desk.degrees ? `${desk.degrees} °C` : null],
      [t("差异"), desk.difference], [t("备注"), desk.note], [t("时间"), clock(app.now())],
    ]))}
    ${desk.person.confirmed ? nothing : note("look", t("对方未核对，联网后由服务器核对。"))}
    ${actions(
      bigButton(t("双方确认，交接"), () => handOver(app), { tone: "accent", icon: "ok", name: "hand-over" }),
      button(t("退回"), () => go(app, "cargo"), { icon: "back", name: "back-to-cargo" }),
    )}`;
}

export function doneView(app, desk) {
  const { done } = desk;
  return html`
    ${done.take || isCourier(app) ? nothing : forCourier(app, desk)}
    ${card(t("已交接 {n} 箱", { n: done.counted }), facts([
      [t("交出"), done.giver], [t("接收"), done.taker], [t("时间"), clock(done.at)], [t("送往"), done.lab],
      [t("封签"), html`${done.cargo.map((x) => html`<div>${code(x.seal)}</div>`)}`],
    ]), { tone: "ok", icon: "ok" })}
    ${done.take || isCourier(app) ? vanCard(app) : nothing}
    ${actions(
      bigButton(t("完成"), () => { begin(app); app.replace("home"); }, { tone: "accent", name: "finished" }),
      button(done.take ? t("再收一处") : t("再交接"), () => begin(app, desk.way), { icon: "plus", name: "again" }),
    )}`;
}

/** The packer's phone tells the courier's how many tubes each box holds, and since when. */
function forCourier(app, desk) {
  if (!desk.frames) {
    desk.frames = [];
    later(app, framesOf(listForCourier(app), { prefix: "ST1" }).then((frames) => {
      desk.frames = frames;
      app.draw();
    }));
  }
  return card(t("转运员可以扫这个清单"), html`${desk.frames.map((text) =>
    qrPicture(text, { label: t("箱子清单二维码"), ecc: "L" }))}`);
}
