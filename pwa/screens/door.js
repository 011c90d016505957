// Screen door (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "door",
  title: () => t("一户"),
  view: () => html`<p>door</p>`,
};
