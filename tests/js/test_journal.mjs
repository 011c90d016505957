// pwa/journal/format.js against tests/vectors/journal.json; then signs and seals for the Python side.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const source = readFileSync(here("../../pwa/journal/format.js"));
const j = await import(`data:text/javascript;base64,${source.toString("base64")}`);
const v = JSON.parse(readFileSync(here("../vectors/journal.json"), "utf8"));

let head = await j.genesis(v.device, v.journal);
assert.equal(j.hex(head), v.genesis);
for (const [i, entry] of v.entries.entries()) {
  assert.equal(j.hex(await j.digest(entry)), v.digests[i]);
  assert.equal(await j.ref(entry), v.refs[i]);
  head = await j.link(head, entry);
  assert.equal(j.hex(head), v.hashes[i]);
}
const facts = { device: v.device, journal: v.journal, last: v.entries.length, head, sentAt: v.sent_at };
const point = j.unb64(v.public_point);
assert.equal(await j.verify(point, j.unb64(v.signature), facts), true);
assert.equal(await j.verify(point, j.unb64(v.signature), { ...facts, last: 1 }), false);

const pair = await j.newKey();
const { body } = await j.batch(pair.privateKey, {
  device: v.device, journal: v.journal, first: 1, prev: await j.genesis(v.device, v.journal),
  entries: v.entries, sentAt: v.sent_at,
});
const sealed = await j.sealTo(j.unb64(process.argv[2]), JSON.stringify({ name: "李·四" }));
process.stdout.write(JSON.stringify({ body, point: await j.publicPoint(pair), sealed }));
