// Screen shift (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "shift",
  title: () => t("上岗"),
  view: () => html`<p>shift</p>`,
};
