// Screen person (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "person",
  title: () => t("受检者"),
  view: () => html`<p>person</p>`,
};
