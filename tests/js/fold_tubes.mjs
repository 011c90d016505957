// Folds a phone's own journal as the app does; prints each tube in the words of the server's fold.
import { readFileSync } from "node:fs";

import { foldWork } from "../../pwa/rules/work.js";

const VOID = { not_swabbed: 3, spilled: 4, broken: 5, other: 6 };
const { records } = JSON.parse(readFileSync(0, "utf8"));
const taken = new Map();
for (const { entry } of records) if (entry.ref && ["unbind", "move"].includes(entry.kind)) taken.set(entry.ref, entry.kind === "move" ? 2 : 1);
const { tubes } = foldWork(records, null, { device: "D1" });
process.stdout.write(JSON.stringify(Object.fromEntries([...tubes].map(([number, tube]) => [number, {
  state: tube.state, members: tube.live, confirmed: tube.n, size: tube.size,
  seats: tube.seats.map((s) => [s.seat, s.out ? taken.get(s.ref) : s.mark ? VOID[s.mark] : 0]),
}]))));
