// Personal fields of an entry are sealed to the server before the entry is written: not even this
// phone can read them again.
import { readable } from "./entry.js";
import { sealTo, unb64 } from "./format.js";

/** A `who` as the journal keeps it: a code stays, a document or a name is sealed to the server. */
export async function sealWho(serverKey, who) {
  if (!who || who.code || who.sealed) return who;
  if (!serverKey) throw new TypeError("no server key: the device is not enrolled");
  const clear = Object.fromEntries(Object.entries(who).filter(([, value]) => value != null));
  return { sealed: await sealTo(unb64(serverKey), JSON.stringify(clear, (_, value) => readable(value))) };
}

/** The entry with its personal fields sealed. */
export async function sealEntry(serverKey, entry) {
  return entry.who ? { ...entry, who: await sealWho(serverKey, entry.who) } : entry;
}
