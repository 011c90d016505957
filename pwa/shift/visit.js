// Stating what came of a door: one durable entry a person, taken back by one more.
import { foldVisits, swabsOf, undoEntry, unstated, visitEntry } from "../rules/doors.js";

/** The list this phone holds. */
export const itemsOf = (app) => app.slice?.json?.doors?.items ?? [];

export async function stateVisit(app, item, outcome, more = {}) {
  const view = { name: item.name, key: item.code };
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
  const due = unstated(items, foldVisits(app.records), swabs);
  if (!due.length) return;
  app.stating = true; // two screens ask at the same moment
  try {
    await app.state(due.map((item) => visitEntry(item, "done")), due.map((item) => ({ name: item.name, key: item.code })));
  } finally {
    app.stating = false;
  }
}
