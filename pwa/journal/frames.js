// A text as a chain of QR codes and back: `SQ1.<id>.<i>.<n>.<base32>`, read in any order.
import { hex } from "./format.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const FRAME = /^(SQ1|ST1)\.([0-9A-F]{8})\.([1-9][0-9]{0,3})\.([1-9][0-9]{0,3})\.([A-Z2-7]+)$/;
/** Characters of a chunk: with the head a QR code of version 13 (69 modules), read from a phone's screen. */
const SIZE = 560;
const MOST = 2000;

/** RFC 4648 without padding: every character is in QR's alphanumeric set. */
export function base32(bytes) {
  let out = "";
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += ALPHABET[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? out + ALPHABET[(value << (5 - bits)) & 31] : out;
}

/** The bytes of a base32 text; null where it is none. */
export function unbase32(text) {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let value = 0;
  let bits = 0;
  let at = 0;
  for (const char of text) {
    const digit = ALPHABET.indexOf(char);
    if (digit < 0) return null;
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = value >>> bits;
    }
    value &= (1 << bits) - 1;
  }
  return value === 0 ? out : null;
}

async function idOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hex(digest.slice(0, 4)).toUpperCase();
}

/** A payload as frames. `prefix` SQ1: an exported journal; ST1: the closed tubes of a table. */
export async function framesOf(payload, { prefix = "SQ1", size = SIZE } = {}) {
  const bytes = new TextEncoder().encode(payload);
  const id = await idOf(bytes);
  const chunks = base32(bytes).match(new RegExp(`.{1,${size}}`, "g")) ?? [];
  return chunks.map((chunk, i) => `${prefix}.${id}.${i + 1}.${chunks.length}.${chunk}`);
}

/** The parts of a frame, or null. @returns {{prefix, id, i, n, chunk}|null} */
export function parseFrame(text) {
  const found = FRAME.exec(text.trim().toUpperCase());
  if (!found) return null;
  const [, prefix, id, i, n, chunk] = found;
  const frame = { prefix, id, i: Number(i), n: Number(n), chunk };
  return frame.i <= frame.n && frame.n <= MOST ? frame : null;
}

/** Gathers the frames of one chain, in any order, with repeats; a frame of another chain is named
 * and left out until `begin` is called. */
export class Collector {
  constructor() {
    this.begin();
  }

  begin() {
    this.prefix = this.id = null;
    this.n = 0;
    this.parts = new Map();
  }

  get missing() {
    return Array.from({ length: this.n }, (_, i) => i + 1).filter((i) => !this.parts.has(i));
  }

  /** @returns {Promise<{state: "part"|"repeat"|"other"|"bad"|"done", id, n, have, missing, payload?}>} */
  async add(text) {
    const frame = parseFrame(text);
    if (!frame) return this.#told("bad");
    if (this.id === null) Object.assign(this, { prefix: frame.prefix, id: frame.id, n: frame.n });
    const same = frame.prefix === this.prefix && frame.id === this.id && frame.n === this.n;
    if (!same) return { ...this.#told("other"), other: frame };
    const held = this.parts.get(frame.i);
    if (held !== undefined && held === frame.chunk) {
      return this.missing.length > 0 ? this.#told("repeat") : this.#whole();
    }
    this.parts.set(frame.i, frame.chunk);
    return this.missing.length > 0 ? this.#told("part") : this.#whole();
  }

  async #whole() {
    const chunks = Array.from({ length: this.n }, (_, i) => this.parts.get(i + 1));
    const bytes = unbase32(chunks.join(""));
    if (bytes === null || (await idOf(bytes)) !== this.id) {
      this.parts.clear();
      return this.#told("bad");
    }
    const payload = new TextDecoder().decode(bytes);
    return { ...this.#told("done"), payload };
  }

  #told(state) {
    const { id, n, prefix, missing } = this;
    return { state, prefix, id, n, have: this.parts.size, missing };
  }
}
