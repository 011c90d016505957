// Screen outbox (placeholder).
import { html } from "lit-html";

import { t } from "../words/index.js";

export const screen = {
  name: "outbox",
  title: () => t("上传"),
  view: () => html`<p>outbox</p>`,
};
