// The outbox machine against a model of the server: whatever is cut, lost or put back, it ends right.
import { describe, expect, it } from "vitest";

import { begin, gap, MOST, nextNumber, step, truth, waiting, wakeAt } from "../../pwa/journal/outbox.js";
import { random } from "./chance.js";

const receipt = (last, more = {}) => ({ last, held: [], parked: [], forked: false, device_state: "active", server_time: 5000, ...more });
const settled = (last, acked) => ({ ...begin({ last, acked }), ask: false, asked_at: 0, last_contact: 0 });
const hear = (state, type, more = {}) => step(state, { type, now: 1000, random: 0.5, ...more });

describe("one step", () => {
  it("asks for the receipt before it sends anything", () => {
    const { state, commands } = hear(begin({ last: 5, acked: 2 }), "wake");
    expect(commands).toEqual([{ do: "ask" }]);
    const next = hear(state, "receipt", { receipt: receipt(4), began: 990, sent: null });
    expect(next.commands).toEqual([{ do: "offset", ms: 4005 }, { do: "confirm", last: 4 }, { do: "send", first: 5, most: MOST }]);
  });

  it("sends at once what was appended", () => {
    const { state, commands } = hear(settled(0, 0), "grown", { last: 3 });
    expect(commands).toEqual([{ do: "send", first: 1, most: MOST }]);
    expect(hear(state, "grown", { last: 4 }).commands).toEqual([]);
  });

  it("takes a time-out for no failure: it asks what arrived", () => {
    const sending = hear(settled(3, 0), "wake").state;
    const late = hear(sending, "failed", { why: "timeout" });
    expect(late.commands).toEqual([]);
    expect(late.state.message).toBe(null);
    expect(step(late.state, { type: "wake", now: late.state.next_at }).commands).toEqual([{ do: "ask" }]);
  });

  it("waits twice as long each time, up to five minutes, and not at all by hand", () => {
    let state = settled(1, 0);
    const waits = [];
    let now = 0;
    for (let i = 0; i < 10; i++) {
      state = step(state, { type: "wake", now }).state;
      state = step(state, { type: "failed", why: "network", now, random: 1 }).state;
      waits.push(wakeAt(state) - now);
      now = wakeAt(state);
    }
    expect(waits.slice(0, 4)).toEqual([2000, 4000, 8000, 16000]);
    expect(waits.at(-1)).toBe(300_000);
    expect(step(state, { type: "try", now: now - 100_000 }).commands[0].do).toBe("send");
    expect(step(state, { type: "online", now: now - 100_000 }).commands[0].do).toBe("send");
  });

  it("halves a batch that is too large", () => {
    const sending = hear(settled(500, 0), "wake").state;
    expect(hear(sending, "failed", { why: "http", status: 413 }).commands).toEqual([{ do: "send", first: 1, most: 100 }]);
  });

  it("stops for half an hour, in words, when the server refuses a batch whole", () => {
    for (const [status, code] of [[409, "broken_chain"], [403, "bad_signature"], [403, "unknown_device"], [409, "practice_mixed"]]) {
      const sending = hear(settled(5, 0), "wake").state;
      const { state, commands } = hear(sending, "failed", { why: "http", status, code });
      expect(commands).toEqual([]);
      expect(truth(state)).toMatchObject({ state: "stopped", message: code, waiting: 5, stuck: 5 });
      expect(truth(state, { older: 4, refused: 3 })).toMatchObject({ waiting: 9, stuck: 8 });
      expect(wakeAt(state)).toBe(1000 + 1_800_000);
    }
  });

  it("minds Retry-After", () => {
    const sending = hear(settled(5, 0), "wake").state;
    const { state } = hear(sending, "failed", { why: "http", status: 429, retry_after: 90 });
    expect(wakeAt(state)).toBe(91_000);
  });

  it("wipes the roster on revocation once, and goes on sending", () => {
    const sending = hear(settled(500, 0), "wake").state;
    const { state, commands } = hear(sending, "receipt", { receipt: receipt(200, { device_state: "revoked" }), began: 990, sent: { first: 1, last: 200 } });
    expect(commands.map((c) => c.do)).toEqual(["offset", "gone", "confirm", "send"]);
    expect(truth(state).state).toBe("revoked");
    const next = hear(state, "receipt", { receipt: receipt(400, { device_state: "revoked" }), began: 990, sent: { first: 201, last: 400 } });
    expect(next.commands.map((c) => c.do)).toEqual(["offset", "confirm", "send"]);
  });

  it("sends again what a restored server has lost", () => {
    const asking = hear(begin({ last: 400, acked: 400 }), "wake").state;
    const { state, commands } = hear(asking, "receipt", { receipt: receipt(120), began: 990, sent: null });
    expect(commands.at(-1)).toEqual({ do: "send", first: 121, most: MOST });
    expect(truth(state).message).toBe("server_restored");
  });

  it("begins a new journal when the server knows numbers that this store never wrote", () => {
    const asking = hear(begin({ last: 10, acked: 10 }), "wake").state;
    const { state, commands } = hear(asking, "receipt", { receipt: receipt(25), began: 990, sent: null });
    expect(commands.map((c) => c.do)).toEqual(["offset", "confirm", "renew"]);
    expect(state.message).toBe("store_put_back");
  });

  it("sends what a copied store has before it begins anew, and never takes another's numbers for its own", () => {
    const asking = hear(begin({ last: 10, acked: 8 }), "wake").state;
    for (const [last, agrees] of [[25, null], [9, false], [10, false]]) {
      const { state, commands } = hear(asking, "receipt", { receipt: receipt(last), began: 990, sent: null, agrees });
      expect(commands.slice(1)).toEqual([{ do: "confirm", last: 8 }, { do: "send", first: 9, most: MOST }]);
      const fork = hear(state, "receipt", { receipt: receipt(last, { forked: true, device_state: "forked" }), began: 990, sent: { first: 9, last: 10 } });
      expect(fork.commands.map((c) => c.do)).toEqual(["offset", "gone", "confirm"]);
      expect(truth(fork.state)).toMatchObject({ state: "forked", waiting: 0 });
      const same = hear(state, "receipt", { receipt: receipt(25), began: 990, sent: { first: 9, last: 10 } });
      expect(same.commands.map((c) => c.do)).toEqual(["offset", "confirm", "renew"]);
    }
  });

  it("believes on a fork what was just taken, and asks for nothing twice", () => {
    const sending = hear(settled(30, 20), "wake").state;
    const { state, commands } = hear(sending, "receipt", { receipt: receipt(90, { forked: true, device_state: "forked" }), began: 990, sent: { first: 21, last: 30 } });
    expect(commands.map((c) => c.do)).toEqual(["offset", "gone", "confirm"]);
    expect(truth(state)).toMatchObject({ waiting: 0, state: "forked" });
  });

  it("learns nothing about the clock from a slow answer", () => {
    const asking = hear(begin({ last: 1, acked: 1 }), "wake").state;
    const { commands } = step(asking, { type: "receipt", receipt: receipt(1), now: 31_000, began: 1000, sent: null });
    expect(commands.map((c) => c.do)).toEqual(["confirm"]);
  });

  it("names a gap that only a supervisor can close, and does not send in circles", () => {
    const state = { ...begin({ last: 40, acked: 40, base: 30 }), ask: false };
    const asking = step(state, { type: "wake", now: 700_000 }).state;
    const told = step(asking, { type: "receipt", receipt: receipt(12), now: 700_000, began: 700_000, sent: null });
    expect(told.commands.at(-1)).toEqual({ do: "send", first: 31, most: MOST });
    const after = step(told.state, { type: "receipt", receipt: receipt(12, { held: [[31, 40]] }), now: 700_000, began: 700_000, sent: { first: 31, last: 40 } });
    expect(after.commands.some((c) => c.do === "send")).toBe(false);
    expect(gap(after.state)).toEqual([13, 30]);
    expect(waiting(after.state)).toBe(18);
  });

  it("is not stopped for a day by a clock that is put back a day", () => {
    const DAY = 86_400_000;
    const sending = step(settled(5, 0), { type: "wake", now: DAY }).state;
    const { state } = step(sending, { type: "failed", why: "network", now: DAY, random: 1 });
    expect(step(state, { type: "wake", now: DAY + 1000 }).commands).toEqual([]);
    expect(step(state, { type: "wake", now: 5000 }).commands).toEqual([{ do: "send", first: 1, most: MOST }]);
    const idle = { ...settled(5, 5), asked_at: DAY };
    expect(step(idle, { type: "wake", now: 5000 }).commands).toEqual([{ do: "ask" }]);
  });

  it("sleeps while there is no network, until one comes", () => {
    const { state } = step({ ...settled(5, 0), next_at: 0 }, { type: "offline" });
    expect(wakeAt(state)).toBe(null);
  });

  it("asks every ten minutes when there is nothing to do: a server may have been restored", () => {
    const state = { ...settled(5, 5), asked_at: 1000 };
    expect(step(state, { type: "wake", now: 600_999 }).commands).toEqual([]);
    expect(step(state, { type: "wake", now: 601_000 }).commands).toEqual([{ do: "ask" }]);
  });
});

