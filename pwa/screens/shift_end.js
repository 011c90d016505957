// End of a shift: what is still open is named first, then what waits, then "closed at n".
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, emptyState, icon, list, note, row } from "../parts/index.js";
import { beforeEnd, shiftOf } from "../rules/shift.js";
import { endShift } from "../shift/end.js";
import { grouped } from "../scan/codes.js";
import { count } from "../words/time.js";
import { t } from "../words/index.js";

let form = null;

export const screen = {
  name: "shift_end",
  title: () => t("结束班次"),
  icon: "clock",

  enter() {
    form = { busy: false, closed: null };
  },

  leave() {
    form = null;
  },

  /** The next person holds out a badge: that is the tap as well. */
  scan(app, read) {
    if (form.closed === null || read.kind !== "badge") return app.say("look", t("这一屏不扫码"), { code: "no_scan" });
    app.replace("sign_in");
    return app.screen.scan(app, read);
  },

  view(app) {
    if (form.closed) return ended(app);
    const { tubes, boxes, waiting } = beforeEnd(app.work, app.outbox, app.now());
    const open = tubes.length + boxes.length;
    return html`
      ${open ? openThings(app, tubes, boxes) : note("ok", t("没有开着的管和箱"))}
      ${waitingNote(app, waiting)}
      ${note("unknown", t("结束后名单从本机清除；未上传的记录留在本机，一有网络就上传。"))}
      ${actions(
        bigButton(endLabel(open, waiting), () => finish(app, open), {
          name: "finish", icon: "clock", tone: open ? "look" : "brand", disabled: form.busy || !shiftOf(app.records) }),
        button(t("再等等"), () => app.back(), { name: "not-yet", kind: "quiet" }),
      )}`;
  },
};

function endLabel(open, waiting) {
  if (open) return t("留给下一班，结束");
  return waiting ? t("不等上传，结束") : t("结束班次");
}

function openThings(app, tubes, boxes) {
  return card(t("还开着 {n} 件", { n: tubes.length + boxes.length }), html`
    ${list(tubes, (tube) => row({
      title: html`<span class="code">${grouped(tube.number)}</span>`, sub: `${tube.n}/${tube.size} · ${t("去封管")}`, name: `tube-${tube.number}`, act: () => app.go("sampling", { tube: tube.number }),
    }))}
    ${list(boxes, (box) => row({
      title: html`<span class="code">${grouped(box.box)}</span>`, sub: `${t("{n} 支", { n: box.n })} · ${t("去封箱")}`, name: `box-${box.batch}`, act: () => app.go("packing", { batch: box.batch }),
    }))}`, { tone: "look", icon: "look" });
}

function waitingNote(app, waiting) {
  if (!waiting) return note("ok", t("记录都已上传"));
  const sending = app.outbox.state === "sending";
  return html`<div class="end-wait" role="status">${icon(sending ? "upload" : "offline")}
    <p><b class="end-count">${count(waiting)}</b> ${t("条还没有上传")}</p>
    <span>${sending ? t("正在上传") : t("可以等它传完再结束")}</span>
    ${button(t("现在就试"), () => app.backing.tryNow(), { name: "try-now", icon: "upload" })}
    ${button(t("导出"), () => app.go("carry"), { name: "carry", icon: "download", kind: "quiet" })}</div>`;
}

async function finish(app, open) {
  if (open && !(await certain(app, open))) return;
  form.busy = true;
  app.draw();
  try {
    form.closed = await endShift(app);
    app.say("ok", t("班次结束，共 {n} 条记录", { n: count(form.closed) }), { code: "shift_ended" });
  } catch (fault) {
    app.failed(fault);
  } finally {
    form.busy = false;
    app.draw();
  }
}

async function certain(app, open) {
  const said = await app.choose({
    title: t("还开着 {n} 件，留给下一班？", { n: open }), tone: "look",
    text: t("下一班在“开始班次”里能看到并接手。"),
    choices: [
      { value: "leave", label: t("留给下一班"), tone: "look", icon: "swap" },
      { value: "stay", label: t("我先收尾"), tone: "quiet" }],
  });
  return said === "leave";
}

function ended(app) {
  const { waiting = 0 } = app.outbox;
  return html`${emptyState({
    icon: waiting ? "upload" : "ok",
    title: t("本班结束在第 {n} 条", { n: count(form.closed) }),
    text: waiting
      ? t("{n} 条还在等上传。手机留在有网络的地方，不用登录。", { n: count(waiting) })
      : t("全部在服务器上。手机可以收起来。"),
  })}
  ${actions(bigButton(t("下一个人登录"), () => app.replace("sign_in"), { name: "next-person", icon: "badge" }),
    waiting ? button(t("导出未传记录"), () => app.go("carry"), { name: "carry", icon: "download" }) : nothing)}`;
}
