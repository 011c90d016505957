// Enrolment: the one-time code is scanned, typed or came with the link; then the place and its facts.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, facts, field, note, scanStrip } from "../parts/index.js";
import { enrolCode } from "../rules/shift.js";
import { enrol } from "../shift/enrol.js";
import { sentenceOf } from "../shift/words.js";
import { count, dated } from "../words/time.js";
import { t } from "../words/index.js";

let form = null;
const fresh = (code = "") => ({ code, name: "", busy: false, problem: null, done: false });

export const screen = {
  name: "enrol",
  title: () => t("登记手机"),
  icon: "phone",

  enter(app, params) {
    form = fresh(params.code ?? "");
    if (params.code && !app.practice && app.device?.state !== "active") submit(app);
  },

  leave() {
    form = null;
  },

  async scan(app, read) {
    const code = read.kind === "enrol" ? read.code : null;
    if (!code) return app.say("stop", t("这不是登记码"), { code: "not_an_enrol_code" });
    form.code = code;
    await submit(app);
  },

  view(app) {
    if (form.busy) return waiting();
    if (form.done || (app.device?.state === "active" && !form.code && !form.again)) return enrolled(app);
    return ask(app);
  },
};

async function submit(app) {
  if (form.busy) return;
  const code = enrolCode(form.code);
  if (!code) {
    form.problem = t("登记码不完整，请照着再输一次");
    return app.draw();
  }
  form = { ...form, busy: true, problem: null };
  app.draw();
  try {
    await enrol(app, code, form.name.trim());
    form = { ...fresh(), done: true };
    app.say("ok", t("已登记"), { code: "enrolled" });
  } catch (fault) {
    form = { ...form, busy: false, problem: sentenceOf(fault, t("没有网络。登记要连一次服务器。")) };
    app.say("stop", form.problem, { code: fault?.code ?? "offline" });
  }
}

const waiting = () => html`<div class="enrol-wait" role="status"><progress></progress>
  <p>${t("正在登记，并取回本点的资料")}</p></div>`;

function ask(app) {
  return html`
    ${app.device?.state === "revoked" ? stopped(app) : nothing}
    ${app.device?.state === "active" ? note("look", t("本机登记在{name}。再登记就换到新的地方；未上传的记录不丢。", {
      name: app.place?.name ?? t("登记的采样点") })) : nothing}
    ${scanStrip(app, { hint: t("扫登记码"), typed: false })}
    ${field({
      label: t("登记码"), name: "enrol-code", value: form.code, problem: form.problem ?? undefined,
      hint: t("在采样点负责人的屏幕上；12 位，一次有效"), maxlength: 64,
      onInput: (text) => { form.code = text; }, onEnter: () => submit(app),
    })}
    ${field({
      label: t("手机编号（可不填）"), name: "enrol-name", value: form.name, maxlength: 20,
      hint: t("贴在手机背面的号，如 D7"),
      onInput: (text) => { form.name = text; }, onEnter: () => submit(app),
    })}
    ${actions(
      bigButton(t("登记"), () => submit(app), { name: "enrol", icon: "ok" }),
      button(t("先练习，不登记"), () => app.go("practice"), { name: "practice", icon: "flag" }),
    )}`;
}

function stopped(app) {
  const { waiting = 0 } = app.outbox;
  return html`${note("stop", t("本机已被服务器停用。名单已清除，未上传的 {n} 条记录仍在本机。", { n: count(waiting) }))}
    ${waiting ? button(t("导出未传记录"), () => app.go("carry"), { name: "carry", icon: "download", kind: "primary" }) : nothing}
    ${note("look", t("要继续使用，请向本点负责人要新的登记码。"))}`;
}

function enrolled(app) {
  const { device, place, slice } = app;
  return html`
    ${card(place?.name ?? (device.lab ? t("检测机构") : t("采样点")), facts([
      [t("本机"), device.name || t("未命名")],
      [t("编码"), place?.code],
      [t("用途"), device.practice ? t("练习") : t("正式")],
      [t("本点台数"), place?.tables ? count(place.tables) : null],
      [t("底册"), slice?.json?.roster ? t("{n} 人", { n: count(slice.json.roster.count) }) : null],
      [t("资料有效到"), slice?.expires_at ? dated(slice.expires_at) : null],
      [t("加密公钥"), device.server_key ? html`<span class="code key">${device.server_key.slice(0, 10)}…</span>` : null],
    ]), { icon: device.lab ? "lab" : "site" })}
    ${note("ok", t("本机的签名钥匙在这台手机里生成，不能取出。"))}
    ${actions(
      bigButton(t("登录"), () => app.replace("sign_in"), { name: "to-sign-in", icon: "badge" }),
      button(t("换一个地方登记"), () => { form = { ...fresh(), again: true }; app.draw(); }, { name: "again", icon: "swap", kind: "quiet" }),
    )}`;
}
