// The outbox truth in one line: what the server holds, what waits, since when.
import { html, nothing } from "lit-html";

import { t } from "../words/index.js";
import { clock, count } from "../words/time.js";
import { icon } from "./icons.js";

/** The line's tone and words. Pure, so that it can be tested. */
export function truthWords({ practice, device, outbox, tab = "first" }) {
  if (tab === "second") return { tone: "unknown", icon: "info", text: t("上传情况看另一个标签页") };
  if (practice) return { tone: "look", icon: "flag", text: t("练习：不保存，不上传") };
  if (!device) return { tone: "unknown", icon: "offline", text: t("还没有登记") };
  const { held = 0, waiting = 0, since = null, parked = [], gap = null, state = "idle" } = outbox ?? {};
  const holds = held ? t("服务器存有 1-{n}", { n: count(held) }) : t("服务器还没有记录");
  if (state === "revoked") return { tone: "stop", icon: "lock", text: t("本机已停用，未传 {n} 条仍在", { n: count(waiting) }) };
  if (state === "forked") return { tone: "stop", icon: "stop", text: t("须重新登记，未传 {n} 条仍在", { n: count(waiting) }) };
  if (waiting) {
    const text = since
      ? t("{holds}；{n} 条自 {since} 等待", { holds, n: count(waiting), since: clock(since) })
      : t("{holds}；{n} 条等待", { holds, n: count(waiting) });
    return { tone: "look", icon: state === "sending" ? "upload" : "offline", text };
  }
  if (gap || parked.length) return { tone: "look", icon: "look", text: t("{holds}；有 {n} 处要人看", { holds, n: (gap ? 1 : 0) + parked.length }) };
  if (!held) return { tone: "ok", icon: "cloud", text: t("还没有要传的记录") };
  return { tone: "ok", icon: "cloud", text: t("{holds}，全部传完", { holds }) };
}

export function truthLine(app) {
  const words = truthWords(app);
  const open = (e) => {
    e.preventDefault();
    if (!app.practice && app.tab === "first") app.go("outbox");
  };
  return html`<a class="truth tone-${words.tone}" href="#/outbox" data-held=${app.outbox?.held ?? 0}
    data-waiting=${app.outbox?.waiting ?? 0} @click=${open} aria-disabled=${app.practice ? "true" : nothing}>
    ${icon(words.icon)}<span>${words.text}</span></a>`;
}
