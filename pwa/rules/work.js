// The tubes of this phone: a pure fold of its own journal over what the server told of the site.
// The same meaning as screening/tube/folding.py where they overlap; kept tube by tube, so that one
// more entry costs one tube and not the whole shift.

/**
 * @typedef {{seat: number, ref: string|null, name: string, document: string, code: string|null,
 *   key: string|null, mark: string|null, out: boolean, mine: boolean, purpose: string,
 *   at: number|null}} Seat
 * @typedef {{number: string, mode: string, size: number, state: "open"|"closed"|"packed"|"gone",
 *   seats: Seat[], live: number, n: number|null, over: number, opened_at: number|null,
 *   closed_at: number|null, close_ref: string|null, table: number|null, device: string,
 *   site: string|number|null, round: string|number, own: boolean, joined: boolean}} Tube
 */

/** A resident's key, by which one person is one person however they were read. */
export const personKey = (cell, person) => `p:${cell}:${person}`;

/** The key behind an R1 code, whose check digits were read before; null for anything else. */
export function keyOfCode(code) {
  const match = /^R1\.([0-9]+)-([0-9]+)-/.exec(code ?? "");
  return match ? personKey(Number(match[1]), BigInt(match[2]).toString()) : null;
}

export function startWork({ device = "", site = null } = {}) {
  return {
    tubes: new Map(),
    people: new Map(), // key -> [{ref, tube, at, round, purpose, site}]
    last: null, // the newest own record that put somebody into a tube and still stands
    device, site,
    facts: new Map(),
    binds: [], // own records that put somebody into a tube, in order
    tubeOf: new Map(), // ref of a bind -> the tube it lies in
    batches: new Map(), // batch -> {tubes: Set, gone: boolean}
    sealed: new Map(), // seal -> batch
    served: [], // numbers the server's layer speaks of
  };
}

/** The whole fold: the server's layer first, then every own record in order. */
export function foldWork(records, served = null, context = {}) {
  const work = startWork(context);
  setServed(work, served);
  for (const record of records) addRecord(work, record);
  return work;
}

function factsOf(work, number) {
  let facts = work.facts.get(number);
  if (!facts) {
    facts = {
      open: null, joined: null, binds: new Map(), taken: new Map(), marks: new Map(), closes: [],
      reopened: new Set(), paper: null, over: 0, packs: [], unpacked: new Set(), gone: false,
      own: false, first: null, served: null, box: null,
    };
    work.facts.set(number, facts);
  }
  return facts;
}

/** Replaces the server's layer with a fresh one; own facts stay as they are. */
export function setServed(work, served) {
  const touched = new Set(work.served);
  for (const number of work.served) Object.assign(factsOf(work, number), { served: null, box: null });
  work.served = [];
  for (const tube of served?.tubes ?? []) {
    factsOf(work, tube.tube).served = tube;
    work.served.push(tube.tube);
    touched.add(tube.tube);
  }
  for (const box of served?.boxes ?? []) {
    for (const number of box.tubes ?? []) {
      factsOf(work, number).box = box.batch;
      work.served.push(number);
      touched.add(number);
    }
  }
  for (const number of touched) rebuild(work, number);
  return work;
}

/** One more own record: {seq, entry, ref, view, at}. */
export function addRecord(work, record) {
  const { entry } = record;
  const tell = TELL[entry.kind];
  if (!tell) return work;
  const facts = entry.tube ? factsOf(work, entry.tube) : null;
  if (facts) {
    facts.own = true;
    facts.first ??= entry;
  }
  tell(work, facts, record);
  if (entry.tube) rebuild(work, entry.tube);
  if (entry.to && entry.kind === "move") rebuild(work, entry.to);
  return work;
}

