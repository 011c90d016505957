// Start and end of a shift: what was left open, what was done today, what still hinders the end.

export const REFRESH = 3 * 60_000; // the slice is asked for again this often while there is a network
const JITTER = 0.2; // phones of a site do not ask in one second
const HOUR = 3_600_000;

const newestFirst = (a, b) => (b.since ?? 0) - (a.since ?? 0);
const age = (since, now) => (since ? Math.max(0, now - since) : null);

/**
 * Tubes and boxes of the site that nobody closed yet, from any device, oldest first.
 * @returns {{tubes: {number, device, since, age, n, size, mode, table, mine}[],
 *   boxes: {batch, box, device, since, age, n, mine}[]}}
 */
export function leftOpen(work, now) {
  const tubes = [...work.tubes.values()].filter((t) => t.state === "open").map((t) => ({
    number: t.number, device: t.device ?? null, since: t.opened_at ?? null,
    age: age(t.opened_at, now), n: t.live ?? 0, size: t.size, mode: t.mode,
    table: t.table ?? null, mine: isMine(t),
  }));
  const boxes = [...work.boxes.values()].filter(isOpenBox).map((b) => ({
    batch: b.batch, box: b.box, device: b.device ?? null, since: sinceOf(b),
    age: age(sinceOf(b), now), n: b.tubes.length ?? b.tubes.size ?? 0, mine: isMine(b),
  }));
  return { tubes: tubes.sort(newestFirst).reverse(), boxes: boxes.sort(newestFirst).reverse() };
}

const isOpenBox = (box) => box.state === "open" || (!box.state && !box.seal);
const sinceOf = (box) => box.opened_at ?? box.at ?? null;
const isMine = (thing) => Boolean(thing.mine || thing.own || thing.joined || thing.device === "own");

/** Facts of this phone since a moment: swabs, tubes, boxes, hand-overs, receipts, doors. */
export function countsSince(records, since) {
  const out = { swabs: 0, tubes: 0, boxes: 0, handed: 0, received: 0, doors: 0 };
  const part = {
    bind: ["swabs", 1], unbind: ["swabs", -1], close: ["tubes", 1], reopen: ["tubes", -1],
    seal: ["boxes", 1], unseal: ["boxes", -1], hand_over: ["handed", 1], receive: ["received", 1],
    visit: ["doors", 1],
  };
  for (const { entry } of records) {
    if (entry.at < since || !part[entry.kind]) continue;
    const [name, step] = part[entry.kind];
    out[name] += entry.kind === "visit" && entry.outcome === "undone" ? -1 : step;
  }
  return out;
}

/** Whether the last shift that this journal began is still on. */
export function shiftOf(records) {
  for (let i = records.length - 1; i >= 0; i -= 1) {
    const { entry } = records[i];
    if (entry.kind === "shift_end") return null;
    if (entry.kind === "shift_start") {
      return {
        at: entry.at, staff: entry.staff, round: entry.round ?? 0, table: entry.table ?? null,
      };
    }
  }
  return null;
}

/** What a person has to know or do before the shift ends. */
export function beforeEnd(work, outbox, now) {
  const { tubes, boxes } = leftOpen(work, now);
  return {
    tubes: tubes.filter((t) => t.mine), boxes: boxes.filter((b) => b.mine),
    waiting: outbox?.waiting ?? 0,
  };
}

/** Milliseconds until the slice is asked for again; `random` in 0..1. */
export const nextRefresh = (random) => Math.round(REFRESH * (1 - JITTER + 2 * JITTER * random));

/** The state of a slice at a moment: none, good, late (an hour to go), expired. */
export function sliceState(slice, now) {
  const until = slice?.expires_at ?? null;
  if (!slice) return "none";
  if (until === null || until - now > HOUR) return "good";
  return until > now ? "late" : "expired";
}

const same = (a, b) => a !== null && a !== undefined && String(a) === String(b);

/** What a scanned site code means for a phone enrolled here: here, elsewhere, or at a laboratory. */
export function siteMatch(read, device, place = null) {
  if (!device?.site) return "not_a_site_phone";
  const older = /^SITE:(.+)$/.exec(read.text ?? "")?.[1] ?? read.code ?? null;
  return same(serialOf(read), device.site) || same(older, place?.code) ? "here" : "elsewhere";
}

/** The id that a site's or a badge's code carries: decimal text, beyond what numbers hold. */
export function serialOf(read) {
  if (read.serial !== null && read.serial !== undefined) return String(read.serial);
  const digits = /^(?:[45]0|9[45])([0-9]{6}|[0-9]{20})[0-9]{2}$/.exec(read.number ?? read.text ?? "");
  return digits ? digits[1].replace(/^0+(?=[0-9])/, "") : null;
}

/** Who wears this badge, among the people the slice or this phone knows; or null. Older badges carry
 * the staff number instead of a code. */
export function wearerOf(read, people) {
  const id = serialOf(read);
  const texts = [read.number, read.text].filter(Boolean);
  const fits = (p) => same(p.id, id) || texts.some((text) => same(text, p.badge) || same(text, p.no));
  return people.find(fits) ?? null;
}

/** A person known by badge alone: what a phone may let them do before the server has checked. */
export function unchecked(read, place, wearer = null) {
  const site = ["sampler", "packer", "community_worker"];
  const lab = ["lab_technician"];
  return {
    id: wearer?.id ?? serialOf(read), no: wearer?.no ?? "",
    name: wearer?.name ?? "", roles: wearer?.roles ?? (place === "lab" ? lab : site),
    token: null, checked: false,
  };
}

/** Table numbers to choose from: as many as the site has, at least the one in use. */
export function tablesOf(place, current = null) {
  const n = Math.max(Number(place?.tables) || 1, current ?? 1);
  return Array.from({ length: Math.min(n, 60) }, (_, i) => i + 1);
}

const POLICY = ["id", "name", "kind", "state", "ends_at", "mode", "size", "why", "limits"];

/** A round's policy, small enough to keep outside the roster's lock: no person is in it. */
export function policyOf(round) {
  if (!round) return null;
  return Object.fromEntries(POLICY.filter((key) => key in round).map((key) => [key, round[key]]));
}

/** The rounds to offer, those running first; without a slice the one that was kept, until it ends. */
export function roundsOf(slice, kept = null, now = 0) {
  const running = (round) => (round.state === "sampling" ? 0 : 1);
  const told = [...(slice?.rounds ?? [])].sort((a, b) => running(a) - running(b) || a.id - b.id);
  return slice || !kept || (kept.ends_at && kept.ends_at <= now) ? told : [kept];
}

/** The code inside an enrolment link (`#enrol=…`) or as typed; null when there is none. */
export function enrolCode(text) {
  const inside = /[#&?]enrol=([^&\s]+)/i.exec(text ?? "");
  const code = (inside ? decodeURIComponent(inside[1]) : (text ?? "")).replace(/\s+/g, "");
  return /^[A-Za-z0-9_-]{6,64}$/.test(code) ? code : null;
}
