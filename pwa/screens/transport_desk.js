// What the screens of boxes share: the fold kept up to date, reads of the right kind, names, words.
import { html, nothing } from "lit-html";

import { refused, say } from "../rules/box_words.js";
import { Boxes } from "../rules/boxes.js";
import { CodeProblem, KINDS, grouped } from "../scan/codes.js";
import { getLang, pick, t } from "../words/index.js";
import { when } from "../words/time.js";

/** All boxes as this phone knows them. @returns {import("../rules/boxes.js").Boxes} */
export const boxesOf = (app) => app.boxes ?? NONE;
const NONE = new Boxes();

/** Sealed boxes of this place that wait for the van; those another phone gave away are left out. */
export const sealedHere = (app) =>
  boxesOf(app).list("sealed").filter((box) => !boxesOf(app).takenBy(box, app.outbox?.held ?? 0));

/** Says an answer of a rule: words, colour, sound; `voice` is read aloud. */
export function tell(app, answer, { voice = null, sub = null } = {}) {
  const { when: at } = answer.details;
  const words = at ? pick(answer).replace(String(at), when(at, app.now())) : pick(answer);
  const spoken = voice ?? (answer.tone === "stop" ? words : null);
  app.say(answer.tone, words, { code: answer.code, voice: spoken, sub });
  return answer;
}

/**
 * The number of a read if it is of a kind that is wanted here; else the screen says what it is.
 * @returns {string|null}
 */
export function wanted(app, read, ...kinds) {
  if (read.problem) {
    tell(app, refused(read.problem));
    return null;
  }
  if (kinds.includes(read.kind)) return read.number ?? read.text;
  const own = read.kind in KINDS;
  tell(app, refused(own ? new CodeProblem("wrong_kind", { seen: read.kind, wanted: kinds[0] })
    : new CodeProblem("unknown_code")));
  return null;
}

/** A colleague's name by id, else the id. */
export function nameOf(app, id) {
  if (app.staff && String(app.staff.id) === String(id)) return app.staff.name;
  const found = (app.slice?.staff ?? []).find((s) => String(s.id) === String(id));
  return found?.name ?? t("工号未知");
}

export const hasRole = (app, ...roles) => Boolean(app.staff?.roles?.some((role) => roles.includes(role)));

/** A code in groups of four, as it stands on the label. */
export const code = (number) => html`<b class="code">${grouped(number ?? "")}</b>`;

/** The words of a [中文, English] pair. */
export const word = (pair) => (pair ? pair[getLang() === "en" ? 1 : 0] : "");

/** A figure with its name; a button when it opens a list. */
export function figure(n, label, { tone = "", act = null, name = null } = {}) {
  const inner = html`<b>${n}</b><span>${label}</span>`;
  return act
    ? html`<button type="button" class="figure-tile ${tone ? `tone-${tone}` : ""}" data-name=${name ?? nothing} @click=${act}>${inner}</button>`
    : html`<div class="figure-tile ${tone ? `tone-${tone}` : ""}" data-name=${name ?? nothing}>${inner}</div>`;
}

/** Where one is in a task: the steps in order, those done marked. @param {number} at index of the step in hand */
export function stepLine(at, names) {
  return html`<ol class="task-steps" data-step=${at}>${names.map((name, i) => html`<li
    class=${i < at ? "past" : i === at ? "here" : ""} aria-current=${i === at ? "step" : nothing}>${name}</li>`)}</ol>`;
}

/** What waits for a tap must not hold up the reads behind it; a fault is said all the same. */
export function later(app, promise) {
  promise.catch((fault) => app.failed(fault));
  return null;
}

const SOON = 30_000;

/** What the server knows now, where it can be asked; nothing waits for it. `age`: ms that may pass. */
export function freshen(app, age = SOON) {
  const made = app.slice?.made_at ?? 0;
  if (app.practice || app.now() + (app.offset ?? 0) - made < age) return;
  later(app, Promise.resolve(app.refreshSlice?.()));
}

const seen = new WeakMap();

/** A new step begins at its top. */
export function turned(app, step) {
  if (seen.get(app) === step) return;
  seen.set(app, step);
  queueMicrotask(() => globalThis.scrollTo?.(0, 0));
}

/** Asks for one of several coded reasons; null when closed. */
export function askReason(app, title, reasons, { text = null, name = "reason" } = {}) {
  const choices = Object.entries(reasons).map(([value, pair]) => ({ value, label: word(pair), name: `${name}-${value}` }));
  return app.choose({ title, text, choices, name });
}

export { say };
