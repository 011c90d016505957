// Versions of the app: which one runs, whether a newer one waits, and the change to it.
const HOUR = 3_600_000;

export class Versions {
  /** @param {{onNews: () => void, container?: ServiceWorkerContainer, reload?: () => void}} o */
  constructor({ onNews, container = globalThis.navigator?.serviceWorker, reload = () => location.reload() }) {
    Object.assign(this, { onNews, container, reload, current: null, newest: null, asked: false, state: "installing" });
  }

  get waiting() {
    return Boolean(this.current && this.newest && this.current !== this.newest);
  }

  async start() {
    if (!this.container) return this.is("none");
    this.container.addEventListener("message", (e) => this.heard(e.data));
    try {
      this.registration = await this.container.register("/field/sw.js", { scope: "/field/", updateViaCache: "none" });
    } catch {
      return this.is("failed"); // as with a certificate that a person clicked away
    }
    const ready = await this.container.ready;
    this.is("ready");
    ready.active?.postMessage({ type: "version" });
    setInterval(() => this.look(), HOUR);
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
  }

  /** "none": the browser has no worker; installing, ready, failed. */
  is(state) {
    this.state = state;
    this.onNews();
  }

  /** Ask the server for a newer version; without a network nothing happens. */
  look() {
    return this.registration?.update().catch(() => {});
  }

  heard(message) {
    if (message?.type !== "version" && message?.type !== "used") return;
    this.current = message.current;
    this.newest = message.newest;
    if (message.type === "used" && this.asked) this.reload();
    this.onNews();
  }

  /** Change to the newest version: only after the outbox is empty and a person agreed. */
  async use() {
    this.asked = true;
    (await this.container.ready).active.postMessage({ type: "use" });
  }
}
