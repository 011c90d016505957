// Packing as it is seen: choosing a box, filling it, the count. No figure of the box before the count.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, emptyState, list, note, row, scanStrip } from "../parts/index.js";
import { keypad } from "../parts/keypad.js";
import { stillOutside } from "../rules/packing.js";
import { grouped } from "../scan/codes.js";
import { t } from "../words/index.js";
import { when } from "../words/time.js";
import {
  choose, compareNow, deskOf, knownOf, lastPacked, leaveBox, startCount, undoLast, unseal, boxInHand,
} from "./packing_desk.js";
import { tablesOf } from "./packing_tables.js";
import { boxesOf, code, sealedHere } from "./transport_desk.js";

// --- no box in hand --------------------------------------------------------------------------

export function openView(app) {
  const boxes = boxesOf(app);
  const open = boxes.list("open");
  const sealed = sealedHere(app);
  const next = deskOf(app).next;
  return html`
    ${scanStrip(app, { hint: t("扫箱码，开一个箱子"), label: t("箱码") })}
    ${next ? note("look", t("{tube} 等着装进新箱。", { tube: grouped(next) })) : nothing}
    ${open.length ? card(t("没有封的箱子"), list(open, (box) => row({
      title: code(box.box), icon: "box", name: "go-on",
      sub: box.mine ? t("{at} 开箱", { at: when(box.opened_at, app.now()) })
        : t("{device} 在 {at} 开箱，可以接着装", { device: box.device ?? t("另一台设备"), at: when(box.opened_at, app.now()) }),
      act: () => choose(app, box.batch),
    }))) : nothing}
    ${sealed.length ? card(t("已封，等交接"), list(sealed, (box) => row({
      title: html`${t("封签")} ${code(box.seal)}`, icon: "seal", name: "sealed-box",
      sub: t("{at} 封箱", { at: when(box.sealed_at, app.now()) }),
      meta: box.n === null ? "" : t("{n} 管", { n: box.n }), act: () => sealedSheet(app, box),
    }))) : nothing}
    ${open.length || sealed.length ? nothing : emptyState({
      icon: "box", title: t("还没有箱子"), text: t("箱码贴在箱盖上，一箱最多 100 管。") })}
    ${sealed.length ? actions(bigButton(t("去交接"), () => app.go("hand_over"), { tone: "accent", icon: "van", name: "to-hand-over" })) : nothing}`;
}

async function sealedSheet(app, box) {
  const picked = await app.choose({
    title: t("封签 {seal}", { seal: grouped(box.seal) }), name: "sealed",
    choices: [
      { value: "give", label: t("去交接"), tone: "brand", icon: "van" },
      { value: "open", label: t("拆封重点"), icon: "undo", sub: t("由负责人确认，写明原因") },
    ],
  });
  if (picked === "give") app.go("hand_over", { seal: box.seal });
  if (picked === "open") await unseal(app, box);
}

// --- filling ---------------------------------------------------------------------------------

export function fillView(app) {
  const desk = deskOf(app);
  const box = boxInHand(app);
  const last = lastPacked(app);
  return html`
    ${boxLine(app, box)}
    ${desk.taking
      ? html`${scanStrip(app, { hint: t("扫要取出的管"), label: t("管码") })}
        ${actions(bigButton(t("不取了"), () => { desk.taking = false; app.draw(); }, { tone: "quiet", name: "stop-taking" }))}`
      : html`${scanStrip(app, { hint: t("扫管装箱"), label: t("管码") })}
        ${last ? card(t("刚装的一管"), list([last], (tube) => row({ title: code(tube), name: "last-packed",
          side: button(t("撤销"), () => undoLast(app), { icon: "undo", name: "undo" }) }))) : nothing}
        ${outside(app, t("还没有装的管"))}
        ${tablesHint(app)}
        ${actions(
          bigButton(t("点数封箱"), () => startCount(app), { tone: "accent", icon: "seal", name: "count", disabled: !box.tubes.size }),
          button(t("取出一管"), () => { desk.taking = true; app.hush(); }, { icon: "bin", name: "take-out", disabled: !box.tubes.size }),
          button(t("换箱"), () => leaveBox(app), { icon: "swap", name: "leave-box" }),
        )}`}`;
}

export const boxLine = (app, box) => html`<p class="box-line">${t("箱")} ${code(box.box)}
  <span>${box.opened_at ? t("{at} 开箱", { at: when(box.opened_at, app.now()) }) : ""}</span></p>`;

function tablesHint(app) {
  return tablesOf(app).length ? nothing
    : note("unknown", t("离线时，扫各采样台手机上的清单二维码，就知道还差哪些管。"));
}

/** Closed tubes in no box, by table. @param {(tube: object) => any} [side] beside each tube */
export function outside(app, title, side = null) {
  const groups = stillOutside(boxesOf(app), knownOf(app));
  if (!groups.length) return nothing;
  return card(title, groups.map((g) => html`<details class="table-group" ?open=${Boolean(side)}>
    <summary><b>${g.table === null ? t("未注明台号") : t("{n} 台", { n: g.table })}</b>
      <span>${g.device}</span><b class="figure">${t("{n} 支", { n: g.tubes.length })}</b></summary>
    ${list(g.tubes, (x) => row({
      title: code(x.tube), lead: x.n ?? "—", name: "outside",
      sub: [x.at ? t("{at} 封管", { at: when(x.at, app.now()) }) : "", x.heard ? "" : t("未上传")].filter(Boolean).join(" · "),
      side: side?.(x) ?? undefined,
    }), { key: (x) => x.tube })}
  </details>`));
}

// --- the count -------------------------------------------------------------------------------

export function countView(app) {
  const desk = deskOf(app);
  return html`
    ${boxLine(app, boxInHand(app))}
    ${desk.next ? note("look", t("箱满：{tube} 等着装进新箱。", { tube: grouped(desk.next) })) : nothing}
    ${keypad({
      label: t("开着箱，数一遍里面的管，输入管数"), name: "count", value: desk.typed, unit: t("支"),
      onChange: (text) => { desk.typed = text; app.draw(); }, onEnter: () => compareNow(app),
    })}
    ${desk.seal ? note("unknown", t("封签 {seal} 已扫，点数相符后封箱。", { seal: grouped(desk.seal) })) : nothing}
    ${actions(
      bigButton(t("核对"), () => compareNow(app), { tone: "accent", name: "compare", disabled: !desk.typed }),
      button(t("接着装"), () => { desk.step = "fill"; desk.seal = null; app.hush(); }, { icon: "back", name: "back-to-fill" }),
    )}`;
}
