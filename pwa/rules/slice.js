// What the phone took along of the register (screening-slice-2): found by code, document, name,
// room or household, without a server. Indexes are built when first asked for; pure.

import { makeResidentCode } from "../scan/codes.js";
import { Round, bytes, view } from "./round.js";
import { personKey } from "./work.js";

/**
 * @typedef {{index: number, cell: number, person: string, key: string, code: string, name: string,
 *   tail: string, household: number|null, building: string, room: string}} Resident
 */

const NONE = "\u0000\u0000\u0000\u0000\u0000";
const lines = (text) => (text ? text.split("\n") : []);

/** A fresh answer with the roster of the one before, where the server left it out as unchanged. */
export function merged(before, fresh) {
  if (fresh.roster || !before?.roster || before.revision !== fresh.revision) return fresh;
  return { ...fresh, roster: before.roster };
}

/** The query of a search, folded: half width, upper case, one kind of hyphen. */
const folded = (text) =>
  text
    .replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[号栋幢楼座室单元]+/g, "-")
    .replace(/[–—_]/g, "-")
    .replace(/-+/g, "-")
    .trim()
    .toUpperCase();

/** Numbers stand alone: "幸福里3号楼" is 幸福里-3. */
const parted = (text) => folded(text).replace(/(?<=[^0-9-])(?=[0-9])/g, "-").replace(/^-|-$/g, "");

function inOrder(parts, place) {
  let from = 0;
  for (const part of parts) {
    const at = place.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length - 1;
  }
  return true;
}

/** What is indexed of the roster alone: as good for the next slice where the roster is the same. */
const OF_ROSTER = ["names", "tails", "rooms", "ids", "stored", "byPerson", "byDocument", "docKey", "homes", "upper", "places"];

export class Slice {
  /** @param {object} json @param {Slice|null} before  the slice in use until now */
  constructor(json, before = null) {
    this.json = json;
    this.made_at = json.made_at;
    this.expires_at = json.expires_at;
    this.practice = Boolean(json.practice);
    this.place = json.site ?? json.lab ?? null;
    this.patterns = json.patterns ?? [];
    this.code_keys = json.code_keys ?? [];
    this.staff = json.staff ?? [];
    this.labs = json.labs ?? [];
    this.rounds = (json.rounds ?? []).map((round) => new Round(round));
    this.work = json.work ?? { tubes: [], boxes: [], sealed: [] };
    this.expected = json.expected ?? [];
    this.cell = json.roster?.cell ?? json.site?.cell ?? null;
    this.count = json.roster?.count ?? 0;
    const same = json.roster && json.roster === before?.json.roster;
    this.cache = new Map(same ? [...before.cache].filter(([name]) => OF_ROSTER.includes(name)) : []);
  }

  lazily(name, make) {
    if (!this.cache.has(name)) this.cache.set(name, make());
    return this.cache.get(name);
  }

  get names() {
    return this.lazily("names", () => lines(this.json.roster?.names));
  }

  get tails() {
    return this.lazily("tails", () => lines(this.json.roster?.tails));
  }

  get rooms() {
    return this.lazily("rooms", () => lines(this.json.roster?.rooms));
  }

  get ids() {
    return this.lazily("ids", () => view(this.json.roster?.person));
  }

  personOf(index) {
    return this.ids.getBigUint64(index * 8);
  }

  /** Where a line is stored: who moved here from another street keeps the number of the old one. */
  cellOf(index) {
    return this.lazily("stored", () => new Map(this.json.roster?.stored ?? [])).get(index) ?? this.cell;
  }

  /** Everything the slice knows of one line of the roster. */
  resident(index) {
    const roster = this.json.roster;
    const person = this.personOf(index).toString();
    const cell = this.cellOf(index);
    return {
      index, cell, person, key: personKey(cell, person), code: makeResidentCode(cell, person),
      name: this.names[index] ?? "", tail: this.tails[index] ?? "",
      household: roster.household?.[index] || null,
      building: roster.buildings?.[roster.building?.[index]] ?? "",
      room: this.rooms[index] ?? "",
    };
  }

  /** By resident code. @returns {Resident|null} */
  find(cell, person) {
    if (!this.count) return null;
    const at = this.lazily("byPerson", () => {
      const out = new Map();
      for (let i = 0; i < this.count; i++) out.set(this.personOf(i), i);
      return out;
    }).get(BigInt(person));
    return at === undefined || this.cellOf(at) !== cell ? null : this.resident(at);
  }

