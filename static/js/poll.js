// Keeps a part of a page fresh: asks the address again, takes over the part with the same id.
// <section id="job-7" data-poll="/jobs/7" data-every="2">: seconds, with jitter so that a thousand
// screens do not knock together. The browser sends the ETag along; 304 costs next to nothing.

import { say } from "./lang.js";

/** Seconds until the next question: ±20 %, doubled for every failure in a row, at most a minute. */
export function wait(every, failures, chance = Math.random()) {
  return Math.min(60, every * 2 ** failures) * (0.8 + 0.4 * chance);
}

class Poll {
  constructor(part) {
    this.part = part;
    this.failures = 0;
    this.text = null;
    this.later();
  }

  later() {
    const seconds = wait(Number(this.part.dataset.every) || 5, this.failures);
    setTimeout(() => this.ask(), seconds * 1000);
  }

  async ask() {
    if (document.hidden || this.part.matches(":has(:is(input, select, textarea):focus)")) {
      return this.later(); // nobody's half-typed word is taken away
    }
    try {
      const answer = await fetch(this.part.dataset.poll, {
        cache: "no-cache",
        credentials: "same-origin",
        headers: { Accept: "text/html" },
      });
      if (answer.status === 401 || answer.redirected) return this.stale(); // signed out
      if (!answer.ok) throw new Error(String(answer.status));
      this.failures = 0;
      this.take(await answer.text());
    } catch {
      this.failures += 1;
      if (this.failures >= 2) this.stale();
    }
    if (this.part.dataset.poll) this.later();
  }

  take(text) {
    this.note?.remove();
    this.part.classList.remove("is-stale");
    if (text === this.text) return;
    this.text = text;
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById(this.part.id);
    if (!fresh) return;
    this.part.replaceWith(fresh);
    this.part = fresh;
    fresh.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
  }

  stale() {
    this.part.classList.add("is-stale");
    this.note ??= Object.assign(document.createElement("p"), {
      className: "stale-note",
      textContent: say("没有连上服务器，显示的是较早的数字。", "No answer from the server; these are earlier numbers."),
    });
    this.note.setAttribute("role", "status");
    this.part.append(this.note);
  }
}

if (globalThis.document) {
  for (const part of document.querySelectorAll("[data-poll][id]")) new Poll(part);
}
