// The screen stays on while somebody works: a phone asleep reads no scanner.

export class Awake {
  /** @param {{wanted: () => boolean, nav?: Navigator, page?: Document}} o */
  constructor({ wanted, nav = globalThis.navigator, page = globalThis.document }) {
    Object.assign(this, { wanted, nav, page, lock: null, asking: false });
    page.addEventListener("visibilitychange", () => this.look());
  }

  /** Hold or let go, as is wanted now. Browsers let go by themselves when the page is hidden. */
  async look() {
    const on = this.wanted() && !this.page.hidden;
    if (!on) return this.rest();
    if (this.lock || this.asking || !this.nav.wakeLock) return undefined;
    this.asking = true;
    try {
      this.lock = await this.nav.wakeLock.request("screen");
      this.lock.addEventListener("release", () => { this.lock = null; });
    } catch {
      this.lock = null; // a low battery may forbid it
    }
    this.asking = false;
    return undefined;
  }

  async rest() {
    const { lock } = this;
    this.lock = null;
    await lock?.release().catch(() => {});
  }
}
