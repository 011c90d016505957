// What is sent when: a pure machine. Events go in, a new state and commands come out; the server's
// receipt is the only truth about what it holds.

/** Entries of a batch at most; halved when the server finds it too large. */
export const MOST = 200;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const STOPPED_WAIT_MS = 30 * 60_000;
const ASK_EVERY_MS = 10 * 60_000;
const SLOW_TRIP_MS = 10_000;
const GONE = ["revoked", "lost", "forked"];

/** @param {{last, acked, base?, heard_at?}} journal numbers; base: entries up to it were pruned */
export const begin = ({ last, acked, base = 0, heard_at = null }) => ({
  last, acked, base, phase: "idle", fails: 0, next_at: 0, last_contact: heard_at, asked_at: 0, ask: true, most: MOST,
  held: [], parked: [], forked: false, device_state: "active", message: null, offline: false,
});

/** The first number that the server is not known to hold; null when it holds all that is here. */
export function nextNumber({ last, acked, base, held }) {
  let n = Math.max(acked, base) + 1;
  for (const [from, to] of held) if (from <= n && n <= to) n = to + 1;
  return n <= last ? n : null;
}

/** How many entries the server is not known to hold. */
export function waiting(state) {
  let n = state.last - Math.min(state.acked, state.last);
  for (const [from, to] of state.held) {
    n -= Math.max(0, Math.min(to, state.last) - Math.max(from, state.acked + 1) + 1);
  }
  return Math.max(0, n);
}

/** The numbers before what the server holds beyond a gap, where this device no longer has them. */
export function gap({ acked, base, held }) {
  if (held.length > 0 && base > acked) return [acked + 1, Math.min(base, held[0][0] - 1)];
  return null;
}

/**
 * One event. @returns {{state, commands: object[]}}
 * events: {type: "grown", last} · {type: "wake"|"online"|"offline"|"try", now}
 *   · {type: "receipt", receipt, now, began, sent: {first, last}|null, agrees: true|false|null}
 *     agrees: whether the chain here has the receipt's head at its `last`; null: not known
 *   · {type: "failed", why: "timeout"|"network"|"portal"|"http", status, code, retry_after, now, random}
 * commands: {do: "send", first, most} · "ask" · "confirm" {last} · "offset" {ms} · "gone" {state} · "renew"
 */
export function step(state, event) {
  const [next, commands] = HEAR[event.type](state, event);
  const more = event.now === undefined || next.phase !== "idle" ? [] : due(next, event.now);
  return { state: more.length > 0 ? { ...next, ...more[1] } : next, commands: [...commands, ...more.slice(0, 1)] };
}

/** When to look again, if nothing else happens. */
export function wakeAt(state) {
  if (state.phase !== "idle" || state.offline) return null;
  return state.ask || nextNumber(state) ? state.next_at : Math.max(state.next_at, state.asked_at + ASK_EVERY_MS);
}

function due(state, now) {
  const wait = state.next_at - now; // no wait is longer: the clock was put back
  if (state.offline || (wait > 0 && wait <= STOPPED_WAIT_MS)) return [];
  const first = nextNumber(state);
  const asking = state.ask || (first === null && Math.abs(now - state.asked_at) >= ASK_EVERY_MS);
  if (asking) return [{ do: "ask" }, { phase: "asking", ask: true, asked_at: now }];
  return first === null ? [] : [{ do: "send", first, most: state.most }, { phase: "sending" }];
}

const HEAR = {
  grown: (state, { last }) => [{ ...state, last }, []],
  wake: (state) => [state, []],
  online: (state) => [{ ...state, offline: false, fails: 0, next_at: 0 }, []],
  offline: (state) => [{ ...state, offline: true }, []],
  try: (state) => [{ ...state, offline: false, fails: 0, next_at: 0, message: null }, []],
  receipt: heard,
  failed,
};

