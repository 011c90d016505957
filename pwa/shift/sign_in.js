// Signing in: by the server when it can be reached, by the roster's own lock when it cannot.
import { unchecked, wearerOf } from "../rules/shift.js";
import { refreshSlice } from "./keeper.js";

const MOST_KNOWN = 50;

/**
 * @param {{read?: object|null, no?: string, secret: string}} who  a badge as read, or a staff number
 * @returns {Promise<{state: "in"|"known"|"unchecked"|"wrong"|"wiped"|"needs_badge", staff?: object,
 *   left?: number}>}
 * Throws ServerProblem (bad_sign_in, not_here, too_many, device_stopped).
 */
export async function signIn(app, { read = null, no = "", secret }) {
  try {
    return await byServer(app, { read, no, secret });
  } catch (fault) {
    if (!fault?.offline && fault?.name !== "Offline") throw fault;
    return byLock(app, { read, no, secret });
  }
}

async function byServer(app, { read, no, secret }) {
  const who = read ? { badge: read.number ?? read.text }
    : { staff_no: named(await peopleOf(app), no)?.no ?? no };
  const out = await app.backing.ask("/api/v1/field/sign-in", { ...who, secret }, { timeout: 12_000 });
  const staff = {
    ...out.staff, id: String(out.staff.id), token: out.token, until: out.expires_at, checked: true,
    must_change: Boolean(out.must_change),
  };
  await app.keep({ staff });
  await know(app, staff, read);
  await admit(app, staff.id, secret);
  return { state: "in", staff: app.staff };
}

/** A staff number as typed: capitals are not minded where the phone knows the person. */
const named = (people, no) =>
  people.find((p) => p.no === no) ?? people.find((p) => p.no.toUpperCase() === no.toUpperCase()) ?? null;

/** The roster opens for this person, now and without a network from now on. */
async function admit(app, id, secret) {
  const { vault } = app.backing;
  if (!vault) return;
  if (vault.slice === null && opens(vault, id)) await vault.open(id, secret);
  if (vault.slice) app.useSlice(vault.slice);
  await refreshSlice(app, { proven: true });
  if (vault.slice) await vault.admit(id, secret);
}

const opens = (vault, id) => vault.status.kept && vault.status.staff.map(String).includes(String(id));

async function byLock(app, { read, no, secret }) {
  const people = await peopleOf(app);
  const person = read ? wearerOf(read, people) : named(people, no);
  const { vault } = app.backing;
  if (person && vault && opens(vault, person.id)) return unlock(app, person, secret);
  if (!read) return { state: "needs_badge" };
  return byBadge(app, read, person);
}

async function unlock(app, person, secret) {
  const { vault } = app.backing;
  const slice = await vault.open(person.id, secret);
  if (!slice) {
    const left = vault.status.tries_left;
    return vault.status.kept ? { state: "wrong", left } : { state: "wiped", reason: vault.status.wiped?.reason };
  }
  app.useSlice(slice);
  await app.keep({ staff: { ...person, token: null, checked: true } });
  return { state: "known", staff: app.staff };
}

/** A badge that this phone cannot check: work goes on, the roster stays shut. */
export async function byBadge(app, read, person = null) {
  if (read.problem) return { state: "needs_badge" }; // of practice, or misread
  const place = app.device?.lab ? "lab" : "site";
  const staff = unchecked(read, place, person);
  if (!staff.id) return { state: "needs_badge" };
  await app.backing.vault?.lock();
  if (app.slice?.json.roster) app.useSlice({ ...app.slice.json, roster: null, doors: null });
  await app.keep({ staff });
  return { state: "unchecked", staff: app.staff };
}

/** People this phone has met, and those of its slice while that is open. */
async function peopleOf(app) {
  const known = (await app.recall("known_staff")) ?? [];
  const listed = (app.slice?.staff ?? []).map((one) => ({ ...one, id: String(one.id) }));
  return [...listed, ...known];
}

async function know(app, staff, read) {
  const known = (await app.recall("known_staff")) ?? [];
  const others = known.filter((one) => one.id !== staff.id);
  const badge = read?.number ?? known.find((one) => one.id === staff.id)?.badge ?? null;
  const { id, no, name, roles } = staff;
  await app.remember("known_staff", [{ id, no, name, roles, badge }, ...others].slice(0, MOST_KNOWN));
}
