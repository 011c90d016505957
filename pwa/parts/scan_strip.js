// The scan strip: what to scan now, what was read last, typing by hand, the camera.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { ref } from "lit-html/directives/ref.js";

import { t } from "../words/index.js";
import { button } from "./buttons.js";
import { icon } from "./icons.js";

/**
 * @param {any} app
 * @param {{hint: string, typed?: boolean, camera?: boolean, label?: string, inputmode?: string}} o
 */
export function scanStrip(app, o) {
  const strip = app.strip;
  const last = strip.last;
  return html`<section class="scan-strip" aria-label=${t("扫码")}>
    <div class="scan-now">
      ${icon("scan")}
      <p class="scan-hint">${o.hint}</p>
      ${o.camera === false ? nothing : button(strip.camera ? t("关闭相机") : t("相机"), () => app.toggleCamera(), {
        icon: "camera", pressed: strip.camera, name: "camera", bare: true })}
      ${o.typed === false ? nothing : button(t("手输"), () => app.toggleTyping(), {
        icon: "keyboard", pressed: strip.typing, name: "type", bare: true })}
    </div>
    ${strip.camera && o.camera !== false ? html`<div class="camera-host" ${ref(app.cameraHost)}></div>` : nothing}
    ${strip.typing && o.typed !== false ? typing(app, o) : nothing}
    <p class="scan-last" data-last=${last?.shown ?? nothing}>${last ? html`${icon(signOf(app, last))}
      <span>${strip.again ? t("已经读过") : t("刚才读到")} <b class="code">${last.shown}</b></span>` : html`<span>${t("还没有读到码")}</span>`}</p>
  </section>`;
}

/** What came of the last read, once the screen has answered. */
function signOf(app, last) {
  if (last.problem) return "stop";
  return app.answer && app.answer.at >= last.at ? app.answer.tone : "scan";
}

function typing(app, o) {
  const send = (e) => {
    e.preventDefault();
    const input = e.target.elements.typed;
    const text = input.value;
    if (!text.trim()) return;
    app.strip.text = "";
    input.value = "";
    app.scan(text, { source: "typed" });
  };
  return html`<form class="scan-typing" @submit=${send}>
    <label class="unseen" for="typed">${o.label ?? t("用手输入的码")}</label>
    <input id="typed" name="typed" autocomplete="off" autocapitalize="characters" spellcheck="false"
      inputmode=${o.inputmode ?? nothing} placeholder=${o.label ?? t("用手输入的码")}
      .value=${live(app.strip.text)} @input=${(e) => { app.strip.text = e.target.value; }} />
    ${button(t("确定"), () => {}, { kind: "primary", submit: true, name: "typed-ok" })}
  </form>`;
}
