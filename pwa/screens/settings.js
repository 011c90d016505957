// Screen settings (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "settings",
  title: () => t("设置"),
  view: () => html`<p>settings</p>`,
};
