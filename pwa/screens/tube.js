// Screen tube (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "tube",
  title: () => t("采样管"),
  view: () => html`<p>tube</p>`,
};