function put(work, number, { entry, ref, view, seq }) {
  const facts = factsOf(work, number);
  facts.own = true;
  facts.first ??= entry;
  const code = entry.who?.code ?? view?.code ?? null;
  const key = view?.key ?? keyOfCode(code);
  facts.binds.set(ref, {
    seat: entry.seat, ref, name: view?.name ?? "", document: view?.document ?? "", key,
    code, purpose: entry.purpose ?? "screen", mine: true,
    at: entry.at, seq,
  });
  work.tubeOf.set(ref, number);
  work.binds.push({ seq, entry, ref, view, tube: number });
  if (key) {
    const uses = work.people.get(key) ?? [];
    uses.push({ ref, tube: number, at: entry.at, round: entry.round, purpose: entry.purpose ?? "screen",
      site: entry.site });
    work.people.set(key, uses);
  }
  work.last = work.binds.at(-1);
}

function takeBack(work, facts, ref, how) {
  facts.taken.set(ref, how);
  while (work.binds.length) {
    const { ref: last, tube } = work.binds.at(-1);
    if (!factsOf(work, tube).taken.has(last)) break;
    work.binds.pop();
  }
  work.last = work.binds.at(-1) ?? null;
}

const leave = (work, batch) => {
  const found = work.batches.get(batch);
  if (!found) return;
  found.gone = true;
  for (const number of found.tubes) rebuild(work, number);
};

const TELL = {
  open: (work, facts, { entry }) => void (facts.open ??= entry),
  join: (work, facts, { entry }) => void (facts.joined ??= entry),
  bind: (work, facts, record) => put(work, record.entry.tube, record),
  unbind: (work, facts, { entry }) => takeBack(work, facts, entry.ref, "unbound"),
  move: (work, facts, record) => {
    put(work, record.entry.to, record);
    takeBack(work, facts, record.entry.ref, "moved");
  },
  mark: (work, facts, { entry }) => {
    if (!facts.marks.has(entry.ref)) facts.marks.set(entry.ref, entry.what);
  },
  over: (work, facts, { entry }) => void (facts.over = Math.max(facts.over, entry.n)),
  close: (work, facts, { entry, ref }) => facts.closes.push({ ref, n: entry.n, at: entry.at }),
  reopen: (work, facts, { entry }) => facts.reopened.add(entry.ref),
  paper: (work, facts, { entry }) => void (facts.paper = entry.n),
  pack: (work, facts, { entry, ref }) => {
    facts.packs.push({ ref, batch: entry.batch });
    const batch = work.batches.get(entry.batch) ?? { tubes: new Set(), gone: false };
    batch.tubes.add(entry.tube);
    work.batches.set(entry.batch, batch);
  },
  unpack: (work, facts, { entry }) => facts.unpacked.add(entry.ref),
  seal: (work, facts, { entry }) => void work.sealed.set(entry.seal, entry.batch),
  hand_over: (work, facts, { entry }) => leave(work, entry.batch ?? work.sealed.get(entry.seal)),
  receive: (work, facts) => void (facts.gone = true),
  reject: (work, facts) => void (facts.gone = true),
};

// --- one tube from its facts ---------------------------------------------------------------------

const NOT_IN_TUBE = new Set(["unbound", "moved"]);

function rebuild(work, number) {
  const facts = work.facts.get(number);
  if (!facts || (!facts.own && !facts.served && !facts.box)) {
    work.tubes.delete(number);
    return;
  }
  const { served, open } = facts;
  const seats = seatsOf(facts);
  const live = seats.filter((seat) => !seat.out && seat.mark !== "not_swabbed").length;
  const close = lastClose(facts);
  const first = open ?? facts.joined ?? facts.first;
  work.tubes.set(number, {
    number,
    mode: open?.mode ?? served?.mode ?? "pooled",
    size: open?.size ?? served?.size ?? 0,
    state: stateOf(work, facts, close),
    seats, live,
    n: facts.paper ?? close?.n ?? null,
    over: facts.over,
    opened_at: earlier(open?.at, served?.opened_at ?? served?.at) ?? facts.first?.at ?? null,
    closed_at: close?.at ?? null,
    close_ref: close?.ref ?? null,
    table: open?.table ?? served?.table ?? facts.joined?.table ?? null,
    device: open ? work.device : (served?.device ?? work.device),
    site: first?.site ?? work.site,
    round: first?.round ?? served?.round ?? 0,
    own: Boolean(open || facts.joined || facts.binds.size),
    joined: Boolean(facts.joined),
  });
}

