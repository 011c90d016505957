// Drawings: the chain on the welcome, and "open in the browser" for those in a chat app.
import { html, svg } from "lit-html";

import { t } from "../words/index.js";

const LINKS = [["collect", "采"], ["deliver", "送"], ["test", "检"], ["report", "报"]];

/** The four links that a swab passes. */
export const chain = () => html`<svg class="chain" viewBox="0 0 320 76" aria-hidden="true" focusable="false">
  <path class="chain-line" d="M40 38H280" />
  ${LINKS.map(([name, word], i) => svg`<g class="chain-dot link-${name}"><circle cx=${40 + i * 80} cy="38" r="26" />
    <text x=${40 + i * 80} y="46" text-anchor="middle">${word}</text></g>`)}
</svg>`;

/** A phone with the menu of the chat app, and where to tap. */
export const openInBrowser = () => html`<svg class="in-browser" viewBox="0 0 320 210" role="img"
  aria-label=${t("点右上角的“…”，再选“在浏览器打开”")}>
  <rect class="ib-phone" x="70" y="6" width="180" height="198" rx="18" />
  <path class="ib-line" d="M70 46H250" />
  <circle class="ib-dot" cx="214" cy="28" r="3.5" /><circle class="ib-dot" cx="225" cy="28" r="3.5" /><circle class="ib-dot" cx="236" cy="28" r="3.5" />
  <circle class="ib-ring" cx="225" cy="28" r="19" />
  <path class="ib-arrow" d="M290 84C296 58 282 38 254 32M264 24l-12 8 10 11" />
  <rect class="ib-menu" x="92" y="104" width="136" height="44" rx="8" />
  <text class="ib-text" x="160" y="132" text-anchor="middle">${t("在浏览器打开")}</text>
  <circle class="ib-step" cx="286" cy="104" r="14" /><text class="ib-num" x="286" y="110" text-anchor="middle">1</text>
  <circle class="ib-step" cx="62" cy="126" r="14" /><text class="ib-num" x="62" y="132" text-anchor="middle">2</text>
</svg>`;
