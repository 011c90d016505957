// The desks of boxes as a person meets them, over the memory of practice: what each act states.
import { beforeEach, describe, expect, it, vi } from "vitest";

import { Holding } from "../../pwa/holding.js";
import { clean } from "../../pwa/parts/keypad.js";
import { Practice } from "../../pwa/practice/backing.js";
import * as town from "../../pwa/practice/town.js";
import { CAPACITY } from "../../pwa/rules/packing.js";
import { makeCode } from "../../pwa/scan/codes.js";
import { screen as handing } from "../../pwa/screens/hand_over.js";
import * as hand from "../../pwa/screens/hand_over_desk.js";
import { screen as packing } from "../../pwa/screens/packing.js";
import * as pack from "../../pwa/screens/packing_desk.js";
import { screen as receiving } from "../../pwa/screens/reception.js";
import * as lab from "../../pwa/screens/reception_desk.js";

const WORDS = {
  site: "东门", staff: "练习员", courier: "转运员", round: "r", phone: "f", lab: "一号", elsewhere: "e", buildings: ["1", "2"],
  why: { zh: "因", en: "why" },
};
const [BOX, BOX_2] = town.boxes;
const [SEAL, SEAL_2] = town.seals;
const tube = (n) => makeCode("tube", 2000 + n, true);

class Bare extends Holding {
  said = [];
  picks = [];
  gone = [];
  sheets = [];
  strip = {};
  settings = {};
  clock = 1_795_300_000_000;

  now() {
    return (this.clock += 1000);
  }

  draw() {}

  hush() {}

  go(name, params) {
    this.gone.push([name, params]);
  }

  say(tone, text, { code, sub = null } = {}) {
    this.said.push({ tone, code, text, sub });
  }

  /** The next picks, in order. */
  async choose() {
    return this.picks.shift() ?? null;
  }

  openSheet(sheet) {
    this.sheets.push(sheet);
    return sheet;
  }

  closeSheet(sheet) {
    this.sheets = this.sheets.filter((open) => open !== sheet);
    sheet.onClose?.();
  }

  failed(fault) {
    throw fault;
  }

  get last() {
    return this.said.at(-1)?.code;
  }

  /** What was stated since, by kind. */
  kinds() {
    return this.records.map((r) => r.entry.kind);
  }
}

async function practising(more = {}) {
  const app = new Bare();
  const here = town.town(app.clock, WORDS);
  app.attach(new Practice({ ...here, slice: { ...here.slice, ...more } }));
  await app.load();
  return app;
}

const read = (kind, number) => ({ kind, number, text: number, problem: null });
const scanner = (app, screen) => async (kind, number) => {
  await screen.scan(app, read(kind, number));
  return app.last;
};

let app;
beforeEach(async () => {
  app = await practising();
});

