// One tab writes: a Web Lock names it, a channel lets another tab ask for its place.
const NAME = "screening-field";
const PATIENCE_MS = 3000;

export class TabLock {
  /**
   * @param {{onLost: () => void, finish: () => Promise<void>, locks?: LockManager, channel?: BroadcastChannel}} o
   *   finish: ends what is being written, before the place is given away
   */
  constructor({ onLost, finish, locks = globalThis.navigator?.locks, channel = open() }) {
    Object.assign(this, { onLost, finish, locks, channel, release: null });
    if (channel) channel.onmessage = (e) => this.heard(e.data);
  }

  /** @returns {Promise<boolean>} whether this tab is the one that writes now */
  take({ steal = false } = {}) {
    if (!this.locks) return Promise.resolve(true); // an old browser: the journal's own guard remains
    return new Promise((resolve) => {
      const how = steal ? { steal: true } : { ifAvailable: true };
      this.locks
        .request(NAME, how, (lock) => {
          resolve(Boolean(lock));
          return lock ? new Promise((done) => { this.release = done; }) : undefined;
        })
        .catch(() => this.lost()); // stolen
    });
  }

  lost() {
    if (!this.release) return;
    this.release = null;
    this.onLost();
  }

  /** Ask the writing tab for its place. @returns {Promise<boolean>} false: it does not answer */
  async ask() {
    const given = new Promise((resolve) => { this.given = () => resolve(true); });
    const silent = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS, false); });
    this.channel?.postMessage({ type: "give" });
    await Promise.race([given, silent]);
    for (let tries = 0; tries < 5; tries += 1) {
      if (await this.take()) return true;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    return false;
  }

  async heard(message) {
    if (message?.type === "given") this.given?.();
    if (message?.type !== "give" || !this.release) return;
    await this.finish();
    const release = this.release;
    this.release = null;
    release();
    this.onLost();
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    this.channel.postMessage({ type: "given" });
  }
}

const open = () => (globalThis.BroadcastChannel ? new BroadcastChannel(NAME) : null);
