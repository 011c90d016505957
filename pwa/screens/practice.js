// Screen practice (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "practice",
  title: () => t("练习码"),
  view: () => html`<p>practice</p>`,
};
