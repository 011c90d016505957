// The verifier's rules: what holds, what does not and why; bytes as the standards show them.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { inflate, unbase32, unbase45, unbase64, uncbor } from "../../static/js/verify/bytes.js";
import { readList, verify } from "../../static/js/verify/proofs.js";

const v = JSON.parse(readFileSync(new URL("../vectors/proofs.json", import.meta.url), "utf8"));
const NOW = v.says.sampled + 3600;
const list = await readList(v.list, v.keys);
const judge = (code, now = NOW, known = list) => verify(code, v.keys, known, now);

test("a proof holds and says what was signed", async () => {
  expect(await judge(v.good)).toEqual({ state: "good", kind: "P1", ...v.says });
});

test("a certificate of the European form holds and has the same number and times", async () => {
  const said = await judge(v.certificate);
  const { number, sampled, until } = v.says;
  expect(said).toMatchObject({ state: "good", kind: "HC1", number, sampled, until, name: "欧阳娜娜" });
});

test("what was withdrawn is known by the list, in both forms", async () => {
  expect((await judge(v.withdrawn)).state).toBe("withdrawn");
  expect((await judge(v.withdrawn_certificate)).state).toBe("withdrawn");
  expect((await judge(v.withdrawn, NOW, null)).state).toBe("good");
});

test("after its hours a proof has expired", async () => {
  expect((await judge(v.good, v.says.until - 1)).state).toBe("good");
  expect((await judge(v.good, v.says.until)).state).toBe("expired");
  expect((await judge(v.certificate, v.says.until)).state).toBe("expired");
});

test("a sampling in the future points to the clock", async () => {
  expect((await judge(v.good, v.says.sampled - 3600)).state).toBe("early");
});

test("another key's signature is forged, or foreign where the key is not ours", async () => {
  expect((await judge(v.forged)).state).toBe("forged");
  expect((await judge(v.foreign_certificate)).state).toBe("foreign");
});

test("no letter of a proof can be changed", async () => {
  for (let i = 3; i < v.good.length; i += 5) {
    const other = v.good[i] === "A" ? "B" : "A";
    const said = await judge(v.good.slice(0, i) + other + v.good.slice(i + 1));
    expect(["forged", "unreadable"], `letter ${i}`).toContain(said.state);
  }
});

test("other codes are not ours, broken ones are unreadable", async () => {
  for (const code of ["", "R1.ABC", "https://example.org"]) expect((await judge(code)).state).toBe("foreign");
  for (const code of ["P1.", "P1.AAAA", "HC1:", "HC1:BB8"]) expect((await judge(code)).state).toBe("unreadable");
});

test("lower case and stray spaces of a keyboard scanner do not matter", async () => {
  expect((await judge(` ${v.good.toLowerCase()}\n`)).state).toBe("good");
});

test("a list says when it was made, and a changed one is none", async () => {
  expect(list.made).toBe(v.made);
  expect(list.numbers.size).toBe(2);
  const bytes = unbase64(v.list);
  bytes[10] ^= 1;
  expect(await readList(btoa(String.fromCharCode(...bytes)), v.keys)).toBe(null);
});

test("base 45 is as the standard shows it", () => {
  expect(new TextDecoder().decode(unbase45("QED8WEX0"))).toBe("ietf!");
  for (const bad of ["A", "GGW", "::", "a00"]) expect(unbase45(bad)).toBe(null);
});

test("base 32 refuses stray bits", () => {
  expect([...unbase32("AE")]).toEqual([1]);
  expect(unbase32("AF")).toBe(null);
});

test("a bomb and nested lists are refused", async () => {
  const big = new Blob([new Uint8Array(10_000_000)]).stream().pipeThrough(new CompressionStream("deflate"));
  const bomb = new Uint8Array(await new Response(big).arrayBuffer());
  await expect(inflate(bomb)).rejects.toThrow();
  expect(() => uncbor(new Uint8Array(1000).fill(0x81))).toThrow();
});

test("CBOR of every kind that certificates use", () => {
  const bytes = Uint8Array.from([0xa3, 0x01, 0x62, 0x41, 0x54, 0x39, 0x01, 0x03, 0x9f, 0x18, 0x2a, 0xff, 0x06, 0xc0, 0x61, 0x5a]);
  expect(uncbor(bytes)).toEqual(new Map([[1, "AT"], [-260, [42]], [6, "Z"]]));
});
