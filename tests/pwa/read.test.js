// What a scan or typing stands for: every kind of code, and every way it can be no use.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { checkCardLine, fitsCard } from "../../pwa/scan/cards.js";
import { gb11643, makeCode, makeResidentCode } from "../../pwa/scan/codes.js";
import { beginsLines, checkDigit } from "../../pwa/scan/mrz.js";
import { read } from "../../pwa/scan/read.js";

const vectors = JSON.parse(readFileSync(new URL("../vectors/resident.json", import.meta.url), "utf8"));
const NOW = vectors.now;
const of = (text, o = {}) => read(text, { source: "wedge", now: NOW, code_keys: vectors.keys, ...o });
const CITIZEN = "11010519491231002X";
const maker = { name: "maker A", kind: "tube", regex: "[A-Z]{2}\\d{8}", check: "none", length: 10 };

describe("own numbers", () => {
  it.each(["tube", "box", "seal", "site", "badge"])("are read as %s with their serial", async (kind) => {
    const number = makeCode(kind, 427);
    expect(await of(`]C0${number}\r\n`)).toMatchObject({ kind, number, serial: 427, practice: false, problem: null, shown: number });
  });

  it("of practice are no use for real, and real ones none in practice", async () => {
    const [drill, live] = [makeCode("tube", 1, true), makeCode("tube", 1)];
    expect((await of(drill)).problem.code).toBe("practice_code");
    expect((await of(drill, { practice: true })).problem).toBe(null);
    expect(await of(live, { practice: true })).toMatchObject({ kind: "tube", problem: { code: "live_code" } });
  });

  it("of badges and sites may carry a whole id, which is then text", async () => {
    const badge = makeCode("badge", "819283702877826048");
    expect(await of(badge)).toMatchObject({ kind: "badge", serial: "819283702877826048", problem: null });
    const wrong = badge.replace(/.$/, (d) => String((Number(d) + 1) % 10));
    expect(await of(wrong)).toMatchObject({ kind: "unknown", problem: { code: "bad_check_digits" } });
  });

  it("with a wrong digit are refused and not taken for something else", async () => {
    const wrong = makeCode("badge", 12).replace(/.$/, (d) => String((Number(d) + 1) % 10));
    const seen = await of(wrong);
    expect(seen.kind).toBe("unknown");
    expect(seen.problem.code).toBe("bad_check_digits");
  });

  it("of other makers are read by their pattern", async () => {
    const seen = await of("ab12345678", { patterns: [maker] });
    expect(seen).toMatchObject({ kind: "tube", number: "AB12345678", foreign: { name: "maker A" }, problem: null });
  });
});

describe("another system's code of a person", () => {
  const code = { name: "city", kind: "resident", regex: "HC([0-9]{17}[0-9X])", check: "none", length: 20 };

  it("is the document it holds", async () => {
    expect(await of(`hc${CITIZEN}`, { patterns: [code] })).toMatchObject({ kind: "document", doc: { number: CITIZEN }, shown: "…002X", problem: null });
  });

  it("that holds none says: use the ID card", async () => {
    const bare = { ...code, regex: "HC[0-9]{8}", length: 10 };
    expect(await of("HC12345678", { patterns: [bare] })).toMatchObject({ kind: "resident", code: null, problem: { code: "use_id_card" } });
  });
});

describe("residents", () => {
  it.each(vectors.codes)("of key $key, cell $cell verify offline", async ({ text, plain, cell, person, name, expired }) => {
    const seen = await of(text);
    expect(seen).toMatchObject({ kind: "resident", cell, person, name, code: plain, signed: true, expired });
    expect(seen.problem?.code ?? null).toBe(expired ? "code_expired" : null);
  });

  it.each(vectors.bad)("are refused: $why", async ({ text, problem }) => {
    const seen = await of(text);
    if (/^R2\./.test(text)) expect(seen).toMatchObject({ kind: "resident", code: null, problem: { code: problem } });
    else expect(seen.kind).toBe("unknown");
  });

  it.each(vectors.as_scanned)("are the same however they are scanned", async ({ text, same }) => {
    expect((await of(text)).code).toBe((await of(same)).code);
  });

  it("of a key that the phone does not have are not trusted, and the way out is named", async () => {
    const seen = await of(vectors.codes[0].text, { code_keys: [] });
    expect(seen).toMatchObject({ kind: "resident", code: null, problem: { code: "bad_code_signature" } });
    expect(seen.problem.sentence("zh")).toContain("请用身份证");
    expect(seen.problem.sentence("en")).toContain("use the ID card");
  });

  it("with one letter changed are never taken for somebody else", async () => {
    const { text } = vectors.codes[0];
    for (let at = 3; at < text.length; at += 7) {
      const other = text[at] === "A" ? "B" : "A";
      const seen = await of(text.slice(0, at) + other + text.slice(at + 1));
      expect(seen.code).toBe(null);
      expect(seen.problem).not.toBe(null);
    }
  });

  it("in the plain form need no key", async () => {
    expect(await of(makeResidentCode(4, "9007199254740993"))).toMatchObject({ cell: 4, person: "9007199254740993", signed: false, problem: null });
    expect((await of("R1.4-12-99")).problem.code).toBe("bad_check_digits");
  });
});

