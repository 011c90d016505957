// Screen sampling (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "sampling",
  title: () => t("采样"),
  view: () => html`<p>sampling</p>`,
};
