// Bytes from the letters of codes (base 32, base 45, base64url), zlib, and the CBOR of a certificate.

const B32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const B45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const MOST = 64 * 1024;

/** RFC 4648 without padding; null when a letter or a stray bit does not belong. */
export function unbase32(text) {
  const out = [];
  let [bits, held] = [0, 0];
  for (const letter of text) {
    const value = B32.indexOf(letter);
    if (value < 0) return null;
    bits = (bits << 5) | value;
    held += 5;
    if (held >= 8) {
      held -= 8;
      out.push((bits >> held) & 255);
      bits &= (1 << held) - 1;
    }
  }
  return held < 5 && bits === 0 ? Uint8Array.from(out) : null;
}

/** RFC 9285; null for what no bytes have. */
export function unbase45(text) {
  const values = [...text].map((letter) => B45.indexOf(letter));
  if (values.includes(-1) || values.length % 3 === 1) return null;
  const out = [];
  for (let i = 0; i < values.length; i += 3) {
    const [low, middle, high] = values.slice(i, i + 3);
    const number = low + 45 * middle + 2025 * (high ?? 0);
    if (number > (high === undefined ? 255 : 65535)) return null;
    if (high !== undefined) out.push(number >> 8);
    out.push(number & 255);
  }
  return Uint8Array.from(out);
}

export function unbase64(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

/** What zlib packed, 64 KB at most; throws where it is none. */
export async function inflate(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const parts = [];
  let size = 0;
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST) {
      await reader.cancel();
      throw new RangeError("too long");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** One CBOR item: numbers, bytes, texts, lists, maps (as Map), tags (their value). */
export function uncbor(data) {
  const reader = { data, view: new DataView(data.buffer, data.byteOffset, data.length), at: 0 };
  const found = item(reader, 0);
  if (reader.at !== data.length) throw new RangeError("more than one item");
  return found;
}

const BREAK = Symbol("break");

function item(r, depth) {
  if (depth > 16 || r.at >= r.data.length) throw new RangeError("no CBOR");
  const head = r.data[r.at++];
  const [kind, low] = [head >> 5, head & 31];
  if (kind === 7) return simple(r, low);
  const n = low === 31 ? null : length(r, low);
  if (kind === 0) return n;
  if (kind === 1) return -1 - n;
  if (kind === 6) return item(r, depth + 1);
  if (kind === 4) return many(r, n, () => item(r, depth + 1));
  if (kind === 5) return new Map(many(r, n, () => pair(r, depth + 1)).map((p) => p));
  const bytes = n === null ? joined(many(r, null, () => item(r, depth + 1))) : take(r, n);
  return kind === 2 || typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
}

function pair(r, depth) {
  const key = item(r, depth);
  return key === BREAK ? BREAK : [key, item(r, depth)];
}

function many(r, n, one) {
  const out = [];
  while (n === null || out.length < n) {
    const found = one();
    if (found === BREAK) {
      if (n === null) return out;
      throw new RangeError("no CBOR");
    }
    out.push(found);
  }
  return out;
}

function joined(parts) {
  if (parts.every((p) => typeof p === "string")) return parts.join("");
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

function length(r, low) {
  if (low < 24) return low;
  const size = { 24: 1, 25: 2, 26: 4, 27: 8 }[low];
  if (!size || r.at + size > r.data.length) throw new RangeError("no CBOR");
  const at = r.at;
  r.at += size;
  if (size === 8) return Number(r.view.getBigUint64(at));
  return size === 4 ? r.view.getUint32(at) : size === 2 ? r.view.getUint16(at) : r.view.getUint8(at);
}

function simple(r, low) {
  if (low === 31) return BREAK;
  if (low === 27) {
    r.at += 8;
    return r.view.getFloat64(r.at - 8);
  }
  return { 20: false, 21: true, 22: null }[low];
}

function take(r, n) {
  if (r.at + n > r.data.length) throw new RangeError("no CBOR");
  r.at += n;
  return r.data.slice(r.at - n, r.at);
}
