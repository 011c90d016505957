// Who stands at the table: one shape of a person, however they were read, found in the slice
// where they are in it. What leaves the phone is `who`; names shown are masked.

import { keyOf, mask, normalise } from "../scan/documents.js";
import { normaliseScan } from "../scan/codes.js";
import { fitsMask, maskName, normaliseName } from "./names.js";
import { personKey } from "./work.js";

const person = (o) => ({
  key: null, who: null, name: "", document: "", code: null, resident: null, household: null,
  told: null, differs: false, expired: false, seen: null, minimal: false, alone: false, purpose: null, ...o,
});

/** Somebody of the slice, by search or household. */
export const ofResident = (resident) =>
  person({
    key: resident.key, who: { code: resident.code }, code: resident.code, name: resident.name,
    document: tail(resident.tail), resident, household: resident.household,
  });

const tail = (text) => (text ? `****${text.replaceAll("*", "")}` : "");

/** A resident code: `name` is there when the code is signed. */
export function ofCode(read, slice) {
  const resident = slice?.find(read.cell, read.person) ?? null;
  const key = personKey(read.cell, BigInt(read.person).toString());
  return person({
    key, who: { code: read.code }, code: read.code, resident,
    name: resident?.name || read.name || "", document: tail(resident?.tail),
    household: resident?.household ?? null, expired: Boolean(read.expired),
  });
}

/**
 * A document as a card reader, a passport's lines or a hand gave it, in its canonical form.
 * @param {{type: string, number: string, country?: string|null, name?: string, phone?: string}} doc
 */
export async function ofDocument(doc, slice) {
  const canonical = keyOf(doc);
  const resident = canonical ? ((await slice?.findDocument(canonical)) ?? null) : null;
  const told = doc.name ? normaliseName(doc.name) : null;
  const who = { doc: bare({ type: doc.type, number: doc.number, country: doc.country, name: told, phone: doc.phone }) };
  return person({
    key: resident?.key ?? `d:${canonical}`, who, code: resident?.code ?? null, resident,
    name: resident?.name || (told ? maskName(told) : ""), document: mask(doc), told,
    household: resident?.household ?? null,
    differs: Boolean(told && resident?.name && !fitsMask(told, resident.name)),
  });
}

/** A number whose form is wrong, after a second person has seen the paper itself. (11) */
export function ofOddDocument({ type = "resident_id", number, name = null, phone = null }, seen) {
  const plain = normaliseScan(number);
  const told = name ? normaliseName(name) : null;
  return person({
    key: `odd:${type}:${plain}`, who: { doc: bare({ type, number: plain, name: told, phone }) }, told,
    name: told ? maskName(told) : "", document: `****${plain.slice(-4)}`, seen,
  });
}

/** Nobody's paper: name and telephone. (10) */
export function ofName(name, phone) {
  const told = normaliseName(name);
  return person({
    key: `n:${told}:${phone.replace(/\D/g, "")}`, who: bare({ name: told, phone }), told,
    name: maskName(told), minimal: true,
  });
}

/** Somebody of the door list: a callback has a tube alone, whatever the slice says. */
export function ofItem(item, slice) {
  const resident = slice?.find(item.cell, item.person) ?? null;
  return person({
    key: personKey(item.cell, item.person), who: { code: item.code }, code: item.code, resident,
    name: item.name || resident?.name || "", document: tail(resident?.tail),
    household: resident?.household ?? null, alone: Boolean(item.single) || item.kind === "callback",
    purpose: item.kind === "callback" ? "recheck" : null,
  });
}

/** A form filled by hand. Throws a ScanProblem of the document; null when too little is written. */
export async function ofForm({ type, number, country, name, phone }, slice) {
  if (type && type !== "none" && number?.trim()) {
    const doc = normalise(type, number, country || null);
    return ofDocument({ ...doc, name: name?.trim() || null, phone: phone?.trim() || null }, slice);
  }
  if (!name?.trim() || !phone?.trim()) return null;
  return ofName(name.trim(), phone.trim());
}

const bare = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== null && v !== undefined && v !== ""));
