// Stating what came of a door: one durable entry a person, taken back by one more.
import { doorsOf, swabsOf, unstated } from "../rules/doors.js";
import { maskName } from "../rules/names.js";
import { foldVisits, undoEntry, visitEntry } from "../rules/visits.js";

/** The list this phone holds. */
export const itemsOf = (app) => app.slice?.json?.doors?.items ?? [];

/** Visits of today, as they stand. */
export const visitsOf = (app) => foldVisits(app.records, new Date(app.now()).setHours(0, 0, 0, 0));

/** Whether this phone has settled a person's door today. @returns {(code: string) => boolean} */
export function settledHere(app) {
  const visits = visitsOf(app);
  const swabs = swabsOf(app.work.tubes, itemsOf(app));
  return (code) => visits.has(code) || swabs.has(code);
}

/** The doors in the order to walk them; `only` some of the list's items. */
export function doorsNow(app, items = itemsOf(app)) {
  return doorsOf(items, visitsOf(app), swabsOf(app.work.tubes, items), app.now());
}

/** Kept beside the entry outlasts the list: the name is masked. */
const viewOf = (item) => ({ name: maskName(item.name), key: item.code });

export async function stateVisit(app, item, outcome, more = {}) {
  const view = viewOf(item);
  return app.state([visitEntry(item, outcome, more)], [view]);
}

export async function undoVisit(app, code, visit) {
  return app.state([undoEntry(code, visit)]);
}

/** Who was swabbed at the door is done: stated when the list is next looked at, also after a reload. */
export async function stateDone(app) {
  const items = itemsOf(app);
  if (!items.length || app.stating) return;
  const swabs = swabsOf(app.work.tubes, items);
  const due = unstated(items, visitsOf(app), swabs);
  if (!due.length) return;
  app.stating = true; // two screens ask at the same moment
  try {
    await app.state(due.map((item) => visitEntry(item, "done")), due.map(viewOf));
  } finally {
    app.stating = false;
  }
}
