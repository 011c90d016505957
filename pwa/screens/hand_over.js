// Screen hand_over (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "hand_over",
  title: () => t("交接"),
  view: () => html`<p>hand_over</p>`,
};
