// Screen enrol (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "enrol",
  title: () => t("登记手机"),
  view: () => html`<p>enrol</p>`,
};
