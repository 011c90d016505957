// Fields: typed text, a choice of few, a switch, a stepper; the fault stands beside its field.
import { html, nothing } from "lit-html";
import { live } from "lit-html/directives/live.js";

import { t } from "../words/index.js";
import { icon } from "./icons.js";

/**
 * @param {{label: string, name: string, value?: string, onInput?: (text: string) => void,
 *   onEnter?: (text: string) => void, type?: string, inputmode?: string, hint?: string, problem?: string,
 *   autocomplete?: string, maxlength?: number, placeholder?: string, autofocus?: boolean, multiline?: boolean}} o
 */
export function field(o) {
  const id = `field-${o.name}`;
  const about = [o.hint ? `${id}-hint` : "", o.problem ? `${id}-problem` : ""].join(" ").trim();
  const typed = (e) => o.onInput?.(e.target.value);
  const entered = (e) => {
    if (e.key !== "Enter" || e.isComposing || !o.onEnter) return;
    e.preventDefault();
    o.onEnter(e.target.value);
  };
  return html`<div class="field ${o.problem ? "wrong" : ""}">
    <label for=${id}>${o.label}</label>
    ${o.multiline
      ? html`<textarea id=${id} name=${o.name} rows="3" maxlength=${o.maxlength ?? nothing}
          aria-describedby=${about || nothing} .value=${live(o.value ?? "")} @input=${typed}></textarea>`
      : html`<input id=${id} name=${o.name} type=${o.type ?? "text"} inputmode=${o.inputmode ?? nothing}
          autocomplete=${o.autocomplete ?? "off"} autocapitalize="off" spellcheck="false"
          maxlength=${o.maxlength ?? nothing} placeholder=${o.placeholder ?? nothing}
          aria-describedby=${about || nothing} aria-invalid=${o.problem ? "true" : nothing}
          ?autofocus=${o.autofocus ?? false} .value=${live(o.value ?? "")} @input=${typed} @keydown=${entered} />`}
    ${o.hint ? html`<small id="${id}-hint">${o.hint}</small>` : nothing}
    ${o.problem ? html`<p class="fault" id="${id}-problem">${icon("stop")}<span>${o.problem}</span></p>` : nothing}
  </div>`;
}

/**
 * One of a few, each at least 48 px high.
 * @param {{label: string, name: string, options: {value: any, label: string, sub?: string}[], value: any,
 *   onChange: (value: any) => void, stacked?: boolean, bare?: boolean}} o
 */
export function choice(o) {
  return html`<fieldset class="choice ${o.stacked ? "stacked" : ""}">
    <legend class=${o.bare ? "unseen" : ""}>${o.label}</legend>
    <div class="choice-options">
      ${o.options.map((option) => html`<label class="option">
        <input type="radio" name=${o.name} .checked=${live(option.value === o.value)}
          @change=${() => o.onChange(option.value)} />
        <span class="option-face"><span>${option.label}</span>${option.sub ? html`<small>${option.sub}</small>` : nothing}</span>
      </label>`)}
    </div>
  </fieldset>`;
}

/** On or off. */
export function toggle(o) {
  const hint = `toggle-${o.name}-hint`;
  return html`<label class="toggle">
    <span class="toggle-words"><span>${o.label}</span>${o.hint ? html`<small id=${hint}>${o.hint}</small>` : nothing}</span>
    <input type="checkbox" role="switch" name=${o.name} aria-describedby=${o.hint ? hint : nothing}
      .checked=${live(Boolean(o.checked))} @change=${(e) => o.onChange(e.target.checked)} />
    <span class="toggle-face" aria-hidden="true"></span>
  </label>`;
}

/** A number by typing or by steps; `value` null shows empty, so that a count is never suggested. */
export function stepper(o) {
  const [least, most] = [o.min ?? 0, o.max ?? 999];
  const put = (n) => o.onChange(Math.min(most, Math.max(least, n)));
  const id = `field-${o.name}`;
  return html`<div class="field stepper ${o.problem ? "wrong" : ""}">
    <label for=${id}>${o.label}</label>
    <div class="stepper-row">
      <button type="button" class="btn bare" aria-label=${t("减一")} @click=${() => put((o.value ?? least) - 1)}>${icon("minus")}</button>
      <input id=${id} name=${o.name} inputmode="numeric" autocomplete="off" .value=${live(o.value === null || o.value === undefined ? "" : String(o.value))}
        aria-invalid=${o.problem ? "true" : nothing}
        @input=${(e) => o.onChange(/^\d+$/.test(e.target.value) ? Math.min(most, Number(e.target.value)) : null)} />
      <button type="button" class="btn bare" aria-label=${t("加一")} @click=${() => put((o.value ?? least - 1) + 1)}>${icon("plus")}</button>
    </div>
    ${o.problem ? html`<p class="fault">${icon("stop")}<span>${o.problem}</span></p>` : nothing}
  </div>`;
}
