// Packing as it is seen after the count: the two figures, the guided search, the seal, the end.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, facts, list, note, row, scanStrip } from "../parts/index.js";
import { DIFFERENCES } from "../rules/box_words.js";
import { compare, notMet } from "../rules/packing.js";
import { grouped } from "../scan/codes.js";
import { t } from "../words/index.js";
import { clock } from "../words/time.js";
import {
  boxInHand, deskOf, explainOne, forgetReasons, leaveBox, REASONS, startCount, takeOut, takeSeal, unheardIn,
} from "./packing_desk.js";
import { boxLine, outside } from "./packing_views.js";
import { askReason, code, figure, word } from "./transport_desk.js";

export function compareView(app) {
  const desk = deskOf(app);
  const box = boxInHand(app);
  const { off, left, done } = compare(box, desk.n, desk.why);
  return html`
    ${boxLine(app, box)}
    <div class="box-figures two" data-off=${off}>
      ${figure(desk.n, t("您数的"), { tone: off ? "look" : "ok" })}
      ${figure(box.tubes.size, t("系统扫的"), { tone: off ? "look" : "ok" })}
    </div>
    ${done ? unheardCard(app) : nothing}
    ${done ? readyView(app, desk) : off > 0 ? shortView(app, desk, left) : longView(app, desk, box, left)}
    ${done ? nothing : unheardCard(app)}
    ${desk.why.length ? reasons(app, desk) : nothing}
    ${done ? actions(
      desk.seal ? bigButton(t("用已扫的封签封箱"), () => takeSeal(app, desk.seal), { tone: "accent", icon: "seal", name: "seal-now", sub: grouped(desk.seal) }) : null,
      button(t("重新点数"), () => startCount(app), { icon: "undo", name: "recount" }),
    ) : actions(
      bigButton(t("重新点数"), () => startCount(app), { tone: "accent", icon: "undo", name: "recount" }),
      button(t("原因不在某一管"), () => explainNumber(app), { icon: "note", name: "explain-number" }),
    )}`;
}

const readyView = (app, desk) => html`
  ${scanStrip(app, { hint: t("关好箱，扫封签"), label: t("封签") })}
  ${desk.why.length ? note("look", t("差异已注明原因，可以封箱，车照走。")) : nothing}`;

// --- the guided search -----------------------------------------------------------------------

/** More in the box than were scanned: which closed tube was not? */
const shortView = (app, desk, left) => html`
  ${note("look", t("有 {n} 支在箱里没有扫到。从下面找，找到就扫。", { n: Math.abs(left) }))}
  ${scanStrip(app, { hint: t("扫没有扫过的管"), label: t("管码") })}
  ${outside(app, t("这些管还没有扫"), (x) => button(t("原因"), () => explainTube(app, x.tube), { name: "explain" }))}`;

/** Fewer in the box than were scanned: a second walk shows which is not there. */
function longView(app, desk, box, left) {
  const open = desk.met ? notMet(box, desk.met).filter((tube) => !desk.why.some((d) => d.tube === tube)) : [];
  return html`
    ${note("look", t("有 {n} 支扫过，但您没有数到。", { n: Math.abs(left) }))}
    ${desk.met
      ? html`${scanStrip(app, { hint: t("把箱里的管再扫一遍"), label: t("管码") })}
        ${card(t("还没有碰到的 {n} 支", { n: open.length }), list(open, (tube) => row({
          title: code(tube), name: "not-met",
          side: button(t("不在箱里"), () => missing(app, tube), { name: "not-there" }),
        }), { key: (tube) => tube }))}`
      : bigButton(t("逐管核对"), () => { desk.met = new Set(); app.hush(); }, { icon: "scan", tone: "quiet", name: "walk", sub: t("把箱里的管再扫一遍") })}`;
}

/** A tube that was scanned and is not in the box: taken out of the list, or explained. */
async function missing(app, tube) {
  const picked = await app.choose({
    title: grouped(tube), text: t("这支管扫过，但不在箱里。"), name: "missing",
    choices: [
      { value: "out", label: t("从箱中取出"), tone: "brand", sub: t("清单里不再有它") },
      { value: "why", label: t("留在清单，注明原因") },
    ],
  });
  if (picked === "out") await takeOut(app, tube, t(REASONS.not_there[0]));
  if (picked === "why") await explainTube(app, tube);
}

async function explainTube(app, tube) {
  const why = await askReason(app, t("这支管为什么对不上"), DIFFERENCES, { text: grouped(tube) });
  if (why) explainOne(app, why, tube);
}

async function explainNumber(app) {
  const why = await askReason(app, t("差的一支是什么原因"), DIFFERENCES);
  if (why) explainOne(app, why);
}

const reasons = (app, desk) => card(t("已注明的差异"), html`${list(desk.why, (d) => row({
  title: d.tube ? code(d.tube) : t("未指明的管"), sub: word(DIFFERENCES[d.code]), lead: d.n > 0 ? `+${d.n}` : `−${-d.n}`,
}))}${button(t("清除原因"), () => forgetReasons(app), { kind: "quiet", name: "forget-reasons" })}`);

/** Tubes that no heard journal knows are named before the seal. */
function unheardCard(app) {
  const unknown = unheardIn(app);
  if (!unknown.length) return nothing;
  return card(t("封箱前请看：{n} 支管查不到记录", { n: unknown.length }), list(unknown, (x) => row({
    title: code(x.tube), name: "unheard",
    sub: x.device ? t("{device} 已封，未上传", { device: x.device }) : t("没有任何设备记录过此管"),
  }), { key: (x) => x.tube }), { tone: "look", icon: "look" });
}

// --- the end ---------------------------------------------------------------------------------

export function doneView(app) {
  const { done, next } = deskOf(app);
  return html`
    ${card(t("已封箱"), facts([
      [t("箱"), code(done.box)], [t("封签"), code(done.seal)], [t("管数"), done.n], [t("时间"), clock(done.at)],
    ]), { tone: "ok", icon: "ok" })}
    ${next ? note("look", t("{tube} 等着装进新箱。", { tube: grouped(next) })) : nothing}
    ${scanStrip(app, { hint: t("扫下一个箱码，接着装"), label: t("箱码") })}
    ${actions(
      bigButton(t("去交接"), () => app.go("hand_over", { seal: done.seal }), { tone: "accent", icon: "van", name: "to-hand-over" }),
      button(t("看所有箱子"), () => leaveBox(app), { icon: "list", name: "all-boxes" }),
    )}`;
}
