// The phone's own store and sender, as the app uses them.
import { getMeta, openStore, putMeta } from "./ground/db.js";
import { openKeys } from "./ground/keys.js";
import { post } from "./ground/net.js";
import { openNote, sealNote, Vault } from "./ground/vault.js";
import { b64, newKey } from "./journal/format.js";
import { Journal } from "./journal/journal.js";
import { sealEntry } from "./journal/seal.js";
import { Sender } from "./journal/sender.js";

export class Kept {
  static async open(name) {
    const db = await openStore(name);
    const keys = await openKeys(db);
    return new Kept(db, keys, await Vault.open({ db, keys }));
  }

  constructor(db, keys, vault) {
    Object.assign(this, { db, keys, vault, journal: null, sender: null, device: null, ears: {} });
    this.practice = false;
    this.fresh = null; // the key pair of an enrolment under way
  }

  /** @param {{truth, offset, renewed, gone}} ears */
  listen(ears) {
    Object.assign(this.ears, ears);
  }

  get records() {
    return this.journal?.records ?? [];
  }

  get truth() {
    return this.sender?.truth ?? null;
  }

  async load() {
    this.device = (await getMeta(this.db, "device")) ?? null;
    if (this.device && !this.journal) await this.#openJournal();
    return { device: this.device, ...((await this.recall("holding")) ?? {}) };
  }

  async resumeSlice() {
    return (await this.vault.resume()) ?? null;
  }

  async keep(held) {
    await this.remember("holding", held);
    this.vault.touch();
  }

  async remember(name, value) {
    await putMeta(this.db, `note ${name}`, await sealNote(this.keys, value, name));
  }

  async recall(name) {
    const sealed = await getMeta(this.db, `note ${name}`);
    return sealed ? openNote(this.keys, sealed, name) : null;
  }

  // --- enrolment -----------------------------------------------------------------------------------

  /** The public point to enrol with: of a fresh pair where this phone is a device already. */
  async point() {
    this.fresh = this.device ? await newKey() : this.keys.sign;
    return b64(new Uint8Array(await crypto.subtle.exportKey("raw", this.fresh.publicKey)));
  }

  async adopt(device) {
    const same = this.device && String(this.device.id) === String(device.id);
    if (this.fresh && !same) {
      const { point: _, ...held } = this.keys;
      await putMeta(this.db, "keys", { ...held, sign: this.fresh });
      this.keys.sign = this.fresh; // the same object as the vault's and the journal's
    }
    this.fresh = null;
    this.device = device;
    await putMeta(this.db, "device", device);
    if (!same || !this.journal) await this.#openJournal();
  }

  async #openJournal() {
    await this.sender?.stop();
    const { db, keys, device } = this;
    this.journal = await Journal.open({ db, keys, device: device.id });
    this.sender = new Sender({
      db, keys, journal: this.journal, practice: Boolean(device.practice),
      onTruth: (truth) => this.ears.truth?.(truth),
      onOffset: (ms) => this.ears.offset?.(ms),
      onGone: (state) => this.ears.gone?.(state),
      onRenewed: () => this.ears.renewed?.(),
    });
    if (this.going) this.start();
  }

  // --- writing and sending --------------------------------------------------------------------------

  /** Personal fields are sealed to the server before anything is written. */
  async append(entries, views, serverKey) {
    const sealed = await Promise.all(entries.map((entry) => sealEntry(serverKey, entry)));
    return this.journal.append(sealed, views);
  }

  wake() {
    this.sender?.appended();
    this.vault.touch();
  }

  /** Begin to send; only the tab that writes does. */
  start() {
    this.going = true;
    this.sender?.start();
    this.journal?.prune(Date.now()).catch(() => {});
  }

  /** End what is being written and stop sending. */
  async stop() {
    this.going = false;
    await this.journal?.queue;
    await this.sender?.stop();
    this.db.close();
  }

  tryNow() {
    return this.sender?.tryNow();
  }

  // --- questions -------------------------------------------------------------------------------------

  post(path, body, o = {}) {
    return post(path, body, o);
  }

  ask(path, body, o = {}) {
    const key = (this.journal?.row.sign ?? this.keys.sign).privateKey;
    return post(path, body, {
      ...o, device: this.device?.id, key, onOffset: (ms) => this.ears.offset?.(ms),
    });
  }
}
