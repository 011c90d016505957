// The answer to a scan: ok, look or stop, each with its own colour, shape and word.
import { html, nothing } from "lit-html";

import { t } from "../words/index.js";
import { icon } from "./icons.js";

const WORDS = { ok: "好", look: "看一下", stop: "停" };

/** @param {null|{tone: "ok"|"look"|"stop", text: string, sub?: string, code?: string}} answer */
export function answerBanner(answer) {
  if (!answer) return nothing;
  return html`<div class="answer tone-${answer.tone}" data-tone=${answer.tone} data-code=${answer.code ?? nothing}>
    ${icon(answer.tone)}
    <div class="answer-words">
      <span class="answer-tone">${t(WORDS[answer.tone])}</span>
      <strong>${answer.text}</strong>
      ${answer.sub ? html`<span class="answer-sub">${answer.sub}</span>` : nothing}
    </div>
  </div>`;
}

export const toneWord = (tone) => t(WORDS[tone]);
