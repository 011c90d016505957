// The journal's format on the same vectors as the Python side (tests/vectors/journal.json).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import * as j from "../../pwa/journal/format.js";
import { read, write } from "../../pwa/journal/entry.js";

const v = JSON.parse(readFileSync(new URL("../vectors/journal.json", import.meta.url), "utf8"));

async function headOf(entries) {
  let head = await j.genesis(v.device, v.journal);
  for (const entry of entries) head = await j.link(head, entry);
  return head;
}

describe("the vectors", () => {
  it("begin with the same hash", async () => {
    expect(j.hex(await j.genesis(v.device, v.journal))).toBe(v.genesis);
  });

  it.each(v.entries.map((entry, i) => [JSON.parse(entry).kind, entry, i]))("hash alike: %s", async (_kind, entry, i) => {
    expect(j.hex(await j.digest(entry))).toBe(v.digests[i]);
    expect(await j.ref(entry)).toBe(v.refs[i]);
    expect(j.hex(await headOf(v.entries.slice(0, i + 1)))).toBe(v.hashes[i]);
  });

  it("verify Python's signature, and no other number", async () => {
    const facts = { device: v.device, journal: v.journal, last: v.entries.length, head: await headOf(v.entries), sentAt: v.sent_at };
    const [point, signature] = [j.unb64(v.public_point), j.unb64(v.signature)];
    expect(await j.verify(point, signature, facts)).toBe(true);
    expect(await j.verify(point, signature, { ...facts, last: 1 })).toBe(false);
  });

  it("are entries that this app reads and writes back as they were", () => {
    for (const entry of v.entries) expect(read(write(read(entry)))).toEqual(read(entry));
  });
});

describe("an entry's texts", () => {
  it("hold no half character and no NUL: the server could not read the entry at all", () => {
    const note = `${"好".repeat(199)}😀`.slice(0, 200); // cut within the last character
    const said = read(write({ kind: "visit", staff: "7", note, reason: "\u0000staff" }));
    expect(said).toEqual({ kind: "visit", staff: 7, note: `${"好".repeat(199)}\ufffd`, reason: "staff" });
    expect(read(write({ kind: "visit", note: "阿依·😀" })).note).toBe("阿依·😀");
  });
});

describe("an entry's ids", () => {
  it("keep every digit", () => {
    const line = write({ kind: "bind", seq: 1, staff: "9007199254740993", site: 9007199254740993n, round: "5", lab: null, tube: "12345678901234", seat: 1, who: { code: '"staff":9007199254740993' } });
    expect(line).toBe('{"kind":"bind","seq":1,"staff":9007199254740993,"site":9007199254740993,"round":5,"tube":"12345678901234","seat":1,"who":{"code":"\\"staff\\":9007199254740993"}}');
    expect(read(line)).toMatchObject({ staff: "9007199254740993", site: "9007199254740993", round: 5, tube: "12345678901234", who: { code: '"staff":9007199254740993' } });
  });

  it("leave a tube's number a text, also where a person moves to it", () => {
    expect(read(write({ kind: "move", seq: 1, staff: 7, tube: "1", to: "12345678901234" })).to).toBe("12345678901234");
  });
});
