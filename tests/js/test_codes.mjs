// pwa/scan/codes.js against tests/vectors/codes.json; prints its sentences for the Python side.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const source = readFileSync(here("../../pwa/scan/codes.js"));
// As data: the file is a browser module and its folder has no package.json to say so.
const codes = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const vectors = JSON.parse(readFileSync(here("../vectors/codes.json"), "utf8"));
let seen = 0;

function check(group, act) {
  for (const vector of vectors[group]) {
    act(vector);
    seen += 1;
  }
}

// The answer of `act`, or the problem it threw in the shape of the vectors.
function outcome(act) {
  try {
    return act();
  } catch (fault) {
    if (!(fault instanceof codes.CodeProblem)) throw fault;
    return { code: fault.code, zh: fault.sentence("zh"), en: fault.sentence("en"), details: fault.details };
  }
}

check("check_digits", ({ check, payload, digits }) => {
  assert.equal(codes[check](payload), digits, `${check} of ${payload}`);
});

check("made", ({ kind, serial, practice, text }) => {
  assert.equal(codes.makeCode(kind, serial, practice), text);
});

check("residents", ({ cell, person, text }) => {
  assert.equal(codes.makeResidentCode(cell, person), text);
  assert.deepEqual(codes.readResidentCode(text), { cell, person });
});

check("reads", ({ read, ...wanted }) => {
  const got = outcome(() => {
    const { kind, text, serial, foreign, practice, cell } = codes.readCode(read, vectors.patterns);
    const number = serial === null ? null : String(serial);
    return { kind, text, serial: number, foreign: foreign?.name ?? null, practice, cell };
  });
  assert.deepEqual(got, wanted, JSON.stringify(read));
});

check("expected", ({ read, wanted, practice, ...answer }) => {
  const got = outcome(() => {
    const reading = codes.expectCode(read, wanted, { practice, patterns: vectors.patterns });
    return { kind: reading.kind };
  });
  delete got.details;
  assert.deepEqual(got, answer, JSON.stringify([read, wanted, practice]));
});

check("access", ({ typed, ...answer }) => {
  const got = outcome(() => codes.normaliseAccessCode(typed));
  const shape = typeof got === "string" ? { code: got } : { problem: got.code };
  assert.deepEqual(shape, answer, JSON.stringify(typed));
});

check("grouped", ({ text, shown }) => {
  assert.equal(codes.grouped(text), shown);
});

console.log(JSON.stringify({ seen, sentences: codes.SENTENCES }));
