// Rules of the house for the field app: floors, sizes, English for every text, colours that carry.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { describe, expect, test } from "vitest";

import { english, parts } from "../../pwa/words/index.js";

const ROOT = resolve(import.meta.dirname, "../../pwa");
const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
const text = (name) => readFileSync(join(ROOT, name), "utf8");
const code = (name) => text(name).replace(/"(?:[^"\\\n]|\\.)*"|`[^`$]*`/g, '""').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "");
const imports = (name) => [...text(name).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((m) => m[1]);

// A folder may import its own floor and what lies below; files of pwa/ itself are the app's floor.
const FLOORS = [
  ["screens"], ["frame"], ["parts"], ["app", "shift", "practice"],
  ["rules", "journal", "scan", "signals"], ["ground", "words"],
];
const TOP = ["main.js", "start.js", "scanning.js"];
const PACKAGES = { "lit-html": ["screens", "frame", "parts", "app", "scan"], idb: ["ground", "journal"], uqr: ["parts"], "barcode-detector": ["scan"] };

function room(name) {
  const [first, rest] = name.split("/");
  if (rest) return first;
  return first === "frame.js" ? "frame" : "app";
}

const floor = (name) => FLOORS.findIndex((rooms) => rooms.includes(room(name)));

// Stated exceptions: the frame is drawn by the app; formats and codes are words that both sides share.
const KNOWN = new Set([
  "app.js → frame.js", "app.js → parts/sheet.js",
  "ground/db.js → journal/format.js", "ground/keys.js → journal/format.js",
]);

describe("floors", () => {
  test("an import only points down", () => {
    const wrong = [];
    for (const name of files.filter((one) => !TOP.includes(one))) {
      for (const path of imports(name).filter((one) => one.startsWith("."))) {
        const to = relative(ROOT, resolve(ROOT, dirname(name), path));
        const edge = `${name} → ${to}`;
        if (!KNOWN.has(edge) && floor(to) < floor(name)) wrong.push(edge);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("rules are pure: no page, no store, no network, no clock of their own", () => {
    const impure = /\b(document|window|fetch|indexedDB|localStorage|navigator)\b\s*[.(]|Date\.now|Math\.random/;
    const wrong = files.filter((name) => name.startsWith("rules/") && impure.test(code(name)));
    expect(wrong).toEqual([]);
  });

  test("a package is imported where its work is done", () => {
    const wrong = [];
    for (const name of files) {
      for (const path of imports(name).filter((one) => !one.startsWith("."))) {
        const bare = path.split("/")[0];
        if (!PACKAGES[bare]?.includes(room(name))) wrong.push(`${name} imports ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("files", () => {
  test("none has more than 300 lines", () => {
    const long = files.filter((name) => text(name).split("\n").length > 301);
    expect(long).toEqual([]);
  });

  test("the first line says what the module is for", () => {
    expect(files.filter((name) => !/^(\/\/|\/\*) ?\S.{10,}/.test(text(name)))).toEqual([]);
  });

  test("nothing is styled or scripted inline, as the page's policy demands", () => {
    expect(files.filter((name) => /\sstyle=["$]|\son(click|input|change|submit)=|unsafeHTML/.test(text(name)))).toEqual([]);
  });
});

describe("words", () => {
  const said = files.filter((name) => !name.startsWith("words/")).flatMap((name) =>
    [...text(name).matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)].map((m) => [name, JSON.parse(`"${m[1]}"`)]));

  test("every sentence has its English", () => {
    const missing = said.filter(([, zh]) => /[\u4e00-\u9fff]/.test(zh) && !(zh in english)).map(([name, zh]) => `${name}: ${zh}`);
    expect([...new Set(missing)]).toEqual([]);
  });

  test("the same Chinese has the same English in every dictionary", () => {
    const wrong = [];
    const seen = new Map();
    for (const [owner, words] of Object.entries(parts)) {
      for (const [zh, en] of Object.entries(words)) {
        if (seen.has(zh) && seen.get(zh)[1] !== en) wrong.push(`${zh}: ${seen.get(zh).join(" ")} / ${owner} ${en}`);
        seen.set(zh, [owner, en]);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("both languages fill the same places", () => {
    const places = (sentence) => [...sentence.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join();
    expect(Object.entries(english).filter(([zh, en]) => places(zh) !== places(en))).toEqual([]);
  });

  test("the checks speak English too", () => {
    const checks = text("ground/checks.js").replace(/\/\/.*/g, "");
    const told = [...checks.matchAll(/"([^"\n]*[\u4e00-\u9fff][^"\n]*)"/g)].map((m) => m[1]);
    expect(told.length).toBeGreaterThan(30);
    expect(told.filter((zh) => !(zh in english))).toEqual([]);
  });

  test("no sentence shouts or boasts", () => {
    const wrong = Object.entries(english).flat().filter((one) => /[!！]|成功|[Ss]uccessful/.test(one));
    expect(wrong).toEqual([]);
  });
});

describe("colours", () => {
  const css = readFileSync(join(ROOT, "style/field.css"), "utf8");
  const tokens = (selector) => {
    const block = css.slice(css.indexOf(selector), css.indexOf("}", css.indexOf(selector)));
    return Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
  };
  const day = tokens(":root {");
  const night = { ...day, ...tokens('[data-theme="night"] {') };

  const light = (hex) => {
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
    return (bright + 0.05) / (dark + 0.05);
  };

  test.each([["day", day], ["night", night]])("text stands 7:1 on its ground by %s", (_, theme) => {
    const tones = ["brand", "ok", "look", "stop", "unknown"];
    const pairs = [
      ...[...tones, "ink", "ink-2", "collect", "deliver", "test"].flatMap((ink) => [[ink, "paper"], [ink, "ground"]]),
      ...[...tones, "collect", "deliver", "test"].map((fill) => ["on-tone", fill]),
      ...tones.map((tone) => [tone, `${tone}-tint`]),
      ["ink", "press"], ["on-top", "top"],
    ];
    const weak = pairs.filter(([a, b]) => contrast(theme[a], theme[b]) < 7)
      .map(([a, b]) => `${a} on ${b} ${contrast(theme[a], theme[b]).toFixed(2)}`);
    expect(weak).toEqual([]);
  });
});
