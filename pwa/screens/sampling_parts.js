// Pieces that the sampling screens share: a seat as a line, what a seat's state is called.

import { html, nothing } from "lit-html";

import { row } from "../parts/index.js";
import { MARKS, STATES } from "../rules/sampling_words.js";
import { getLang, t } from "../words/index.js";
import { clock } from "../words/time.js";

const word = (pair) => (pair ? pair[getLang() === "en" ? 1 : 0] : "");

export const markWord = (mark) => word(MARKS[mark]);
export const stateWord = (state) => word(STATES[state]);

/** One seat: number, masked name, what became of it; a tap opens the person. */
export function seatRow(app, tube, seat) {
  const what = seat.out ? t("已撤销") : seat.mark ? markWord(seat.mark) : null;
  return row({
    lead: seat.seat,
    title: html`<span class=${seat.out ? "taken-back" : ""}>${seat.name || t("无姓名")}</span>`,
    sub: html`<span class="code">${seat.document.replace(/^.*\*/, "****")}</span>${seat.mine ? nothing : html` · ${t("别的手机")}`}`,
    meta: what ?? (seat.at ? clock(seat.at) : ""),
    tone: seat.out ? "unknown" : seat.mark ? "look" : null,
    act: seat.out ? undefined : () => app.go("person", { tube: tube.number, ref: seat.ref }),
    name: `seat-${seat.seat}`,
  });
}
