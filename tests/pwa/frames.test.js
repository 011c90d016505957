// The QR chain: any cut, any order, repeats, strangers.
import { describe, expect, it } from "vitest";

import { base32, Collector, framesOf, parseFrame, unbase32 } from "../../pwa/journal/frames.js";
import { shuffled, random } from "./chance.js";

const text = (n, next) => Array.from({ length: n }, () => "管甲7ab{}\"\\é"[Math.floor(next() * 11)]).join("");

describe("base32", () => {
  it("is RFC 4648 without padding", () => {
    const of = (s) => base32(new TextEncoder().encode(s));
    expect(["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(of)).toEqual([
      "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI",
    ]);
    expect(unbase32("M1")).toBe(null);
  });
});

describe("a chain of frames", () => {
  it("comes together from every order, with repeats, at any size", async () => {
    const next = random(7);
    for (let round = 0; round < 60; round++) {
      const payload = text(1 + Math.floor(next() * 900), next);
      const frames = await framesOf(payload, { size: 1 + Math.floor(next() * 120) });
      const shown = shuffled([...frames, ...frames.filter(() => next() < 0.4)], next);
      const gather = new Collector();
      let done = null;
      for (const frame of shown) {
        const told = await gather.add(next() < 0.3 ? frame.toLowerCase() : frame);
        if (told.state === "done") done = told;
      }
      expect(done?.payload).toBe(payload);
    }
  });

  it("names what is missing", async () => {
    const frames = await framesOf("x".repeat(200), { size: 40 });
    const gather = new Collector();
    let told;
    for (const i of [0, 2, 5]) told = await gather.add(frames[i]);
    expect(told).toMatchObject({ state: "part", have: 3, n: frames.length });
    expect(told.missing.slice(0, 3)).toEqual([2, 4, 5]);
    expect((await gather.add(frames[2])).state).toBe("repeat");
  });

  it("keeps another phone's frame out, and says so", async () => {
    const [mine] = await framesOf("mine".repeat(40), { size: 40 });
    const [other] = await framesOf("other".repeat(40), { size: 40 });
    const gather = new Collector();
    await gather.add(mine);
    const told = await gather.add(other);
    expect(told.state).toBe("other");
    expect(told.have).toBe(1);
  });

  it("refuses a chain whose content is not what its number says", async () => {
    const frames = await framesOf("content of a chain", { size: 10 });
    const gather = new Collector();
    let told;
    for (const frame of frames) {
      told = await gather.add(frame.endsWith(".1") ? frame : frame.replace(/.$/, (c) => (c === "A" ? "B" : "A")));
    }
    expect(told.state).toBe("bad");
    for (const frame of frames) told = await gather.add(frame);
    expect(told).toMatchObject({ state: "done", payload: "content of a chain" });
  });

  it("is read as nothing else", () => {
    for (const odd of ["SQ1", "SQ1.12345678.1.2", "SQ1.12345678.3.2.AA", "SQ2.12345678.1.2.AA", "SQ1.1234567G.1.2.AA", "SQ1.12345678.0.2.AA", "SQ1.12345678.1.9999.AA"]) {
      expect(parseFrame(odd), odd).toBe(null);
    }
    expect(parseFrame(" st1.0a1b2c3d.1.2.mzxq\n")).toEqual({ prefix: "ST1", id: "0A1B2C3D", i: 1, n: 2, chunk: "MZXQ" });
  });
});
