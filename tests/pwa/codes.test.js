// pwa/scan/codes.js against tests/vectors/codes.json, which holds the server to the same.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import * as codes from "../../pwa/scan/codes.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/codes.json", import.meta.url), "utf8"));

// The answer of `act`, or the problem it threw in the shape of the vectors.
function outcome(act) {
  try {
    return act();
  } catch (fault) {
    if (!(fault instanceof codes.CodeProblem)) throw fault;
    return { code: fault.code, zh: fault.sentence("zh"), en: fault.sentence("en"), details: fault.details };
  }
}

describe("codes", () => {
  it.each(vectors.check_digits)("computes $check of $payload", ({ check, payload, digits }) => {
    expect(codes[check](payload)).toBe(digits);
  });

  it.each(vectors.made)("makes $text", ({ kind, serial, practice, text }) => {
    expect(codes.makeCode(kind, serial, practice)).toBe(text);
  });

  it.each(vectors.residents)("makes and reads $text", ({ cell, person, text }) => {
    expect(codes.makeResidentCode(cell, person)).toBe(text);
    expect(codes.readResidentCode(text)).toEqual({ cell, person });
  });

  it.each(vectors.reads)("reads $read as the server does", ({ read, ...wanted }) => {
    const got = outcome(() => {
      const { kind, text, serial, foreign, practice, cell } = codes.readCode(read, vectors.patterns);
      return {
        kind, text, serial: serial === null ? null : String(serial), foreign: foreign?.name ?? null, practice, cell,
      };
    });
    expect(got).toEqual(wanted);
  });

  it.each(vectors.expected)("expects $wanted of $read as the server does", ({ read, wanted, practice, ...answer }) => {
    const got = outcome(() => ({
      kind: codes.expectCode(read, wanted, { practice, patterns: vectors.patterns }).kind,
    }));
    delete got.details;
    expect(got).toEqual(answer);
  });

  it.each(vectors.access)("forgives $typed what the server forgives", ({ typed, ...answer }) => {
    const got = outcome(() => codes.normaliseAccessCode(typed));
    expect(typeof got === "string" ? { code: got } : { problem: got.code }).toEqual(answer);
  });

  it.each(vectors.grouped)("groups $text", ({ text, shown }) => {
    expect(codes.grouped(text)).toBe(shown);
  });
});