// --- the model: a server that holds, loses, delays, is restored; a phone that dies -----------------

function serverOf(next) {
  const held = new Map(); // number -> content
  let last = 0;
  const advance = () => {
    while (held.has(last + 1)) last += 1;
  };
  return {
    take(first, entries) {
      for (const [i, entry] of entries.entries()) {
        const n = first + i;
        if (held.has(n) && held.get(n) !== entry) throw new Error(`fork at ${n}`);
        held.set(n, entry);
      }
      advance();
    },
    receipt() {
      const beyond = [...held.keys()].filter((n) => n > last).sort((a, b) => a - b);
      const ranges = [];
      for (const n of beyond) {
        if (ranges.at(-1)?.[1] === n - 1) ranges.at(-1)[1] = n;
        else ranges.push([n, n]);
      }
      return receipt(last, { held: ranges });
    },
    restore() {
      const to = Math.floor(next() * (last + 1));
      for (const n of [...held.keys()]) if (n > to) held.delete(n);
      last = to;
    },
    get last() {
      return last;
    },
    content: (n) => held.get(n),
  };
}

describe("any day", () => {
  it("ends with every entry held once, whatever happened on the way", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const server = serverOf(next);
      const log = [];
      let acked = 0;
      let now = 0;
      let state = begin({ last: 0, acked: 0 });
      let pending = [];
      const feel = (event) => {
        const out = step(state, { now, random: next(), ...event });
        state = out.state;
        for (const c of out.commands) {
          if (c.do === "confirm") acked = c.last;
          if (c.do === "renew") throw new Error(`seed ${seed}: renew`);
          if (c.do === "send" || c.do === "ask") pending.push(c);
        }
      };
      const answer = (chaos) => {
        const [command, ...rest] = pending;
        pending = rest;
        const luck = chaos ? next() : 1;
        const entries = command.do === "send" ? log.slice(command.first - 1, command.first - 1 + command.most) : [];
        if (luck < 0.15) return feel({ type: "failed", why: "network" });
        if (luck < 0.2) return feel({ type: "failed", why: "http", status: 503 });
        const arrives = Math.max(1, Math.ceil(entries.length * (luck < 0.3 ? next() : 1)));
        if (entries.length > 0) server.take(command.first, entries.slice(0, arrives));
        if (luck < 0.45) return feel({ type: "failed", why: "timeout" });
        const sent = command.do === "send" ? { first: command.first, last: command.first + entries.length - 1 } : null;
        return feel({ type: "receipt", receipt: server.receipt(), began: now, sent });
      };
      for (let turn = 0; turn < 80; turn++) {
        now += Math.floor(next() * 60_000);
        const what = next();
        if (what < 0.4) {
          for (let i = 0; i <= next() * 30; i++) log.push(`${seed}-${log.length + 1}`);
          feel({ type: "grown", last: log.length });
        } else if (what < 0.75 && pending.length > 0) answer(true);
        else if (what < 0.85) feel({ type: next() < 0.5 ? "online" : "wake" });
        else if (what < 0.9) feel({ type: "offline" });
        else if (what < 0.95) { // the app is killed: only what was durable is left
          pending = [];
          state = begin({ last: log.length, acked });
        } else if (pending.length === 0) server.restore();
      }
      feel({ type: "online" });
      for (let turn = 0; turn < 400 && (server.last < log.length || state.acked < log.length || pending.length > 0); turn++) {
        if (pending.length > 0) answer(false);
        else {
          now = Math.max(now + 1, wakeAt(state) ?? 0);
          feel({ type: "wake" });
        }
      }
      expect([seed, server.last, truth(state).waiting]).toEqual([seed, log.length, 0]);
      for (let n = 1; n <= log.length; n++) expect(server.content(n)).toBe(log[n - 1]);
      expect(nextNumber(state)).toBe(null);
    }
  });
});
