// Screen welcome (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "welcome",
  title: () => t("欢迎"),
  view: () => html`<p>welcome</p>`,
};
