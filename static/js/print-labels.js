// The print desk of a label run: redraws the first sheet and counts the paper as choices change.

import { say, thousands } from "./lang.js";

const DRAWN = ["layout", "skip", "count", "copies", "used", "right", "down"];

/** How many labels and sheets a choice takes. */
export function paper({ total, skip, count, copies, used, perPage }) {
  const numbers = Math.max(0, Math.min(count, total - skip));
  const gone = used % perPage;
  const labels = numbers * copies;
  return { labels, sheets: labels ? Math.ceil((labels + gone) / perPage) : 0 };
}

function sentence({ labels, sheets }) {
  return say(`共 ${thousands(labels)} 枚，用纸 ${thousands(sheets)} 张。`,
             `${thousands(labels)} labels on ${thousands(sheets)} sheets.`);
}

function redraw(form, picture) {
  const values = new FormData(form);
  const perPage = Number(form.querySelector("[name=layout]:checked").dataset.perPage);
  form.elements.used.max = perPage - 1;
  const number = (name) => Number(values.get(name)) || 0;
  const told = paper({
    total: Number(form.dataset.total), perPage, skip: number("skip"), count: number("count"),
    copies: number("copies"), used: number("used"),
  });
  form.querySelector("[data-pages]").textContent = sentence(told);
  if (!form.checkValidity()) return;
  const asked = new URLSearchParams(DRAWN.map((name) => [name, values.get(name)]));
  const next = `${form.dataset.picture}?${asked}`;
  if (picture.getAttribute("src") !== next) picture.src = next;
}

if (globalThis.document) {
  const form = document.querySelector("[data-labels]");
  const picture = document.querySelector("[data-preview]");
  let soon;
  form.addEventListener("input", () => {
    clearTimeout(soon);
    soon = setTimeout(() => redraw(form, picture), 250);
  });
  redraw(form, picture);
}
