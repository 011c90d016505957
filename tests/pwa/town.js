// Made-up tubes, people and slices for the tests of the rules.

import { foldWork } from "../../pwa/rules/work.js";

const b64 = (bytes) => Buffer.from(bytes).toString("base64");

function packed(width, values) {
  const out = new DataView(new ArrayBuffer(values.length * width));
  values.forEach((value, i) => {
    if (width === 8) out.setBigUint64(i * 8, BigInt(value));
    else if (width === 4) out.setUint32(i * 4, value);
    else out.setUint16(i * 2, value);
  });
  return b64(new Uint8Array(out.buffer));
}

/** @param {{people?: object[], sampled?: object[], single?: number[], used?: object[]}} o */
export async function sliceJson(o = {}) {
  const people = o.people ?? [];
  const salt = new Uint8Array(16).fill(7);
  const key = await crypto.subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const docs = new Uint8Array(people.length * 5);
  const dated = new Uint8Array(Math.ceil(people.length / 8));
  for (const i of o.single ?? []) dated[i >> 3] |= 0x80 >> (i & 7);
  for (const [i, p] of people.entries()) {
    if (!p.doc) continue;
    const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(p.doc));
    docs.set(new Uint8Array(mac, 0, 5), i * 5);
  }
  const buildings = [...new Set(people.map((p) => p.building ?? ""))];
  const sampled = o.sampled ?? [];
  return {
    format: "screening-slice-2", made_at: 1, expires_at: 2, practice: false, revision: "r1",
    site: { id: 4, name: "东门", cell: 9, tables: 3 }, patterns: [], staff: [], labs: [],
    roster: {
      cell: 9, count: people.length, person: packed(8, people.map((p) => p.id)),
      names: people.map((p) => p.name).join("\n"), tails: people.map((p) => p.tail ?? "").join("\n"),
      doc_salt: b64(salt), docs: b64(docs), household: people.map((p) => p.household ?? 0),
      building: people.map((p) => buildings.indexOf(p.building ?? "")), buildings,
      rooms: people.map((p) => p.room ?? "").join("\n"),
    },
    rounds: [{
      id: 3, name: "第一轮", state: "sampling", mode: o.mode ?? "pooled", size: o.size ?? 10,
      why: { zh: "高风险区", en: "high-risk area" },
      sampled: {
        index: packed(4, sampled.map((s) => s.index)), at: packed(4, sampled.map((s) => s.at / 60000)),
        site: packed(2, sampled.map(() => 0)),
      },
      sites: ["西门"], single: b64(dated),
    }],
    used: {
      tube: (o.used ?? []).join("\n"), at: packed(4, (o.used ?? []).map(() => 28_000_000)),
      site: packed(2, (o.used ?? []).map(() => 0)), sites: ["南门"],
    },
    work: o.work ?? { tubes: [], boxes: [], sealed: [] },
  };
}

/** A journal that writes itself: say("open", {...}) numbers and names each entry. */
export class Diary {
  constructor() {
    this.records = [];
    this.clock = 1_000_000;
  }

  say(kind, members, view = null) {
    const seq = this.records.length + 1;
    this.clock += 1000;
    const entry = { kind, seq, at: this.clock, site: 4, round: 3, ...members };
    this.records.push({ seq, entry, ref: seq.toString(16).padStart(16, "0"), view, at: this.clock });
    return this.records.at(-1).ref;
  }

  state(outcome) {
    outcome.entries.forEach((entry, i) => {
      const { kind, ...rest } = entry;
      this.say(kind, rest, outcome.views[i] ?? null);
    });
    return this.records.at(-1)?.ref;
  }

  fold(served = null) {
    return foldWork(this.records, served, { device: "D7", site: 4 });
  }
}

export const T1 = "10000000010179";
export const T2 = "10000000010276";
export const T3 = "10000000010373";
