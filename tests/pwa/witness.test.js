// Whose badge counts as a second pair of eyes, and whose as a supervisor's.
import { describe, expect, it } from "vitest";

import { isOneself, secondPerson, supervisorOf } from "../../pwa/rules/witness.js";
import { makeCode } from "../../pwa/scan/codes.js";
import { read } from "../../pwa/scan/read.js";

const [ME, HEAD] = ["818283746556473829", "818283746556473830"];
const STAFF = [
  { id: ME, no: "P0012", name: "李白露", badge: makeCode("badge", ME), roles: ["sampler"] },
  { id: HEAD, no: "P0013", name: "陈谷雨", badge: makeCode("badge", HEAD), roles: ["site_supervisor"] },
];
const SELF = STAFF[0];
const of = (text) => read(text, { source: "wedge", staff: STAFF, now: Date.now() });
const badge = (id, o) => of(makeCode("badge", id, o));

describe("a second person", () => {
  it("is anybody but oneself, by badge, by an older card, or by name", async () => {
    expect(secondPerson(await badge(HEAD), STAFF, SELF)).toMatchObject({ code: null, name: "P0013 陈谷雨" });
    expect(secondPerson(await badge("42"), STAFF, SELF)).toMatchObject({ code: null, person: null });
    for (const own of [await badge(ME), await of("BADGE:P0012"), await of("P0012")]) {
      expect(secondPerson(own, STAFF, SELF).code).toBe("oneself");
      expect(secondPerson(own, [], SELF).code).toMatch(/oneself|badge_wanted/); // without a slice
    }
    expect([isOneself(" p0012 ", SELF), isOneself("李白露", SELF), isOneself("王", SELF)]).toEqual([true, true, false]);
  });

  it("is not a badge of practice, nor another thing", async () => {
    expect(secondPerson(await badge(HEAD, { practice: true }), STAFF, SELF).code).toBe("bad_badge");
    expect(secondPerson(await of(makeCode("tube", 4)), STAFF, SELF).code).toBe("badge_wanted");
    expect(secondPerson(await of("HELLO"), STAFF, SELF).code).toBe("badge_wanted");
  });
});

describe("a supervisor", () => {
  it("is known by role, or unknown to this phone and named by number", async () => {
    expect(supervisorOf(await badge(HEAD), STAFF)).toMatchObject({ code: null, person: { no: "P0013" } });
    expect(supervisorOf(await badge(ME), STAFF).code).toBe("not_supervisor");
    const unknown = makeCode("badge", "42");
    expect(supervisorOf(await of(unknown), STAFF)).toMatchObject({ code: null, name: `badge ${unknown}` });
  });

  it("is never a badge of practice", async () => {
    expect(supervisorOf(await badge(HEAD, { practice: true }), STAFF).code).toBe("bad_badge");
    expect(supervisorOf(await badge("42", { practice: true }), STAFF).code).toBe("bad_badge");
  });
});
