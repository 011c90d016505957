// Screen carry (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "carry",
  title: () => t("转交"),
  view: () => html`<p>carry</p>`,
};
