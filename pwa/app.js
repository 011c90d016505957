// The app: its state, the router, one queue of scans, what a screen may ask for.
import { render } from "lit-html";

import { sentenceOf } from "./faults.js";
import { frame } from "./frame.js";
import { Holding, OtherTab } from "./holding.js";
import { showSheets } from "./parts/sheet.js";
import { Router } from "./router.js";
import { keepSettings } from "./settings.js";
import { setLang, t } from "./words/index.js";

/** @typedef {{name: string, title: (app: App) => string, view: (app: App) => any, enter?: Function,
 *   leave?: Function, scan?: Function, roles?: string[]|null, link?: string|null, icon?: string}} Screen */

export class App extends Holding {
  /**
   * @param {{host: HTMLElement, screens: Screen[], settings: object, signals?: any, reader?: any}} o
   *   What stores and sends is attached later: kept.js, or practice/backing.js.
   */
  constructor({ host, screens, settings, signals = null, reader = null }) {
    super();
    this.host = host;
    this.screens = new Map(screens.map((screen) => [screen.name, screen]));
    this.signals = signals;
    this.reader = reader;
    this.settings = settings;
    this.answer = null;
    this.checks = null; // ground/checks.js
    this.worker = "installing"; // of the shell: none, installing, ready, failed
    this.install = null; // asks the phone to put the app on its home screen
    this.newVersion = null; // waits until the outbox is empty and a person agrees
    this.sheets = [];
    this.strip = { last: null, typing: false, camera: false, text: "" };
    this.lasts = new Map();
    this.screen = null;
    this.params = {};
    this.router = new Router((name, params) => this.show(name, params));
    this.pending = null;
    this.version = null;
    this.fault = null; // why the store could not be opened
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
    this.answer = null;
    if (this.screen) this.lasts.set(this.screen.name, this.strip.last);
    this.strip.last = this.lasts.get(screen.name) ?? null; // read on another screen, it would be taken for this one's
    this.screen = screen;
    this.params = params;
    screen.enter?.(this, params);
    this.drawNow();
    this.host.querySelector("#screen")?.focus({ preventScroll: true });
    this.host.ownerDocument.defaultView?.scrollTo?.(0, 0);
    this.stayAwake?.();
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
    showSheets(this.host);
    if (this.focusBack && !this.sheets.length) {
      if (this.focusBack.isConnected) this.focusBack.focus({ preventScroll: true });
      this.focusBack = null;
    }
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
    if (!this.sheets.length) this.focusBack = this.host.ownerDocument.activeElement;
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
    if (this.tab !== "first") throw new OtherTab();
    const read = await this.reader(text, { source, app: this });
    this.strip.again = false;
    this.strip.last = { text: read.text, shown: read.shown ?? read.text, kind: read.kind, problem: read.problem ?? null, at: this.now() };
    const top = this.sheets.at(-1);
    if (top && !top.scan) {
      this.say("stop", t("请先答屏幕上的问题，再扫码。"), { code: "sheet_open" });
      return;
    }
    const taker = top ?? this.screen;
    const takes = taker?.scan && (taker !== this.screen || this.allowed(taker));
    if (takes) await taker.scan(this, read);
    else this.say("look", t("这一屏不扫码"), { code: "no_scan" });
    this.draw();
  }

  /** Entries that a newer version waits for: those that are refused would keep the old one for ever. */
  get updateWaits() {
    return Math.max(0, this.outbox.waiting - (this.outbox.stuck ?? 0));
  }

  failed(fault) {
    if (!fault?.sentence) console.error(fault?.code ?? fault?.name ?? "fault", fault?.stack ?? "");
    this.say("stop", sentenceOf(fault), { code: fault?.code ?? null });
  }

  // --- settings --------------------------------------------------------------------------------

  set(changes) {
    Object.assign(this.settings, changes);
    if (!this.practice) keepSettings(this.settings);
    this.dress();
    this.draw();
  }

  /** The document wears the settings: language, theme, thumb side. */
  dress() {
    const root = this.host.ownerDocument.documentElement;
    const { lang, theme, thumb } = this.settings;
    setLang(lang);
    root.lang = lang === "en" ? "en" : "zh-CN";
    const dark = globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = theme === "auto" ? (dark ? "night" : "day") : theme;
    root.dataset.thumb = thumb;
    this.host.ownerDocument.title = t("筛查现场");
  }
}
