// The day's outbox: every act is in the browser's store before it is shown as done, and leaves it
// when the server has answered. It holds numbers and codes of outcomes only, nothing personal.
// Each act has a key of its own: sent twice it is one.

const PREFIX = "day:";

/** 24 random digits and letters; works on pages without TLS too. */
export function newKey(random = crypto) {
  const bytes = random.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** What an answer means for the act: "kept", "again" (later), "door" (sign in first), "refused". */
export function verdict(status, code = "") {
  if (status >= 200 && status < 300) return "kept";
  if (status === 401 || code === "bad_token" || code === "must_change_password") return "door";
  if (status === 408 || status === 429 || status >= 500) return "again";
  return "refused";
}

/** Seconds until the next try after `failures` in a row. */
export function pause(failures, chance = Math.random()) {
  return Math.min(60, 1.5 * 2 ** failures) * (0.8 + 0.4 * chance);
}

export class Outbox {
  /** `store` like localStorage; `send(op)` → {status, code?, detail?}, throws without a network. */
  constructor({ store, send, who, now = Date.now, changed = () => {} }) {
    Object.assign(this, { store, sendOne: send, who: String(who), now, changed });
    this.failures = 0;
    this.door = false;
    this.flying = null;
  }

  /** The own acts in the order in which they were done. */
  list() {
    const found = [];
    for (let i = 0; i < this.store.length; i += 1) {
      const name = this.store.key(i);
      const op = name?.startsWith(PREFIX) ? read(this.store.getItem(name)) : null;
      if (op?.who === this.who) found.push(op);
    }
    return found.sort((a, b) => a.made - b.made || a.order - b.order);
  }

  waiting() {
    return this.list().filter((op) => !op.refused);
  }

  refused() {
    return this.list().filter((op) => op.refused);
  }

  /** How many acts of other people wait on this phone. */
  others() {
    let n = 0;
    for (let i = 0; i < this.store.length; i += 1) {
      const name = this.store.key(i);
      if (name?.startsWith(PREFIX) && read(this.store.getItem(name))?.who !== this.who) n += 1;
    }
    return n;
  }

  /** Keep an act; throws when the store is full or closed, so that nothing is shown as done. */
  add({ path, undo, card, body }) {
    const key = newKey();
    this.count = (this.count ?? 0) + 1;
    const op = { key, path, undo, card, body, who: this.who, made: this.now(), order: this.count,
                 tried: false };
    this.write(op);
    this.changed();
    return op;
  }

  /** Take an act back: gone without a trace when it never left, else undone at the server. */
  undo(op) {
    const held = read(this.store.getItem(PREFIX + op.key));
    if (held && !held.tried && this.flying !== op.key) {
      this.drop(op);
    } else {
      this.count = (this.count ?? 0) + 1;
      const back = { key: `u${op.key}`, undoes: op.key, path: op.undo, card: op.card,
                     body: { ...ids(op.body), key: op.key }, who: this.who,
                     made: this.now(), order: this.count, tried: false };
      this.write(back);
    }
    this.changed();
  }

  drop(op) {
    this.store.removeItem(PREFIX + op.key);
    this.changed();
  }

  write(op) {
    this.store.setItem(PREFIX + op.key, JSON.stringify(op));
  }

  /** Send what waits, one after another. True when nothing is left that could be sent now. */
  async flush() {
    if (this.flying) return false;
    for (const op of this.waiting()) {
      if (!(await this.one(op))) return false;
    }
    return true;
  }

  async one(op) {
    this.flying = op.key;
    this.write({ ...op, tried: true });
    let answer;
    try {
      answer = await this.sendOne({ path: op.path, body: this.bodyOf(op) });
    } catch {
      answer = { status: 0 };
    }
    this.flying = null;
    const means = answer.status ? verdict(answer.status, answer.code) : "again";
    if (means === "kept") this.store.removeItem(PREFIX + op.key);
    if (means === "refused") this.write({ ...op, tried: true, refused: answer.detail ?? "" });
    this.door = means === "door";
    this.failures = means === "again" ? this.failures + 1 : 0;
    this.changed();
    return means === "kept" || means === "refused";
  }

  bodyOf(op) {
    if (op.undoes) return op.body;
    const age = Math.round((this.now() - op.made) / 1000);
    return { ...op.body, key: op.key, age: Math.min(Math.max(age, 0), 7 * 86400) };
  }
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Of an act only what says whom it was about. */
function ids({ cell_id, person_id }) {
  return cell_id === undefined ? {} : { cell_id, person_id };
}
