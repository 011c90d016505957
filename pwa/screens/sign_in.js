// Signing in: badge and PIN or password; without a network by the roster's own lock, or unchecked.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, field, icon, note, scanStrip } from "../parts/index.js";
import { shiftOf, wearerOf } from "../rules/shift.js";
import { byBadge, signIn } from "../shift/sign_in.js";
import { sentenceOf } from "../shift/words.js";
import { getLang, t } from "../words/index.js";

let form = null;
const fresh = () => ({ read: null, wearer: null, no: "", secret: "", busy: false, problem: null, offline: false });

export const screen = {
  name: "sign_in",
  title: () => t("登录"),
  icon: "badge",

  enter(app, params) {
    form = { ...fresh(), no: params.again ? (app.staff?.no ?? "") : "" }; // the same person again
    if (!app.device && !app.practice) app.replace("enrol");
  },

  leave() {
    form = null;
  },

  async scan(app, read) {
    if (read.kind === "enrol") return app.replace("enrol", { code: read.code });
    if (read.kind !== "badge" && !isStaffNumber(read)) {
      return app.say("stop", t("请扫工作证"), { code: "wrong_kind" });
    }
    if (read.kind === "badge" && read.problem) return app.say("stop", read.problem.sentence(getLang()), { code: read.problem.code });
    const known = (await app.recall("known_staff")) ?? [];
    form = { ...form, read, wearer: wearerOf(read, [...(app.slice?.staff ?? []), ...known]), problem: null };
    app.say("ok", t("工作证已读，请输 PIN 或密码"), { code: "badge_read" });
    focusSecret();
  },

  view(app) {
    return html`
      ${app.device ? where(app) : nothing}
      ${scanStrip(app, { hint: form.read ? t("工作证已读") : t("扫工作证") })}
      <form class="sign-in" @submit=${(e) => { e.preventDefault(); submit(app); }}>
        ${form.read ? badgeLine() : staffNumber(app)}
        ${field({
          label: t("PIN 或密码"), name: "secret", type: "password", value: form.secret,
          problem: form.problem ?? undefined, autocomplete: "off", maxlength: 128,
          hint: form.offline ? t("没有网络：用您上次在本机登录的那个口令") : undefined,
          onInput: (text) => { form.secret = text; }, onEnter: () => submit(app),
        })}
      </form>
      ${form.offline ? offlineNote() : nothing}
      ${actions(
        bigButton(form.busy ? t("正在核对") : t("登录"), () => submit(app), {
          name: "sign-in", icon: "badge", disabled: form.busy }),
        form.offline && form.read
          ? button(t("没有 PIN，先工作（未核对）"), () => goOn(app), { name: "unchecked", icon: "look" })
          : null,
      )}`;
  },
};

/** Older badges carry the staff number itself. */
const isStaffNumber = (read) => read.kind === "unknown" && /^[A-Z]{1,4}[0-9]{3,12}$/.test(read.text ?? "");

const where = (app) => html`<p class="sign-in-place">${icon(app.device.lab ? "lab" : "site")}
  <span>${app.place?.name ?? t("本机")}</span>${app.device.name ? html`<b>${app.device.name}</b>` : nothing}</p>`;

const badgeLine = () => html`<p class="badge-line">${icon("badge")}
  <span><b>${form.wearer?.name || t("工作证")}</b> <span class="code">${form.wearer?.no ?? shortOf(form.read)}</span></span>
  ${button(t("换一张"), () => { form = { ...fresh(), offline: form.offline }; }, { name: "other-badge", kind: "quiet", icon: "swap" })}</p>`;

const shortOf = (read) => `…${(read.number ?? read.text ?? "").slice(-6)}`;

const staffNumber = (app) => field({
  label: t("工号"), name: "staff-no", value: form.no, maxlength: 32, autocomplete: "off",
  onInput: (text) => { form.no = text; }, onEnter: () => focusSecret(app),
});

const offlineNote = () => note("look",
  t("没有网络。在本机登录过的人用 PIN 打开名单；其他人扫工作证可先工作，联网后核对。"));

function focusSecret() {
  setTimeout(() => document.getElementById("field-secret")?.focus(), 0);
}

async function submit(app) {
  if (form.busy) return;
  if (!form.read && !form.no.trim()) return wrong(app, t("请扫工作证，或输入工号"), "needs_badge");
  if (!form.secret) return wrong(app, t("请输 PIN 或密码"), "needs_secret");
  form = { ...form, busy: true, problem: null };
  app.draw();
  const { read, secret } = form;
  try {
    const out = await signIn(app, { read, no: form.no.trim(), secret });
    await answered(app, out);
  } catch (fault) {
    wrong(app, sentenceOf(fault), fault?.code ?? null);
  } finally {
    if (form) form = { ...form, busy: false };
    app.draw();
  }
}

function offline() {
  if (form) form.offline = true;
}

async function answered(app, out) {
  if (out.state === "wrong") {
    offline();
    return wrong(app, t("口令不对。再错 {n} 次，本机的名单会清除，未上传的记录不受影响。", { n: out.left }), "wrong_pin");
  }
  if (out.state === "wiped") {
    offline();
    return wrong(app, t("错得太多，名单已清除；未上传的记录仍在。联网登录后名单会回来。"), "wiped");
  }
  if (out.state === "needs_badge") {
    offline();
    return wrong(app, t("没有网络，请扫工作证"), "needs_badge");
  }
  if (out.state === "unchecked") {
    offline();
    app.say("look", t("未核对：联网后服务器会核对您的工作证"), { code: "unchecked" });
  }
  return done(app, out);
}

async function goOn(app) {
  const out = await byBadge(app, form.read, form.wearer);
  await answered(app, out);
}

/** On with the shift that is on, or begin one. */
async function done(app, out) {
  const on = shiftOf(app.records);
  if (!on) return app.replace("shift");
  if (String(on.staff) !== String(app.staff.id)) await app.state([{ kind: "shift_start" }]);
  app.replace("home");
  const name = app.staff.name || app.staff.no;
  if (out.state === "unchecked") app.say("look", t("{name}，未核对：联网后服务器会核对", { name }), { code: "unchecked" });
  else app.say("ok", t("{name}，接着做", { name }), { code: "signed_in" });
}

function wrong(app, text, code) {
  if (form) Object.assign(form, { problem: text, secret: "" }); // else they went on before the answer came
  app.say("stop", text, { code });
}
