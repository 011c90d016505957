// What the phone reads out at the table.

import { afterEach, describe, expect, test } from "vitest";

import { spoken } from "../../pwa/screens/sampling_desk.js";
import { setLang } from "../../pwa/words/index.js";

const app = (settings = {}) => ({ settings });
const bound = (o) => ({ nth: 7, last: false, person: { name: "李**", told: null }, ...o });
const ok = { code: "bind_ok" };

afterEach(() => setLang("zh"));

describe("reading back", () => {
  test("says the surname and the seat", () => {
    expect(spoken(app(), ok, bound())).toBe("李 第7个");
    expect(spoken(app(), ok, bound({ person: { name: "欧阳**", told: null } }))).toBe("欧阳 第7个");
    expect(spoken(app(), ok, bound({ person: { name: "李*", told: "李小四" } }))).toBe("李 第7个");
  });

  test("says the whole name by setting, where the phone was told it", () => {
    const whole = app({ full_name: true });
    expect(spoken(whole, ok, bound({ person: { name: "李**", told: "李小四" } }))).toBe("李小四 第7个");
    expect(spoken(whole, ok, bound())).toBe("李 第7个");
  });

  test("says 换管 at the last seat", () => {
    expect(spoken(app(), { code: "last_seat" }, bound({ nth: 10, last: true }))).toBe("李 第10个，换管");
    expect(spoken(app(), { code: "tube_full" }, null)).toBe("满，换管");
  });

  test("never says why somebody must be alone", () => {
    expect(spoken(app(), { code: "single_lane" }, null)).toBe("单人单管，2 号通道");
  });

  test("says the seat alone of somebody without a name", () => {
    expect(spoken(app(), ok, bound({ person: { name: "", told: null } }))).toBe("第7个");
  });

  test("speaks English", () => {
    setLang("en");
    expect(spoken(app(), ok, bound({ person: { name: "J*** S****", told: null } }))).toBe("J, number 7");
  });
});
