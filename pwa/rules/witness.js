// Whose badge counts where a second pair of eyes or a supervisor is asked for. Pure.
import { serialOf, wearerOf } from "./shift.js";

/** @typedef {{code: string|null, name: string, person: object|null}} Witness
 *   `code`: why this badge does not do: badge_wanted, bad_badge, oneself, not_supervisor; else null.
 *   `name`: what the journal's reason says of them. */

const same = (a, b) => a !== null && a !== undefined && String(a) === String(b);
const isBadge = (read) => read.kind === "badge" || Boolean(read.staff_no && read.kind === "unknown");

/** @returns {Witness} */
function witness(read, staff) {
  const no = (code) => ({ code, name: "", person: null, id: null });
  const card = read.kind === "unknown" ? { text: read.staff_no } : read;
  if (!isBadge(read)) return no("badge_wanted");
  if (read.kind === "badge" && read.problem) return no("bad_badge"); // of practice, or of the live system there
  const person = wearerOf({ ...card, number: card.number ?? read.staff_no }, staff);
  if (!person && read.kind === "unknown") return no("badge_wanted");
  const words = person ? `${person.no} ${person.name}`.trim() : `badge ${read.number ?? read.staff_no}`;
  return { code: null, name: words, person, id: person?.id ?? serialOf(card) };
}

/** A second person who has seen a paper: anybody's badge but the own one. @returns {Witness} */
export function secondPerson(read, staff, self) {
  const found = witness(read, staff);
  const own = same(found.id, self?.id) || (found.code === null && same(read.staff_no, self?.no));
  return own ? { ...found, code: "oneself" } : found;
}

/** Whether a typed name is the own one. */
export const isOneself = (typed, self) =>
  Boolean(self) && [self.no, self.name].filter(Boolean).some((own) => typed.trim().toUpperCase() === own.toUpperCase());

/** A supervisor's badge; one that this phone does not know is taken by its number. @returns {Witness} */
export function supervisorOf(read, staff) {
  const found = witness(read, staff);
  const not = found.person && !found.person.roles?.includes("site_supervisor");
  return not ? { ...found, code: "not_supervisor" } : found;
}
