// Resident codes: the plain R1 form, and the signed R2 form that a phone verifies offline.
// The format stands in screening/registry/signed_codes.py; tests/vectors/resident.json binds both.
import { CodeProblem, makeResidentCode, normaliseScan, readResidentCode } from "./codes.js";
import { ScanProblem } from "./problems.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648 base 32
const DOMAIN = new TextEncoder().encode("screening-resident-1\n");
const HEAD = 16; // key u8, cell u32, person u64, expires u16, name length u8
const SIGNATURE = 64;
const DAY = 86_400_000;

const foreign = () => new CodeProblem("not_a_resident_code");

/** The bytes of base 32 without padding; null when a letter or a stray bit does not belong. */
export function unbase32(text) {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [bits, held, at] = [0, 0, 0];
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return null;
    bits = (bits << 5) | value;
    held += 5;
    if (held >= 8) {
      held -= 8;
      out[at++] = bits >> held;
      bits &= (1 << held) - 1;
    }
  }
  return held < 5 && bits === 0 ? out : null;
}

const imported = new Map(); // points are few and asked for at every scan

function keyOf(point) {
  if (!imported.has(point)) {
    const raw = atob(point.replaceAll("-", "+").replaceAll("_", "/"));
    imported.set(
      point,
      crypto.subtle.importKey(
        "raw", Uint8Array.from(raw, (c) => c.charCodeAt(0)),
        { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"],
      ),
    );
  }
  return imported.get(point);
}

async function signed(body, signature, keys, id) {
  const found = keys.find((key) => key.id === id);
  if (!found) return false;
  const said = new Uint8Array(DOMAIN.length + body.length);
  said.set(DOMAIN);
  said.set(body, DOMAIN.length);
  try {
    const how = { name: "ECDSA", hash: "SHA-256" };
    return await crypto.subtle.verify(how, await keyOf(found.point), signature, said);
  } catch {
    return false;
  }
}

/**
 * What a signed code says once its signature fits; throws not_a_resident_code or
 * bad_code_signature. `person` is a string: ids pass what a Number holds exactly.
 * @param {{id: number, point: string}[]} keys
 */
export async function readSigned(text, keys, now) {
  const plain = normaliseScan(text);
  const data = plain.startsWith("R2.") ? unbase32(plain.slice(3)) : null;
  if (!data || data.length < HEAD + SIGNATURE) throw foreign();
  const body = data.subarray(0, -SIGNATURE);
  const view = new DataView(data.buffer);
  if (body.length !== HEAD + view.getUint8(15)) throw foreign();
  if (!(await signed(body, data.subarray(-SIGNATURE), keys, view.getUint8(0)))) {
    throw new ScanProblem("bad_code_signature");
  }
  const [cell, person, expires] = [view.getUint32(1), view.getBigUint64(5), view.getUint16(13)];
  if (cell >= 2 ** 31 || person >= 2n ** 63n) throw foreign();
  let name;
  try {
    name = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(HEAD));
  } catch {
    throw foreign();
  }
  const code = makeResidentCode(cell, person);
  return { cell, person: person.toString(), name, expires, expired: now >= expires * DAY, code };
}

/** Whether a text is a whole R2 code by its length alone, as a scanner's end of read asks. */
export function wholeSigned(text) {
  const plain = normaliseScan(text);
  const data = plain.startsWith("R2.") ? unbase32(plain.slice(3)) : null;
  return Boolean(data && data.length > HEAD && data.length === HEAD + data[15] + SIGNATURE);
}

/** A resident code of either form as the fields of a read; problems are told, not thrown. */
export async function readResident(text, keys, now) {
  const none = { cell: null, person: null, code: null, name: null, signed: false, expired: false };
  try {
    const plain = normaliseScan(text);
    if (!plain.startsWith("R2.")) {
      const { cell, person } = readResidentCode(plain);
      return { ...none, cell, person, code: makeResidentCode(cell, person), problem: null };
    }
    const { expires, ...said } = await readSigned(plain, keys, now);
    return { ...said, signed: true, problem: said.expired ? new ScanProblem("code_expired") : null };
  } catch (fault) {
    if (!(fault instanceof CodeProblem)) throw fault;
    return { ...none, problem: fault };
  }
}
