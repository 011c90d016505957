// Sampling: scan a tube, scan a person, next. Everything here works without a server and without a
// touch; a tap is for what a scanner cannot say.

import { html, nothing } from "lit-html";

import { actions, bigButton, button, choice, counter, icon, list, note, row, scanStrip, stepper } from "../parts/index.js";
import { undoLast, lastBind } from "../rules/corrections.js";
import { ofResident } from "../rules/persons.js";
import { householdScanned, sampledBefore } from "../rules/sampling.js";
import { MODES } from "../rules/sampling_words.js";
import { chosen, inHand, ruleOf, whyOf } from "../rules/tubes.js";
import { isFull, openTubes, roomOf } from "../rules/work.js";
import { grouped } from "../scan/codes.js";
import { getLang, pick, t } from "../words/index.js";
import { ask } from "./sampling_asks.js";
import { act, arrive, deskOf, queued, sceneOf, takeItem, takePerson, takeRead } from "./sampling_desk.js";
import { seatRow } from "./sampling_parts.js";

export const screen = {
  name: "sampling",
  title: () => t("采样"),
  roles: ["sampler", "site_supervisor", "community_worker"],
  link: "collect",
  icon: "tube",
  enter,
  leave: (app) => {
    deskOf(app).later = [];
  },
  view,
  scan: (app, read) => takeRead(app, read),
};

/**
 * @param {{tube?: string, given?: object, read?: object, person?: object, people?: object[],
 *   mode?: string, single?: boolean, purpose?: string, unregistered?: boolean, back?: string}} params
 *   `given`: a person as rules/persons.js makes them; `person` and what follows: from the door list.
 */
function enter(app, params = {}) {
  const desk = deskOf(app);
  const { read, person, unregistered } = params;
  const given = params.given ?? desk.given;
  desk.given = null;
  for (const once of ["given", "read", "person", "unregistered"]) delete params[once]; // not again on the way back
  arrive(app, params);
  if (unregistered) {
    app.replace("search", { way: "document", back: params.back });
    return;
  }
  const first = given ? () => takePerson(app, given)
    : person ? () => takeItem(app, { ...params, person })
      : read && desk.back ? () => takeRead(app, read) : null;
  if (first) queued(app, first);
}

const modeWord = (mode) => MODES[mode]?.[getLang() === "en" ? 1 : 0] ?? "";

function view(app) {
  const desk = deskOf(app);
  const tube = inHand(sceneOf(app));
  return html`<div class="desk ${app.strip.camera ? "seeing" : ""}">
    ${tubes(app, desk)}
    ${tube ? inUse(app, tube) : noTube(app)}
    ${waiting(app, desk)}
    ${scanStrip(app, { hint: hint(desk, tube) })}
    ${desk.later.slice(0, 3).map((one) => html`<div class="later">${note("look", t("第 {seat} 个 {name}：{text}", one))}
      ${button(t("知道了"), () => drop(app, desk, one), { kind: "quiet", name: "later-ok" })}</div>`)}
    ${tube ? family(app, desk, tube) : nothing}
    ${tube ? people(app, tube) : nothing}
    ${tube ? tubeActions(app, desk, tube) : openActions(app)}
  </div>`;
}

function drop(app, desk, one) {
  desk.later = desk.later.filter((other) => other !== one);
  app.draw();
}

function hint(desk, tube) {
  if (desk.single) return t("扫一支新管，给 {name} 单用", { name: desk.single.name || t("此人") });
  if (!tube) return t("扫管码开管");
  if (isFull(tube)) return t("满，扫下一支管");
  return t("扫受检者：居民码、身份证");
}

/** Open tubes of this phone side by side; one tap changes the one in hand. */
function tubes(app, desk) {
  const own = openTubes(app.work);
  if (own.length < 2) return nothing;
  return html`<nav class="tube-chips" aria-label=${t("开着的管")}>${own.map((tube) => html`<button type="button"
    class="tube-chip" aria-pressed=${String(tube.number === desk.current)} data-tube=${tube.number}
    @click=${() => {
      desk.current = tube.number;
      app.hush();
    }}><span class="code">${tube.number.slice(-6)}</span><b>${tube.live}/${tube.size || "—"}</b></button>`)}</nav>`;
}

function inUse(app, tube) {
  return html`<section class="tube-now" data-tube=${tube.number} data-live=${tube.live} data-size=${tube.size}>
    <button type="button" class="tube-name" data-name="tube" @click=${() => app.go("tube", { tube: tube.number })}>
      ${icon("tube")}<span class="code">${grouped(tube.number)}</span><span class="tube-mode">${modeWord(tube.mode)}</span>${icon("next")}
    </button>
    ${counter({ n: tube.live, size: roomOf(tube) === Infinity ? tube.live : tube.size, label: t("已采") })}
  </section>`;
}

function noTube(app) {
  const scene = sceneOf(app);
  const { mode, size } = chosen(scene);
  const rule = ruleOf(scene);
  const why = pick({ zh: whyOf(scene).why, en: whyOf(scene).why_en });
  return html`<section class="tube-none">
    <p class="tube-plan"><b>${modeWord(mode)}</b> <span>${t("每管最多 {n} 人", { n: size })}</span></p>
    ${rule ? html`<p class="tube-why">${t("依据：{why}", { why })}</p>` : note("look", t("没有正在采样的轮次，样本先归入“未归轮次”"))}
    ${button(t("改方式"), () => modes(app), { icon: "swap", name: "modes" })}
  </section>`;
}

