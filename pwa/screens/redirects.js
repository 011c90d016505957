// Boxes that were sent elsewhere, as whoever has them is told: from where to where, and why.
import { html, nothing } from "lit-html";

import { button, note } from "../parts/index.js";
import { mine, standing, unread, wayOf } from "../rules/redirects.js";
import { noteRead, readHere } from "../shift/keeper.js";
import { pick, t } from "../words/index.js";
import { when } from "../words/time.js";
import { boxesOf, code, later } from "./transport_desk.js";

/** Redirections that stand, by seal. */
export const redirectsOf = (app) => standing(app.slice?.json.redirects, boxesOf(app));

/** @returns {{to: string, lab: string}|null|"apart"} */
export const redirectedWay = (app, seals) => wayOf(seals, redirectsOf(app));

/** What concerns the person here: every line until its box has left, a button until it was read. */
export function redirectNotes(app) {
  const told = mine(redirectsOf(app), boxesOf(app), app.staff?.id ?? 0);
  if (!told.length) return nothing;
  if (!app.readRedirects) {
    app.readRedirects = {};
    later(app, readHere(app).then((read) => {
      app.readRedirects = read;
      app.draw();
    }));
  }
  const fresh = unread(told, app.readRedirects);
  return html`<section class="redirects" aria-label=${t("改送")}>
    ${told.map((one) => note("look", html`<b>${t("改送 {lab}", { lab: one.lab })}</b> ${code(one.seal)}
      <small>${[one.from ? t("原送 {lab}", { lab: one.from }) : "", pick(one.why), when(one.at, app.now())].filter(Boolean).join(" · ")}</small>`))}
    ${fresh.length ? button(t("知道了"), () => later(app, noteRead(app, fresh).then(() => app.draw())), { name: "redirects-read", kind: "primary", icon: "ok" }) : nothing}
  </section>`;
}
