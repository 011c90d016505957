// What a proof says and whether it holds: P1 and HC1, with the keys and the list that are at hand.
// The forms stand in screening/interop/proof_codes.py and hc1.py; tests/vectors/proofs.json binds both.

import { inflate, unbase32, unbase45, unbase64, uncbor } from "./bytes.js";

const SIGNATURE = 64;
const HEAD = 25; // key u8, number u64, sampled u32, made u32, hours u16, sharers u8, last four, length u8
const text = new TextEncoder();
const NEGATIVE = "260415000";

/**
 * @typedef {{id: number, point: string, cose: string}} Key
 * @typedef {{made: number, numbers: Set<string>}} List
 * @typedef {{state: string, kind?: string, number?: string, name?: string, last4?: string,
 *   sharers?: number, sampled?: number, until?: number}} Said  times in seconds
 * state: good, expired, withdrawn, forged, foreign, unreadable, early
 */

const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("").toUpperCase();

async function signed(key, signature, ...parts) {
  if (!key) return false;
  const how = { name: "ECDSA", namedCurve: "P-256" };
  try {
    const point = await crypto.subtle.importKey("raw", unbase64(key.point), how, false, ["verify"]);
    const all = new Uint8Array(parts.flatMap((p) => [...p]));
    return await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, point, signature, all);
  } catch {
    return false;
  }
}

/** The signed list of withdrawn proofs; null when it was not signed by one of the keys. */
export async function readList(data, keys) {
  const bytes = unbase64(data);
  const body = bytes.slice(0, -SIGNATURE);
  if (body.length < 9) return null;
  const key = keys.find((k) => k.id === body[body.length - 1]);
  if (!(await signed(key, bytes.slice(-SIGNATURE), text.encode("screening-withdrawn-1\n"), body))) return null;
  const view = new DataView(body.buffer);
  const count = view.getUint32(4);
  if (body.length !== 9 + 8 * count) return null;
  const numbers = new Set();
  for (let i = 0; i < count; i += 1) numbers.add(hex(body.slice(8 + 8 * i, 16 + 8 * i)));
  return { made: view.getUint32(0), numbers };
}

/**
 * What the text of a code says and whether it holds at `now` (seconds).
 * @param {Key[]} keys
 * @param {List | null} list
 * @returns {Promise<Said>}
 */
export async function verify(code, keys, list, now) {
  const plain = code.trim();
  let said = { state: "foreign" };
  if (/^P1\./i.test(plain)) said = await readProof(plain.toUpperCase(), keys);
  else if (plain.startsWith("HC1:")) said = await readCertificate(plain, keys);
  if (said.state !== "good") return said;
  if (list?.numbers.has(said.number)) return { ...said, state: "withdrawn" };
  if (now >= said.until) return { ...said, state: "expired" };
  return now < said.sampled - 300 ? { ...said, state: "early" } : said;
}

async function readProof(plain, keys) {
  const data = unbase32(plain.slice(3));
  if (!data || data.length < HEAD + SIGNATURE) return { state: "unreadable" };
  const body = data.slice(0, -SIGNATURE);
  const view = new DataView(body.buffer);
  if (body.length !== HEAD + view.getUint8(HEAD - 1)) return { state: "unreadable" };
  const key = keys.find((k) => k.id === body[0]);
  if (!(await signed(key, data.slice(-SIGNATURE), text.encode("screening-proof-1\n"), body))) {
    return { state: "forged" };
  }
  const sampled = view.getUint32(9);
  return {
    state: "good",
    kind: "P1",
    number: hex(body.slice(1, 9)),
    sampled,
    until: sampled + 3600 * view.getUint16(17),
    sharers: view.getUint8(19),
    last4: new TextDecoder().decode(body.slice(20, 24)).replaceAll("\0", ""),
    name: new TextDecoder().decode(body.slice(HEAD)),
  };
}

async function readCertificate(plain, keys) {
  try {
    const [shielded, open, payload, signature] = uncbor(await inflate(unbase45(plain.slice(4))));
    const header = shielded.length ? uncbor(shielded) : new Map();
    const id = header.get(4) ?? open.get(4); // what was signed decides
    if ((header.get(1) ?? open.get(1)) !== -7 || signature.length !== SIGNATURE) return { state: "foreign" };
    const key = keys.find((k) => hex(unbase64(k.cose)) === hex(id));
    if (!key) return { state: "foreign" };
    if (!(await signed(key, signature, ...signature1(shielded, payload)))) return { state: "forged" };
    return told(uncbor(payload));
  } catch {
    return { state: "unreadable" };
  }
}

/** ["Signature1", shielded, "", payload] in CBOR, in parts. */
function signature1(shielded, payload) {
  return [[0x84, 0x6a], text.encode("Signature1"), head(shielded.length), shielded, [0x40],
    head(payload.length), payload];
}

function head(n) {
  if (n < 24) return [0x40 | n];
  return n < 256 ? [0x58, n] : [0x59, n >> 8, n & 255];
}

function told(claims) {
  const body = claims.get(-260).get(1);
  const test = body.get("t")[0];
  if (test.get("tr") !== NEGATIVE) return { state: "unreadable" };
  const name = body.get("nam");
  return {
    state: "good",
    kind: "HC1",
    number: test.get("ci").split(":").pop().split("#")[0],
    sampled: Date.parse(test.get("sc")) / 1000,
    until: claims.get(4),
    name: `${name.get("fn") ?? ""}${name.get("gn") ?? ""}`,
    last4: "",
  };
}
