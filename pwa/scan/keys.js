// From a key event to the character a scanner meant: by the place of the key, whatever an input
// method, a full-width mode or caps lock makes of it.

const PLAIN = {
  Minus: "-", Equal: "=", BracketLeft: "[", BracketRight: "]", Backslash: "\\", Semicolon: ";",
  Quote: "'", Backquote: "`", Comma: ",", Period: ".", Slash: "/", Space: " ", IntlBackslash: "<",
  NumpadDecimal: ".", NumpadAdd: "+", NumpadSubtract: "-", NumpadMultiply: "*", NumpadDivide: "/",
  NumpadEqual: "=", NumpadComma: ",",
};
const SHIFTED = {
  Minus: "_", Equal: "+", BracketLeft: "{", BracketRight: "}", Backslash: "|", Semicolon: ":",
  Quote: '"', Backquote: "~", Comma: "<", Period: ">", Slash: "?", Space: " ", IntlBackslash: ">",
};
const DIGITS = ")!@#$%^&*(";

function byPlace(code, shift) {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  // A scanner presses shift for a capital and knows nothing of caps lock.
  if (letter) return shift ? letter : letter.toLowerCase();
  const digit = /^Digit([0-9])$/.exec(code)?.[1];
  if (digit) return shift ? DIGITS[digit] : digit;
  const pad = /^Numpad([0-9])$/.exec(code)?.[1];
  return pad ?? (shift ? (SHIFTED[code] ?? PLAIN[code]) : PLAIN[code]) ?? null;
}

/**
 * The character of a keydown; null for keys that write none. The key's place decides when an input
 * method is at work or what it wrote is not ASCII; keys without a place (a card reader that sends
 * Chinese, an on-screen keyboard) give what they wrote.
 */
export function charOf(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return controlOf(e);
  const written = e.key?.length === 1 || (e.key && [...e.key].length === 1) ? e.key : null;
  const composing = e.isComposing || e.key === "Process" || e.keyCode === 229;
  const place = e.code ? byPlace(e.code, e.shiftKey) : null;
  if (!e.code) return composing ? null : written;
  if (/^[A-Za-z]$/.test(written ?? "") && !composing && place) {
    // Another layout put another letter there: the scanner and the system agreed on it.
    const same = written.toLowerCase() === place.toLowerCase();
    return same ? place : e.shiftKey ? written.toUpperCase() : written.toLowerCase();
  }
  if (written && !composing && written >= " " && written <= "~") return written;
  return place;
}

// Some scanners send a group separator as Ctrl+] and a start of text as Ctrl+B.
function controlOf(e) {
  if (!e.ctrlKey || e.altKey || e.metaKey) return null;
  return { BracketRight: "\x1d", KeyB: "\x02", KeyC: null }[e.code] ?? null;
}

/** A key as settings name it: "F13", "Tab", "Enter", "~", "\x02". */
export function isKey(e, setting) {
  if (!setting) return false;
  if ([...setting].length === 1) return charOf(e) === setting;
  const name = setting.toLowerCase();
  return e.key?.toLowerCase() === name || e.code?.toLowerCase() === name;
}

/** The end of a read: the configured suffix, or Enter as most scanners leave the factory. */
export function endsRead(e, suffix) {
  if (suffix && suffix !== "Enter") return isKey(e, suffix) || isReturn(e);
  return isReturn(e);
}

// Carriage return, line feed: keys, or Ctrl+M and Ctrl+J. An input method hides Enter's name.
function isReturn(e) {
  if (e.ctrlKey && (e.code === "KeyM" || e.code === "KeyJ")) return true;
  return e.key === "Enter" || e.code === "Enter" || e.code === "NumpadEnter";
}

/** Collects Alt + digits of the number pad, by which some readers write any character. */
export class AltCode {
  constructor() {
    this.digits = "";
  }

  /** True when the keydown belongs to such a character. */
  down(e) {
    const digit = e.altKey ? /^Numpad([0-9])$/.exec(e.code ?? "")?.[1] : null;
    if (digit) this.digits += digit;
    return Boolean(digit);
  }

  /** The character, once Alt goes up; windows write GBK on a Chinese system. */
  up(e) {
    if (!/^Alt/.test(e.key ?? "") || !this.digits) return null;
    const code = Number(this.digits);
    this.digits = "";
    if (code < 256) return String.fromCharCode(code);
    try {
      return new TextDecoder("gbk").decode(Uint8Array.of(code >> 8, code & 255));
    } catch {
      return null;
    }
  }
}
