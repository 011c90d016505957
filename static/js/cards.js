// The desk of resident codes: all or nobody, a household at a press, and how many sheets that is.

import { say } from "./lang.js";

const A_SHEET = 10; // cards of bank-card size on A4

/** Cards and sheets in words. */
export function sentence(count) {
  const sheets = Math.ceil(count / A_SHEET);
  return say(`已选 ${count} 人，${sheets} 张纸`, `${count} chosen, ${sheets} sheets`);
}

function tell(form) {
  const ticked = form.querySelectorAll("[name=person]:checked").length;
  form.querySelector("[data-ticked]").textContent = sentence(ticked);
}

if (globalThis.document) {
  const form = document.querySelector("[data-cards]");
  form?.addEventListener("click", ({ target }) => {
    const what = target.dataset?.tick;
    if (!what) return;
    for (const box of form.querySelectorAll("[name=person]")) box.checked = what === "all";
    tell(form);
  });
  form?.addEventListener("change", () => tell(form));
  if (form) tell(form);
}
