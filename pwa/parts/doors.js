// Small parts of the door list: a deadline's clock and the state of a person, each with its word.
import { html } from "lit-html";

import { clockOf } from "../rules/doors.js";
import { duration } from "../words/time.js";
import { t } from "../words/index.js";
import { icon } from "./icons.js";

const STATES = {
  todo: ["未上门", "unknown", "door"], later: ["已约", "look", "clock"], done: ["已采", "ok", "ok"],
  absent: ["不在", "look", "look"], refused: ["拒检", "look", "look"], moved: ["搬走", "look", "look"],
  come_back: ["到约定时间", "look", "clock"],
};

export function stateTag(state) {
  const [word, tone, picture] = STATES[state] ?? STATES.todo;
  return html`<span class="tag tone-${tone}">${icon(picture)}${t(word)}</span>`;
}

/** Time left to a deadline, or how long it is over. */
export function clockTag(deadline, now) {
  const { ms, tone } = clockOf(deadline, now);
  const text = ms > 0 ? t("剩 {time}", { time: duration(ms) }) : t("超时 {time}", { time: duration(-ms) });
  return html`<span class="tag tone-${tone === "ok" ? "unknown" : tone}">${icon(tone === "stop" ? "stop" : "clock")}${text}</span>`;
}

/** "3号楼 1 单元 502". */
export function addressOf({ building, unit, room = "" }) {
  const words = [building, unit && (/[^0-9A-Za-z]/.test(unit) ? unit : t("{n} 单元", { n: unit })), room];
  return words.filter(Boolean).join(" ");
}
