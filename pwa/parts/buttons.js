// Buttons: the big one at the bottom, ordinary ones, and the bar that holds them at the thumb.
import { html, nothing } from "lit-html";

import { icon } from "./icons.js";

/**
 * The one thing to do next: at least 72 px high.
 * @param {string} label
 * @param {() => void} act
 * @param {{tone?: "brand"|"ok"|"look"|"stop"|"quiet"|"accent", icon?: string, sub?: string, disabled?: boolean,
 *   name?: string, key?: string, submit?: boolean}} [o] `name` becomes data-name; `key` a hint such as "Enter".
 */
export function bigButton(label, act, o = {}) {
  return html`<button
    type=${o.submit ? "submit" : "button"}
    class="big tone-${o.tone ?? "brand"}"
    data-name=${o.name ?? nothing}
    ?disabled=${o.disabled ?? false}
    @click=${act}
  >
    ${o.icon ? icon(o.icon) : nothing}
    <span class="big-words"><span>${label}</span>${o.sub ? html`<small>${o.sub}</small>` : nothing}</span>
    ${o.key ? html`<kbd>${o.key}</kbd>` : nothing}
  </button>`;
}

/**
 * @param {string} label
 * @param {() => void} act
 * @param {{kind?: "plain"|"primary"|"quiet"|"danger", icon?: string, disabled?: boolean, name?: string,
 *   bare?: boolean, pressed?: boolean, submit?: boolean}} [o] `bare`: only the picture is seen, the label is read.
 */
export function button(label, act, o = {}) {
  return html`<button
    type=${o.submit ? "submit" : "button"}
    class="btn kind-${o.kind ?? "plain"} ${o.bare ? "bare" : ""}"
    data-name=${o.name ?? nothing}
    aria-label=${o.bare ? label : nothing}
    aria-pressed=${o.pressed === undefined ? nothing : String(o.pressed)}
    ?disabled=${o.disabled ?? false}
    @click=${act}
  >${o.icon ? icon(o.icon) : nothing}${o.bare ? nothing : html`<span>${label}</span>`}</button>`;
}

/** The bar at the bottom: the primary at the thumb, others beside or above it. */
export function actions(primary, ...others) {
  const rest = others.filter((one) => one && one !== nothing);
  return html`<div class="actions">
    ${rest.length ? html`<div class="actions-more">${rest}</div>` : nothing}
    ${primary ?? nothing}
  </div>`;
}

/** A tile of the home screen: a whole task behind one tap. */
export function tile(label, act, o = {}) {
  return html`<button type="button" class="tile ${o.link ? `link-${o.link}` : ""}" data-name=${o.name ?? nothing}
    ?disabled=${o.disabled ?? false} @click=${act}>
    ${o.icon ? icon(o.icon) : nothing}
    <span class="tile-label">${label}</span>
    ${o.sub ? html`<span class="tile-sub">${o.sub}</span>` : nothing}
    ${o.count === undefined || o.count === null ? nothing : html`<span class="tile-count">${o.count}</span>`}
  </button>`;
}
