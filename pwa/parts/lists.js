// Lists and what stands in for them: rows, facts, an empty place, progress.
import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";

import { icon } from "./icons.js";

/**
 * @param {any[]} items
 * @param {(item: any) => any} row usually `row({...})`
 * @param {{empty?: any, key?: (item: any) => any, label?: string}} [o]
 */
export function list(items, row, o = {}) {
  if (!items.length) return o.empty ?? nothing;
  return html`<ul class="list" aria-label=${o.label ?? nothing}>
    ${repeat(items, o.key ?? ((_, i) => i), (item) => html`<li>${row(item)}</li>`)}
  </ul>`;
}

/**
 * One line of a list; a button when it has `act`.
 * @param {{title: any, sub?: any, meta?: any, icon?: string, tone?: string, act?: () => void, name?: string,
 *   side?: any, lead?: any}} o
 */
export function row(o) {
  const inner = html`
    ${o.lead !== undefined ? html`<span class="row-lead">${o.lead}</span>` : nothing}
    ${o.icon ? icon(o.icon) : nothing}
    <span class="row-words"><span class="row-title">${o.title}</span>${o.sub ? html`<span class="row-sub">${o.sub}</span>` : nothing}</span>
    ${o.meta !== undefined ? html`<span class="row-meta">${o.meta}</span>` : nothing}
    ${o.act ? icon("next") : nothing}`;
  const cls = `row ${o.tone ? `tone-${o.tone}` : ""}`;
  const face = o.act
    ? html`<button type="button" class=${cls} data-name=${o.name ?? nothing} @click=${o.act}>${inner}</button>`
    : html`<div class=${cls} data-name=${o.name ?? nothing}>${inner}</div>`;
  return o.side ? html`<div class="row-with-side">${face}${o.side}</div>` : face;
}

/** Names and values: [[label, value], …]; empty values are left out. */
export function facts(pairs) {
  const seen = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">${seen.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Why there is nothing, and what to do. */
export function emptyState(o) {
  return html`<div class="empty">
    ${icon(o.icon ?? "info")}
    <p class="empty-title">${o.title}</p>
    ${o.text ? html`<p>${o.text}</p>` : nothing}
    ${o.action ?? nothing}
  </div>`;
}

/** A bar with its two numbers. */
export function progress(done, total, label) {
  return html`<div class="progress-part"><label>${label}
    <progress max=${Math.max(1, total)} value=${done}></progress></label>
    <span class="figure">${done} / ${total}</span></div>`;
}

/** A group of things on a sheet of its own. */
export const card = (title, body, o = {}) => html`<section class="card ${o.tone ? `tone-${o.tone}` : ""}">
  ${title ? html`<h2>${o.icon ? icon(o.icon) : nothing}${title}</h2>` : nothing}${body}</section>`;

/** A sentence with a tone: colour, shape and words together. */
export const note = (tone, text) => html`<p class="note tone-${tone}">${icon(
  tone === "unknown" ? "info" : tone,
)}<span>${text}</span></p>`;
