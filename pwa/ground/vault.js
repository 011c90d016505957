// The roster slice at rest: under a key of its own, which each person's PIN wraps; wiped when in doubt.
import { strict } from "./db.js";
import { openBytes, openRest, sealBytes, sealRest } from "./keys.js";

/** Guesses in a row before the slice is wiped. */
export const TRIES = 5;
/** PBKDF2-SHA-256 (OWASP Password Storage Cheat Sheet, 2023). */
export const ITERATIONS = 600_000;
/** "Still here": after a reload within this time the slice opens without a PIN. */
export const GRACE_MS = 15 * 60_000;
const GRACE_STEP_MS = 60_000;
const text = new TextEncoder();

/**
 * One record in the store `vault`:
 * {data, revision, made_at, expires_at, tries, wraps: {staff: {salt, iterations, sealed}},
 *  grace: null | {from, until, sealed}}; or {wiped: {reason, at}}.
 * `data` is gzipped JSON under the slice key; a wrap is the slice key under the PIN's key, and that
 * under the device's key: a copied store without this browser's key cannot even be guessed at.
 */
export class Vault {
  static async open({ db, keys, now = Date.now, iterations = ITERATIONS }) {
    const vault = new Vault({ db, keys, now, iterations });
    vault.row = (await db.get("vault", "slice")) ?? null;
    if (vault.row?.data && now() >= vault.row.expires_at) await vault.wipe("expired");
    return vault;
  }

  constructor({ db, keys, now, iterations }) {
    Object.assign(this, { db, keys, now, iterations, slice: null, row: null });
    this.key = null;
    this.touched = 0;
    this.queue = Promise.resolve();
  }

  get status() {
    const row = this.row ?? {};
    return {
      kept: Boolean(row.data),
      locked: this.slice === null,
      staff: Object.keys(row.wraps ?? {}), // ids are longer than numbers hold
      tries_left: TRIES - (row.tries ?? 0),
      expires_at: row.expires_at ?? null,
      made_at: row.made_at ?? null,
      revision: row.revision ?? null,
      wiped: row.wiped ?? null,
    };
  }

  /** Keep a fresh slice, in memory and at rest. While locked, nobody's PIN opens it before `admit`.
   * @returns {Promise<boolean>} false: the phone is full; what was kept before stays, this one is in memory */
  put(slice) {
    return this.#alone(async () => {
      const again = this.key !== null && this.row?.data;
      if (!again) this.key = crypto.getRandomValues(new Uint8Array(32));
      const data = await sealBytes(await aes(this.key), await pack(slice), "slice");
      const { wraps, tries, grace } = again ? this.row : { wraps: {}, tries: 0, grace: null };
      this.slice = slice;
      const row = {
        data, wraps, tries, grace, revision: slice.revision ?? null, made_at: slice.made_at,
        expires_at: slice.expires_at,
      };
      const fits = await this.#keep(row).then(() => true, onlyFull);
      this.touched = 0;
      if (fits) await this.#grace();
      else if (!again) this.key = null; // what lies on the disk is under another key
      return fits;
    });
  }

  /** This person's PIN opens the slice from now on. Only for somebody whom the server has checked. */
  admit(staff, pin) {
    return this.#alone(async () => {
      if (this.key === null || !this.row?.data) return false;
      const salt = crypto.getRandomValues(new Uint8Array(16));
      const outer = await pinKey(pin, salt, this.iterations);
      const inner = await sealBytes(outer, this.key, `wrap ${staff}`);
      const sealed = await sealBytes(this.keys.seal, inner, `wrap ${staff}`);
      const wraps = { ...this.row.wraps, [staff]: { salt, iterations: this.iterations, sealed } };
      await this.#keep({ ...this.row, wraps, tries: 0 });
      return true;
    });
  }

  /** The slice, or null: a wrong PIN, nobody known, nothing kept. A try is on disk before it is made,
   * so that pulling the battery gives none back. */
  open(staff, pin) {
    return this.#alone(async () => {
      if (this.row?.data && this.now() >= this.row.expires_at) await this.#wipe("expired");
      const wrap = this.row?.wraps?.[staff];
      if (!wrap) return null;
      await this.#keep({ ...this.row, tries: this.row.tries + 1 });
      try {
        const inner = await openBytes(this.keys.seal, wrap.sealed, `wrap ${staff}`);
        const outer = await pinKey(pin, wrap.salt, wrap.iterations);
        this.key = await openBytes(outer, inner, `wrap ${staff}`);
      } catch {
        if (this.row.tries >= TRIES) await this.#wipe("tries");
        return null;
      }
      await this.#keep({ ...this.row, tries: 0 });
      return this.#unpack();
    });
  }

  /** The slice without a PIN, within the grace after the last `touch`; else null. */
  resume() {
    return this.#alone(async () => {
      const { grace, data, expires_at } = this.row ?? {};
      const now = this.now();
      if (!data || !grace) return null;
      if (now >= expires_at) return this.#wipe("expired");
      if (now < grace.from || now >= grace.until) { // a clock put back opens nothing
        await this.#keep({ ...this.row, grace: null });
        return null;
      }
      this.key = await openBytes(this.keys.seal, grace.sealed, "grace");
      return this.#unpack();
    });
  }

  /** Somebody is working: the grace begins anew (written at most once a minute). */
  touch() {
    if (this.key === null || this.now() - this.touched < GRACE_STEP_MS) return Promise.resolve();
    return this.#alone(() => this.#grace());
  }

  /** Forget the slice in memory and end the grace; a PIN opens it again. */
  lock() {
    return this.#alone(async () => {
      this.slice = this.key = null;
      if (this.row?.grace) await this.#keep({ ...this.row, grace: null });
    });
  }

  /** Destroy slice and keys. The journal is another store and is never touched here. */
  wipe(reason) {
    return this.#alone(() => this.#wipe(reason));
  }

  async #wipe(reason) {
    this.slice = this.key = null;
    if (this.row?.data || this.row === null) {
      await this.#keep({ wiped: { reason, at: this.now() } });
    }
    return null;
  }

  async #unpack() {
    this.slice = await unpack(await openBytes(await aes(this.key), this.row.data, "slice"));
    this.touched = 0;
    await this.#grace();
    return this.slice;
  }

  async #grace() {
    if (this.key === null || !this.row?.data) return;
    const now = this.now();
    const sealed = await sealBytes(this.keys.seal, this.key, "grace");
    await this.#keep({ ...this.row, grace: { from: now, until: now + GRACE_MS, sealed } });
    this.touched = now;
  }

  async #keep(row) {
    const tx = strict(this.db, "vault");
    tx.store.put(row, "slice");
    await tx.done;
    this.row = row;
  }

  #alone(work) {
    const next = this.queue.then(work);
    this.queue = next.catch(() => {});
    return next;
  }
}

/** What lies beside the slice under the device's key alone (a list of doors, a sign-in): small. */
export const sealNote = (keys, value, label) => sealRest(keys.seal, value, `note ${label}`);
export const openNote = (keys, sealed, label) => openRest(keys.seal, sealed, `note ${label}`);

function onlyFull(problem) {
  if (problem?.name !== "QuotaExceededError") throw problem;
  return false;
}

const aes = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

async function pinKey(pin, salt, iterations) {
  const base = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const through = async (bytes, stream) =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

const pack = (slice) => through(text.encode(JSON.stringify(slice)), new CompressionStream("gzip"));

async function unpack(bytes) {
  return JSON.parse(new TextDecoder().decode(await through(bytes, new DecompressionStream("gzip"))));
}
