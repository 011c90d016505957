// The paper desk: Enter moves on, each line is looked up while one types, the count runs along.

import { say } from "./lang.js";
import { needsName, numberFault, plain, twice, whole } from "./paper-line.js";

const USUAL = 10; // lines of a sheet
const SOON = 250; // ms of silence after which a line is looked up
const TOLD = ["ok", "look", "stop"];

class Sheet {
  constructor(form) {
    this.form = form;
    this.rows = [...form.querySelectorAll("[data-line]")].map((tr) => new Row(tr, this));
    this.tube = { members: 0, keys: [] };
    this.asked = new Map(); // what was typed → what the server said
    form.addEventListener("keydown", (event) => this.key(event));
    form.addEventListener("input", (event) => this.typed(event));
    this.lengthen();
    this.soon(0);
    if (form.elements.tube.value === "") form.elements.tube.focus();
    else if (!form.querySelector("[data-focus], [aria-invalid], .row-stop")) this.rows[0].who.focus();
    else form.querySelector(".row-stop input, [aria-invalid]")?.focus();
  }

  get size() {
    return Math.min(this.rows.length, Math.max(1, Number(this.form.elements.size.value) || 10));
  }

  get filled() {
    return this.rows.filter((row) => row.filled);
  }

  // the lines of a usual sheet; more come while one types, also beyond what the tube should hold
  lengthen() {
    const last = this.rows.findLastIndex((row) => row.filled);
    const shown = Math.max(Math.min(this.size, USUAL), last + 2);
    for (const [i, row] of this.rows.entries()) row.tr.hidden = i >= shown;
    this.count();
  }

  typed(event) {
    const row = this.rows.find((r) => r.tr.contains(event.target));
    row?.mark();
    if (event.target.name === "odd") this.asked.clear(); // what is taken as it stands is told anew
    this.lengthen();
    this.soon(SOON);
  }