describe("packing", () => {
  it("a tube that comes before its box goes in once the box is open", async () => {
    const scan = scanner(app, packing);
    expect(await scan("tube", tube(1))).toBe("box_not_open");
    await scan("box", BOX);
    expect(app.kinds()).toEqual(["box_open", "pack"]);
    expect(app.records[0].entry.batch).toMatch(/^1-[0-9a-f]{32}$/);
  });

  it("the tube after a full box goes into the next one", async () => {
    const scan = scanner(app, packing);
    await scan("box", BOX);
    for (let i = 1; i <= CAPACITY; i += 1) await scan("tube", tube(i));
    expect(app.last).toBe("last_in");
    expect(pack.deskOf(app).step).toBe("count");
    expect(await scan("tube", tube(101))).toBe("box_full");
    pack.deskOf(app).typed = "100";
    await pack.compareNow(app);
    expect(await scan("seal", SEAL)).toBe("sealed");
    await scan("box", BOX_2);
    expect(app.records.at(-1).entry).toMatchObject({ kind: "pack", box: BOX_2, tube: tube(101) });
  });

  it("undo takes the last tube out by its own line", async () => {
    const scan = scanner(app, packing);
    await scan("box", BOX);
    await scan("tube", tube(1));
    await scan("tube", tube(2));
    await pack.undoLast(app);
    expect(app.records.at(-1).entry).toMatchObject({ kind: "unpack", tube: tube(2), ref: app.records[2].ref });
    expect(pack.lastPacked(app)).toBe(tube(1));
  });

  it("the count waits for no seal, the seal waits for the count", async () => {
    const scan = scanner(app, packing);
    await scan("box", BOX);
    await scan("tube", tube(1));
    expect(await scan("seal", SEAL)).toBe("count_first");
    pack.deskOf(app).typed = "1";
    await pack.compareNow(app);
    expect(app.last).toBe("seal_ok"); // the tube that nobody knows is named before the box is closed
    expect(app.kinds()).not.toContain("seal");
    expect(await scan("seal", SEAL)).toBe("sealed");
    expect(app.records.at(-1).entry).toMatchObject({ n: 1, seal: SEAL, differences: [] });
  });

  it("a tube found during the search ends it", async () => {
    const scan = scanner(app, packing);
    await scan("box", BOX);
    await scan("tube", tube(1));
    pack.startCount(app);
    pack.deskOf(app).typed = "2";
    await pack.compareNow(app);
    expect(app.last).toBe("seal_count");
    pack.explainOne(app, "broken");
    expect(app.last).toBe("seal_explained");
    expect(await scan("tube", tube(2))).toBe("seal_ok");
    await scan("seal", SEAL);
    expect(app.records.at(-1).entry.differences).toEqual([]);
  });

  it("reasons that do not add up do not close the box", async () => {
    const scan = scanner(app, packing);
    await scan("box", BOX);
    await scan("tube", tube(1));
    pack.startCount(app);
    pack.deskOf(app).typed = "3";
    await pack.compareNow(app);
    pack.explainOne(app, "other");
    expect(await scan("seal", SEAL)).toBe("seal_count");
    pack.explainOne(app, "other");
    await pack.takeSeal(app, SEAL);
    expect(app.records.at(-1).entry).toMatchObject({ kind: "seal", n: 3, differences: [{ code: "other", n: 2 }] });
  });

  it("an open tube is packed only when one says so", async () => {
    await app.state([{ kind: "open", tube: tube(1), mode: "pooled", size: 10 }]);
    const scan = scanner(app, packing);
    await scan("box", BOX);
    app.picks = ["close"];
    expect(await scan("tube", tube(1))).toBe("tube_still_open");
    await Promise.resolve();
    expect(app.gone).toEqual([["tube", { tube: tube(1) }]]);
    expect(app.kinds()).not.toContain("pack");
  });

  it("a tube that another phone packed is taken out where its line is known", async () => {
    const boxes = [
      { batch: "1-00000000000000aa", box: BOX, at: 1, device: "D9", tubes: [tube(1), tube(2)], refs: ["00000000000000a2"] },
    ];
    app = await practising({ work: { tubes: [], boxes, sealed: [] } });
    await pack.choose(app, boxes[0].batch);
    await pack.takeOut(app, tube(1), "扫错了");
    expect(app.records.at(-1).entry).toMatchObject({ kind: "unpack", ref: "00000000000000a2" });
    await pack.takeOut(app, tube(2), "扫错了");
    expect(app.last).toBe("not_ours");
  });
});

async function sealed(n = 1) {
  const scan = scanner(app, packing);
  await scan("box", BOX);
  for (let i = 1; i <= n; i += 1) await scan("tube", tube(i));
  pack.startCount(app);
  pack.deskOf(app).typed = String(n);
  await pack.compareNow(app);
  await scan("seal", SEAL);
}