function heard(state, { receipt, now, began, sent, agrees = null }) {
  const commands = [];
  if (receipt.server_time && now - began <= SLOW_TRIP_MS) {
    commands.push({ do: "offset", ms: Math.round(receipt.server_time - (began + now) / 2) });
  }
  const device_state = receipt.device_state ?? "active";
  if (GONE.includes(device_state) && device_state !== state.device_state) commands.push({ do: "gone", state: device_state });
  const known = {
    ...state, phase: "idle", ask: false, fails: 0, next_at: 0, last_contact: now, asked_at: now,
    parked: receipt.parked ?? [], forked: Boolean(receipt.forked), device_state, message: null, offline: false,
  };
  const strange = !known.forked && (receipt.last > state.last || agrees === false);
  const acked = heldNow(known, receipt, sent, strange);
  commands.push({ do: "confirm", last: acked });
  // the server knows other numbers than this store does: it was put back, and must not use them twice;
  // but first what it has is sent, which the server keeps as the same or as a fork
  if (strange && acked >= state.last) {
    return [{ ...known, acked, message: "store_put_back" }, [...commands, { do: "renew" }]];
  }
  const held = (receipt.held ?? []).filter(([, to]) => to > acked).sort((a, b) => a[0] - b[0]);
  const next = { ...known, acked, held };
  if (acked < state.acked) next.message = "server_restored";
  if (sent && !moved(state, next, sent)) return [later(next, now, 1, "no_progress"), commands];
  return [next, commands];
}

/** On a fork, or where the server's numbers are not ours, its `last` says nothing of our entries: only
 * what it has just taken is held. */
function heldNow(state, receipt, sent, strange) {
  if (!receipt.forked && !strange) return Math.min(receipt.last, state.last);
  return Math.max(state.acked, sent?.last ?? 0);
}

const moved = (before, after, sent) =>
  after.acked !== before.acked || nextNumber(after) !== sent.first || after.held.length !== before.held.length;

function failed(state, event) {
  const { why, status, code, now } = event;
  const idle = { ...state, phase: "idle" };
  if (why === "http" && status === 413 && state.most > 1) {
    return [{ ...idle, most: Math.ceil(state.most / 2), next_at: now }, []];
  }
  if (why === "http" && status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
    const message = status === 413 ? "too_large" : (code ?? "refused");
    return [{ ...idle, ask: false, message, last_contact: now, next_at: now + STOPPED_WAIT_MS }, []];
  }
  const message = { portal: "portal", http: "server_busy" }[why] ?? null;
  return [later({ ...idle, ask: idle.ask || why === "timeout" }, now, event.random ?? 1, message, event.retry_after), []];
}

/** Twice as long each time, half of it by chance, so that a town's phones do not call in step. */
function later(state, now, random, message, least = 0) {
  const fails = state.fails + 1;
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (fails - 1));
  const wait = Math.min(STOPPED_WAIT_MS, Math.max(longest * (0.5 + random / 2), least * 1000));
  return { ...state, fails, next_at: Math.round(now + wait), message };
}

/** What the screens show. `since`: time of the first entry that waits; `older`: entries of earlier
 * journals of this installation that wait, `refused` of them because the server does not take them.
 * `stuck`: all that is refused, which waiting does not help; a newer version of the app may. */
export function truth(state, { since = null, older = 0, carried = 0, refused = 0, put_back = false } = {}) {
  const waits = waiting(state) + older;
  const said = word(state, waits);
  const stuck = (said === "stopped" ? waiting(state) : 0) + refused;
  return {
    held: state.acked, last: state.last, waiting: waits, stuck, since: waits > 0 ? since : null, older, carried,
    state: said, next_at: waits > 0 ? state.next_at : null, last_contact: state.last_contact,
    parked: state.parked, gap: gap(state), beyond: state.held, forked: state.forked,
    device_state: state.device_state, message: state.message ?? (put_back ? "store_put_back" : null),
  };
}

function word(state, waits) {
  if (state.forked || state.device_state === "forked") return "forked";
  if (GONE.includes(state.device_state)) return "revoked";
  if (state.phase !== "idle") return state.phase;
  if (state.offline) return "offline";
  if (waits === 0) return "idle";
  if (state.message && !["server_busy", "portal", "server_restored", "store_put_back"].includes(state.message)) return "stopped";
  return state.fails > 0 ? "waiting" : "idle";
}
