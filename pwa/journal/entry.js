// An entry as text and back: the ids of people and places are 63-bit, more than JavaScript's numbers
// hold, so they live as strings in the app and as bare integers in the journal.
const IDS = ["staff", "round", "site", "lab", "to_lab", "callback"];
const LONG = /"(staff|round|site|lab|to|to_lab|callback)":(\d{16,})/g;
const text = new TextEncoder();

/** Bytes of one entry at most (docs/journal.md). */
export const MOST = 8192;

export class EntryTooLong extends Error {
  constructor(bytes) {
    super(`an entry of ${bytes} bytes`);
    this.code = "entry_too_long";
  }
}

/** Text that every reader of JSON takes: no half of a character, as a cut or a card reader leaves it, no NUL. */
export const readable = (value) =>
  typeof value === "string" ? value.replaceAll("\u0000", "").replace(/\p{Surrogate}/gu, "\ufffd") : value;

/** One entry as the journal keeps it. Throws EntryTooLong. */
export function write(entry) {
  const ids = entry.kind === "hand_over" ? [...IDS, "to"] : IDS;
  const marks = new Map();
  const marked = { ...entry };
  for (const key of ids) {
    if (typeof entry[key] === "bigint" || /^\d+$/.test(typeof entry[key] === "string" ? entry[key] : "")) {
      marks.set(key, String(entry[key]).replace(/^0+(?=\d)/, ""));
      marked[key] = `\u0000${key}`;
    }
  }
  const clear = Object.entries(marked).filter(([, value]) => value !== undefined && value !== null);
  const keep = (key, value) => (marks.has(key) && value === `\u0000${key}` ? value : readable(value));
  const out = JSON.stringify(Object.fromEntries(clear), keep).replace(
    /"\\u0000(\w+)"/g, (all, key) => marks.get(key) ?? all,
  );
  const bytes = text.encode(out).length;
  if (bytes > MOST) throw new EntryTooLong(bytes);
  return out;
}

/** The entry of a text; ids that a number cannot hold come back as strings. */
export const read = (line) => JSON.parse(line.replace(LONG, '"$1":"$2"'));
