// English that counts one thing says so in the singular.
import { afterEach, expect, test } from "vitest";

import { pick, setLang, t } from "../../pwa/words/index.js";

afterEach(() => setLang("zh"));

test("one tube is not called 1 tubes, eleven are", () => {
  setLang("en");
  expect(t("{n} 管", { n: 1 })).toBe("1 tube");
  expect(t("{n} 管", { n: 11 })).toBe("11 tubes");
  expect(t("本机已停用，未传 {n} 条仍在", { n: 1 })).toBe("This phone was stopped; 1 unsent entry is still here");
});

test("an answer of a rule agrees with its number too", () => {
  setLang("en");
  expect(pick({ zh: "", en: "1 boxes; ready to hand over." })).toBe("1 box; ready to hand over.");
  expect(pick({ zh: "", en: "You counted 2 swabs, 1 persons are registered; count again." }))
    .toBe("You counted 2 swabs, 1 person is registered; count again.");
  expect(pick({ zh: "", en: "Server holds 1-1 records" })).toBe("Server holds 1-1 records");
});
