// The made-up place of practice: people, rooms, a round, badges, tubes, boxes; all with practice codes.
import { gb11643, makeCode, makeResidentCode } from "../scan/codes.js";

const CELL = 1;
const FIRST_PERSON = 9_000_000;
const SURNAMES = ["练", "习", "赵", "钱", "孙", "李", "周", "吴", "郑", "王", "冯", "陈"];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Twenty-four people, two or three to a flat, in two buildings; none of them is anybody. */
export const people = Array.from({ length: 24 }, (_, i) => {
  const first17 = `99010119${70 + (i % 30)}0${String(1 + (i % 9))}${String(1 + (i % 27)).padStart(2, "0")}${String(i).padStart(3, "0")}`.slice(0, 17);
  return {
    index: i, person: String(FIRST_PERSON + i), name: `${SURNAMES[i % 12]}*${["一", "二", "三"][i % 3]}`,
    tail: (first17 + gb11643(first17)).slice(-4), household: 1 + Math.floor(i / 3),
    building: i < 12 ? 0 : 1, room: `1-${101 + Math.floor((i % 12) / 3) * 100}`,
    code: makeResidentCode(CELL, String(FIRST_PERSON + i)),
  };
});

export const tubes = Array.from({ length: 8 }, (_, i) => makeCode("tube", 1001 + i, true));
export const boxes = [1, 2].map((n) => makeCode("box", n, true));
export const seals = [1, 2].map((n) => makeCode("seal", n, true));

/** The one who must be alone in a tube, and the one who was here already: both worth practising. */
export const ALONE = 22;
export const SWABBED = 23;

const ROLES = ["sampler", "packer", "courier", "site_supervisor", "lab_technician", "community_worker"];

function packed(width, values) {
  const out = new DataView(new ArrayBuffer(values.length * width));
  values.forEach((value, i) => {
    if (width === 8) out.setBigUint64(i * 8, BigInt(value));
    else if (width === 4) out.setUint32(i * 4, value);
    else out.setUint16(i * 2, value);
  });
  return btoa(String.fromCharCode(...new Uint8Array(out.buffer)));
}

/** Everything the app stands in while practising. `now`: milliseconds. */
export function town(now, words) {
  const site = { id: "1", code: "LX-01", name: words.site, kind: "community", cell: CELL, tables: 2 };
  const staff = { id: "1", no: "LX001", name: words.staff, roles: ROLES, token: null, checked: true };
  const other = { id: "2", no: "LX002", name: words.courier, roles: ["courier"], badge: badge(2) };
  const round = {
    id: 1, name: words.round, kind: "screening", state: "sampling", ends_at: now + 12 * HOUR, mode: "pooled", size: 10,
    why: words.why, limits: { collect: 240, deliver: 120, test: 360 }, sites: [words.elsewhere],
    sampled: {
      index: packed(4, [SWABBED]), at: packed(4, [Math.floor((now - HOUR) / MINUTE)]), site: packed(2, [0]),
    },
    single: btoa(String.fromCharCode(...singles())),
  };
  const slice = {
    format: "screening-slice-2", made_at: now, expires_at: now + 12 * HOUR, practice: true, server_key: null,
    code_keys: [], device: { id: "0", name: words.phone, practice: true, state: "active" }, site, patterns: [],
    staff: [{ ...staff, badge: badge(1) }, other], labs: [{ id: "1", name: words.lab }], revision: "practice",
    roster: roster(words), rounds: [round], used: { tube: "", at: "", site: "", sites: [] },
    work: { tubes: [], boxes: [], sealed: [] }, expected: [], doors: doors(now, words),
  };
  const device = { id: "0", name: words.phone, practice: true, site: "1", lab: null, server_key: null, kind: "phone", state: "active" };
  return { device, staff, place: { type: "site", ...site }, table: 1, round, slice };
}

export const badge = (n) => makeCode("badge", n, true);
export const siteCode = () => makeCode("site", 1, true);

function singles() {
  const bits = new Uint8Array(Math.ceil(people.length / 8));
  bits[ALONE >> 3] |= 0x80 >> (ALONE & 7);
  return bits;
}

function roster(words) {
  return {
    cell: CELL, count: people.length, person: packed(8, people.map((p) => p.person)),
    names: people.map((p) => p.name).join("\n"), tails: people.map((p) => p.tail).join("\n"),
    doc_salt: "", docs: "", household: people.map((p) => p.household), building: people.map((p) => p.building),
    buildings: words.buildings, rooms: people.map((p) => p.room).join("\n"),
  };
}

function doors(now, words) {
  const items = people.slice(0, 6).map((p, i) => ({
    cell: CELL, person: p.person, code: p.code, name: p.name, phone: "", building: words.buildings[p.building],
    unit: "1", room: p.room.slice(2), household: p.household, kind: i === 0 ? "callback" : "visit", single: i === 0,
    deadline: i === 0 ? now + 3 * HOUR : null, callback_id: i === 0 ? "1" : null, note: "", tries: 0,
  }));
  return { made_at: now, items };
}
