// Welcome: what this phone can do, what is missing and the way out; then enrol, or practise.
import { html, nothing } from "lit-html";

import { blocked, insideApp } from "../ground/checks.js";
import { actions, bigButton, button, card, choice, icon, note } from "../parts/index.js";
import { chain, openInBrowser } from "../parts/pictures.js";
import { t } from "../words/index.js";

export const screen = {
  name: "welcome",
  title: () => t("筛查现场"),
  roles: null,
  icon: "tube",
  view(app) {
    const inside = insideApp(navigator.userAgent);
    return html`
      ${inside ? card(t("请在浏览器中打开"), html`${openInBrowser()}<p>${t("{app}里的浏览器会清掉离线记录，也常常打不开相机。", { app: inside })}</p>
        <ol class="steps"><li>${t("点右上角的“…”")}</li><li>${t("选“在浏览器打开”")}</li></ol>`, { tone: "stop" }) : hero()}
      ${language(app)}
      ${card(t("这台手机"), checksView(app))}
      ${actions(
        app.device
          ? bigButton(t("继续"), () => app.replace("home"), { icon: "next", name: "continue", disabled: blocked(app.checks) })
          : bigButton(t("登记这台手机"), () => app.go("enrol"), { icon: "qr", name: "enrol", disabled: blocked(app.checks) }),
        app.practice ? nothing : button(t("先练习"), () => app.enterPractice(), { icon: "flag", name: "practise" }),
        app.install ? button(t("放到主屏幕"), () => app.install(), { icon: "download", name: "install" }) : nothing,
        button(t("重新检查"), () => again(app), { icon: "undo", name: "recheck" }),
      )}`;
  },
};

/** The list of checks, as the welcome and the settings show it. */
export function checksView(app) {
  return html`<ul class="checks">${(app.checks ?? []).map((check) => html`
    <li class="check tone-${check.tone}" data-check=${check.id} data-tone=${check.tone}>
      ${icon(check.tone)}
      <div><strong>${t(check.title)}</strong>
        <span>${t(check.text, { ...check.values, app: t(check.values?.app ?? "") })}</span>
        ${check.way ? html`<span class="way">${t(check.way)}</span>` : nothing}</div>
    </li>`)}</ul>
    ${blocked(app.checks) ? note("stop", t("先解决打叉的几项，才能记录。可以先练习。")) : nothing}`;
}

async function again(app) {
  const checks = await app.recheck(true);
  const worst = blocked(checks) ? "stop" : checks.some((one) => one.tone === "look") ? "look" : "ok";
  app.say(worst, { ok: t("都可以"), look: t("可以用，有几项要看一下"), stop: t("还有必须解决的") }[worst]);
}

const hero = () => html`<div class="hero">${chain()}
  <p class="hero-words"><span>${t("扫管，扫人，下一位。")}</span><span>${t("没有网络也能用。")}</span></p></div>`;

const language = (app) => choice({
  label: "语言 / Language", name: "lang", bare: true, value: app.settings.lang,
  options: [{ value: "zh", label: "中文" }, { value: "en", label: "English" }],
  onChange: (lang) => app.set({ lang }),
});