describe("a hand-over", () => {
  it("goes from the packer to the courier with both names", async () => {
    await sealed(2);
    app.staff = { ...app.staff, roles: ["packer"] };
    handing.enter(app, { seal: SEAL });
    hand.go(app, "count");
    hand.deskOf(app).typed = "1";
    await hand.countNow(app);
    await scanner(app, handing)("badge", town.badge(2));
    expect(hand.deskOf(app)).toMatchObject({ step: "cargo", lab: "1" });
    hand.cargoNow(app);
    await hand.handOver(app);
    expect(app.records.at(-1).entry).toMatchObject({
      kind: "hand_over", seal: SEAL, staff: "1", to: "2", to_lab: "1", boxes: 1, difference: null,
    });
    expect(app.said.at(-1).sub).toContain("练习员 交给 转运员");
    expect(JSON.parse(hand.listForCourier(app)).boxes).toEqual([[SEAL, 2, expect.any(Number)]]);
  });

  it("goes where a desk has sent the box, and says so at the scan", async () => {
    await sealed(2);
    app.staff = { ...app.staff, roles: ["packer"] };
    app.slice.json.redirects = [{
      batch: "1-1", seal: SEAL, redirect: "9", at: app.now(), from: "一号", to: "70", lab: "二号", why: { zh: "积样", en: "jam" }, seen_at: null,
    }];
    handing.enter(app, { seal: SEAL });
    expect([app.last, app.said.at(-1).text]).toEqual(["redirected", "此箱改送二号。"]);
    hand.go(app, "count");
    hand.deskOf(app).typed = "1";
    await hand.countNow(app);
    await scanner(app, handing)("badge", town.badge(2));
    expect(hand.deskOf(app).lab).toBe("70");
    expect(hand.labName(app, "70")).toBe("二号");
  });

  const reloaded = async (before) => {
    const after = new Bare();
    Object.assign(after, { clock: before.clock });
    const { backing } = before;
    after.attach(Object.assign(Object.create(backing), { listen: () => {} }));
    await after.load();
    after.staff = before.staff;
    return after;
  };

  it("that is half made is there again after a reload", async () => {
    await sealed(2);
    app.staff = { ...app.staff, roles: ["packer"] };
    handing.enter(app, {});
    await hand.takeUp(app);
    await scanner(app, handing)("seal", SEAL);
    hand.go(app, "count");
    hand.deskOf(app).typed = "1";
    handing.view(app);
    await Promise.resolve();
    const after = await reloaded(app);
    handing.enter(after, {});
    await vi.waitFor(() => expect(after.last).toBe("draft"));
    expect(hand.deskOf(after)).toMatchObject({ way: "give", step: "count", seals: [SEAL], typed: "1" });
  });

  it("that was stated is not taken up again, nor another person's", async () => {
    await sealed(2);
    app.staff = { ...app.staff, roles: ["packer"] };
    handing.enter(app, {});
    await hand.takeUp(app);
    await scanner(app, handing)("seal", SEAL);
    handing.view(app);
    await Promise.resolve();
    const other = await reloaded(app);
    other.staff = { id: "9", no: "LX009", name: "别人", roles: ["packer"] };
    await hand.takeUp(other);
    expect(hand.deskOf(other).seals).toEqual([]);
    hand.deskOf(app).typed = "1";
    await hand.countNow(app);
    await scanner(app, handing)("badge", town.badge(2));
    await hand.handOver(app); // the phone stops here: the draft stays
    const after = await reloaded(app);
    await hand.takeUp(after);
    expect(hand.deskOf(after).seals).toEqual([]);
  });

  it("on the courier's phone the giver acts, and the van fills and empties", async () => {
    app.staff = { id: "2", no: "LX002", name: "转运员", roles: ["courier"] };
    hand.begin(app, "take");
    const scan = scanner(app, handing);
    await scan("seal", SEAL);
    await scan("seal", SEAL_2);
    hand.go(app, "count");
    hand.deskOf(app).typed = "3";
    app.picks = ["unsealed"];
    await hand.countNow(app);
    await scan("badge", town.badge(1));
    hand.cargoNow(app);
    await hand.handOver(app);
    const [one, two] = app.records.map((r) => r.entry);
    expect(one).toMatchObject({ staff: "1", to: "2", boxes: 3, difference: "有箱未封" });
    expect(two.seal).toBe(SEAL_2);
    expect(hand.vanOf(app)[0].boxes.length).toBe(2);
    hand.begin(app);
    expect(hand.deskOf(app).way).toBeNull();
    await scan("seal", SEAL); // it lies in the van: the other way round
    expect(hand.deskOf(app).way).toBe("give");
    hand.go(app, "count");
    hand.deskOf(app).typed = "1";
    await hand.countNow(app);
    await handing.scan(app, { kind: "unknown", text: "L-77", staff_no: "L-77", problem: null });
    expect(app.last).toBe("person_unconfirmed");
    hand.cargoNow(app);
    await hand.handOver(app);
    expect(app.records.at(-1).entry).toMatchObject({ staff: "2", to: "0", note: "对方工号 L-77，未核对。" });
    expect(hand.vanOf(app)[0].boxes.map((b) => b.seal)).toEqual([SEAL_2]);
  });

  it("a wrong count goes back to the seals, and another seal asks for the count again", async () => {
    await sealed();
    hand.begin(app, "give");
    const scan = scanner(app, handing);
    await scan("seal", SEAL);
    hand.go(app, "count");
    hand.deskOf(app).typed = "2";
    app.picks = ["again"];
    await hand.countNow(app);
    expect(hand.deskOf(app)).toMatchObject({ step: "seals", typed: "", difference: null });
    await scan("seal", SEAL_2);
    expect(app.last).toBe("seal_unknown");
    expect(hand.deskOf(app).seals.length).toBe(2);
  });

  it("refuses a temperature that no thermometer shows", async () => {
    hand.begin(app, "give");
    Object.assign(hand.deskOf(app), { degrees: "75", person: { id: "2" } });
    hand.cargoNow(app);
    expect(app.last).toBe("bad_degrees");
  });
});

