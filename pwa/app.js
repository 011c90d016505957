// The app: its state, the router, one queue of scans, what a screen may ask for.
import { render } from "lit-html";

import { frame } from "./frame.js";
import { Router } from "./router.js";
import { setLang } from "./words/index.js";

/** @typedef {{name: string, title: (app: App) => string, view: (app: App) => any, enter?: Function,
 *   leave?: Function, scan?: Function, roles?: string[]|null, link?: string|null, icon?: string}} Screen */

export class App {
  /**
   * @param {{host: HTMLElement, screens: Screen[], backing: any, signals?: any, reader?: any}} o
   *   backing: what stores and sends (kept.js for real, practice.js for practice).
   */
  constructor({ host, screens, backing, signals = null, reader = null }) {
    this.host = host;
    this.screens = new Map(screens.map((screen) => [screen.name, screen]));
    this.backing = backing;
    this.signals = signals;
    this.reader = reader;
    this.device = null;
    this.staff = null;
    this.place = null;
    this.table = null;
    this.slice = null;
    this.round = null;
    this.records = [];
    this.work = { tubes: new Map(), boxes: new Map(), last: null };
    this.outbox = { held: 0, waiting: 0, since: null, state: "idle", next_at: null, parked: [], gap: null, message: null };
    this.settings = {};
    this.practice = false;
    this.offset = null;
    this.answer = null;
    this.checks = null; // ground/checks.js
    this.newVersion = null; // waits until the outbox is empty and a person agrees
    this.tab = "first"; // "first" writes, "second" only says so
    this.sheets = [];
    this.strip = { last: null, typing: false, camera: false, text: "" };
    this.screen = null;
    this.params = {};
    this.router = new Router((name, params) => this.show(name, params));
    this.pending = null;
    this.queue = Promise.resolve();
    this.cameraHost = (element) => this.onCameraHost?.(element);
  }

  now() {
    return Date.now();
  }

  // --- where one is ----------------------------------------------------------------------------

  go(name, params = {}) {
    this.router.go(name, params);
  }

  /** The same, without a way back (after a task is done). */
  replace(name, params = {}) {
    this.router.replace(name, params);
  }

  back() {
    this.router.back();
  }

  show(name, params) {
    const screen = this.screens.get(name) ?? this.screens.get("home");
    this.screen?.leave?.(this);
    this.closeSheets();
    this.strip.typing = false;
    this.strip.camera = false;
    this.onCamera?.(false);
    this.answer = null;
    this.screen = screen;
    this.params = params;
    screen.enter?.(this, params);
    this.drawNow();
    this.host.querySelector("#screen")?.focus({ preventScroll: true });
    this.host.ownerDocument.defaultView?.scrollTo?.(0, 0);
  }

  allowed(screen) {
    if (!screen.roles || this.practice) return true;
    return Boolean(this.staff?.roles?.some((role) => screen.roles.includes(role)));
  }

  // --- drawing ---------------------------------------------------------------------------------

  /** Draw soon; many calls in one turn draw once. */
  draw() {
    if (this.pending) return;
    this.pending = Promise.resolve().then(() => this.drawNow());
  }

  drawNow() {
    this.pending = null;
    render(frame(this), this.host);
  }

  // --- answers and sheets ----------------------------------------------------------------------

  /** @param {"ok"|"look"|"stop"} tone */
  say(tone, text, { voice = null, code = null, sub = null } = {}) {
    this.answer = { tone, text, sub, code, at: this.now() };
    this.signals?.signal?.(tone, this.settings);
    if (voice) this.signals?.speak?.(voice, this.settings);
    this.draw();
  }

  hush() {
    this.answer = null;
    this.draw();
  }

  /**
   * A modal sheet over the screen.
   * @param {{title: string, body: (app: App) => any, tone?: string, fixed?: boolean, name?: string,
   *   onClose?: () => void, scan?: (app: App, read: any) => any}} sheet  `scan` takes reads while it is open.
   */
  openSheet(sheet) {
    this.sheets = [...this.sheets, sheet];
    this.draw();
    return sheet;
  }

  closeSheet(sheet = this.sheets.at(-1)) {
    if (!sheet || !this.sheets.includes(sheet)) return;
    this.sheets = this.sheets.filter((open) => open !== sheet);
    sheet.onClose?.();
    this.draw();
  }

