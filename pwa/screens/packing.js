// Screen packing (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "packing",
  title: () => t("装箱"),
  view: () => html`<p>packing</p>`,
};
