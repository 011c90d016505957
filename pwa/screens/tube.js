// Tubes: all of this phone and site, one with everybody in it, and the table's list of closed
// tubes as QR codes for the packer.

import { html, nothing } from "lit-html";

import { framesOf } from "../journal/frames.js";
import { actions, bigButton, button, card, counter, emptyState, facts, list, note, qrPicture, row, scanStrip } from "../parts/index.js";
import { reopenTube } from "../rules/corrections.js";
import { MODES } from "../rules/sampling_words.js";
import { closedOfTable, tableList } from "../rules/table.js";
import { grouped } from "../scan/codes.js";
import { getLang, t } from "../words/index.js";
import { clock, dated } from "../words/time.js";
import { ask, supervisor } from "./sampling_asks.js";
import { act, takeRead } from "./sampling_desk.js";
import { seatRow, stateWord } from "./sampling_parts.js";

export const screen = {
  name: "tube",
  title: (app) => (app.params.tube ? t("一支管") : t("所有的管")),
  roles: ["sampler", "site_supervisor", "community_worker", "packer"],
  link: "collect",
  icon: "tube",
  view: (app) => (app.params.tube ? one(app) : all(app)),
  scan,
};

async function scan(app, read) {
  if (!read.problem && read.kind === "tube" && app.work.tubes.has(read.number)) {
    app.replace("tube", { tube: read.number });
    return;
  }
  if (!read.problem && read.kind === "tube") {
    app.replace("sampling", {});
    await takeRead(app, read);
    return;
  }
  app.say("stop", t("请扫管码。"), { code: "wrong_kind" });
}

const modeWord = (mode) => MODES[mode]?.[getLang() === "en" ? 1 : 0] ?? "";

// --- one tube ------------------------------------------------------------------------------------

function one(app) {
  const tube = app.work.tubes.get(app.params.tube);
  if (!tube) return emptyState({ icon: "tube", title: t("本机不知道这支管") });
  const open = tube.state === "open";
  return html`<div class="tube-page">
    <section class="tube-now">
      <p class="tube-name"><span class="code">${grouped(tube.number)}</span><span class="tube-mode">${modeWord(tube.mode)}</span></p>
      ${counter({ n: tube.live, size: tube.size || tube.live, label: t("已采") })}
    </section>
    ${card(null, facts([
      [t("状态"), stateWord(tube.state)],
      [t("开管"), tube.opened_at ? dated(tube.opened_at) : null],
      [t("封管"), tube.closed_at ? t("{at}，{n} 支", { at: clock(tube.closed_at), n: tube.n ?? "—" }) : null],
      [t("台"), tube.table], [t("手机"), tube.device],
    ]))}
    ${tube.state === "closed" && tube.n !== tube.live
      ? note("look", t("封管 {n} 支，名单 {live} 人，要补齐名单。", { n: tube.n, live: tube.live })) : nothing}
    ${list([...tube.seats].reverse(), (seat) => seatRow(app, tube, seat), {
      key: (seat) => seat.ref ?? seat.seat, label: t("管内人员"),
      empty: emptyState({ icon: "people", title: t("还没有人") }),
    })}
    ${actions(
      open ? bigButton(t("接着采这支管"), () => go(app, tube), { tone: "accent", name: "go-on" }) : null,
      open ? button(t("封管"), () => ask(app, { kind: "close", tube: tube.number, n: tube.live }), { name: "close" }) : null,
      tube.state === "closed" && tube.close_ref
        ? button(t("重新打开"), () => reopen(app, tube), { icon: "undo", name: "reopen" }) : null,
    )}
  </div>`;
}

async function go(app, tube) {
  if (!tube.own) await app.state([{ kind: "join", tube: tube.number }], [null]);
  app.replace("sampling", { tube: tube.number });
}

async function reopen(app, tube) {
  const by = await supervisor(app, t("重新打开要负责人"));
  if (by === null) return;
  await act(app, reopenTube(tube, by));
}

// --- all tubes -----------------------------------------------------------------------------------

function all(app) {
  const tubes = [...app.work.tubes.values()].sort((a, b) => order(b) - order(a));
  const closed = closedOfTable(app.work, { table: app.table });
  return html`<div class="tubes-page">
    ${scanStrip(app, { hint: t("扫一支管，看它") })}
    ${closed.length ? bigButton(t("给装箱看：已封 {n} 管", { n: closed.length }), () => show(app), {
      icon: "qr", name: "table-qr", tone: "plain" }) : nothing}
    ${list(tubes, (tube) => row({
      title: html`<span class="code">${grouped(tube.number)}</span>`,
      sub: [stateWord(tube.state), tube.device, tube.own ? null : t("别的手机")].filter(Boolean).join(" · "),
      meta: `${tube.n ?? tube.live}/${tube.size || "—"}`, icon: "tube",
      tone: tube.state === "open" ? "look" : null, name: `tube-${tube.number}`,
      act: () => app.go("tube", { tube: tube.number }),
    }), { key: (tube) => tube.number, empty: emptyState({ icon: "tube", title: t("还没有开过管"), text: t("到采样里扫管码。") }) })}
  </div>`;
}

const order = (tube) => (tube.state === "open" ? 1e15 : 0) + (tube.closed_at ?? tube.opened_at ?? 0);

/** The closed tubes of this table as a chain of QR codes: the packer needs no network either. */
async function show(app) {
  const text = JSON.stringify(tableList(app.work, app.records, {
    site: app.place?.id ?? null, table: app.table, device: app.work.device, at: app.now(), held: app.outbox?.held ?? 0,
  }));
  const frames = await framesOf(text, { prefix: "ST1" });
  let shown = 0;
  app.openSheet({
    name: "table-qr", title: t("给装箱看"),
    body: () => html`${qrPicture(frames[shown], { ecc: "L", label: t("本台已封的管，第 {i} 张，共 {n} 张", { i: shown + 1, n: frames.length }) })}
      <p class="qr-page">${shown + 1} / ${frames.length}</p>
      ${frames.length > 1 ? bigButton(t("下一张"), () => {
        shown = (shown + 1) % frames.length;
        app.draw();
      }, { tone: "accent", name: "next-frame" }) : nothing}`,
  });
}