  soon(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), wait);
  }

  key(event) {
    if (event.isComposing || event.keyCode === 229) return; // an input method is at work
    if (event.key === "Enter" && event.target.tagName !== "BUTTON") {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) this.form.requestSubmit();
      else this.onwards(event.target);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.climb(event, event.key === "ArrowDown" ? 1 : -1);
    }
  }

  onwards(from) {
    const { tube, hour, n } = this.form.elements;
    const at = this.rows.findIndex((row) => row.tr.contains(from));
    if (from === tube || from === hour) this.rows[0].who.focus();
    else if (from === n) this.form.requestSubmit();
    else if (at < 0) this.rows[0].who.focus();
    else if (!this.rows[at].filled) n.focus();
    else if (this.alone && this.rows[at].whole) this.saveOne();
    else if (from === this.rows[at].who && !this.rows[at].whole) this.rows[at].name.focus();
    else this.next(at);
    this.soon(0);
  }

  // one person, one tube: there is nothing to count, so the next tube comes at once
  get alone() {
    return this.form.elements.mode.value === "single" && this.filled.length === 1 && this.tube.members === 0;
  }

  saveOne() {
    if (this.form.elements.n.value === "") this.form.elements.n.value = 1;
    this.form.requestSubmit();
  }

  next(at) {
    const row = this.rows[at + 1];
    if (!row || (at + 1 >= this.size && this.expected() <= this.filled.length)) {
      this.form.elements.n.focus();
    } else {
      row.tr.hidden = false;
      row.who.focus();
    }
  }

  // the sheet's own count, when it was typed first, says how many lines there are
  expected() {
    return Number(this.form.elements.n.value) || 0;
  }

  climb(event, step) {
    const at = this.rows.findIndex((row) => row.tr.contains(event.target));
    const column = event.target.name?.replace(/\d+$/, "");
    const to = this.rows[at + step]?.tr;
    if (at < 0 || !to || to.hidden) return;
    event.preventDefault();
    to.querySelector(`[name^="${column}"]`).focus();
  }

  async look() {
    const tube = plain(this.form.elements.tube.value);
    const open = this.filled.filter((row) => row.whole && !this.asked.has(row.text));
    if (open.length || tube !== this.lookedAt) {
      const told = await this.ask(tube, open);
      if (told === null) return;
      this.lookedAt = tube;
      if (plain(this.form.elements.tube.value) === tube) this.tellTube(told.tube);
      for (const [i, row] of open.entries()) this.asked.set(row.looked, told.lines[i]);
    }
    this.tell();
  }

  async ask(tube, rows) {
    const odd = this.form.elements.odd.checked;
    const lines = rows.map((row) => {
      row.looked = row.text;
      return { row: row.number, who: row.who.value, name: row.name.value, phone: row.phone.value, odd };
    });
    try {
      const answer = await fetch(this.form.dataset.look, {
        method: "POST",
        headers: {
          "Content-Type": "application/json", Accept: "application/json",
          "X-CSRF-Token": this.form.elements.csrf_token.value,
        },
        body: JSON.stringify({ tube, lines }),
      });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null; // no network: the sheet is checked when it is entered
    }
  }

  tellTube(told) {
    this.tube = told ?? { members: 0, keys: [] };
    show(this.form.querySelector("[data-tube-told]"), told?.tone ?? "", told?.text ?? "");
  }

  tell() {
    const lines = this.filled.map((row) => ({ row: row.number, key: this.asked.get(row.text)?.key }));
    const again = twice(lines);
    for (const row of this.rows) {
      const told = row.filled ? this.asked.get(row.text) : undefined;
      const inside = told?.key && this.tube.keys.includes(told.key);
      if (again.has(row.number)) row.tell("stop", sameAs(again.get(row.number)), told);
      else if (inside) row.tell("stop", say("此人已在这支管里", "already in this tube"), told);
      else if (told) row.tell(told.tone, told.text, told);
      else if (!row.filled) row.tell("", "");
    }
    this.count();
  }

  count() {
    const there = this.tube.members + this.filled.length;
    const wanted = this.form.elements.n.value === "" ? null : this.expected();
    const out = this.form.querySelector("[data-count-told]");
    const tone = wanted === null ? "" : wanted === there ? "ok" : "stop";
    show(out, tone, wanted === null ? say(`${there} 人`, String(there)) : `${there} / ${wanted}`);
  }
}

class Row {
  constructor(tr) {
    this.tr = tr;
    this.number = Number(tr.dataset.line);
    [this.who, this.name, this.phone] = tr.querySelectorAll("input");
    this.out = tr.querySelector("[data-told]");
  }

  get filled() {
    return this.who.value.trim() !== "" || this.name.value.trim() !== "";
  }

  get whole() {
    return whole(this.who.value, this.name.value);
  }

  get text() {
    return [this.who, this.name, this.phone].map((field) => plain(field.value)).join("\n");
  }

  // at once, without a server
  mark() {
    if (numberFault(this.who.value)) this.tell("stop", say("证件校验位不对", "the check digit is wrong"));
    else if (needsName(this.who.value) && !this.whole) this.tell("look", say("还要姓名", "a name as well"));
    else this.tell("", "");
  }

  tell(tone, text, told) {
    const name = told?.name ? [told.name, told.document].filter(Boolean).join(" ") : "";
    show(this.out, tone, [name, text].filter(Boolean).join(" · "));
    this.tr.classList.toggle("row-stop", tone === "stop");
  }
}

function sameAs(row) {
  return say(`与第 ${row} 行是同一个人`, `the same person as in line ${row}`);
}

function show(out, tone, text) {
  for (const t of TOLD) out.classList.toggle(`told-${t}`, t === tone);
  out.textContent = text;
}

if (globalThis.document) {
  const form = document.querySelector("[data-paper]");
  if (form) {
    new Sheet(form);
    form.dataset.ready = "";
  }
}
