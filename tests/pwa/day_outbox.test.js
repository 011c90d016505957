// The day's outbox: kept before shown, sent once however bad the network, undone in any order.
import { describe, expect, it } from "vitest";

import { Outbox, pause, verdict } from "../../static/js/day-outbox.js";

class Store {
  constructor() {
    this.map = new Map();
  }
  get length() {
    return this.map.size;
  }
  key(i) {
    return [...this.map.keys()][i];
  }
  getItem(k) {
    return this.map.get(k) ?? null;
  }
  setItem(k, v) {
    if (this.full) throw new Error("full");
    this.map.set(k, v);
  }
  removeItem(k) {
    this.map.delete(k);
  }
}

/** A server that keeps each key once; `plan` is what happens to each request in turn. */
class Server {
  constructor(...plan) {
    this.plan = plan;
    this.kept = new Map();
    this.heard = 0;
  }
  async send({ path, body }) {
    this.heard += 1;
    const step = this.plan.shift() ?? 200;
    if (step === "lost") throw new TypeError("network");
    if (step === "cut" || step === 200) {
      if (path.endsWith("/undo")) this.kept.set(body.key, "undone");
      else if (!this.kept.has(body.key)) this.kept.set(body.key, body.outcome);
    }
    if (step === "cut") throw new TypeError("network");
    return { status: step === 200 ? 201 : step, code: step === 403 ? "bad_token" : "", detail: "为什么" };
  }
}

function day(server, { store = new Store(), who = 7, clock = { t: 1_000_000 } } = {}) {
  const box = new Outbox({ store, who, send: (op) => server.send(op), now: () => clock.t });
  const act = { path: "/c", undo: "/c/undo", card: "1-2",
                body: { cell_id: "1", person_id: "2", outcome: "refused" } };
  return { box, store, clock, add: (more = {}) => box.add({ ...act, ...more }) };
}
const counted = (server) => [...server.kept.values()].filter((v) => v !== "undone");

describe("the outbox", () => {
  it("keeps an act before anything is sent, and drops it when the server has it", async () => {
    const server = new Server();
    const { box, add } = day(server);
    add();
    expect(box.waiting()).toHaveLength(1);
    expect(await box.flush()).toBe(true);
    expect(box.waiting()).toHaveLength(0);
    expect(counted(server)).toEqual(["refused"]);
  });

  it("says so when the store is full, so that nothing is shown as done", () => {
    const { add, store } = day(new Server());
    store.full = true;
    expect(() => add()).toThrow();
  });

  it("survives a closed page, and sends in the order of the day", async () => {
    const server = new Server();
    const { add, store, clock } = day(server);
    add();
    clock.t += 1000;
    add({ body: { outcome: "away" } });
    const { box } = day(server, { store, clock });
    expect(await box.flush()).toBe(true);
    expect(counted(server)).toEqual(["refused", "away"]);
  });

  it("is kept once when the answer is lost", async () => {
    const server = new Server("cut", "lost", 502, 200);
    const { box, add } = day(server);
    add();
    while (!(await box.flush()));
    expect(server.heard).toBe(4);
    expect(counted(server)).toEqual(["refused"]);
  });

  it("undoes without a trace what never left", async () => {
    const server = new Server();
    const { box, add } = day(server);
    box.undo(add());
    await box.flush();
    expect(server.heard).toBe(0);
  });

  it("undoes at the server what may have arrived", async () => {
    for (const step of ["cut", "lost"]) {
      const server = new Server(step);
      const { box, add } = day(server);
      const op = add();
      await box.flush();
      box.undo(op);
      while (!(await box.flush()));
      expect(counted(server)).toEqual([]);
      expect(box.waiting()).toHaveLength(0);
    }
  });

  it("tells how long an act waited, and never a time to come", async () => {
    const seen = [];
    const clock = { t: 1_000_000 };
    const server = { send: async (op) => { seen.push(op.body.age); return { status: 201 }; } };
    const { box, add } = day(server, { clock });
    add();
    clock.t += 90_000;
    await box.flush();
    add();
    clock.t -= 500_000;
    await box.flush();
    expect(seen).toEqual([90, 0]);
  });

  it("keeps what a signed-out phone holds until its person signs in", async () => {
    for (const step of [401, 403]) {
      const server = new Server(step);
      const { box, add } = day(server);
      add();
      expect(await box.flush()).toBe(false);
      expect(box.door).toBe(true);
      expect(await box.flush()).toBe(true);
      expect(counted(server)).toEqual(["refused"]);
    }
  });

  it("never sends one person's acts under another's name", async () => {
    const server = new Server();
    const { add, store } = day(server, { who: 7 });
    add();
    const { box } = day(server, { store, who: 8 });
    expect(await box.flush()).toBe(true);
    expect([server.heard, box.others()]).toEqual([0, 1]);
  });

  it("goes on after a refusal, and shows its sentence until somebody has read it", async () => {
    const server = new Server(409, 200);
    const { box, add } = day(server);
    const op = add();
    add({ body: { outcome: "away" } });
    expect(await box.flush()).toBe(true);
    expect(box.refused().map((o) => o.refused)).toEqual(["为什么"]);
    box.drop(op);
    expect(box.refused()).toEqual([]);
  });

  it("holds numbers and codes only", () => {
    const { add, store } = day(new Server());
    add();
    const held = [...store.map.values()].join("");
    expect(held).not.toMatch(/[一-鿿]|1[3-9]\d{9}/);
  });

  it("shares its way with nothing else in the store", async () => {
    const { box, store } = day(new Server());
    store.setItem("table:missed", "{not json");
    store.setItem("day:broken", "{not json");
    expect(box.waiting()).toEqual([]);
  });
});

describe("answers", () => {
  it("are told apart", () => {
    expect([201, 204].map((s) => verdict(s))).toEqual(["kept", "kept"]);
    expect([500, 503, 429, 408].map((s) => verdict(s))).toEqual(Array(4).fill("again"));
    expect([404, 409, 422].map((s) => verdict(s))).toEqual(Array(3).fill("refused"));
    expect([verdict(401), verdict(403, "bad_token"), verdict(403)]).toEqual(["door", "door", "refused"]);
  });

  it("are waited for longer after each failure, a minute at most", () => {
    expect(pause(1, 0.5)).toBe(3);
    expect(pause(30, 1)).toBeLessThan(73);
  });
});
