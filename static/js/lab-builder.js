// The plate builder: scans go to the server one after the other and are kept there at once; arrow
// keys point at a well, the next tube goes there. Without this module the form works as it stands.

import { say } from "./lang.js";

/** The place of a well: "B12" → [1, 11]. */
export function placeOf(well) {
  return [well.charCodeAt(0) - 65, Number(well.slice(1)) - 1];
}

export function wellAt(row, col) {
  return `${String.fromCharCode(65 + row)}${col + 1}`;
}

/** The well that an arrow key leads to; the edges hold. */
export function moved(well, key, rows, cols) {
  const [row, col] = placeOf(well);
  const [down, right] = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
    Home: [0, -cols], End: [0, cols],
  }[key] ?? [0, 0];
  const within = (n, most) => Math.min(Math.max(n, 0), most - 1);
  return wellAt(within(row + down, rows), within(col + right, cols));
}

class Builder {
  constructor(form) {
    this.form = form;
    this.box = form.querySelector("[data-scan]");
    this.input = form.querySelector("[name=code]");
    this.pointed = "";
    this.line = Promise.resolve(); // scans wait for the one before: their order is the plate's
    this.lost = false;
    form.addEventListener("scan", (event) => this.heard(event));
    form.addEventListener("submit", (event) => this.heard(event));
    form.addEventListener("change", (event) => event.target.name === "order" && this.later(() => this.show()));
    document.addEventListener("keydown", (event) => this.key(event));
    this.panel = document.querySelector("#builder");
    this.panel.addEventListener("click", (event) => this.click(event));
    // somebody at another computer may fill the same plate
    const often = Number(this.panel.dataset.every) * 1000;
    this.mark();
    setInterval(() => document.hidden || this.later(() => this.show()), often);
  }

  heard(event) {
    event.preventDefault();
    const code = event.detail?.text ?? this.input.value.trim();
    this.input.value = "";
    if (!code) return;
    const well = this.pointed;
    this.point("");
    this.later(() => this.send(this.form.action, { code, well }));
  }

  later(work) {
    this.line = this.line.then(work, work);
    return this.line;
  }

  /** One act; the page that answers is taken over in parts. */
  async send(address, fields) {
    if (this.lost) return this.say(fields.code || fields.well);
    this.box.show("", fields.code || fields.well, say("正在保存…", "saving …"));
    const body = new FormData(this.form);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    try {
      const answer = await fetch(address, { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok && ![409, 422].includes(answer.status) && answer.status !== 404) {
        throw new Error(String(answer.status));
      }
      await this.take(answer);
    } catch {
      // what was scanned behind it waits for a person too: an order with a gap is another order
      this.lost = true;
      setTimeout(() => { this.lost = false; }, 1500);
      this.say(fields.code || fields.well);
    }
  }

  say(text) {
    this.box.show("stop", text, say("没有保存，请看清板图后重扫。", "Not saved; look at the plate, then scan again."));
  }

  async show() {
    const order = new FormData(this.form).get("order");
    try {
      const answer = await fetch(`${this.form.action}?order=${order}`, { credentials: "same-origin" });
      if (answer.ok) await this.take(answer, true);
      this.panel.classList.remove("is-stale");
    } catch {
      this.panel.classList.add("is-stale");
    }
  }

  async take(answer, quiet = false) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#builder");
    const said = page.querySelector("[data-scan-last]");
    if (!fresh) return location.assign(answer.url); // signed out, or a page of its own
    const there = new URL(answer.url).pathname;
    if (there !== location.pathname && answer.redirected) return location.assign(answer.url);
    const aside = this.panel.querySelector(".plate-scroll")?.scrollLeft ?? 0;
    this.panel.replaceChildren(...fresh.childNodes);
    this.panel.querySelector(".plate-scroll").scrollLeft = aside;
    this.mark();
    if (!quiet && said) {
      for (const tone of ["ok", "look", "stop"]) {
        this.box.classList.toggle(`scan-${tone}`, page.querySelector(`[data-scan].scan-${tone}`) !== null);
      }
      this.box.querySelector("[data-scan-last]").replaceChildren(...said.childNodes);
    }
  }

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = event.target;
    const well = at.dataset?.well;
    if (at !== this.input && !well) return;
    if (event.key === "Escape") this.point("");
    else if (event.key.startsWith("Arrow") && (well || !this.input.value)) {
      event.preventDefault();
      this.move(event.key);
    } else if (well && (event.key === "Home" || event.key === "End")) {
      event.preventDefault();
      this.move(event.key);
    } else if (event.key === "Delete" && this.pointed && !this.input.value) {
      event.preventDefault();
      this.empty();
    } else if (well && event.key.length === 1 && event.key !== " ") {
      this.input.focus(); // a scanner types wherever the focus is
    }
  }

  move(key) {
    const grid = this.panel.querySelector("[data-grid]");
    if (!grid) return;
    const rows = grid.tBodies[0].rows.length;
    const cols = grid.tHead.rows[0].cells.length - 1;
    const next = this.panel.querySelector(".well-next [data-well]")?.dataset.well ?? "A1";
    this.point(this.pointed ? moved(this.pointed, key, rows, cols) : next);
  }

  click(event) {
    const button = event.target.closest("[data-well]");
    if (!button) return;
    this.point(button.dataset.well === this.pointed ? "" : button.dataset.well);
    this.input.focus({ preventScroll: true });
  }

  empty() {
    const well = this.pointed;
    const kind = this.panel.querySelector(`[data-well="${well}"]`)?.dataset.kind;
    if (kind !== "tube") return;
    this.point("");
    this.later(() => this.send(this.form.dataset.empty, { well }));
  }

  point(well) {
    this.pointed = well;
    this.form.elements.well.value = well;
    this.mark();
    if (well) {
      const words = this.panel.querySelector(`[data-well="${well}"]`)?.getAttribute("aria-label") ?? well;
      this.box.show("", words, say("已选中；扫管放入此孔，Delete 取出", "chosen; scan a tube into it, Delete takes it out"));
    }
  }

  // the drawing is replaced after every scan; the pointer stays
  mark() {
    this.panel.querySelector(".well-pointed")?.classList.remove("well-pointed");
    const now = this.pointed && this.panel.querySelector(`[data-well="${this.pointed}"]`);
    if (now) now.parentElement.classList.add("well-pointed");
    this.reveal(now || this.panel.querySelector(".well-next [data-well]"));
  }

  // sideways only: the scan field stays where it is
  reveal(button) {
    const scroller = this.panel.querySelector(".plate-scroll");
    if (!button || !scroller) return;
    const [frame, cell] = [scroller.getBoundingClientRect(), button.getBoundingClientRect()];
    if (cell.left < frame.left) scroller.scrollLeft += cell.left - frame.left - cell.width;
    if (cell.right > frame.right) scroller.scrollLeft += cell.right - frame.right + cell.width;
  }
}

if (globalThis.document) {
  const form = document.querySelector("[data-builder]");
  if (form) new Builder(form);
}
