// The outbox as it is: what the server holds, what waits and why, when it is tried again; own entries.
import { html, nothing } from "lit-html";

import { actions, bigButton, button, card, emptyState, facts, icon, list, note, row } from "../parts/index.js";
import { t } from "../words/index.js";
import { clock, count, when } from "../words/time.js";
import { entryWords, stateLine, trouble } from "./outbox_words.js";

const FEW = 30;
let tick = null;

export const screen = {
  name: "outbox",
  title: () => t("上传"),
  roles: null,
  icon: "upload",
  enter(app) {
    app.outboxShown = FEW;
    clearInterval(tick);
    tick = setInterval(() => app.draw(), 1000); // the seconds until the next try
  },
  leave() {
    clearInterval(tick);
  },
  view: (app) => (app.device ? body(app) : emptyState({ icon: "offline", title: t("还没有登记"), text: t("登记以后，这里显示记录传到了哪里。") })),
};

function body(app) {
  const { outbox } = app;
  const wrong = trouble(outbox);
  return html`
    ${headline(outbox)}
    ${wrong ? note(wrong.tone, wrong.text) : nothing}
    ${card(null, details(app))}
    ${entries(app)}
    ${button(t("代别人转交"), () => app.go("carry", { way: "in" }), { icon: "qr", name: "carry-in", kind: "quiet" })}
    ${actions(
      bigButton(t("立即上传"), () => app.backing.tryNow(), {
        icon: "upload", name: "try-now", disabled: ["sending", "asking"].includes(outbox.state) }),
      outbox.waiting || wrong?.carry ? button(t("导出未传记录"), () => app.go("carry"), { icon: "download", name: "carry" }) : null,
    )}`;
}

function headline({ held, waiting, since, state }) {
  const tone = waiting ? "look" : "ok";
  return html`<section class="outbox-head tone-${["revoked", "forked"].includes(state) ? "stop" : tone}" aria-live="polite">
    ${icon(waiting ? "offline" : "cloud")}
    <p class="outbox-held">${held ? t("服务器存有 1-{n}", { n: count(held) }) : t("服务器还没有记录")}</p>
    <p class="outbox-waiting" data-waiting=${waiting}>${waiting
      ? since ? t("{n} 条自 {since} 等待", { n: count(waiting), since: clock(since) }) : t("{n} 条等待", { n: count(waiting) })
      : t("全部传完")}</p>
  </section>`;
}

function details(app) {
  const { outbox } = app;
  const now = app.now();
  return html`${facts([
    [t("现在"), stateLine(outbox, now)],
    [t("最后联系"), outbox.last_contact ? when(outbox.last_contact, now) : t("还没有")],
    [t("隔着缺号收下"), ranges(outbox.beyond)],
    [t("以前登记的"), outbox.older ? t("{n} 条等待", { n: count(outbox.older) }) : null],
    [t("代转交的"), outbox.carried ? t("{n} 份等待", { n: count(outbox.carried) }) : null],
  ])}
  ${(outbox.parked ?? []).length ? note("look", t("服务器把 {n} 条放在一边，等人处理：第 {list} 条。不用重录。", {
    n: outbox.parked.length, list: outbox.parked.slice(0, 8).map((one) => one.number).join(", ") })) : nothing}`;
}

const ranges = (pairs) => (pairs ?? []).map(([a, b]) => `${count(a)}-${count(b)}`).join(", ") || null;

function entries(app) {
  const { outbox } = app;
  const beyond = (seq) => (outbox.beyond ?? []).some(([a, b]) => a <= seq && seq <= b);
  const parked = new Set((outbox.parked ?? []).map((one) => one.number));
  const all = app.records;
  const shown = all.slice(-(app.outboxShown ?? FEW)).reverse();
  if (all.length === 0) return nothing;
  return html`<section aria-labelledby="own-entries"><h2 id="own-entries">${t("本机的记录")}</h2>
    ${list(shown, (record) => {
      const there = record.seq <= outbox.held || beyond(record.seq);
      const { title, sub } = entryWords(record);
      return row({
        lead: html`<span class="code">${record.seq}</span>`, title, sub, tone: parked.has(record.seq) ? "look" : undefined,
        meta: html`${when(record.at, app.now())} <span class="outbox-state" role="img" aria-label=${there ? t("服务器已有") : t("还在本机")}>${icon(there ? "cloud" : "offline")}</span>`,
      });
    }, { key: (record) => record.seq, label: t("本机的记录") })}
    ${shown.length < all.length ? button(t("更早的"), () => { app.outboxShown += 100; app.draw(); }, { kind: "quiet", name: "older" }) : nothing}
  </section>`;
}
