// Screen home (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "home",
  title: () => t("首页"),
  view: () => html`<p>home</p>`,
};
