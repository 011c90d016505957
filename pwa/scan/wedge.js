// Keyboard-wedge scanners: keys in, whole reads out, whatever has the focus, whatever input method
// is on, however fast or slow the keys come.
//
// Outside a text field every key belongs to the scanner. Inside one the keys also reach the field,
// and at the end of a read (Enter, Tab, the suffix) they are looked at: a whole code at their end
// was scanned, is taken out of the field again and handed on; anything else was typed and stays.
// A scanner with a prefix (F13, ~) is known from its first key: the field then sees nothing.
// A field named "number" keeps a citizen number: there it is what was asked for. `data-wedge="off"`
// on a field leaves its keys alone.
import { Fields, textField } from "./fields.js";
import { AltCode, charOf, endsRead, isKey } from "./keys.js";
import { completeTail } from "./tail.js";

const SILENCE = 2500; // ms; only tidies up and serves scanners without a suffix
const MOVES = /^(Backspace|Delete|Arrow|Home|End|Page|Undo)/;
const SILENT = /^(Shift|Control|Alt|AltGraph|Meta|CapsLock|NumLock|ScrollLock|Fn|Dead)$/;

export class Wedge {
  /**
   * @param {{target?: Document, onText: (text: string) => void, shape: () => {prefix?: string,
   *   suffix?: string, patterns?: object[], card_line?: string}}} o
   */
  constructor({ target = document, onText, shape }) {
    this.target = target;
    this.onText = onText;
    this.shape = shape;
    this.fields = new Fields();
    this.alt = new AltCode();
    this.swallowed = new Set();
    this.forget();
    this.listeners = {
      keydown: (e) => this.down(e),
      keyup: (e) => this.up(e),
      input: (e) => this.fields.late(e),
      compositionend: (e) => this.fields.late(e),
      pointerdown: () => this.fields.calm(),
    };
  }

  start() {
    for (const [name, act] of Object.entries(this.listeners)) {
      this.target.addEventListener(name, act, true);
    }
    return this;
  }

  stop() {
    for (const [name, act] of Object.entries(this.listeners)) {
      this.target.removeEventListener(name, act, true);
    }
    clearTimeout(this.timer);
  }

  /** Drop what has come of a read. */
  forget() {
    clearTimeout(this.timer);
    this.text = "";
    this.led = false; // a prefix began this read
    this.composed = false; // an input method had its hands in it
    this.last = 0;
    this.fields.clear();
  }

  whole(ended = true) {
    return completeTail(this.text, { ...this.shape(), ended });
  }

  // --- keys --------------------------------------------------------------------------------------

  down(e) {
    if (SILENT.test(e.key ?? "") || e.defaultPrevented) return;
    this.fields.calm();
    if (this.alt.down(e)) return;
    const field = this.led ? null : textField(e);
    if (field?.dataset.wedge === "off") return;
    if (isKey(e, this.shape().prefix)) return this.begin(e);
    if (field) this.keyInField(e, field);
    else this.keyOutside(e);
  }

  up(e) {
    const char = this.alt.up(e);
    if (char) this.take(char, e);
    if (this.swallowed.delete(e.code)) this.swallow(e, false);
  }

  swallow(e, down = true) {
    e.preventDefault();
    e.stopImmediatePropagation();
    if (down && e.code) this.swallowed.add(e.code);
  }

  begin(e) {
    this.swallow(e);
    if (this.text && this.whole() === this.text.length) this.hand(this.text);
    this.forget();
    this.led = true;
    const field = textField(e);
    if (field) this.fields.leave(field); // no input method works where there is no field
    this.expectMore();
  }

  // --- nothing is being typed ---------------------------------------------------------------------

  keyOutside(e) {
    if (this.fields.field) this.forget(); // what was typed in a field is none of a scan's
    const stale = this.text && e.timeStamp - this.last > SILENCE && !this.led;
    if (stale && !this.whole(false)) this.forget();
    if (e.key === "Escape") return this.abandon(e);
    if (endsRead(e, this.shape().suffix)) return this.end(e);
    if (e.key === "Tab" || e.code === "Tab") return this.tab(e);
    const char = charOf(e);
    if (char === null || (char === " " && !this.text && !this.led)) return;
    this.swallow(e);
    this.take(char, e);
  }

  take(char, e) {
    if (!this.led && textField(e)) return; // the field has it already
    this.text += char;
    this.last = e.timeStamp;
    this.expectMore();
  }

  expectMore() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.silent(), SILENCE);
  }

  abandon(e) {
    if (this.led) this.swallow(e);
    this.fields.back();
    this.forget();
  }

  end(e) {
    if (!this.text && !this.led) return; // Enter on a button
    this.swallow(e);
    this.finish();
  }

  // Tab ends the reads of scanners set so, divides the fields of a card's line, or moves the focus.
  tab(e) {
    if (this.text && this.whole() === this.text.length) return this.end(e);
    if (!this.text || !/\t|\\t/.test(this.shape().card_line ?? "")) return undefined;
    this.swallow(e);
    return this.take("\t", e);
  }

  finish() {
    const text = this.text;
    this.fields.back();
    this.forget();
    if (text) this.hand(text);
  }

  // Only what is surely whole is handed on without its end. A prefix after which nothing whole came was
  // a slip of a finger: the field gets its keys back. The rest waits for more keys or Escape.
  silent() {
    if (this.text && this.whole(false) === this.text.length) return this.finish();
    if (!this.led) return undefined;
    this.fields.back();
    return this.forget();
  }

  // --- a field has the focus ----------------------------------------------------------------------

  keyInField(e, field) {
    this.fields.watch(field, () => { this.text = ""; });
    const ends = endsRead(e, this.shape().suffix) || e.key === "Tab" || e.code === "Tab";
    if (ends) return this.endInField(e, field);
    if (e.key === "Escape" || MOVES.test(e.key ?? "")) return this.forget();
    const char = charOf(e);
    if (char === null) return undefined;
    this.startAnew(e, field);
    if (char < " ") e.preventDefault(); // Ctrl+] of a scanner must not be a shortcut of the browser
    this.fields.note(field);
    this.text += char;
    return undefined;
  }

  // The screen emptied the field: what was typed there has been dealt with. While an input method is at
  // work a field may look empty that is not.
  startAnew(e, field) {
    const composing = e.isComposing || e.key === "Process" || e.keyCode === 229;
    if (composing) this.composed = true;
    if (field.value || field.type === "number" || this.composed) return;
    this.text = "";
    this.fields.before = [];
  }

  endInField(e, field) {
    const keyed = this.text;
    const length = this.whole();
    if (field.name === "number" && /^[0-9]{17}[0-9Xx]$/.test(keyed.slice(-length))) return this.forget();
    // A PDA may write into the field without keys: then the field's own end is looked at.
    const written = length ? 0 : completeTail(field.value, { ...this.shape(), ended: true });
    if (!length && !(written && keyed.length < written)) return this.forget();
    this.swallow(e);
    const text = length ? keyed.slice(-length) : field.value.slice(-written);
    if (length) this.fields.restore(field, keyed.length - length);
    else this.fields.cut(field, written);
    this.forget();
    return this.hand(text);
  }

  hand(text) {
    this.onText(text);
  }
}
