// The small modules of the pages, each on its own; run by tests/test_look.py with node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

import { hear, tally } from "../../static/js/carried.js";
import { dress, paint } from "../../static/js/charts.js";
import { size } from "../../static/js/forms.js";
import { carries, filesOf } from "../../static/js/lab-bench-drop.js";
import { moved, placeOf, wellAt } from "../../static/js/lab-builder.js";
import { age, thousands } from "../../static/js/lang.js";
import { wait } from "../../static/js/poll.js";
import { clean, keyOf } from "../../static/js/scan-field.js";
import { compare, matches, toCsv } from "../../static/js/table.js";

test("numbers are sorted by value, empty cells come last", () => {
  assert.deepEqual(["10", "9", "—", "-1", ""].sort(compare).slice(0, 3), ["-1", "9", "10"]);
});

test("house numbers are sorted as people count them", () => {
  assert.deepEqual(["10号楼", "2号楼", "1号楼"].sort(compare), ["1号楼", "2号楼", "10号楼"]);
});

test("every word of the filter must occur, in any order and case", () => {
  assert.ok(matches("双塔寺社区 QR-7 超时", "超时 qr"));
  assert.ok(!matches("双塔寺社区 QR-7", "超时 qr"));
});

test("an exported cell is never a formula, and a negative number stays a number", () => {
  assert.equal(toCsv([["=1+1", "-3", "+86", '说"好",', "-2+3"]]), '\ufeff\'=1+1,-3,\'+86,"说""好"",",\'-2+3\r\n');
});

test("a key names its character whatever the input method shows", () => {
  assert.equal(["Digit1", "Numpad7", "KeyR", "Minus"].map((c) => keyOf(c)).join(""), "17r-");
  assert.equal(keyOf("KeyR", true), "R");
  assert.equal(keyOf("F13") + keyOf("ShiftLeft") + keyOf("Digit1", true), "");
});

test("full-width digits and stray characters of a read become plain", () => {
  assert.equal(clean("１２\u200b3 4\r"), "1234");
});

test("durations and counts are written as the server writes them", () => {
  assert.deepEqual([0, 42, 134, 4565].map((m) => age(m, "zh")), ["不到 1 分", "42 分", "2 小时 14 分", "3 天 4 小时"]);
  assert.equal(age(134, "en"), "2 h 14 min");
  assert.equal(thousands(1234567), "1,234,567");
});

test("screens do not knock together, and back off when nobody answers", () => {
  assert.ok(Math.abs(wait(5, 0, 0) - 4) < 1e-9 && Math.abs(wait(5, 0, 1) - 6) < 1e-9);
  assert.equal(wait(5, 2, 0.5), 20);
  assert.equal(wait(5, 9, 0.5), 60);
});

test("file sizes are told in words", () => {
  assert.equal(size(3 * 1048576), "3.0 MB");
});

test("the desk counts a phone's QR codes, names the missing and keeps strangers out", () => {
  const frame = (i, id = "0A1B2C3D") => `SQ1.${id}.${i}.3.MZXQ`;
  let lines = [];
  for (const [text, tone] of [[frame(3).toLowerCase(), "ok"], [frame(3), "look"], [frame(1, "FFFFFFFF"), "stop"], ["10000000", "stop"], [frame(1), "ok"]]) {
    const told = hear(lines, text);
    assert.equal(told.tone, tone, text);
    lines = told.lines;
  }
  assert.deepEqual(tally(lines), { id: "0A1B2C3D", n: 3, have: 2, missing: [2] });
  assert.equal(tally(["x"]), null);
});

test("a chart's colours are names of the theme, its tooltip is drawn and never written as HTML", () => {
  const found = paint(dress({ series: [{ color: "--collect", data: [1] }], tooltip: { trigger: "item" } }), (n) => `<${n}>`);
  assert.equal(found.series[0].color, "<--collect>");
  assert.deepEqual(found.tooltip, { trigger: "item", renderMode: "richText", confine: true });
});

test("arrow keys lead from well to well and stop at the edges", () => {
  assert.deepEqual(placeOf("P24"), [15, 23]);
  assert.equal(wellAt(7, 11), "H12");
  const keys = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "x"];
  assert.deepEqual(keys.map((k) => moved("B2", k, 8, 12)), ["A2", "C2", "B1", "B3", "B1", "B12", "B2"]);
  assert.deepEqual([moved("A1", "ArrowUp", 8, 12), moved("H12", "ArrowRight", 8, 12)], ["A1", "H12"]);
  assert.equal(moved("H12", "ArrowDown", 16, 24), "I12");
});

test("of what is dropped on the page of run files, folders are left out", () => {
  const file = { name: "a.csv", size: 10, type: "" };
  const empty = { name: "b.csv", size: 0, type: "text/csv" };
  const folder = { name: "runs", size: 0, type: "" };
  assert.deepEqual(filesOf({ files: [file, empty, folder] }), [file, empty]);
  assert.deepEqual(filesOf(undefined), []);
  assert.ok(carries({ types: ["text/plain", "Files"] }) && !carries({ types: ["text/plain"] }));
});
