// Reads a slice that the server made, as the phone does; prints what it finds of one person.
import { readFileSync } from "node:fs";

import { Slice } from "../../pwa/rules/slice.js";

const asked = JSON.parse(readFileSync(0, "utf8"));
const slice = new Slice(asked.slice);
const found = slice.find(asked.cell, asked.person);
const round = slice.round(asked.round);
process.stdout.write(JSON.stringify({
  found,
  byDocument: (await slice.findDocument(asked.document))?.person ?? null,
  stranger: await slice.findDocument("passport:XX-000"),
  household: slice.household(found.index).map((one) => one.person),
  sampled: round.sampledAt(found.index),
  alone: round.mustBeAlone(found.index),
  used: slice.used(asked.tube),
  searched: slice.search(asked.word).found.map((one) => one.person),
  staff: slice.staffOf(asked.staff)?.name ?? null,
}));
