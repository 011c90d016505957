// The seat counter: a huge number and the tube's seats drawn, so that a glance from a metre is enough.
import { html, nothing, svg } from "lit-html";

import { t } from "../words/index.js";

/**
 * @param {{n: number, size: number, label?: string, states?: string[]}} o
 *   `states[i]`: "taken" | "mine" | "marked" | "out" for seat i+1; without it the first n are taken.
 */
export function counter({ n, size, label, states }) {
  const seats = Math.max(size, n, 1);
  const stateOf = (i) => states?.[i] ?? (i < n ? "taken" : "free");
  const tone = n > size ? "stop" : n === size ? "full" : n === size - 1 ? "last" : "some";
  return html`<div class="counter count-${tone}" role="img"
    aria-label=${`${label ? `${label} ` : ""}${t("{n} / {size} 个座位", { n, size })}`}>
    <div class="counter-figure" aria-hidden="true"><b>${n}</b><i>/</i><span>${size}</span></div>
    ${seats > 24 ? nothing : drawing(seats, stateOf)}
  </div>`;
}

function drawing(seats, stateOf) {
  const columns = seats <= 6 ? seats : Math.ceil(seats / 2);
  const rows = Math.ceil(seats / columns);
  const places = Array.from({ length: seats }, (_, i) => i);
  return html`<svg class="seats" viewBox="0 0 ${columns * 24} ${rows * 24}" aria-hidden="true" focusable="false">
    ${places.map((i) => svg`<circle class="seat seat-${stateOf(i)}" cx=${(i % columns) * 24 + 12}
      cy=${Math.floor(i / columns) * 24 + 12} r="8.5" />`)}
  </svg>`;
}
