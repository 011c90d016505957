// Screen sign_in (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "sign_in",
  title: () => t("登录"),
  view: () => html`<p>sign_in</p>`,
};
