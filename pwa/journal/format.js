// The journal of a device: hash chain, signed batches, sealing. The contract is docs/journal.md.

export const FORMAT = "screening-journal-1";
const text = new TextEncoder();

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
export const unhex = (s) => Uint8Array.from(s.match(/../g) ?? [], (p) => parseInt(p, 16));

export function b64(bytes) {
  let raw = "";
  for (const b of bytes) raw += String.fromCharCode(b);
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function unb64(s) {
  const raw = atob(s.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function join(...parts) {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

/** The digest of an entry, over its bytes as sent. */
export const digest = (entry) => sha256(typeof entry === "string" ? text.encode(entry) : entry);

/** How later entries name this one: 16 hex digits. */
export const ref = async (entry) => hex((await digest(entry)).slice(0, 8));

/** The hash before entry 1. */
export const genesis = (device, journal) => sha256(text.encode(`${FORMAT}\n${device}\n${journal}`));

/** The hash after one more entry. */
export const link = async (prev, entry) => sha256(join(prev, await digest(entry)));

export function salt() {
  return b64(crypto.getRandomValues(new Uint8Array(16)));
}

/** A non-extractable ES256 pair; only its public point ever leaves the browser. */
export function newKey() {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

/** The 65-byte public point to enrol with, in base64url. */
export async function publicPoint(pair) {
  return b64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
}

export const signedText = (device, journal, last, head, sentAt) =>
  text.encode(`${FORMAT}\n${device}\n${journal}\n${last}\n${hex(head)}\n${sentAt}`);

const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** The text of a batch: header line, then the entries; and the new head. */
export async function batch(key, { device, journal, first, prev, entries, sentAt, practice = false }) {
  let head = prev;
  for (const entry of entries) head = await link(head, entry);
  const last = first + entries.length - 1;
  const signature = new Uint8Array(
    await crypto.subtle.sign(ES256, key, signedText(device, journal, last, head, sentAt)),
  );
  const header = {
    format: FORMAT, device: String(device), journal, first, count: entries.length, prev: hex(prev), head: hex(head),
    sent_at: sentAt, practice, signature: b64(signature),
  };
  return { body: [whole(header), ...entries, ""].join("\n"), head };
}

/** The header with the device's number bare: 63 bits, more than JavaScript's numbers hold. */
const whole = (header) => JSON.stringify(header).replace(/"device":"(\d+)"/, '"device":$1');

/** Whether a batch's signature over its head is by this public point (65 bytes). */
export async function verify(point, signature, { device, journal, last, head, sentAt }) {
  const key = await crypto.subtle.importKey(
    "raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"],
  );
  return crypto.subtle.verify(ES256, key, signature, signedText(device, journal, last, head, sentAt));
}

/** Seal personal fields to the server's public point: only the server opens them. */
export async function sealTo(serverPoint, clear) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const own = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const server = await crypto.subtle.importKey("raw", serverPoint, curve, false, []);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: server }, own.privateKey, 256);
  const base = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode("screening-seal-1") },
    base, { name: "AES-GCM", length: 256 }, false, ["encrypt"],
  );
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: point }, key, text.encode(clear),
  );
  return b64(join(point, nonce, new Uint8Array(sealed)));
}
