// Documents on the phone: word for word what the server says of the same numbers.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { countries, countryCode } from "../../pwa/scan/countries.js";
import { KINDS } from "../../pwa/scan/document_kinds.js";
import { birthDate, countryOf, keyOf, last4, mask, normalise, recognise } from "../../pwa/scan/documents.js";
import { ScanProblem } from "../../pwa/scan/problems.js";

const file = new URL("../vectors/documents.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8"));

function told(act) {
  try {
    const doc = act();
    return {
      ...doc, key: keyOf(doc), country: countryOf(doc), birth: birthDate(doc), mask: mask(doc), last4: last4(doc),
    };
  } catch (fault) {
    if (!(fault instanceof ScanProblem)) throw fault;
    return { problem: fault.code, zh: fault.sentence("zh"), en: fault.sentence("en") };
  }
}

describe("documents", () => {
  it.each(vectors.numbers)("says of $kind $typed what the server says", ({ kind, typed, in: country, ...wanted }) => {
    expect(told(() => normalise(kind, typed, country, { today: vectors.today }))).toEqual(wanted);
  });

  it.each(vectors.recognised)("takes $typed for what the server takes it for", ({ typed, ...wanted }) => {
    expect(told(() => recognise(typed))).toEqual(wanted);
  });

  it("knows the same countries", () => {
    for (const [text, code] of Object.entries(vectors.countries)) expect([text, countryCode(text)]).toEqual([text, code]);
  });

  it("lists countries by their names to choose from", () => {
    const all = countries("zh");
    expect(all.length).toBeGreaterThan(240);
    expect(all.find(([code]) => code === "GB")).toEqual(["GB", "英国"]);
  });

  it("calls the kinds what the server calls them", () => {
    expect(KINDS).toEqual(vectors.kinds);
  });

  it("sees every single wrong digit of a citizen number", () => {
    const number = "11010519491231002X";
    for (let place = 0; place < 17; place++) {
      for (const digit of "0123456789") {
        if (digit === number[place]) continue;
        const wrong = number.slice(0, place) + digit + number.slice(place + 1);
        expect(() => normalise("resident_id", wrong)).toThrow(ScanProblem);
      }
    }
  });

  it("never says the number in its sentence", () => {
    for (const { typed, zh, en } of vectors.numbers) {
      if (zh && typed.trim().length > 3) expect(zh + en).not.toContain(typed.trim());
    }
  });
});
