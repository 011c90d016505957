// The start of a shift at a table, and going on with what others left open.

import { policyOf } from "../rules/shift.js";

/** State the start, keep table and round through a reload. */
export async function startShift(app, { table = null, round = null } = {}) {
  await app.keep({ table, round: policyOf(round) });
  await app.state([{ kind: "shift_start" }]);
}

/** Go on with a tube that another phone opened. */
export const takeOver = (app, numbers) =>
  app.state(numbers.map((tube) => ({ kind: "join", tube })));

/** Of what is open, that with which this person may go on: tubes to samplers, boxes to packers. */
export function allowedOpen(app, { tubes, boxes }) {
  const may = (name) => app.screens.has(name) && app.allowed(app.screens.get(name));
  return { tubes: may("sampling") ? tubes : [], boxes: may("packing") ? boxes : [] };
}
