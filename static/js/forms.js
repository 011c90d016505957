// Small manners of forms: one send only, the first fault gets the focus, too large files are told
// before they travel, two-step buttons close again. Everything works without it, only less kindly.

import { say } from "./lang.js";

/** Bytes as people say them. */
export function size(bytes) {
  return bytes < 1048576 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function once(event) {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  form.setAttribute("aria-busy", "true");
}

// a page that comes back from the history may be sent again
function fresh() {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
}

function changed(event) {
  const form = event.target.form;
  if (form?.hasAttribute("data-submit-on-change")) form.requestSubmit();
  const most = Number(event.target.dataset.maxBytes);
  const file = event.target.files?.[0];
  if (!most || !file) return;
  event.target.setCustomValidity(
    file.size > most
      ? say(`文件有 ${size(file.size)}，最多 ${size(most)}，请分成几份。`,
            `The file has ${size(file.size)}, at most ${size(most)}; please split it.`)
      : "",
  );
  event.target.reportValidity();
}

function pressed(event) {
  const close = event.target.closest("[data-close]");
  if (close) shut(close.closest("details"));
  const fill = event.target.closest("[data-fill-number]");
  if (fill) fillSignIn(fill.dataset);
  if (event.target.closest("[data-print]")) window.print();
  for (const open of document.querySelectorAll("details.confirm[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
}

function fillSignIn({ fillNumber, fillPassword }) {
  const form = document.querySelector("form[data-once]");
  form.elements.number.value = fillNumber;
  form.elements.password.value = fillPassword;
  form.querySelector(".btn-primary").focus();
}

function shut(details) {
  details.open = false;
  details.querySelector("summary").focus();
}

function key(event) {
  const open = event.key === "Escape" && event.target.closest?.("details.confirm[open]");
  if (open) shut(open);
}

if (globalThis.document) {
  document.addEventListener("submit", once);
  document.addEventListener("change", changed);
  document.addEventListener("click", pressed);
  document.addEventListener("keydown", key);
  window.addEventListener("pageshow", (event) => event.persisted && fresh());
  (document.querySelector("[data-focus]") ?? document.querySelector("[aria-invalid]"))?.focus();
}
