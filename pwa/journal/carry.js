// The unsent journal as a file or a chain of QR codes that the server alone can read, and the way in.
import { strict } from "../ground/db.js";
import { b64, hex, sealTo, unb64 } from "./format.js";
import { batchOf, unsentJournals } from "./journal.js";
import { nextNumber } from "./outbox.js";

export const FORMAT = "screening-carry-1";
/** Entries of one line: a file has a line for each thousand. */
const MOST = 1000;
/** Bytes of a payload that one takes over from another phone. */
export const LARGEST = 4_000_000;

/**
 * What the server is not known to hold, of this and earlier journals of the installation, sealed to
 * the server. `held`: what the server holds of the `current` journal beyond a gap. Each line is a whole payload: a line of the file, or one chain of QR codes.
 * @returns {Promise<string[]>}
 */
export async function exportUnsent({ db, keys, serverKey, now, most = MOST, current = null, held = [] }) {
  const lines = [];
  for (const row of await unsentJournals(db)) {
    let first = nextNumber({ ...row, held: row.id === current ? held : [] });
    while (first !== null && first <= row.last) {
      const made = await batchOf(db, keys, row, { first, most, sentAt: now });
      if (made === null) break;
      lines.push(await sealed(serverKey, row, made));
      first = made.last + 1;
    }
  }
  return lines;
}

async function sealed(serverKey, row, { body, first, last }) {
  const packed = await gzip(new TextEncoder().encode(body));
  return JSON.stringify({
    format: FORMAT, device: String(row.device), journal: row.id, first, last,
    sealed: await sealTo(unb64(serverKey), b64(packed)),
  });
}

async function gzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What a payload says of itself; null where it is no export. */
export function readCarried(text) {
  if (text.length > LARGEST) return null;
  try {
    const said = JSON.parse(text);
    const whole = said.format === FORMAT && /^[0-9a-f]{32}$/.test(said.journal) && typeof said.sealed === "string";
    return whole && said.first >= 1 && said.last >= said.first ? said : null;
  } catch {
    return null;
  }
}

/** The payloads of a file's text, those that are none left out. */
export const payloadsOf = (text) =>
  text.split("\n").map((line) => line.trim()).filter((line) => line !== "" && readCarried(line) !== null);

/** Keep another phone's export until there is a network: this phone cannot read it. A repeat is one.
 * @returns {Promise<object>} what it says of itself */
export async function takeOver(db, payload, now) {
  const said = readCarried(payload);
  if (said === null) throw new TypeError("not an export");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(payload));
  const tx = strict(db, "carried");
  tx.store.put({ id: hex(new Uint8Array(digest)), payload, at: now });
  await tx.done;
  return said;
}

/** A name for the file that says whose it is and nothing else. */
export const fileName = (device, now) =>
  `screening-${String(device).slice(-6)}-${new Date(now).toISOString().slice(0, 16).replace(/[-:T]/g, "")}.carry`;
