// Machine-readable lines of passports and cards (ICAO 9303: TD3, TD2, TD1), with their check digits.
import { countryCode } from "./countries.js";
import { normalise } from "./documents.js";
import { ScanProblem } from "./problems.js";

/** @typedef {{doc: {type: string, number: string, country?: string, name?: string},
 *   birth: string|null, problem: ScanProblem|null}} Lines */

const WEIGHTS = [7, 3, 1];

/** The check digit of a field: "<" counts 0, letters 10 to 35. */
export function checkDigit(field) {
  let total = 0;
  [...field].forEach((char, i) => {
    total += (char === "<" ? 0 : parseInt(char, 36)) * WEIGHTS[i % 3];
  });
  return String(total % 10);
}

const fits = (field, digit) => digit === checkDigit(field) || (digit === "<" && /^<+$/.test(field));
const plain = (field) => field.replaceAll("<", "");

// Two digits of a year: a birth lies in the past, so what would be ahead is of the last century.
function birthOf(digits, now) {
  if (!/^[0-9]{6}$/.test(digits)) return null;
  const year = new Date(now).getUTCFullYear();
  const full = Math.floor(year / 100) * 100 + Number(digits.slice(0, 2));
  const born = `${full}${digits.slice(2)}`;
  const today = new Date(now).toISOString().slice(0, 10).replaceAll("-", "");
  return born > today ? `${full - 100}${digits.slice(2)}` : born;
}

/** "ERIKSSON<<ANNA<MARIA<<<" as "ERIKSSON ANNA MARIA". */
const nameOf = (field) => field.replace(/<+$/, "").replace(/<+/g, " ").trim();

/** The text without the ends of lines and blanks, upper case; half-width. */
function squeeze(text) {
  return text.replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
    .replace(/[\s\0]/g, "").toUpperCase();
}

// What each size of document holds where: lines joined, from and to.
const TD3 = { code: [0, 2], issuer: [2, 5], name: [5, 44], number: [44, 53], nation: [54, 57], birth: [57, 63], expiry: [65, 71], extra: [72, 86], total: [[44, 54], [57, 64], [65, 87]], last: 87 };
const TD2 = { code: [0, 2], issuer: [2, 5], name: [5, 36], number: [36, 45], nation: [46, 49], birth: [49, 55], expiry: [57, 63], total: [[36, 46], [49, 56], [57, 71]], last: 71 };
const TD1 = { code: [0, 2], issuer: [2, 5], number: [5, 14], birth: [30, 36], expiry: [38, 44], nation: [45, 48], name: [60, 90], total: [[5, 30], [30, 37], [38, 45], [48, 59]], last: 59 };
const BY_LENGTH = { 88: TD3, 72: TD2, 90: TD1 };
const SECOND = /^[A-Z0-9<]{9}[0-9<][A-Z<]{3}[0-9<]{6}[0-9<][MFX<][0-9<]{6}[0-9<]/; // line 2 of a book
const FIRST = /^[PVIAC][A-Z<][A-Z<]{3}[A-Z0-9<]+$/;

/** Whether a read is a first line (or two of three) whose next line is still to come. */
export function beginsLines(text) {
  const line = squeeze(text);
  if (!FIRST.test(line) || !line.includes("<")) return false;
  const [bookish, cardish] = [line[0] === "P" || line[0] === "V", "IAC".includes(line[0])];
  if ((bookish && line.length === 44) || (cardish && line.length === 36)) return true;
  return cardish && (line.length === 30 || line.length === 60);
}

/** Whether a text holds machine-readable lines at all, whole or broken. */
export function looksLikeLines(text) {
  const lines = squeeze(text);
  if (!/^[A-Z0-9<]+$/.test(lines) || !lines.includes("<")) return false;
  const second = (lines.length === 44 || lines.length === 36) && SECOND.test(lines);
  return second || beginsLines(text) || (FIRST.test(lines) && lines.length > 44);
}

// A number longer than its field goes on in the optional data, behind a "<" (TD1 and TD2).
function numberOf(lines, at) {
  const number = lines.slice(...at.number);
  const check = lines[at.number[1]];
  if (at !== TD1 || check !== "<") return { number, good: fits(number, check) };
  const [rest] = lines.slice(15, 30).split("<");
  const whole = number + rest.slice(0, -1);
  return { number: whole, good: rest.length > 1 && fits(whole, rest.slice(-1)) };
}

function sound(lines, at, good) {
  const one = ([from, to]) => fits(lines.slice(from, to), lines[to]);
  const total = at.total.map((part) => lines.slice(...part)).join("");
  const extra = !at.extra || one(at.extra);
  return good && one(at.birth) && one(at.expiry) && extra && fits(total, lines[at.last]);
}

function document(code, issuer, number, name) {
  const bare = plain(number);
  const country = countryCode(plain(issuer));
  if (country === "CN" && code[0] === "C" && /^[HM][0-9]{8,10}$/.test(bare)) {
    return { ...normalise("home_return", bare), name };
  }
  if (country === "CN" && code[0] === "C" && /^[0-9]{8,10}$/.test(bare)) {
    return { ...normalise("taiwan_permit", bare), name };
  }
  if (code[0] !== "P") throw new ScanProblem("use_id_card");
  return { ...normalise("passport", bare, country), country, name };
}

/**
 * What the lines say; problems are told, not thrown. Null when the text holds no such lines.
 * The second line of a passport is enough; the name is then missing.
 * @returns {Lines|null}
 */
export function readLines(text, now) {
  if (!looksLikeLines(text)) return null;
  let lines = squeeze(text);
  if (lines.length === 44 && SECOND.test(lines)) lines = `P<${lines.slice(10, 13)}${"<".repeat(39)}${lines}`;
  const at = BY_LENGTH[lines.length];
  if (!at) return { doc: null, birth: null, problem: new ScanProblem("mrz_incomplete") };
  const { number, good } = numberOf(lines, at);
  if (!sound(lines, at, good)) {
    return { doc: null, birth: null, problem: new ScanProblem("mrz_check_digit") };
  }
  const birth = birthOf(lines.slice(...at.birth), now);
  const name = nameOf(lines.slice(...at.name)) || undefined;
  try {
    const doc = document(lines.slice(...at.code), lines.slice(...at.issuer), number, name);
    return { doc, birth, problem: null };
  } catch (fault) {
    if (!(fault instanceof ScanProblem)) throw fault;
    return { doc: null, birth, problem: fault };
  }
}
