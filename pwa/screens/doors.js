// Screen doors (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "doors",
  title: () => t("入户"),
  view: () => html`<p>doors</p>`,
};
