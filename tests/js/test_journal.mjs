// What a phone makes, for the Python side to understand: a batch, a sealed field, an export, its QR codes.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import * as j from "../../pwa/journal/format.js";
import { framesOf } from "../../pwa/journal/frames.js";

const v = JSON.parse(readFileSync(new URL("../vectors/journal.json", import.meta.url), "utf8"));
const server = j.unb64(process.argv[2]);

const pair = await j.newKey();
const { body } = await j.batch(pair.privateKey, {
  device: v.device, journal: v.journal, first: 1, prev: await j.genesis(v.device, v.journal),
  entries: v.entries, sentAt: v.sent_at,
});
const sealed = await j.sealTo(server, JSON.stringify({ name: "李·四" }));
const carried = JSON.stringify({
  format: "screening-carry-1", device: String(v.device), journal: v.journal, first: 1, last: v.entries.length,
  sealed: await j.sealTo(server, j.b64(gzipSync(body))),
});
const frames = await framesOf(carried, { size: 200 });
process.stdout.write(JSON.stringify({ body, point: await j.publicPoint(pair), sealed, carried, frames }));
