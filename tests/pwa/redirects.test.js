// Redirected boxes: who is told, until when, and where the hand-over then goes.
import { describe, expect, it } from "vitest";

import { foldBoxes } from "../../pwa/rules/boxes.js";
import { mine, standing, stillUntold, tellSeen, unread, wayOf } from "../../pwa/rules/redirects.js";
import { noteRead, refreshSlice } from "../../pwa/shift/keeper.js";

const AT = 1_795_300_000_000;
const told = (seal, more = {}) => ({
  batch: `1-${seal}`, seal, redirect: `r${seal}`, at: AT, from: "甲", to: "7", lab: "乙",
  why: { zh: "积样", en: "jammed" }, seen_at: null, ...more,
});
const handed = (seal, to, at, lab = "6") => ({
  entry: { kind: "hand_over", seal, staff: "1", to, to_lab: lab, at, boxes: 1 }, ref: `h${seal}${at}`,
});

describe("whom a redirection concerns", () => {
  const boxes = foldBoxes([handed("11", "3", AT - 60_000), handed("12", "4", AT - 60_000)], {
    work: { sealed: [{ seal: "13", batch: "1-13", n: 4, at: AT - 90_000 }] },
  });
  const found = standing([told("11"), told("12"), told("13"), told("14")], boxes);

  it("who has the box, and the site where it still waits", () => {
    expect(mine(found, boxes, "3").map((one) => one.seal)).toEqual(["11", "13"]);
  });

  it("nobody any more once it was handed on, for what is said at the door stands", () => {
    const later = foldBoxes([handed("11", "3", AT + 60_000)]);
    expect(standing([told("11")], later).size).toBe(0);
  });

  it("is not asked twice: read here, or told by the server to be read", () => {
    const all = [...found.values()];
    expect(unread(all, { r11: {} }).map((one) => one.seal)).toEqual(["12", "13", "14"]);
    expect(unread([told("11", { seen_at: AT })], {})).toEqual([]);
  });
});

describe("where the boxes in hand go", () => {
  const found = new Map([["11", told("11")], ["12", told("12")], ["13", told("13", { to: "8", lab: "丙" })]]);

  it("to the laboratory that all of them were sent to", () => {
    expect(wayOf(["11", "12"], found)).toEqual({ to: "7", lab: "乙" });
    expect(wayOf(["20"], found)).toBe(null);
  });

  it("apart, when one of them goes another way", () => {
    expect(wayOf(["11", "13"], found)).toBe("apart");
    expect(wayOf(["11", "20"], found)).toBe("apart");
  });
});

it("what was read goes along with each slice until the server has heard of it", () => {
  const read = { r1: { batch: "1-1", by: "3", at: AT }, r2: { batch: "1-2", by: "3", at: AT } };
  expect(tellSeen(read)[0]).toEqual({ redirect: "r1", batch: "1-1", by: "3", at: AT });
  const answer = [told("x", { redirect: "r1", seen_at: AT }), told("y", { redirect: "r2" })];
  expect(Object.keys(stillUntold(read, answer))).toEqual(["r2"]);
});

it("what is read while a slice is under way goes along with another, at once", async () => {
  const kept = {}, sent = [];
  let open;
  const gate = new Promise((done) => { open = done; });
  const app = {
    device: { id: "1" }, staff: { id: "3", checked: true }, backing: {}, slice: { json: {} },
    now: () => AT, draw() {}, useSlice() {},
    recall: async (key) => kept[key], remember: async (key, value) => { kept[key] = value; },
    ask: async (_path, { seen = [] }) => {
      sent.push(seen.map((one) => one.redirect));
      await gate;
      const heard = (r) => (sent.flat().includes(r) ? AT : null);
      return { made_at: AT, expires_at: AT, redirects: ["r1", "r2"].map((r) => told(r, { redirect: r, seen_at: heard(r) })) };
    },
  };
  kept.redirects_read = { r1: { batch: "1-1", by: "3", at: AT } };
  const first = refreshSlice(app);
  await new Promise((done) => setTimeout(done));
  await noteRead(app, [told("2", { redirect: "r2" })]);
  open();
  await first;
  await new Promise((done) => setTimeout(done));
  await app.refreshing;
  expect(sent).toEqual([["r1"], ["r2"]]);
  expect(kept.redirects_read).toEqual({});
});