/** Stricter than the rule is always allowed; looser is not offered. (17) */
function modes(app) {
  const desk = deskOf(app);
  const rule = ruleOf(sceneOf(app)) ?? { mode: "pooled", size: 20 };
  const order = ["single", "household", "pooled"];
  const allowed = order.slice(0, order.indexOf(rule.mode) + 1);
  app.openSheet({
    name: "modes", title: t("采样方式"),
    body: () => {
      const now = chosen(sceneOf(app));
      return html`${choice({
        label: t("方式"), name: "mode", value: now.mode, stacked: true,
        options: allowed.map((mode) => ({ value: mode, label: modeWord(mode) })),
        onChange: (mode) => {
          desk.mode = mode;
          app.draw();
        },
      })}
      ${now.mode === "single" ? nothing : stepper({
        label: t("每管最多"), name: "size", value: now.size, min: 1, max: rule.size,
        onChange: (size) => {
          desk.size = size;
          app.draw();
        },
      })}
      ${bigButton(t("就这样"), () => app.closeSheet(), { tone: "accent", name: "modes-ok" })}`;
    },
  });
}

function waiting(app, desk) {
  const person = desk.waiting ?? desk.single;
  if (!person) return nothing;
  return html`<p class="waiting">${icon("person")}<span>${desk.single
    ? t("{name}：单人单管", { name: person.name || t("此人") })
    : t("{name} 在等下一支管", { name: person.name || t("此人") })}</span>
    ${button(t("不等了"), () => {
      desk.waiting = null;
      desk.single = null;
      app.hush();
    }, { kind: "quiet", name: "not-waiting" })}</p>`;
}

/** A household tube: who else lives there; a tap is a swab. */
function family(app, desk, tube) {
  const others = tube.mode === "household" ? othersOf(app, desk, tube) : [];
  if (!others.length) return nothing;
  const scene = sceneOf(app);
  const due = others.filter((one) => !sampledBefore(scene, one));
  const bind = (persons) => queued(app, () => takeFamily(app, persons));
  return html`<section class="family" aria-label=${t("同户")}><h2>${t("同户还有 {n} 人", { n: others.length })}</h2>
    ${list(others, (one) => row({
      title: one.name, sub: html`<span class="code">${one.document}</span>`, icon: "plus", name: `family-${one.key}`,
      meta: due.includes(one) ? "" : t("已采"), act: () => bind([one]),
    }), { key: (one) => one.key })}
    ${due.length > 1 ? button(t("全家都在，登记 {n} 人", { n: due.length }), () => bind(due), { name: "family-all" }) : nothing}
  </section>`;
}

/** Those of the door list, else those of the slice who live with the first one in the tube. */
function othersOf(app, desk, tube) {
  const inside = tube.seats.filter((s) => !s.out && !s.mark);
  const keys = new Set(inside.map((s) => s.key));
  const first = inside.map((s) => app.slice?.findKey(s.key)).find(Boolean);
  const all = desk.people ?? (first ? app.slice.household(first.index).map(ofResident) : []);
  return inside.length || desk.people ? all.filter((one) => !keys.has(one.key)) : [];
}

async function takeFamily(app, persons) {
  if (persons.length === 1) return takePerson(app, persons[0]);
  const outcome = householdScanned(sceneOf(app), persons);
  await act(app, outcome);
  const [first] = outcome.refused;
  if (first) await takePerson(app, first.person);
  return null;
}

const SHOWN = 4;

function people(app, tube) {
  const seats = [...tube.seats].reverse().slice(0, SHOWN);
  if (!seats.length) return nothing;
  return html`<section class="last" aria-label=${t("刚采的人")}>
    ${list(seats, (seat) => seatRow(app, tube, seat), { key: (seat) => seat.ref ?? seat.seat })}
    ${tube.seats.length > SHOWN ? button(t("全部 {n} 人", { n: tube.seats.length }), () => app.go("tube", { tube: tube.number }), {
      kind: "quiet", name: "all-people" }) : nothing}
  </section>`;
}

const TWICE = 800; // ms: a shaking thumb takes back one person, not two
let undone = -TWICE;

function undo(app) {
  if (performance.now() - undone < TWICE) return;
  undone = performance.now();
  queued(app, () => act(app, undoLast(app.work)));
}

function tubeActions(app, desk, tube) {
  const full = isFull(tube);
  const last = lastBind(app.work);
  return actions(
    tube.live === 0 ? byCamera(app) : bigButton(t("{n} 支，封管", { n: tube.live }), () => ask(app, { kind: "close", tube: tube.number, n: tube.live }), {
      tone: full ? "accent" : "plain", name: "close", icon: full ? "ok" : null }),
    button(t("撤销上一个"), () => undo(app), { icon: "undo", name: "undo", disabled: !last }),
    button(t("找人、证件"), () => app.go("search"), { icon: "search", name: "search" }),
    desk.back ? button(t("回到上门"), () => app.back(), { icon: "door", name: "back-door" }) : null,
  );
}

const byCamera = (app) => (app.strip.camera ? null
  : bigButton(t("用相机扫"), () => app.toggleCamera(), { tone: "accent", icon: "camera", name: "open-camera" }));

function openActions(app) {
  return actions(
    byCamera(app),
    button(t("所有的管"), () => app.go("tube"), { icon: "list", name: "tubes" }),
    button(t("找人、证件"), () => app.go("search"), { icon: "search", name: "search" }),
  );
}