describe("reception", () => {
  it("takes a box whose list is not here, and compares when it comes", async () => {
    const scan = scanner(app, receiving);
    expect(await scan("seal", SEAL)).toBe("no_manifest");
    lab.deskOf(app).intact = true;
    await lab.arrive(app);
    await scan("tube", tube(1));
    await scan("tube", tube(9));
    expect(lab.standingOf(app)).toMatchObject({ known: false, missing: [] });
    const expected = [{ seal: SEAL, batch: "1-aa", site: "东门", n: 2, at: 1, tubes: [tube(1), tube(2)], first: [tube(2)] }];
    app.useSlice({ ...app.slice.json, expected });
    expect(lab.standingOf(app)).toMatchObject({ known: true, missing: [tube(2)], unknown: [tube(9)], first: [tube(2)] });
    lab.askFinish(app);
    expect(app.last).toBe("not_unpacked");
    expect(await scan("tube", tube(2))).toBe("priority");
    expect(app.said.at(-1).sub).toBe("全部扫到，可以结束清点。");
    await lab.finish(app);
    expect(app.last).toBe("finished");
    expect(app.kinds()).toEqual(["arrive", "receive", "receive", "receive", "unpacked"]);
  });

  it("without a list it does not say that all is there", async () => {
    await scanner(app, receiving)("seal", SEAL);
    lab.deskOf(app).intact = true;
    await lab.arrive(app);
    await scanner(app, receiving)("tube", tube(1));
    lab.askFinish(app);
    expect(app.last).toBe("unpacked_unlisted");
    await lab.finish(app);
    expect(app.last).toBe("finished_unlisted");
  });

  it("in practice the phone knows what it packed itself", async () => {
    await sealed(2);
    const scan = scanner(app, receiving);
    expect(await scan("seal", SEAL)).toBe("arrive_ok");
    lab.deskOf(app).intact = true;
    await lab.arrive(app);
    await scan("tube", tube(2));
    expect(lab.standingOf(app)).toMatchObject({ known: true, missing: [tube(1)] });
    expect(await scan("tube", tube(7))).toBe("unlisted_tube");
  });

  it("asks for the seal before the tubes, and for its state before the box is let in", async () => {
    const scan = scanner(app, receiving);
    await scan("seal", SEAL);
    expect(await scan("tube", tube(1))).toBe("look_at_seal");
    await lab.arrive(app);
    expect(app.last).toBe("no_seal_state");
    expect(app.kinds()).toEqual([]);
  });

  it("a loose tube is received without a box", async () => {
    await scanner(app, receiving)("tube", tube(5));
    expect(app.records.at(-1).entry).toMatchObject({ kind: "receive", tube: tube(5), seal: null });
    expect(app.boxes.trips.size).toBe(0);
  });

  it("a rejection needs its reason", async () => {
    const scan = scanner(app, receiving);
    await scan("seal", SEAL);
    lab.deskOf(app).intact = false;
    await lab.arrive(app);
    await lab.reject(app, tube(3));
    expect(app.kinds()).toEqual(["arrive"]);
    app.picks = ["leak"];
    await lab.reject(app, tube(3));
    expect(app.records.at(-1).entry).toMatchObject({ kind: "reject", tube: tube(3), reason: "leak" });
    expect(lab.standingOf(app)).toMatchObject({ leak: true, rejected: [tube(3)] });
  });

  it("goes on after a reload with the box in hand", async () => {
    const scan = scanner(app, receiving);
    await scan("seal", SEAL);
    lab.deskOf(app).intact = true;
    await lab.arrive(app);
    Object.assign(lab.deskOf(app), { seal: null, step: "list" });
    receiving.enter(app, {});
    expect(lab.deskOf(app)).toMatchObject({ seal: SEAL, step: "unpack" });
  });
});

describe("the number pad", () => {
  it("holds digits, and where asked a sign and one decimal", () => {
    expect(clean("12a34")).toBe("123");
    expect(clean("−4.55", { signed: true, point: true }, 2)).toBe("-4.5");
    expect(clean("4.5")).toBe("4");
    expect(clean("-", { signed: true, point: true })).toBe("-");
  });
});
