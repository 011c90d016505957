// Sorts, filters, chooses columns and exports the rows a table shows; the choice of columns is kept.

import { say, thousands } from "./lang.js";

/** Numbers by value, everything else as people of this country sort it; empty cells come last. */
export function compare(a, b) {
  if (a === b) return 0;
  if (a === "" || a === "—") return 1;
  if (b === "" || b === "—") return -1;
  const x = Number(a);
  const y = Number(b);
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a.localeCompare(b, "zh-Hans-CN", { numeric: true });
}

/** Every word of the filter must occur somewhere in the row. */
export function matches(text, filter) {
  const row = text.toLowerCase();
  return filter.toLowerCase().split(/\s+/).every((word) => row.includes(word));
}

/** RFC 4180, with a mark so that Excel reads UTF-8; a cell that would be a formula is neutralised. */
export function toCsv(rows) {
  const cell = (text) => {
    const safe = /^[=+\-@\t\r]/.test(text) && !/^-?[\d.,]+%?$/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

const words = (cell) => cell.textContent.replace(/\s+/g, " ").trim();
const label = (th) => th.dataset.label;

class Table {
  constructor(box) {
    this.box = box;
    this.table = box.querySelector("table");
    this.heads = [...this.table.tHead.rows[0].cells];
    this.body = this.table.tBodies[0];
    this.rows = [...this.body.rows];
    this.sums = [...(this.table.tBodies[1]?.rows ?? [])]; // the total line stays last, however one sorts
    this.key = `columns:${location.pathname}:${box.dataset.table}`;
    this.sorting();
    this.filtering();
    this.columns();
    this.exporting();
  }

  sorting() {
    this.heads.forEach((th, i) => {
      if (th.hasAttribute("data-nosort") || this.rows.length < 2) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = label(th);
      const rest = [...th.children];
      th.replaceChildren(button, ...rest);
      button.addEventListener("click", () => this.sort(th, i));
    });
  }

  sort(th, i) {
    const down = th.getAttribute("aria-sort") === "ascending";
    for (const other of this.heads) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = this.rows.map((row) => [row.cells[i].dataset.v ?? words(row.cells[i]), row]);
    keyed.sort((a, b) => compare(a[0], b[0]));
    if (down) keyed.reverse();
    this.rows = keyed.map(([, row]) => row);
    this.body.append(...this.rows);
  }

  filtering() {
    const box = this.box.querySelector("[data-filter-box]");
    if (!box || this.rows.length < 5) return;
    box.hidden = false;
    const input = box.querySelector("input");
    input.addEventListener("input", () => this.filter(input.value.trim()));
  }

  filter(text) {
    this.texts ??= new Map(this.rows.map((row) => [row, words(row)]));
    let shown = 0;
    for (const row of this.rows) {
      row.hidden = text !== "" && !matches(this.texts.get(row), text);
      shown += row.hidden ? 0 : 1;
    }
    const all = thousands(Number(this.count.dataset.total) || this.rows.length);
    this.countText ??= this.count.textContent;
    this.count.textContent =
      text === ""
        ? this.countText
        : say(`显示 ${thousands(shown)} / 共 ${all}`, `${thousands(shown)} of ${all} shown`);
    this.none(shown === 0);
  }

  get count() {
    return this.box.querySelector("[data-count]");
  }

  none(empty) {
    this.noneLine ??= Object.assign(document.createElement("div"), {
      className: "table-none",
      textContent: say("本页没有符合的行，请改筛选词。", "No row of this page matches; change the words."),
    });
    if (empty) this.table.after(this.noneLine);
    else this.noneLine.remove();
  }

  columns() {
    const menu = this.box.querySelector("[data-columns]");
    if (!menu || this.heads.length < 4) return;
    this.box.querySelector("[data-columns-box]").hidden = false;
    const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
    this.hidden = new Set(
      kept ?? this.heads.filter((th) => th.hasAttribute("data-hide")).map((th) => th.dataset.key),
    );
    this.heads.forEach((th, i) => {
      if (i > 0) menu.append(this.columnChoice(th, i));
      this.show(i, !this.hidden.has(th.dataset.key));
    });
  }

  columnChoice(th, i) {
    const line = document.createElement("label");
    const tick = Object.assign(document.createElement("input"), {
      type: "checkbox",
      className: "form-check-input",
      checked: !this.hidden.has(th.dataset.key),
    });
    tick.addEventListener("change", () => {
      if (tick.checked) this.hidden.delete(th.dataset.key);
      else this.hidden.add(th.dataset.key);
      localStorage.setItem(this.key, JSON.stringify([...this.hidden]));
      this.show(i, tick.checked);
    });
    line.append(tick, label(th));
    return line;
  }

  show(i, yes) {
    this.heads[i].hidden = !yes;
    for (const row of [...this.rows, ...this.sums]) row.cells[i].hidden = !yes;
  }

  exporting() {
    const button = this.box.querySelector("[data-export]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = (cells) => [...cells].filter((cell) => !cell.hidden);
      const rows = [...this.rows.filter((row) => !row.hidden), ...this.sums].map((row) => shown(row.cells).map(words));
      save(toCsv([shown(this.heads).map(label), ...rows]), `${this.box.dataset.table}.csv`);
    });
  }
}

function save(text, name) {
  const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** Bring to life every table below `root` that is not alive yet. */
export function enhance(root) {
  for (const box of root.querySelectorAll("[data-table]:not([data-alive])")) {
    box.dataset.alive = "";
    if (box.querySelector("tbody")) new Table(box);
  }
}

if (globalThis.document) {
  enhance(document);
  document.addEventListener("renewed", (event) => enhance(event.target.parentNode ?? document));
}