  /** The resident behind a key of the tubes' fold ("p:cell:person"). @returns {Resident|null} */
  findKey(key) {
    const match = /^p:([0-9]+):([0-9]+)$/.exec(key ?? "");
    return match ? this.find(Number(match[1]), match[2]) : null;
  }

  /** By the canonical form of a document, "type:number". @returns {Promise<Resident|null>} */
  async findDocument(canonical) {
    if (!this.count || !this.json.roster.docs) return null;
    const index = this.lazily("byDocument", () => documentIndex(bytes(this.json.roster.docs)));
    const key = await this.lazily("docKey", () =>
      crypto.subtle.importKey("raw", bytes(this.json.roster.doc_salt), { name: "HMAC", hash: "SHA-256" },
        false, ["sign"]));
    const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(canonical));
    const at = index.get(String.fromCharCode(...new Uint8Array(mac, 0, 5)));
    return at === undefined ? null : this.resident(at);
  }

  /** All of one household, this one included. @returns {Resident[]} */
  household(index) {
    const home = this.json.roster?.household?.[index];
    if (!home) return [this.resident(index)];
    const homes = this.lazily("homes", () => {
      const out = new Map();
      this.json.roster.household.forEach((number, i) => {
        if (number) out.get(number)?.push(i) ?? out.set(number, [i]);
      });
      return out;
    });
    return homes.get(home).map((i) => this.resident(i));
  }

  /**
   * Words of a search, each of which must fit: a surname, the last digits of a document, a building
   * with or without a room ("3-201"), a room.
   * @returns {{found: Resident[], total: number}}
   */
  search(text, most = 50) {
    const words = folded(text).split(/[\s,，;；]+/).filter(Boolean).map((word) => word.replace(/^-|-$/g, ""));
    if (!words.length || !this.count) return { found: [], total: 0 };
    const fits = words.map((word) => this.matcher(word));
    const hits = [];
    for (let i = 0; i < this.count; i++) if (fits.every((fit) => fit(i))) hits.push(i);
    return { found: hits.slice(0, most).map((i) => this.resident(i)), total: hits.length };
  }

  /** Whether a line fits one word: digits are a document's end or a place, letters a name or a place. */
  matcher(word) {
    const places = this.lazily("places", () => this.foldedPlaces());
    const { tails } = this;
    if (word[0] < "0" || word[0] > "9") {
      const upper = this.lazily("upper", () => this.names.map((name) => name.toUpperCase()));
      return (i) => upper[i].startsWith(word) || places[i].includes(word);
    }
    const parts = word.split("-").map((part) => `-${part}-`);
    const end = word.length >= 3 && parts.length === 1 ? word.slice(-4) : null;
    return (i) => (end !== null && (tails[i] ?? "").endsWith(end)) || inOrder(parts, places[i]);
  }

  /** "-12-1-1203-" of building 12号楼, room 1-1203: parts that a query names in order. */
  foldedPlaces() {
    const roster = this.json.roster;
    const buildings = (roster.buildings ?? []).map(parted);
    return this.rooms.map((room, i) => `-${buildings[roster.building?.[i]] ?? ""}-${parted(room)}-`);
  }

  round(id) {
    return this.rounds.find((round) => String(round.id) === String(id)) ?? null;
  }

  /** Where and when a number was used before. @returns {{at: number, site: string}|null} */
  used(number) {
    const told = this.json.used;
    if (!told?.tube) return null;
    const at = this.lazily("used", () => new Map(lines(told.tube).map((tube, i) => [tube, i]))).get(number);
    if (at === undefined) return null;
    const when = this.lazily("usedAt", () => view(told.at));
    const site = this.lazily("usedSite", () => view(told.site));
    const name = told.sites?.[at * 2 < site.byteLength ? site.getUint16(at * 2) : -1];
    return { at: when.getUint32(at * 4) * 60_000, site: name ?? "—" };
  }

  /** The household that a key of the fold belongs to; its number is this slice's own. */
  homeOf(key) {
    return this.findKey(key)?.household ?? null;
  }

  /** Somebody of the place by id. Ids are text: they pass what a Number holds. */
  staffOf(id) {
    return this.staff.find((person) => String(person.id) === String(id)) ?? null;
  }
}

function documentIndex(raw) {
  const out = new Map();
  for (let i = 0; i * 5 < raw.length; i++) {
    const short = String.fromCharCode(raw[i * 5], raw[i * 5 + 1], raw[i * 5 + 2], raw[i * 5 + 3], raw[i * 5 + 4]);
    if (short !== NONE) out.set(short, i);
  }
  return out;
}
