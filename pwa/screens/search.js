// Screen search (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "search",
  title: () => t("查找"),
  view: () => html`<p>search</p>`,
};