  closeSheets() {
    for (const sheet of [...this.sheets].reverse()) this.closeSheet(sheet);
  }

  /**
   * Ask with buttons; resolves with the chosen value, or null when closed.
   * @param {{title: string, text?: any, tone?: string, choices: {value: any, label: string, sub?: string,
   *   tone?: string, icon?: string, name?: string}[], fixed?: boolean, name?: string}} o
   */
  choose(o) {
    return new Promise((resolve) => {
      const sheet = { ...o, onClose: () => resolve(null) };
      sheet.pick = (value) => {
        resolve(value);
        this.closeSheet(sheet);
      };
      this.openSheet(sheet);
    });
  }

  // --- scans -----------------------------------------------------------------------------------

  toggleTyping() {
    this.strip.typing = !this.strip.typing;
    this.drawNow();
    if (this.strip.typing) this.host.querySelector("#typed")?.focus();
  }

  toggleCamera() {
    this.strip.camera = !this.strip.camera;
    this.onCamera?.(this.strip.camera);
    this.draw();
  }

  /**
   * A text from a scanner, the camera or a finger. Reads queue: one is handed on when the last is done.
   * @returns {Promise<void>} when the screen is done with it
   */
  scan(text, { source = "wedge" } = {}) {
    const work = this.queue.then(() => this.handle(text, source));
    this.queue = work.catch((fault) => this.failed(fault));
    return this.queue;
  }

  async handle(text, source) {
    const read = await this.reader(text, { source, app: this });
    this.strip.last = { text: read.text, shown: read.shown ?? read.text, kind: read.kind, problem: read.problem ?? null, at: this.now() };
    const top = this.sheets.at(-1);
    if (top && !top.scan) {
      this.signals?.signal?.("stop", this.settings);
      this.draw();
      return;
    }
    const taker = top ?? this.screen;
    if (taker?.scan && !(taker === this.screen && !this.allowed(taker))) await taker.scan(this, read);
    this.draw();
  }

  failed(fault) {
    const sentence = fault?.sentence?.() ?? fault?.message ?? String(fault);
    console.error(fault?.code ?? fault?.name ?? "fault", fault?.stack ?? "");
    this.say("stop", sentence, { code: fault?.code ?? null });
  }

  // --- facts and the server --------------------------------------------------------------------

  /**
   * State facts: durable in the journal before this resolves.
   * @param {object[]} entries  without the common members
   * @param {object[]} [views]  shown on this device only
   * @returns {Promise<{refs: string[], first: number, last: number}>}
   */
  async state(entries, views = []) {
    const common = {
      at: this.now(), offset: this.offset, staff: this.staff?.id ?? 0, round: this.round?.id ?? 0,
      site: this.device?.site ?? null, lab: this.device?.lab ?? null, table: this.table,
      practice: this.practice,
    };
    const done = await this.backing.append(entries.map((entry) => ({ ...common, ...entry })), views);
    this.take(done.records);
    this.backing.wake?.();
    return { refs: done.refs, first: done.first, last: done.last };
  }

  /** New records of the own journal, or all of them again. */
  take(records, afresh = false) {
    this.records = afresh ? records : [...this.records, ...records];
    this.refold(afresh ? null : records);
    this.draw();
  }

  refold(added = null) {
    if (this.fold) this.work = this.fold(this, added);
  }

  /** Signed POST. Throws Offline or ServerProblem (ground/net.js). */
  ask(path, body = {}, { timeout = 15000 } = {}) {
    return this.backing.ask(path, body, { timeout, token: this.staff?.token ?? null });
  }

  // --- settings --------------------------------------------------------------------------------

  set(changes) {
    Object.assign(this.settings, changes);
    setLang(this.settings.lang);
    this.backing.keepSettings?.(this.settings);
    this.dress();
    this.draw();
  }

  /** The document wears the settings: language, theme, thumb side. */
  dress() {
    const root = this.host.ownerDocument.documentElement;
    root.lang = this.settings.lang === "en" ? "en" : "zh-CN";
    root.dataset.theme = this.settings.theme ?? "auto";
    root.dataset.thumb = this.settings.thumb ?? "right";
  }
}
