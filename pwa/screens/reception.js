// Screen reception (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "reception",
  title: () => t("签收"),
  view: () => html`<p>reception</p>`,
};