const earlier = (a, b) => (a == null ? b : b == null ? a : Math.min(a, b));

/** Own and served seats, one a swab: the same reference is the same swab. */
function seatsOf(facts) {
  const seats = new Map();
  for (const seat of facts.served?.seats ?? []) {
    const told = NOT_IN_TUBE.has(seat.mark);
    seats.set(seat.ref ?? `seat ${seat.seat}`, {
      seat: seat.seat, ref: seat.ref ?? null, name: seat.name ?? "", document: seat.document ?? "",
      code: seat.code ?? null, key: keyOfCode(seat.code), purpose: seat.purpose ?? "screen",
      at: seat.at ?? null, mine: false,
      mark: told ? null : (seat.mark ?? null), out: told || Boolean(seat.out),
    });
  }
  for (const [ref, bind] of facts.binds) {
    const told = seats.get(ref);
    seats.set(ref, {
      ...bind, name: bind.name || told?.name || "", document: bind.document || told?.document || "",
      code: bind.code ?? told?.code ?? null, key: bind.key ?? told?.key ?? null,
      mark: told?.mark ?? null, out: told?.out ?? false,
    });
  }
  for (const [ref, seat] of seats) {
    if (facts.taken.has(ref)) seat.out = true;
    else if (facts.marks.has(ref)) seat.mark ??= facts.marks.get(ref);
  }
  return [...seats.values()].sort((a, b) => a.seat - b.seat || (a.at ?? 0) - (b.at ?? 0));
}

const SAME = 5000; // ms: the server's time of a close against this clock's, corrected

function lastClose(facts) {
  const own = facts.closes.filter((c) => !facts.reopened.has(c.ref)).at(-1);
  if (own) return own;
  const told = facts.served;
  if (told?.state !== "closed") return null;
  const at = told.closed_at ?? told.at ?? null;
  const back = facts.closes.some(
    (c) => facts.reopened.has(c.ref) && (told.close_ref ? c.ref === told.close_ref : Math.abs(c.at - at) < SAME),
  );
  if (back || (told.close_ref && facts.reopened.has(told.close_ref))) return null;
  return { ref: told.close_ref ?? null, n: told.n ?? null, at };
}

function stateOf(work, facts, close) {
  if (facts.gone) return "gone";
  const pack = facts.packs.filter((p) => !facts.unpacked.has(p.ref)).at(-1);
  if (pack) return work.batches.get(pack.batch)?.gone ? "gone" : "packed";
  const out = facts.packs.length > 0; // this phone took it out after the server had told its box
  if (facts.box && !out && !facts.unpacked.size) return "packed";
  return close ? "closed" : "open";
}

// --- questions -----------------------------------------------------------------------------------

/** Swabs of a person that this phone knows of and that still count. */
export function swabsOf(work, key) {
  const uses = key ? (work.people.get(key) ?? []) : [];
  return uses.filter(({ ref, tube }) => {
    const seat = work.tubes.get(tube)?.seats.find((s) => s.ref === ref);
    return seat && !seat.out && !seat.mark;
  });
}

/** The seat after the highest one ever given: seats are never used twice. */
export const nextSeat = (tube) => tube.seats.reduce((most, s) => Math.max(most, s.seat), 0) + 1;

/** How many swabs fit before somebody has to say something. */
export const roomOf = (tube) => Math.max(tube.size || Infinity, tube.over);

export const isFull = (tube) => tube.live >= roomOf(tube);

/** Open tubes that this phone works on, the newest first. */
export function openTubes(work, { own = true } = {}) {
  return [...work.tubes.values()]
    .filter((t) => t.state === "open" && (!own || t.own))
    .sort((a, b) => (b.opened_at ?? 0) - (a.opened_at ?? 0));
}
