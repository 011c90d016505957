// The router: #/name in the address, parameters only in memory (they may name a person).

export class Router {
  /** @param {(name: string, params: object) => void} show */
  constructor(show, { history = globalThis.history, location = globalThis.location } = {}) {
    this.show = show;
    this.history = history;
    this.location = location;
    this.params = new Map();
    this.place = 0;
    this.onLink = null; // (hash) => whether an address that somebody opened was taken up
  }

  get name() {
    return /^#\/([a-z_]+)/.exec(this.location.hash)?.[1] ?? null;
  }

  /** `keep`: the address stays, for somebody who will open it in another browser. */
  start(name, params = {}, { keep = false } = {}) {
    globalThis.addEventListener?.("popstate", (e) => this.arrived(e.state));
    if (keep) this.show(name, params);
    else this.replace(name, params);
  }

  go(name, params = {}) {
    this.place += 1;
    this.params.set(this.place, params);
    this.history.pushState({ place: this.place }, "", `#/${name}`);
    this.show(name, params);
  }

  replace(name, params = {}) {
    this.params.set(this.place, params);
    this.history.replaceState({ place: this.place }, "", `#/${name}`);
    this.show(name, params);
  }

  back() {
    if (this.place > 0) this.history.back();
    else this.replace("home");
  }

  arrived(state) {
    if (state === null && this.onLink?.(this.location.hash)) return;
    this.place = state?.place ?? 0;
    this.show(this.name ?? "home", this.params.get(this.place) ?? {});
  }
}