describe("documents", () => {
  it("are known by their number", async () => {
    expect(await of(CITIZEN.toLowerCase())).toMatchObject({ kind: "document", doc: { type: "resident_id", number: CITIZEN }, birth: "19491231", problem: null });
    expect((await of("110105491231002")).doc.number).toBe(CITIZEN);
    expect((await of("h1234567801")).doc).toEqual({ type: "home_return", number: "H12345678" });
    expect((await of("KOR140190010112")).doc.type).toBe("foreign_residence");
    expect((await of(`81000019900101123${gb11643("81000019900101123")}`)).doc.type).toBe("hmt_residence");
  });

  it("with a wrong check digit say so", async () => {
    const seen = await of("110105194912310021");
    expect(seen).toMatchObject({ kind: "document", doc: null, problem: { code: "document_check_digit" } });
  });

  it("that cannot be right keep their own number for a second person to confirm, and show none of it", async () => {
    const seen = await of("110105194912310021");
    expect(seen.odd).toEqual({ type: "resident_id", number: "110105194912310021" });
    expect(`${seen.text}${seen.shown}`).not.toContain("1101");
    const card = await of("李四|110105194912310021", { card_line: "{name}|{number}" });
    expect(card.odd).toEqual({ type: "resident_id", number: "110105194912310021", name: "李四" });
    expect((await of(CITIZEN)).odd).toBe(null);
  });

  it("of eight or ten bare digits must be typed: a scanner gives such only by misreading", async () => {
    expect((await of("12345678")).kind).toBe("unknown");
    expect((await of("12345678", { source: "typed" })).doc).toEqual({ type: "taiwan_permit", number: "12345678" });
    expect((await of("GB-E12345678", { source: "typed" })).doc.number).toBe("GB-E12345678");
  });

  it("show no more than their last four on the strip", async () => {
    const seen = await of(CITIZEN);
    expect([seen.shown, seen.text]).toEqual(["…002X", "…002X"]);
  });
});

// ICAO 9303-4, appendix B, and 9303-5.
const BOOK = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
// The same with a country that exists; composite digits computed.
function book(issuer, number, { birth = "740812", expiry = "300415", name = "ERIKSSON<<ANNA<MARIA" } = {}) {
  const field = number.padEnd(9, "<");
  const extra = "<".repeat(14);
  const [n, b, e] = [field, birth, expiry].map((part) => part + checkDigit(part));
  const total = checkDigit(n + b + e + extra + "<");
  return [`P<${issuer}${name}`.padEnd(44, "<"), `${n}${issuer}${b}F${e}${extra}<${total}`];
}

describe("machine-readable lines", () => {
  it("of the published passport fit, whose country is none", async () => {
    expect(checkDigit("L898902C3")).toBe("6");
    expect((await of(BOOK.join("\n"))).problem.code).toBe("document_country");
  });

  it("give country, number, name and birth", async () => {
    const seen = await of(book("GBR", "E12345678").join("\r\n"));
    expect(seen).toMatchObject({
      kind: "document", birth: "19740812", problem: null,
      doc: { type: "passport", number: "GB-E12345678", country: "GB", name: "ERIKSSON ANNA MARIA" },
    });
    expect((await of(book("D<<", "C01X00T47").join(""))).doc.number).toBe("DE-C01X00T47");
  });

  it("put a birth into the past", async () => {
    expect((await of(book("GBR", "E12345678", { birth: "270101" }).join(""))).birth).toBe("19270101");
    expect((await of(book("GBR", "E12345678", { birth: "240101" }).join(""))).birth).toBe("20240101");
  });

  it("are enough with the second line alone", async () => {
    const seen = await of(book("GBR", "E12345678")[1]);
    expect(seen.doc).toMatchObject({ number: "GB-E12345678" });
    expect(seen.doc.name).toBe(undefined);
  });

  it("with one character misread are refused", async () => {
    const [first, second] = book("GBR", "E12345678");
    for (let at = 0; at < 9; at++) {
      const wrong = second.slice(0, at) + (second[at] === "1" ? "2" : "1") + second.slice(at + 1);
      expect((await of(first + wrong)).problem.code).toBe("mrz_check_digit");
    }
  });

  it("wait for the line that is still to come", async () => {
    const [first] = book("GBR", "E12345678");
    expect(beginsLines(first)).toBe(true);
    expect((await of(first)).problem.code).toBe("mrz_incomplete");
    expect(beginsLines(CITIZEN)).toBe(false);
    expect(beginsLines(makeCode("tube", 3))).toBe(false);
  });

  it("of a card read a travel permit, and send a foreign identity card away", async () => {
    const card = (code, number, issuer) => {
      const one = `${code}${issuer}${number.padEnd(9, "<")}${checkDigit(number.padEnd(9, "<"))}`.padEnd(30, "<");
      const [birth, expiry] = ["900101", "300101"].map((part) => part + checkDigit(part));
      const two = `${birth}F${expiry}${issuer}${"<".repeat(11)}`;
      const total = checkDigit(one.slice(5) + birth + expiry + two.slice(18, 29));
      return [one, two + total, "CHAN<<TAI<MAN".padEnd(30, "<")].join("\n");
    };
    expect((await of(card("CR", "H12345678", "CHN"))).doc).toMatchObject({ type: "home_return", number: "H12345678", name: "CHAN TAI MAN" });
    expect((await of(card("CT", "12345678", "CHN"))).doc.type).toBe("taiwan_permit");
    expect((await of(card("I<", "D23145890", "UTO"))).problem.code).toBe("use_id_card");
  });
});

