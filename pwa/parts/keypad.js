// A number pad for gloves: keys of 64 px, and a field that takes a keyboard's digits as well.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";

import { t } from "../words/index.js";
import { icon } from "./icons.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];

/**
 * @param {{label: string, name: string, value: string, onChange: (text: string) => void,
 *   onEnter?: () => void, digits?: number, signed?: boolean, point?: boolean, unit?: string,
 *   problem?: string, hint?: string}} o
 *   `signed` and `point` show the keys − and . (temperatures).
 */
export function keypad(o) {
  const most = o.digits ?? 3;
  const put = (text) => o.onChange(clean(text, o, most));
  const id = `pad-${o.name}`;
  const entered = (e) => {
    if (e.key !== "Enter" || e.isComposing) return;
    e.preventDefault();
    o.onEnter?.();
  };
  return html`<div class="pad ${o.problem ? "wrong" : ""}">
    <label for=${id}>${o.label}</label>
    <div class="pad-face">
      <input id=${id} name=${o.name} inputmode="none" autocomplete="off" .value=${live(o.value)}
        aria-describedby=${o.problem ? `${id}-problem` : nothing} aria-invalid=${o.problem ? "true" : nothing}
        @input=${(e) => put(e.target.value)} @keydown=${entered} />
      ${o.unit ? html`<span class="pad-unit">${o.unit}</span>` : nothing}
    </div>
    ${o.hint ? html`<small>${o.hint}</small>` : nothing}
    ${o.problem ? html`<p class="fault" id="${id}-problem">${icon("stop")}<span>${o.problem}</span></p>` : nothing}
    <div class="pad-keys">
      ${KEYS.map((digit) => key(digit, () => put(o.value + digit)))}
      ${o.signed ? key("−", () => put(o.value.startsWith("-") ? o.value.slice(1) : `-${o.value}`), t("正负号"))
        : key(t("清空"), () => put(""), t("清空"), "pad-word")}
      ${key("0", () => put(`${o.value}0`))}
      ${o.point ? key(".", () => put(`${o.value}.`), t("小数点"))
        : html`<button type="button" class="pad-key" aria-label=${t("删一位")} data-key="back"
            @click=${() => put(o.value.slice(0, -1))}>${icon("back")}</button>`}
    </div>
    ${o.point ? html`<button type="button" class="btn" data-key="back"
      @click=${() => put(o.value.slice(0, -1))}>${icon("back")}<span>${t("删一位")}</span></button>` : nothing}
  </div>`;
}

const key = (face, act, label = null, more = "") => html`<button type="button" class="pad-key ${more}"
  data-key=${face} aria-label=${label ?? nothing} @click=${act}>${face}</button>`;

/** What a pad may hold: digits, and where asked a sign in front and one decimal. Pure. */
export function clean(text, { signed = false, point = false } = {}, most = 3) {
  const plain = text.replace(/[−－]/g, "-").replace(/[．。]/g, ".");
  const sign = signed && plain.startsWith("-") ? "-" : "";
  const [whole = "", ...rest] = plain.split(".").map((part) => part.replace(/[^0-9]/g, ""));
  const digits = whole.slice(0, most);
  if (!point || !plain.includes(".")) return sign + digits;
  return `${sign}${digits}.${rest.join("").slice(0, 1)}`;
}
