// The frame round every screen: the top line with the truth, banners, the answer, sheets.
import { html, nothing } from "lit-html";

import { answerBanner, bigButton, button, emptyState, sheet, truthLine } from "./parts/index.js";
import { icon } from "./parts/icons.js";
import { t } from "./words/index.js";

const ROOTS = new Set(["home", "welcome"]);

export function frame(app) {
  const screen = app.screen;
  if (!screen) return nothing;
  return html`
    <a class="skip" href="#screen" @click=${skip}>${t("跳到内容")}</a>
    ${topLine(app, screen)}
    ${banners(app)}
    <div class="answer-place" aria-live="assertive" aria-atomic="true">${answerBanner(app.answer)}</div>
    <main id="screen" tabindex="-1" class="screen screen-${screen.name} ${screen.link ? `link-${screen.link}` : ""}">
      ${body(app, screen)}
    </main>
    ${app.sheets.map((open, i) => (i === app.sheets.length - 1 ? oneSheet(app, open) : nothing))}`;
}

function skip(e) {
  e.preventDefault();
  document.getElementById("screen")?.focus();
}

function topLine(app, screen) {
  return html`<header class="top">
    <div class="top-row">
      ${ROOTS.has(screen.name) || app.tab === "second"
        ? html`<span class="mark" aria-hidden="true">${icon("tube")}</span>`
        : button(t("返回"), () => app.back(), { bare: true, icon: "back", kind: "quiet", name: "back" })}
      <h1>${app.tab === "second" ? t("筛查现场") : screen.title(app)}</h1>
      <span class="top-who">${app.staff ? app.staff.name : ""}</span>
      ${screen.name === "settings" || app.tab === "second" ? nothing : button(t("设置"), () => app.go("settings"), {
        bare: true, icon: "settings", kind: "quiet", name: "settings" })}
    </div>
    ${truthLine(app)}
  </header>`;
}

function banners(app) {
  return html`
    ${app.practice ? html`<div class="banner practice" role="status"><strong>${t("练习")}</strong>

      ${button(t("练习码"), () => app.openSheet(app.practiceSheet), { name: "practice-codes" })}
      ${button(t("结束练习"), () => app.leavePractice(), { name: "leave-practice" })}</div>` : nothing}
    ${app.newVersion && app.tab === "first" && !app.practice ? html`<div class="banner tone-unknown" role="status">${icon("download")}
      ${app.updateWaits
        ? html`<span>${t("有新版本，传完 {n} 条后可以更新", { n: app.updateWaits })}</span>`
        : html`<span>${t("有新版本")}</span>${button(t("现在更新"), () => app.updateNow(), { kind: "primary", name: "update" })}`}
      </div>` : nothing}`;
}

function oneSheet(app, open) {
  return sheet({
    ...open,
    body: html`${app.practice && open.scan && open !== app.practiceSheet
      ? button(t("练习用的码"), () => app.openSheet(app.practiceSheet), { icon: "qr", name: "practice-codes-here" }) : nothing}
      ${open.choices ? chooser(open) : open.body(app)}`,
    onClose: () => app.closeSheet(open),
  });
}

function chooser(open) {
  return html`${open.text ? html`<div class="sheet-text">${open.text}</div>` : nothing}
    <div class="sheet-choices">${open.choices.map((one) => bigButton(one.label, () => open.pick(one.value), {
      tone: one.tone ?? "plain", icon: one.icon, sub: one.sub, name: one.name ?? String(one.value) }))}</div>`;
}

function body(app, screen) {
  if (app.tab === "second") return second(app);
  if (!app.allowed(screen)) return refused(app, screen);
  try {
    return screen.view(app);
  } catch (fault) {
    console.error(screen.name, fault?.stack ?? fault);
    return broken(app);
  }
}

/** A screen that cannot be drawn must not take the others with it. */
function broken(app) {
  return emptyState({
    icon: "stop",
    title: t("这一屏打不开"),
    text: t("已记下的都在。请回首页再试；仍不行请告诉负责人。"),
    action: button(t("回首页"), () => app.replace("home"), { kind: "primary", name: "go-home" }),
  });
}

function second(app) {
  return emptyState({
    icon: "look",
    title: t("应用已在另一个标签页打开"),
    text: t("只有一个标签页可以记录。那里写到一半的会先写完。"),
    action: button(t("改用这里"), () => app.takeOver(), { kind: "primary", name: "take-over" }),
  });
}

function refused(app, screen) {
  return emptyState({
    icon: "lock",
    title: t("您在这里没有“{what}”的权限", { what: screen.title(app) }),
    text: t("请换人登录，或请本点负责人在电脑上授权。"),
    action: button(t("回首页"), () => app.replace("home"), { kind: "primary" }),
  });
}
