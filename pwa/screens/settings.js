// Settings: how the app looks, speaks and listens on this phone; its version; the checks again.
import { html, nothing } from "lit-html";

import { button, card, choice, facts, field, note, toggle } from "../parts/index.js";
import { t } from "../words/index.js";
import { dated } from "../words/time.js";
import { checksView } from "./welcome.js";

const KEYS = [["Enter", "回车"], ["Tab", "Tab"], ["F13", "F13"], ["~", "~"]];

export const screen = {
  name: "settings",
  title: () => t("设置"),
  roles: null,
  icon: "settings",
  scan: (app, read) => app.say(read.problem ? "look" : "ok", read.problem ? read.problem.sentence(app.settings.lang) : t("读到了"), {
    sub: read.shown }),
  view: (app) => html`
    ${card(t("显示"), looks(app))}
    ${card(t("声音和朗读"), sounds(app))}
    ${card(t("扫码枪和读卡器"), scanners(app))}
    ${card(t("这台手机"), html`${checksView(app)}${button(t("重新检查"), () => app.recheck(true), { icon: "undo", name: "recheck" })}`)}
    ${card(t("关于"), about(app))}`,
};

const pair = (app, name) => ({ name, value: app.settings[name], onChange: (value) => app.set({ [name]: value }) });
const flip = (app, name) => ({ name, checked: app.settings[name], onChange: (on) => app.set({ [name]: on }) });

const looks = (app) => html`<div class="stack">
  ${choice({ ...pair(app, "lang"), label: t("语言"), options: [{ value: "zh", label: "中文" }, { value: "en", label: "English" }] })}
  ${choice({ ...pair(app, "theme"), label: t("明暗"), options: [
    { value: "auto", label: t("随系统") }, { value: "day", label: t("日光") }, { value: "night", label: t("夜间") }] })}
  ${choice({ ...pair(app, "thumb"), label: t("用哪只手拿"), options: [
    { value: "left", label: t("左手") }, { value: "right", label: t("右手") }] })}
  ${toggle({ name: "awake", checked: app.settings.awake, label: t("工作时不熄屏"), hint: t("熄屏时收不到扫码枪的码"),
    onChange: (awake) => { app.set({ awake }); app.stayAwake(); } })}
</div>`;

const sounds = (app) => html`
  ${toggle({ ...flip(app, "sound"), label: t("提示音") })}
  ${toggle({ ...flip(app, "vibrate"), label: t("震动") })}
  ${toggle({ ...flip(app, "voice"), label: t("朗读姓氏和座位"), hint: t("例如“李，第 7 个”；满管时读“换管”") })}
  ${app.settings.voice ? toggle({ ...flip(app, "full_name"), label: t("朗读全名"), hint: t("旁人也会听到，请按现场规定选择") }) : nothing}
  ${button(t("试听"), () => tryOut(app), { icon: "voice", name: "try-sound" })}`;

function tryOut(app) {
  app.say("ok", t("试听"), { voice: t("李，第 7 个") });
}

const scanners = (app) => html`<div class="stack">
  ${choice({ ...pair(app, "suffix"), label: t("码读完后发送"), options: KEYS.map(([value, label]) => ({ value, label: t(label) })) })}
  ${field({ label: t("码前面的按键"), name: "prefix", value: app.settings.prefix, maxlength: 8,
    hint: t("扫码枪设了前缀才填，如 F13 或 ~。有前缀时，输入框里也不会混入扫到的码。"),
    onInput: (text) => app.set({ prefix: text.trim() }) })}
  ${field({ label: t("读卡器的一行"), name: "card_line", value: app.settings.card_line, maxlength: 200,
    hint: t("例：{example}。只取姓名和号码，其余不留。", { example: "{name}|{sex}|{nation}|{birth}|{address}|{number}" }),
    onInput: (text) => app.set({ card_line: text.trim() }) })}
  ${app.strip.last ? note("unknown", t("最后读到：{text}", { text: app.strip.last.shown })) : note("unknown", t("在这里扫一下，可以看到读到了什么。"))}
</div>`;

const about = (app) => html`<div class="stack">
  ${facts([
    [t("版本"), app.version ?? t("未安装离线版本")],
    [t("新版本"), app.newVersion],
    [t("手机"), app.device?.name],
    [t("服务器时间差"), app.offset === null ? null : t("{n} 秒", { n: Math.round(app.offset / 100) / 10 })],
    [t("底册取自"), app.slice ? dated(app.slice.made_at) : null],
  ])}
  ${app.newVersion && !app.updateWaits ? button(t("现在更新"), () => app.updateNow(), { kind: "primary", icon: "download", name: "update" }) : nothing}
  ${app.newVersion && app.updateWaits ? note("look", t("有新版本，传完 {n} 条后可以更新", { n: app.updateWaits })) : nothing}
  ${app.install ? button(t("放到主屏幕"), () => app.install(), { icon: "download", kind: "primary", name: "install" }) : nothing}
  ${button(t("查找新版本"), () => app.lookForUpdate(), { name: "look-update" })}
  ${app.practice
    ? html`${button(t("练习用的码"), () => app.go("practice"), { icon: "qr", name: "practice-codes" })}
        ${button(t("结束练习"), () => app.leavePractice(), { kind: "danger", name: "end-practice" })}`
    : button(t("练习"), () => app.enterPractice(), { icon: "flag", name: "practise" })}
</div>`;
