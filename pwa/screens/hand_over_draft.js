// A hand-over half made survives a reload: it is kept, sealed, at each change until it is stated.
import { boxesOf } from "./transport_desk.js";

const NOTE = "hand_over";
const OLD = 12 * 3_600_000; // ms: another day's hand-over is begun anew
const KEPT = ["way", "step", "seals", "typed", "difference", "person", "lab", "degrees", "note", "site"];
const drafts = new WeakMap(); // by backing: practice keeps its own

/** What was in hand before the reload, once. @returns {Promise<object|null>} members of the desk */
export async function recallDraft(app) {
  const { backing } = app;
  if (drafts.has(backing)) return null;
  drafts.set(backing, "");
  const draft = await app.recall(NOTE);
  if (!draft || draft.staff !== String(app.staff?.id ?? 0) || app.now() - draft.at > OLD || stated(app, draft)) return null;
  return { ...draft.desk, told: new Map(draft.told) };
}

/** It was stated after all: the phone stopped between the entry and the end of the draft. */
const stated = (app, draft) => draft.desk.seals.some((seal) =>
  (boxesOf(app).trips.get(seal)?.handed.at(-1)?.at ?? 0) >= draft.at);

/** Written when something changed; `null` is kept of one that is done or empty. */
export async function keepDraft(app, desk) {
  const { backing } = app;
  if (!drafts.has(backing)) return;
  const open = desk.way && desk.step !== "done" && desk.seals.length;
  const held = open ? { desk: Object.fromEntries(KEPT.map((key) => [key, desk[key]])), told: [...desk.told] } : null;
  const text = JSON.stringify(held);
  if (drafts.get(backing) === text) return;
  drafts.set(backing, text);
  await app.remember(NOTE, held && { ...held, staff: String(app.staff?.id ?? 0), at: app.now() });
}
