// The device's keys: what signs its journal, what seals it at rest. Neither can be read out.
import { b64, hex, newKey, publicPoint } from "../journal/format.js";

const text = new TextEncoder();
const NONCE = 12;
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** A non-extractable AES-GCM key: entries, views and settings of people lie under it at rest. */
export const newSealingKey = () =>
  crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

/** The keys of this installation, made once. @returns {Promise<{sign, seal, point}>} */
export async function openKeys(db) {
  let held = await db.get("meta", "keys");
  if (!held?.seal || !held?.sign) {
    const fresh = { sign: await newKey(), seal: await newSealingKey() };
    const tx = db.transaction("meta", "readwrite", { durability: "strict" });
    held = { ...fresh, ...(await tx.store.get("keys")) }; // another tab may have been first
    tx.store.put(held, "keys");
    await tx.done;
  }
  return { ...held, point: await publicPoint(held.sign) };
}

/** Seal bytes under an AES-GCM key: 12 bytes nonce, ciphertext. `label` ties them to their place. */
export async function sealBytes(key, bytes, label) {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const how = { name: "AES-GCM", iv, additionalData: text.encode(label) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(how, key, bytes));
  const out = new Uint8Array(NONCE + sealed.length);
  out.set(iv);
  out.set(sealed, NONCE);
  return out;
}

/** Open what `sealBytes` made. Throws OperationError under another key or label. */
export async function openBytes(key, sealed, label) {
  const iv = sealed.slice(0, NONCE);
  const how = { name: "AES-GCM", iv, additionalData: text.encode(label) };
  return new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.slice(NONCE)));
}

/** The same for anything JSON can say. */
export const sealRest = (key, value, label) =>
  sealBytes(key, text.encode(JSON.stringify(value)), label);

export const openRest = async (key, sealed, label) =>
  JSON.parse(new TextDecoder().decode(await openBytes(key, sealed, label)));

/** The value of `X-Device`: this device asks in its own name (screening/field/signed.py). */
export async function signedHeader(key, device, method, path, ms, body) {
  const bytes = typeof body === "string" ? text.encode(body) : body;
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const said = `screening-request-1\n${device}\n${method}\n${path}\n${ms}\n${digest}`;
  const signature = await crypto.subtle.sign(ES256, key, text.encode(said));
  return `${device} ${ms} ${b64(new Uint8Array(signature))}`;
}
