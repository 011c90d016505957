// A sheet over the screen: a real modal dialog, so focus stays in and Escape closes it.
import { html, nothing } from "lit-html";

import { t } from "../words/index.js";
import { button } from "./buttons.js";
import { icon } from "./icons.js";

/** After a draw: what has been drawn as a sheet becomes modal. */
export function showSheets(host) {
  for (const dialog of host.querySelectorAll("dialog.sheet:not([open])")) dialog.showModal();
}

/**
 * @param {{title: string, body: any, tone?: string, onClose?: () => void, fixed?: boolean, name?: string}} sheet
 *   `fixed`: neither Escape nor the cross closes it, only one of its own buttons.
 */
export function sheet(o) {
  const cancelled = (e) => {
    e.preventDefault();
    if (!o.fixed) o.onClose?.();
  };
  return html`<dialog class="sheet ${o.tone ? `tone-${o.tone}` : ""}" data-name=${o.name ?? nothing}
    aria-labelledby="sheet-title" @cancel=${cancelled}>
    <header>
      ${o.tone ? icon(o.tone) : nothing}
      <h2 id="sheet-title" tabindex="-1" autofocus>${o.title}</h2>
      ${o.fixed ? nothing : button(t("关闭"), () => o.onClose?.(), { bare: true, icon: "close", kind: "quiet", name: "close-sheet" })}
    </header>
    <div class="sheet-body">${o.body}</div>
  </dialog>`;
}
