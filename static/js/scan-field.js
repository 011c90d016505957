// A field that is always ready for the scanner and always says what it last read.
// A wedge scanner types keys; behind a Chinese input method `key` says "Process" and the text is
// half-composed, but `code` still names the key: so a read is put together from codes.

import { say } from "./lang.js";

const PUNCTUATION = { Minus: "-", Period: ".", Slash: "/", NumpadSubtract: "-", NumpadDecimal: "." };

/** The character of a physical key of a scanner's (US) layout, or "". */
export function keyOf(code, shift = false) {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code);
  if (digit) return shift && code.startsWith("Digit") ? "" : digit[1];
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) return shift ? letter[1] : letter[1].toLowerCase();
  return shift ? "" : (PUNCTUATION[code] ?? "");
}

/** Full-width forms to plain ones, no white space or control characters. */
export function clean(text) {
  return text.normalize("NFKC").replace(/[\p{C}\p{Z}\s]/gu, "");
}

class Scan {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input");
    this.last = box.querySelector("[data-scan-last]");
    this.codes = "";
    this.composed = false;
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.back(), 60));
    document.addEventListener("visibilitychange", () => this.back());
    box.show = (tone, text, message) => this.show(tone, text, message);
    this.back();
  }

  key(event) {
    if (event.code === "Enter" || event.code === "NumpadEnter") {
      event.preventDefault();
      this.read();
    } else if (event.code === "Backspace" || event.code === "Escape") {
      this.codes = this.codes.slice(0, -1);
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey) {
      this.composed ||= event.isComposing || event.key === "Process";
      this.codes += keyOf(event.code, event.shiftKey);
    }
  }

  read() {
    const text = clean(this.composed && this.codes ? this.codes : this.input.value);
    this.codes = "";
    this.composed = false;
    if (text === "") return;
    const heard = new CustomEvent("scan", { bubbles: true, cancelable: true, detail: { text } });
    const go = this.box.dispatchEvent(heard);
    if (go && this.box.hasAttribute("data-scan-submit") && this.input.form) {
      this.input.value = text;
      this.show("", text, say("正在核对…", "checking …"));
      this.input.form.requestSubmit();
    } else {
      this.input.value = "";
    }
  }

  // the focus comes back unless somebody went to another control on purpose
  back() {
    const there = document.activeElement;
    const nobody = there === null || there === document.body || there.id === "content";
    if (!document.hidden && nobody) {
      this.input.focus({ preventScroll: true });
    }
  }

  show(tone, text, message) {
    for (const t of ["ok", "look", "stop"]) this.box.classList.toggle(`scan-${t}`, t === tone);
    const code = Object.assign(document.createElement("span"), { className: "code", textContent: text });
    this.last.replaceChildren(...(tone ? [icon(tone)] : []), code, ` ${message}`);
  }
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

if (globalThis.document) {
  for (const box of document.querySelectorAll("[data-scan]")) new Scan(box);
}
