// What waits at a table belongs to the store and the person it was said to: never to practice or the next one.
import { expect, test } from "vitest";

import { Boxes } from "../../pwa/rules/boxes.js";
import { deskOf as packing } from "../../pwa/screens/packing_desk.js";
import { deskOf as reception } from "../../pwa/screens/reception_desk.js";
import { deskOf as sampling } from "../../pwa/screens/sampling_desk.js";

const LIVE = { practice: false };
const DRILL = { practice: true };
const phone = () => ({ backing: LIVE, staff: { id: "1" }, work: { tubes: new Map() }, boxes: new Boxes(), records: [] });

test("who waited for a tube in practice does not go into a live one", () => {
  const app = phone();
  app.backing = DRILL;
  Object.assign(sampling(app), { waiting: { code: "R1.9-1-00" }, single: {}, mode: "single" });
  expect(sampling(app).waiting).not.toBeNull();
  app.backing = LIVE;
  expect(sampling(app)).toMatchObject({ waiting: null, single: null, mode: null });
});

test("who waited at one person's table is scanned again by the next person", () => {
  const app = phone();
  sampling(app).waiting = { code: "R1.9-1-00" };
  app.staff = { id: "2" };
  expect(sampling(app).waiting).toBeNull();
});

test.each([["packing", packing, { next: "b", typed: "7", seal: "s" }], ["reception", reception, { seal: "s", typed: "7" }]])(
  "a count typed in practice is not there in live %s", (_, deskOf, typed) => {
    const app = phone();
    app.backing = DRILL;
    Object.assign(deskOf(app), typed);
    expect(deskOf(app)).toMatchObject(typed);
    app.backing = LIVE;
    expect(deskOf(app).typed).toBe("");
    expect(deskOf(app).seal).toBeNull();
  },
);
