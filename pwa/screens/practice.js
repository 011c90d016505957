// Practice codes: pictures to scan from another screen or paper, and one tap that stands for a scan.
import { html } from "lit-html";

import { actions, bigButton, button, choice, qrPicture } from "../parts/index.js";
import * as town from "../practice/town.js";
import { t } from "../words/index.js";

let kind = "tube";
const shown = { tube: 0, person: 0, box: 0, badge: 0 };

const KINDS = {
  tube: { label: "采样管", codes: () => town.tubes.map((text, i) => ({ text, words: t("管 {n}", { n: i + 1 }) })) },
  person: { label: "居民", codes: () => town.people.map((p) => ({ text: p.code, words: personWords(p) })) },
  box: { label: "转运箱", codes: () => [
    ...town.boxes.map((text, i) => ({ text, words: t("箱 {n}", { n: i + 1 }) })),
    ...town.seals.map((text, i) => ({ text, words: t("封签 {n}", { n: i + 1 }) }))] },
  badge: { label: "证和点", codes: () => [
    { text: town.badge(1), words: t("练习员的工作证") }, { text: town.badge(2), words: t("转运员的工作证") },
    { text: town.siteCode(), words: t("练习采样点的码") }] },
};

function personWords(p) {
  if (p.index === town.ALONE) return t("{name}（须单管）", { name: p.name });
  if (p.index === town.SWABBED) return t("{name}（已在别处采过）", { name: p.name });
  return p.name;
}

/** The codes over any screen of practice: one tap stands for a scan there. */
export const practiceSheet = {
  name: "practice-codes",
  get title() {
    return t("练习用的码");
  },
  body: (app) => html`${picker(app)}
    ${bigButton(t("当作扫到"), () => simulate(app), { icon: "scan", name: "simulate" })}
    <p class="quiet-text">${t("用另一台手机扫这个码，或者点上面的按钮，当作扫到了它。")}</p>`,
};

export const screen = {
  name: "practice",
  title: () => t("练习用的码"),
  roles: null,
  icon: "qr",
  view: (app) => app.practice ? picker(app) : html`<p>${t("练习用的码只在练习中显示。")}</p>
    ${actions(bigButton(t("开始练习"), () => app.enterPractice(), { icon: "flag", name: "practise" }))}`,
};

function picker(app) {
  const codes = KINDS[kind].codes();
  const one = codes[shown[kind]];
  const turn = (step) => {
    shown[kind] = (shown[kind] + step + codes.length) % codes.length;
    app.draw();
  };
  return html`
    ${choice({ label: t("哪一种码"), name: "kind", bare: true, value: kind,
      options: Object.entries(KINDS).map(([value, it]) => ({ value, label: t(it.label) })),
      onChange: (value) => { kind = value; app.draw(); } })}
    <div class="practice-code">
      ${button(t("上一个"), () => turn(-1), { bare: true, icon: "back", name: "before" })}
      ${qrPicture(one.text, { label: one.words, caption: html`<strong>${one.words}</strong><br /><span class="code">${one.text}</span>` })}
      ${button(t("下一个"), () => turn(1), { bare: true, icon: "next", name: "after" })}
    </div>`;
}

/** What is shown goes to whatever waits below, and the next code is shown next time. */
async function simulate(app) {
  const codes = KINDS[kind].codes();
  const { text } = codes[shown[kind]];
  shown[kind] = (shown[kind] + 1) % codes.length;
  if (kind === "tube" && app.screen.name === "sampling") kind = "person"; // a tube is opened, its people follow
  app.closeSheet(practiceSheet);
  await app.scan(text, { source: "wedge" });
}
