// What the paper desk tells of a typed line without asking the server.

import { describe, expect, it } from "vitest";
import { checkDigit, needsName, numberFault, plain, twice, whole } from "../../static/js/paper-line.js";
import { paper } from "../../static/js/print-labels.js";

const GOOD = "11010519491231002X";

describe("a typed line", () => {
  it("is read in full width and small letters alike", () => {
    expect(plain(" １１０１０５19491231002x ")).toBe(GOOD);
  });

  it("keeps the check digit of a citizen's number", () => {
    expect(checkDigit(GOOD.slice(0, 17))).toBe("X");
    expect(numberFault(GOOD)).toBe("");
    expect(numberFault(`张三 ${GOOD.slice(0, 17)}1`)).toBe("check");
    expect(numberFault(`${GOOD.slice(0, 17)}1 张三`)).toBe("check");
  });

  it("is not called wrong while it is being typed, nor for other codes", () => {
    for (const text of ["1101051949", "R1.12-345-28", "R1.1003-819282976586642438-12", "EA1234567", "张三 31002X", ""]) {
      expect(numberFault(text)).toBe("");
    }
  });

  it("asks for a name where only the last six stand", () => {
    expect(needsName("31002x")).toBe(true);
    expect(needsName("张三 31002x")).toBe(false);
    expect(whole("31002X", "")).toBe(false);
    expect(whole("31002X", "张三")).toBe(true);
    expect(whole("张三31002X", "")).toBe(true);
    expect(whole("", "张三")).toBe(true);
    expect(whole(" ", "")).toBe(false);
  });
});

describe("the same person", () => {
  it("is marked at every later line", () => {
    const lines = [{ row: 1, key: "a" }, { row: 2, key: "b" }, { row: 3, key: "a" }, { row: 4 }, { row: 5 }];
    expect([...twice(lines)]).toEqual([[3, 1]]);
  });
});

describe("label paper", () => {
  const run = { total: 100, skip: 0, count: 100, copies: 1, used: 0, perPage: 45 };

  it("is counted in sheets, with what is gone of the first", () => {
    expect(paper(run)).toEqual({ labels: 100, sheets: 3 });
    expect(paper({ ...run, used: 36 })).toEqual({ labels: 100, sheets: 4 });
    expect(paper({ ...run, skip: 90, copies: 2 })).toEqual({ labels: 20, sheets: 1 });
    expect(paper({ ...run, skip: 100 })).toEqual({ labels: 0, sheets: 0 });
  });
});
