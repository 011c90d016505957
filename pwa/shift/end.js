// The end of a shift, and of a device: the roster goes, the unsent journal stays.

/** State "closed at n", wipe the roster, forget who was here. @returns {Promise<number>} n */
export async function endShift(app) {
  const n = nextNumber(app);
  await app.state([{ kind: "shift_end", n }]);
  await leave(app, "shift_end");
  return n;
}

const nextNumber = (app) =>
  Number(app.backing.journal?.last ?? app.records.at(-1)?.seq ?? 0) + 1;

/** Another person takes the phone: journal and open tubes stay, the roster is locked. */
export async function changeStaff(app) {
  await signOut(app);
  app.staff = null; // from here on nothing is taken in for them
  await app.backing.vault?.lock();
  app.useSlice(withoutPeople(app.slice?.json));
  await app.keep({ staff: null });
}

async function leave(app, reason) {
  await signOut(app);
  app.staff = null; // from here on nothing is taken in for them
  await app.backing.vault?.wipe(reason);
  app.useSlice(null);
  await app.keep({ staff: null, table: null }); // the round stays: the next shift may begin without a network
}

const PATIENCE = 4000;

/** The server's session ends where it can be told; it ends by itself after twelve hours. */
async function signOut(app) {
  const { token } = app.staff ?? {};
  if (!token || app.practice) return;
  const headers = { Authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(PATIENCE);
  await fetch("/api/v1/session", { method: "DELETE", headers, credentials: "omit", signal }).catch(() => null);
}

/** What a phone keeps in hand while nobody is signed in: patterns, rounds, colleagues, tubes. */
export function withoutPeople(slice) {
  if (!slice) return null;
  return { ...slice, roster: null, doors: null };
}

/** The server has stopped this device: roster wiped, journal kept, and said. */
export async function revoked(app, code = "device_stopped") {
  if (app.device?.state === "revoked") return;
  app.staff = null;
  await app.backing.vault?.wipe("revoked");
  app.useSlice(null);
  await app.keep({ staff: null });
  await app.adopt({ ...app.device, state: "revoked", stopped_by: code });
  app.replace("enrol");
}
