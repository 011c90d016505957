// The community worker's day: two taps note an outcome; it is kept on the phone at once and sent
// when there is a network. Without scripts the same forms are sent as usual.

import { Outbox, pause } from "./day-outbox.js";
import { say } from "./lang.js";

const TIMEOUT = 15_000; // ms; then the act is sent again under the same key

class Day {
  constructor(line) {
    this.line = line;
    this.refused = document.querySelector("[data-refused]");
    this.csrf = line.dataset.csrf;
    this.outbox = new Outbox({
      store: localStorage,
      who: line.dataset.who,
      send: (op) => this.send(op),
      changed: () => this.show(),
    });
    document.addEventListener("submit", (event) => this.submitted(event), true);
    document.addEventListener("click", (event) => this.clicked(event));
    addEventListener("online", () => this.go());
    addEventListener("storage", () => this.show());
    document.addEventListener("visibilitychange", () => document.hidden || this.go());
    for (const op of this.outbox.waiting()) if (!op.undoes) this.mark(op);
    this.show();
    this.go();
  }

  async send({ path, body }) {
    const answer = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json",
                 "X-CSRF-Token": this.csrf },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    if (answer.ok) return { status: answer.status };
    const told = await answer.json().catch(() => ({}));
    return { status: answer.status, code: told.code, detail: told.detail };
  }

  async go() {
    clearTimeout(this.timer);
    const all = await this.outbox.flush();
    if (all || this.outbox.door || !this.outbox.waiting().length) return;
    this.timer = setTimeout(() => this.go(), pause(this.outbox.failures) * 1000);
  }

  submitted(event) {
    const form = event.target;
    const button = event.submitter;
    if (!form.matches("[data-outcome]") || !button) return;
    event.preventDefault();
    event.stopPropagation();
    try {
      const op = this.outbox.add(this.act(form, button));
      this.mark(op, button.textContent.trim());
    } catch {
      this.line.textContent = say("手机存储已满，没有记下；请先连网。", "The phone's store is full: not kept. Find a network first.");
      return;
    }
    this.go();
  }

  act(form, button) {
    const of = (name) => form.elements[name]?.value;
    const card = form.closest("[data-card]").dataset.card;
    if (form.dataset.undo) {
      const body = button.value === "take" ? {} : { outcome: button.value };
      return { path: form.dataset.path, undo: form.dataset.undo, card, body };
    }
    const body = { cell_id: of("cell_id"), person_id: of("person_id"), round_id: of("round_id"),
                   kind: of("kind"), outcome: button.value };
    if (button.dataset.hours) body.hours = Number(button.dataset.hours);
    return { path: form.dataset.path, undo: `${form.dataset.path}/undo`, card, body };
  }

  /** The card says what was noted, with a way back. */
  mark(op, label) {
    const card = document.querySelector(`[data-card="${op.card}"]`);
    if (!card) return;
    const value = op.body.outcome ?? "take";
    const same = [...card.querySelectorAll("button[name=do]")].find(
      (b) => b.value === value && (b.dataset.hours ?? "") === String(op.body.hours ?? ""));
    const done = card.querySelector("[data-done]");
    const text = document.createElement("span");
    text.textContent = say(`已记下：${label ?? same?.textContent.trim() ?? value}`,
                           `Noted: ${label ?? same?.textContent.trim() ?? value}`);
    const back = Object.assign(document.createElement("button"), {
      type: "button", className: "btn btn-sm btn-quiet", textContent: say("撤销", "Undo"),
    });
    back.addEventListener("click", () => this.undo(op, card));
    done.replaceChildren(text, back);
    done.hidden = false;
    card.classList.add("is-done");
    for (const open of card.querySelectorAll("details[open]")) open.open = false;
    if (label) back.focus({ preventScroll: true });
  }

  undo(op, card) {
    this.outbox.undo(op);
    card.classList.remove("is-done");
    card.querySelector("[data-done]").hidden = true;
    card.querySelector("summary")?.focus({ preventScroll: true });
    this.go();
  }

  clicked(event) {
    const button = event.target.closest("[data-drop]");
    const op = button && this.outbox.refused().find((o) => o.key === button.dataset.drop);
    if (op) this.outbox.drop(op);
  }

  /** The truth about what the server holds, in one line; what it refused, with its sentence. */
  show() {
    const n = this.outbox.waiting().length;
    const others = this.outbox.others();
    const off = navigator.onLine === false || this.outbox.failures > 0;
    this.line.classList.toggle("is-waiting", n > 0);
    this.line.classList.toggle("is-stuck", n > 0 && this.outbox.door);
    let text = say("没有待发送的记录，都已送达。", "Nothing waits: the server holds everything.");
    if (n && this.outbox.door) text = say(`${n} 条待发送：请重新登录，记录还在手机上。`, `${n} to send: sign in again, they are kept on the phone.`);
    else if (n && off) text = say(`${n} 条待发送：没有网络，已存在手机上，连上后自动发送。`, `${n} to send: no network; kept on the phone and sent by themselves.`);
    else if (n) text = say(`正在发送 ${n} 条。`, `Sending ${n}.`);
    if (others) text += say(` 另有 ${others} 条是别人在这部手机上记的，等本人登录后发送。`, ` ${others} of somebody else wait for that person to sign in here.`);
    if (this.line.textContent !== text) this.line.textContent = text;
    this.list();
  }

  list() {
    const ops = this.outbox.refused();
    this.refused.hidden = ops.length === 0;
    this.refused.replaceChildren(...ops.map((op) => {
      const line = document.createElement("li");
      const card = document.querySelector(`[data-card="${op.card}"] strong`);
      const text = document.createElement("span");
      text.textContent = say(`没有记下${card ? `（${card.textContent}）` : ""}：${op.refused}`,
                             `Not kept${card ? ` (${card.textContent})` : ""}: ${op.refused}`);
      const drop = Object.assign(document.createElement("button"), {
        type: "button", className: "btn btn-sm btn-quiet", textContent: say("知道了", "Understood"),
      });
      drop.dataset.drop = op.key;
      line.append(text, drop);
      return line;
    }));
  }
}

/** A form with a person's words: they stay on the page, in memory only, until the server has them. */
export async function keepTrying(event, form, line) {
  event.preventDefault();
  event.stopPropagation();
  line.hidden = false;
  line.textContent = say("正在登记。", "Registering.");
  try {
    const answer = await fetch(form.action, {
      method: "POST", body: new FormData(form), credentials: "same-origin",
      headers: { Accept: "text/html" }, signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await answer.text();
    if (answer.redirected) history.replaceState(null, "", answer.url);
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    document.querySelector("main").replaceChildren(...fresh.childNodes);
    (document.querySelector("[data-focus]") ?? document.querySelector("[aria-invalid], main"))?.focus();
    scrollTo(0, 0);
  } catch {
    line.textContent = say("没有连上服务器。填写的内容还在本页，没有存在手机上；有网络时再按一次登记。",
                           "No answer from the server. What you wrote is still on this page and nowhere else; press again when there is a network.");
  }
}

if (globalThis.document) {
  const line = document.querySelector("[data-outbox]");
  if (line) new Day(line);
  document.addEventListener("submit", (event) => {
    const note = document.querySelector("[data-keep-note]");
    if (event.target.matches("[data-keep]") && note) keepTrying(event, event.target, note);
  }, true);
}