describe("card readers and PDAs", () => {
  const line = "{name}|{sex}|{nation}|{birth}|{address}|{number}";

  it("give name and number by a template; the rest is dropped", async () => {
    const seen = await of(`张三|女|汉|19491231|某市某街 1 号|${CITIZEN}`, { card_line: line });
    expect(seen).toMatchObject({ kind: "document", doc: { type: "resident_id", number: CITIZEN, name: "张三" }, problem: null });
    expect(JSON.stringify(seen)).not.toContain("某街");
  });

  it("give them by an expression with named groups", async () => {
    const seen = await of(`ID=${CITIZEN};NM=李四`, { card_line: "/ID=(?<number>[0-9X]+);NM=(?<name>.+)/" });
    expect(seen.doc).toMatchObject({ number: CITIZEN, name: "李四" });
  });

  it("with tabs, and with a number that is wrong", async () => {
    expect((await of(`李四\t${CITIZEN}`, { card_line: "{name}\\t{number}" })).doc.name).toBe("李四");
    expect((await of("李四|110105194912310021", { card_line: "{name}|{number}" })).problem.code).toBe("document_check_digit");
  });

  it("do not swallow other codes", async () => {
    const tube = makeCode("tube", 5);
    expect((await of(tube, { card_line: line })).kind).toBe("tube");
    expect(fitsCard(tube, "{name}|{number}")).toBe(false);
  });

  it("have a setting that can be checked", () => {
    expect([line, "", "{number}", "/(?<number>\\d+)/"].map(checkCardLine)).toEqual([true, true, true, true]);
    expect(["{name}", "/(?<number>/", "/\\d+/"].map(checkCardLine)).toEqual([false, false, false]);
  });
});

describe("the rest", () => {
  it("knows an enrolment by link, by fragment and by hand", async () => {
    const wanted = { kind: "enrol", code: "ABCD-EFGH-JKMN", problem: null };
    expect(await of("https://Town.example:8443/field/#enrol=abcd-efgh-jkmn")).toMatchObject({ ...wanted, server: "https://town.example:8443" });
    expect(await of("#enrol=ABCD-EFGH-JKMN")).toMatchObject({ ...wanted, server: null });
  });

  it("knows the frames of a chain and a table's list", async () => {
    expect(await of("SQ1.0A1B2C3D.2.12.MZXW6")).toMatchObject({ kind: "frame", id: "0A1B2C3D", i: 2, n: 12, chunk: "MZXW6", shown: "2 / 12" });
    expect((await of("ST1.0A1B2C3D.1.1.MZXW6")).kind).toBe("tables");
    expect((await of("SQ1.0A1B2C3D.2")).problem.code).toBe("frame_damaged");
  });

  it("knows sites and staff cards printed in the older form", async () => {
    expect(await of("SITE:C-017")).toMatchObject({ kind: "site", code: "C-017", number: null });
    const staff = [{ id: 9, no: "s-0007", name: "王五" }];
    expect(await of("S-0007", { staff })).toMatchObject({ kind: "badge", serial: 9, staff_no: "s-0007", problem: null });
    expect(await of("S-0008", { staff })).toMatchObject({ kind: "unknown", staff_no: "S-0008" });
    const badge = makeCode("badge", "819283702877826048"); // misread by a digit it is nobody's number
    expect(await of(badge.slice(0, 8) + ((Number(badge[8]) + 1) % 10) + badge.slice(9))).toMatchObject({ kind: "unknown", staff_no: null });
  });

  it("says of a health code or a poster: use the ID card", async () => {
    for (const text of ["https://example.org/code?a=1", '{"k":"v","sign":"abc"}', "健康码-张三", "A".repeat(80)]) {
      const seen = await of(text);
      expect(seen).toMatchObject({ kind: "unknown", problem: { code: "use_id_card" } });
      expect(seen.problem.sentence("zh")).toContain("请用身份证");
    }
  });

  it("says that nothing was read, and that a number was cut short", async () => {
    expect((await of("\r\n")).problem.code).toBe("nothing_read");
    expect((await of(makeCode("tube", 4).slice(0, 12))).problem.code).toBe("wrong_length");
  });
});
