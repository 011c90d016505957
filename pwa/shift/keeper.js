// The slice, kept fresh while there is a network: asked for again every few minutes, wiped when over.
import { mergedList } from "../rules/doors.js";
import { stillUntold, tellSeen } from "../rules/redirects.js";
import { nextRefresh, sliceState } from "../rules/shift.js";
import { merged } from "../rules/slice.js";
import { revoked } from "./end.js";
import { settledHere } from "./visit.js";

const RETRY = 30_000;
const READ = "redirects_read";
const FIRST = 20_000; // after a reload what is held may be old; phones do not ask in one second
const STOPPED = new Set(["device_stopped", "bad_device_signature", "unknown_device"]);

/** The roster lies on this phone and waits for a PIN: fetching another would go round the lock. */
export const isLocked = (app) =>
  Boolean(app.staff?.checked && !app.slice && app.backing?.vault?.status.kept);

/**
 * Ask for a fresh slice. Calls while one is under way share its answer. `proven`: the person at the
 * phone has just been checked by the server.
 * @returns {Promise<"fresh"|"offline"|"refused"|"locked"|"none">}
 */
export function refreshSlice(app, { proven = false } = {}) {
  if (!app.device || app.practice) return Promise.resolve("none");
  if (!proven && isLocked(app)) return Promise.resolve("locked");
  if (app.refreshing && isOf(app, app.refreshing.asked)) return app.refreshing;
  const asked = holder(app);
  const coming = fetchSlice(app, asked).finally(() => {
    if (app.refreshing === coming) app.refreshing = null;
    app.draw();
  });
  app.refreshing = Object.assign(coming, { asked });
  return coming;
}

/** Who asks: what comes when the phone has changed hands is dropped. */
const holder = (app) => ({ backing: app.backing, device: app.device?.id, staff: app.staff?.id ?? null });
const isOf = (app, { backing, device, staff }) =>
  app.backing === backing && app.device?.id === device && (staff === null || app.staff?.id === staff);

async function fetchSlice(app, asked) {
  const held = app.slice?.json ?? null;
  try {
    const fresh = await askSlice(app, revisionOf(held));
    if (!isOf(app, asked)) return "none";
    const whole = merged(held, fresh);
    // else the server left the roster out, and the one held here is of another day
    const taken = whole === fresh && held?.roster && !fresh.roster ? await askSlice(app, "") : whole;
    if (!isOf(app, asked)) return "none";
    await take(app, taken, asked);
    app.met = { at: app.now(), state: "fresh" };
    return "fresh";
  } catch (fault) {
    return isOf(app, asked) ? failed(app, fault) : "none";
  }
}

const revisionOf = (held) => (held?.roster ? (held.revision ?? "") : "");

/** Redirections read on this phone of which the server has not heard: {id: {batch, by, at}}. */
export const readHere = async (app) => (await app.recall?.(READ)) ?? {};

/** Somebody has read that a box goes elsewhere; told with the next slice, which is asked for now. */
export async function noteRead(app, told) {
  const now = { by: String(app.staff?.id ?? "") || null, at: app.now() + (app.offset ?? 0) };
  const read = { ...(await readHere(app)) };
  for (const one of told) read[one.redirect] = { batch: one.batch, ...now };
  await app.remember(READ, read);
  app.readRedirects = read;
  if (app.refreshing) app.refreshing.then(() => refreshSlice(app)); // the one under way has left without it
  else refreshSlice(app);
}

/** A slice that ends by this phone's own clock, which may be days off. `held`: of the journal, when asked. */
async function askSlice(app, revision) {
  const [began, held] = [app.now(), app.outbox?.held ?? 0];
  const seen = tellSeen(await readHere(app));
  const fresh = await app.ask("/api/v1/field/slice", { revision, ...(seen.length ? { seen } : {}) }, { timeout: 60_000 });
  // read anew: somebody may have read another one while this slice was under way
  if (seen.length) await app.remember?.(READ, stillUntold(await readHere(app), fresh.redirects));
  return { ...fresh, expires_at: began + (fresh.expires_at - fresh.made_at), held };
}

