// Scanners that type: keys to characters, reads to the gate, without a clock that decides.
import { afterEach, describe, expect, it } from "vitest";

import { makeCode, makeResidentCode } from "../../pwa/scan/codes.js";
import { Gate } from "../../pwa/scan/gate.js";
import { charOf, isKey } from "../../pwa/scan/keys.js";
import { completeTail } from "../../pwa/scan/tail.js";
import { Wedge } from "../../pwa/scan/wedge.js";

const TUBE = makeCode("tube", 427);
const BOX = makeCode("box", 12);
const CITIZEN = "11010519491231002X";
const none = { key: "", code: "", shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, isComposing: false, keyCode: 0 };
const codeFor = (char) =>
  /[0-9]/.test(char) ? `Digit${char}` : /[a-z]/i.test(char) ? `Key${char.toUpperCase()}` : { ".": "Period", "-": "Minus", "]": "BracketRight", ":": "Semicolon", "~": "Backquote", "#": "Digit3", "/": "Slash", "=": "Equal", "|": "Backslash" }[char];
const shifted = (char) => /[A-Z:~#|]/.test(char);

let open = [];
afterEach(() => {
  open.forEach((wedge) => wedge.stop());
  open = [];
});

function desk(shape = {}) {
  const target = new EventTarget();
  const got = [];
  const wedge = new Wedge({ target, onText: (text) => got.push(text), shape: () => shape }).start();
  open.push(wedge);
  let at = 1000;
  const press = (o, gap = 0) => {
    at += gap;
    const event = Object.assign(new Event("keydown", { cancelable: true }), none, o);
    Object.defineProperty(event, "timeStamp", { value: at });
    target.dispatchEvent(event);
    return event;
  };
  const type = (text, { gap = 0, ime = false, caps = false, pad = false } = {}) => {
    for (const char of text) {
      const code = pad && /[0-9]/.test(char) ? `Numpad${char}` : codeFor(char);
      const flipped = caps && /[a-z]/i.test(char) ? (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()) : char;
      press({ key: ime ? "Process" : flipped, code, shiftKey: shifted(char), isComposing: ime, keyCode: ime ? 229 : 0 }, gap);
    }
  };
  const enter = () => press({ key: "Enter", code: "Enter" });
  return { press, type, enter, got, wedge, target };
}

describe("a wedge scanner", () => {
  it.each([
    ["in one burst", {}], ["with 120 ms between keys", { gap: 120 }], ["with four seconds between keys", { gap: 2400 }],
    ["through a Chinese input method", { ime: true }], ["with caps lock on", { caps: true }], ["on the number pad", { pad: true }],
  ])("is read %s", (_, how) => {
    const { type, enter, got } = desk();
    type(TUBE, how);
    enter();
    type("R1.4-12-26", how);
    enter();
    expect(got).toEqual([TUBE, "R1.4-12-26"]);
  });

  it("keeps the capitals of a scanner with caps lock on", () => {
    const { type, enter, got } = desk();
    type("Https://a.b/#enrol=Ab", { caps: true });
    enter();
    expect(got).toEqual(["Https://a.b/#enrol=Ab"]);
  });

  it("gives two codes back to back as two, and a line feed after Enter as nothing", () => {
    const { type, press, enter, got } = desk();
    type(TUBE);
    enter();
    press({ key: "j", code: "KeyJ", ctrlKey: true });
    type(BOX);
    enter();
    expect(got).toEqual([TUBE, BOX]);
  });

  it("ends a whole code with Tab and leaves Tab alone otherwise", () => {
    const { type, press, got } = desk();
    type(TUBE);
    expect(press({ key: "Tab", code: "Tab" }).defaultPrevented).toBe(true);
    expect(got).toEqual([TUBE]);
    expect(press({ key: "Tab", code: "Tab" }).defaultPrevented).toBe(false);
  });

  it("drops a part of a code on Escape, or when silence shows that nothing came of it", () => {
    const { type, press, enter, got } = desk();
    type("1234");
    press({ key: "Escape", code: "Escape" });
    type(TUBE);
    enter();
    type("99");
    press({ key: TUBE[0], code: codeFor(TUBE[0]) }, 9000);
    type(TUBE.slice(1));
    enter();
    expect(got).toEqual([TUBE, TUBE]);
  });

  it("leaves Enter, Space and shortcuts to the page when nothing is being read", () => {
    const { press } = desk();
    expect(press({ key: "Enter", code: "Enter" }).defaultPrevented).toBe(false);
    expect(press({ key: " ", code: "Space" }).defaultPrevented).toBe(false);
    expect(press({ key: "r", code: "KeyR", ctrlKey: true }).defaultPrevented).toBe(false);
  });

  it("with a prefix is known from its first key, and a lost end costs nothing", () => {
    const { type, press, enter, got } = desk({ prefix: "F13" });
    const lead = () => press({ key: "F13", code: "F13" });
    lead();
    type(TUBE);
    lead(); // the Enter was lost
    type(BOX, { ime: true });
    enter();
    expect(got).toEqual([TUBE, BOX]);
  });

  it("takes a prefix that is a character, also through an input method", () => {
    const { type, enter, got } = desk({ prefix: "~" });
    type(`~${TUBE}`, { ime: true });
    enter();
    expect(got).toEqual([TUBE]);
  });

  it("takes another suffix", () => {
    const { type, press, got } = desk({ suffix: "F12" });
    type(TUBE);
    press({ key: "F12", code: "F12" });
    expect(got).toEqual([TUBE]);
  });

  it("keeps a group separator and takes Chinese from a reader without key places", () => {
    const { type, press, enter, got } = desk({ card_line: "{name}|{number}" });
    press({ key: "]", code: "BracketRight", ctrlKey: true });
    type(TUBE);
    enter();
    for (const char of "张三") press({ key: char, code: "" });
    type(`|${CITIZEN}`);
    enter();
    expect(got).toEqual([`\x1d${TUBE}`, `张三|${CITIZEN}`]);
  });

  it("takes characters written as Alt and number pad", () => {
    const { press, enter, got, target } = desk();
    for (const digit of "54725") press({ key: digit, code: `Numpad${digit}`, altKey: true });
    target.dispatchEvent(Object.assign(new Event("keyup", { cancelable: true }), none, { key: "Alt", code: "AltLeft" }));
    enter();
    expect(got).toEqual(["张"]);
  });
});

describe("keys", () => {
  it("are read by their place under an input method and by what they wrote without", () => {
    expect(charOf({ ...none, key: "Process", code: "Semicolon", shiftKey: true })).toBe(":");
    expect(charOf({ ...none, key: "。", code: "Period" })).toBe(".");
    expect(charOf({ ...none, key: "１", code: "Digit1" })).toBe("1");
    expect(charOf({ ...none, key: "q", code: "KeyA" })).toBe("q"); // another layout
    expect(charOf({ ...none, key: "F5", code: "F5" })).toBe(null);
    expect(isKey({ ...none, key: "Process", code: "F13" }, "f13")).toBe(true);
  });
});

describe("a whole code at the end of typing", () => {
  it.each([
    [TUBE, 14], [BOX, 12], [`zhang${TUBE}`, 14], [`]C0${TUBE}`, 14], [CITIZEN, 18], ["R1.4-12-99", 10],
    ["张三", 0], ["13800138000", 0], ["8613800138000", 0], [TUBE.slice(0, 13), 0], ["2026-11-22", 0], ["", 0],
    ["SQ1.0A1B2C3D.2.12.MZXW6", 23], ["https://a.b/field/#enrol=ABCD-EFGH-JKMN", 39],
  ])("%s → %i", (text, length) => {
    expect(completeTail(text)).toBe(length);
  });

  it("is not seen in a telephone number that ends like a badge", () => {
    const badge = makeCode("badge", 138123);
    expect(completeTail(badge)).toBe(10);
    expect(completeTail(`1${badge}`)).toBe(0);
  });

  it("is seen in a badge that carries a whole id", () => {
    const badge = makeCode("badge", "819283702877826048");
    expect(badge.length).toBe(24);
    expect(completeTail(badge)).toBe(24);
    expect(completeTail(`13800138000${TUBE}`)).toBe(14);
  });

  it("without the scanner's end must be sure", () => {
    const whole = makeResidentCode(4, 12);
    expect(completeTail(whole, { ended: false })).toBe(whole.length);
    expect(completeTail(whole.slice(0, -2), { ended: false })).toBe(0);
    expect(completeTail("SQ1.0A1B2C3D.2.12.MZXW6", { ended: false })).toBe(0);
  });
});

describe("the gate", () => {
  function gate(o = {}) {
    const [handed, again, clock] = [[], [], { now: 0 }];
    const one = new Gate({ hand: (text, source) => handed.push([text, source]), again: (text) => again.push(text), clock: () => clock.now, ...o });
    return { one, handed, again, clock };
  }

  it("drops a double pull of the trigger within a second and a half, whatever the case", () => {
    const { one, handed, again, clock } = gate();
    one.push("R1.4-12-26");
    clock.now = 1400;
    expect(one.push("r1.4-12-26\r", "camera")).toBe(false);
    clock.now = 1600;
    one.push("R1.4-12-26");
    expect(handed.length).toBe(2);
    expect(again.length).toBe(1);
  });

  it("lets different codes through at once, the same typed, and repeats where a screen counts", () => {
    const { one, handed } = gate();
    [TUBE, BOX, TUBE].forEach((text) => one.push(text));
    one.push(TUBE, "typed");
    expect(handed.map(([text]) => text)).toEqual([TUBE, BOX, TUBE]);
    const counting = gate({ repeats: () => true });
    counting.one.push(TUBE);
    counting.one.push(TUBE);
    expect(counting.handed.length).toBe(2);
  });

  it("joins the lines of a passport, and says what came when they do not go on", () => {
    const [first, second] = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
    const { one, handed } = gate();
    one.push(first);
    expect(handed).toEqual([]);
    one.push(second);
    expect(handed).toEqual([[`${first}\n${second}`, "wedge"]]);
    const other = gate();
    other.one.push(first);
    other.one.push(TUBE);
    expect(other.handed.map(([text]) => text)).toEqual([first, TUBE]);
  });
});
