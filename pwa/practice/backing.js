// Practice: the same app over memory alone. Nothing is stored, nothing is sent, all is thrown away.
import { Offline } from "../ground/net.js";

const hex = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join("");

export class Practice {
  /** @param {{device, staff, place, table, round, slice}} town what one stands in (town.js) */
  constructor(town) {
    this.town = town;
    this.practice = true;
    this.records = [];
    this.notes = new Map();
    this.vault = null;
    this.journal = null;
    this.truth = null;
  }

  listen() {}

  async load() {
    const { device, staff, place, table, round } = this.town;
    return { device, staff, place, table, round };
  }

  async resumeSlice() {
    return this.town.slice;
  }

  async append(entries, views = []) {
    const first = this.records.length + 1;
    const records = entries.map((entry, i) => ({
      seq: first + i, entry: { ...entry, seq: first + i }, ref: hex(), view: views[i] ?? null, at: entry.at,
    }));
    this.records.push(...records);
    return { refs: records.map((one) => one.ref), first, last: this.records.length, records };
  }

  async keep() {}

  async adopt() {}

  async remember(name, value) {
    this.notes.set(name, value);
  }

  async recall(name) {
    return this.notes.get(name) ?? null;
  }

  wake() {}

  start() {}

  async stop() {}

  async tryNow() {}

  async post() {
    throw new Offline();
  }

  async ask() {
    throw new Offline();
  }
}