/** Who has not been checked by the server gets rounds, patterns and tubes, and no roster. */
async function take(app, fresh, asked) {
  const seen = app.staff?.checked === false ? checkedBy(app, fresh) : app.staff;
  if (seen !== app.staff) await app.keep({ staff: seen });
  if (!isOf(app, asked)) return;
  const slice = { ...fresh, doors: app.slice?.json.doors ?? null }; // they may have come meanwhile
  const admitted = !seen || seen.checked;
  app.useSlice(admitted ? slice : { ...slice, roster: null, doors: null }); // before anything else is awaited
  if (admitted) await app.backing.vault?.put(slice);
  if (slice.device?.name && slice.device.name !== app.device.name) await app.adopt({ ...app.device, name: slice.device.name });
}

/** Somebody who went on by badge alone, as the server's list of this place knows them. */
function checkedBy(app, slice) {
  const known = (slice.staff ?? []).find((one) => String(one.id) === String(app.staff.id));
  if (!known) return { ...app.staff, refused: true };
  const { id, no, name, roles, badge } = known;
  return { ...app.staff, id: String(id), no, name, roles, badge, refused: false };
}

async function failed(app, fault) {
  if (STOPPED.has(fault?.code)) {
    await revoked(app, fault.code);
    return "refused";
  }
  const offline = fault?.offline || fault?.name === "Offline";
  app.met = { ...app.met, state: offline ? "offline" : "refused", code: fault?.code ?? null };
  if (!offline && !fault?.status) throw fault;
  return offline ? "offline" : "refused";
}

/** The door list, under the roster's key like the rest. @returns {Promise<"fresh"|"offline"|"refused">} */
export async function refreshDoors(app) {
  if (app.practice) return "fresh";
  if (!app.staff?.token) return "refused";
  const asked = holder(app);
  try {
    const fresh = await app.ask("/api/v1/field/doors", {}, { timeout: 30_000 });
    if (!isOf(app, asked)) return "none";
    const doors = mergedList(app.slice?.json.doors, fresh, settledHere(app));
    const slice = { ...(app.slice?.json ?? {}), doors };
    if (app.slice) {
      app.useSlice(slice);
      await app.backing.vault?.put(slice);
    }
    return "fresh";
  } catch (fault) {
    return isOf(app, asked) ? failed(app, fault) : "none";
  }
}

/** A slice that is over is wiped, whoever holds the phone. */
export async function wipeWhenOver(app) {
  if (app.practice || sliceState(app.slice?.json, app.now()) !== "expired") return false;
  await app.backing.vault?.wipe("expired");
  app.useSlice(null);
  app.draw();
  return true;
}

/** The server's sign-in lasts twelve hours; work goes on without it, the server's tools do not. */
async function dropOldToken(app) {
  const { staff } = app;
  if (!staff?.token || !staff.until || app.now() + (app.offset ?? 0) < staff.until) return;
  await app.keep({ staff: { ...staff, token: null, over: true } });
}

/** Begin to keep the slice. @returns {() => void} stops it */
export function startKeeper(app, { random = Math.random, timer = setTimeout, clear = clearTimeout } = {}) {
  let next = null;
  let stopped = false;
  app.refreshSlice = () => refreshSlice(app);
  const again = (ms) => {
    clear(next);
    if (!stopped) next = timer(turn, ms);
  };
  const turn = async () => {
    await wipeWhenOver(app);
    await dropOldToken(app);
    const idle = !app.device || !app.staff || app.device.state !== "active";
    const came = idle ? "none" : await refreshSlice(app);
    if (came === "fresh" && app.slice?.json.doors) await refreshDoors(app);
    again(came === "offline" ? RETRY : nextRefresh(random()));
  };
  const online = () => again(Math.round(random() * 2000));
  globalThis.addEventListener?.("online", online);
  again(Math.round(random() * FIRST));
  return () => {
    stopped = true;
    clear(next);
    globalThis.removeEventListener?.("online", online);
  };
}
