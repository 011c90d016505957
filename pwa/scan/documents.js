// Identity documents: one canonical form each, so that a person is found however it is typed.
// The same rules as screening/registry/documents.py; tests/vectors/documents.json holds both.
import { gb11643, normaliseScan } from "./codes.js";
import { countryCode } from "./countries.js";
import { KINDS, docType } from "./document_kinds.js";
import { ScanProblem } from "./problems.js";

/** @typedef {{type: string, number: string}} Doc `number` of a passport starts with its country */

const OLDEST = 1850; // a birth year before this is a misread, not a person

const refuse = (code, details) => {
  throw new ScanProblem(code, details);
};
const longer = (number, wanted) => refuse("document_length", { length: [...number].length, wanted });
const unhyphened = (text) => text.replaceAll("-", "");

/** The birth date YYYYMMDD if it can be one; throws document_birth_date. */
function dated(digits) {
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6, 8)].map(Number);
  const days = [31, year % 4 || (year % 100 === 0 && year % 400) ? 28 : 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  if (year < OLDEST || !(day >= 1 && day <= (days[month - 1] ?? 0))) refuse("document_birth_date");
  return digits.slice(0, 8);
}

function citizenType(number) {
  if (number[0] === "9") return "foreign_residence";
  return ["81", "82", "83"].includes(number.slice(0, 2)) ? "hmt_residence" : "resident_id";
}

// 18 characters of GB 11643; the 15-digit form becomes the 18 of a birth in the 1900s.
function citizen(plain, kind) {
  let number = unhyphened(plain);
  if (/^[0-9]{15}$/.test(number)) {
    number = `${number.slice(0, 6)}19${number.slice(6)}`;
    number += gb11643(number);
  }
  if ([...number].length !== 18) longer(number, kind === "resident_id" ? "15 / 18" : "18");
  if (!/^[0-9]{17}[0-9X]$/.test(number)) refuse("document_form");
  dated(number.slice(6, 14));
  if (gb11643(number.slice(0, 17)) !== number[17]) refuse("document_check_digit");
  const own = citizenType(number);
  if (kind !== own && kind !== "resident_id") refuse("document_form");
  return { type: own, number };
}

// Since 2023: 9, province, country, birth date, sequence, check; before: 3 letters, 12 digits.
function foreignResidence(plain, kind) {
  const number = unhyphened(plain);
  if (/^[A-Z]{3}[0-9]{12}$/.test(number)) return { type: kind, number };
  const length = [...number].length;
  if (length !== 15 && length !== 18) longer(number, "15 / 18");
  if (length === 15 || number[0] !== "9") refuse("document_form");
  return { type: kind, number: citizen(number, "resident_id").number };
}

// A travel permit: the number for life; two digits more on older ones only count the issues.
function permit(plain, kind) {
  const number = unhyphened(plain.replace(/\([A-Z0-9]{1,2}\)$/, ""));
  const home = kind === "home_return";
  const [letter, digits] = home ? [number.slice(0, 1), number.slice(1)] : ["", number];
  if (!/^[0-9]+$/.test(digits) || !["", "H", "M"].includes(letter)) refuse("document_form");
  const extra = letter.length;
  if (digits.length !== 8 && digits.length !== 10) longer(number, `${8 + extra} / ${10 + extra}`);
  return { type: kind, number: letter + digits.slice(0, 8) };
}

function passport(plain, country) {
  const written = country ? null : /^([A-Z]{2,3})-(.+)$/.exec(plain);
  const number = unhyphened(written ? written[2] : plain);
  const code = countryCode(written ? written[1] : country);
  if (!code) refuse("document_country");
  const length = [...number].length;
  if (length < 5 || length > 15) longer(number, "5 - 15");
  if (!/^[0-9A-Z]+$/.test(number)) refuse("document_form");
  return { type: "passport", number: `${code}-${number}` };
}

// “军字第1234567号” and “军1234567” are the same card.
function officerCard(plain, kind) {
  const number = plain.replace(/[字第号-]/g, "");
  if (!/^[\u4e00-\u9fff]{0,4}[0-9A-Z]{4,15}$/.test(number)) refuse("document_form");
  return { type: kind, number };
}

// The book's number and, after a hyphen, the member's page: a book alone is a household.
function householdBook(plain, kind) {
  if (!/^[0-9A-Z]{4,20}(?:-[0-9]{1,2})?$/.test(plain)) refuse("document_form");
  const [book, page] = plain.split("-");
  return { type: kind, number: page ? `${book}-${page.padStart(2, "0")}` : book };
}

// <guardian's number, or type:number>/<birth date, 8 digits>[/<order>]; hyphens serve too.
function newbornText(plain) {
  const form = /^(?:([A-Z_]+):)?(.+?)[/-]([0-9]{8})(?:[/-]([0-9]{1,2}))?$/;
  const [written, type, number, born, order] = form.exec(plain) ?? refuse("document_form");
  if (!written || type === "NEWBORN" || type === "NONE") refuse("document_form");
  const guardian = type ? normalise(type, number) : recognise(number);
  return newborn(guardian, dated(born), Number(order ?? 1));
}

/** A child without paper: known by its guardian, birth date YYYYMMDD and order among twins. */
export function newborn(guardian, born, order = 1) {
  return { type: "newborn", number: `${guardian.type}:${guardian.number}/${born}/${order}` };
}

const READERS = {
  resident_id: citizen,
  hmt_residence: citizen,
  home_return: permit,
  taiwan_permit: permit,
  foreign_residence: foreignResidence,
  officer_card: officerCard,
  household_book: householdBook,
  newborn: newbornText,
};

/**
 * The canonical document; throws a ScanProblem. With `today` (YYYYMMDD) nobody is born after it.
 * A number given under a sibling's name (a residence permit as "ID card") gets its own type.
 * @returns {Doc}
 */
export function normalise(kind, text, country = null, { today = null } = {}) {
  const type = kind in KINDS ? kind : docType(kind);
  if (type === "none") return { type, number: "" };
  const plain = normaliseScan(text ?? "");
  if (!plain) refuse("document_missing");
  if (/^[0-9](?:\.[0-9]+)?E\+?[0-9]+$/.test(plain)) refuse("document_spreadsheet");
  const doc = type === "passport" ? passport(plain, country) : READERS[type](plain, type);
  const born = birthDate(doc);
  if (today && born && born > today) refuse("document_birth_date");
  return doc;
}

/** What a number typed without its kind most probably is; 15 and 18 characters are a citizen's. */
export function recognise(text, options = {}) {
  const plain = normaliseScan(text);
  const citizens = [15, 18].includes([...plain].length) && /^[0-9]/.test(plain);
  for (const kind of ["resident_id", "home_return", "taiwan_permit", "foreign_residence", "passport"]) {
    try {
      return normalise(kind, plain, null, options);
    } catch (fault) {
      if (!(fault instanceof ScanProblem) || citizens) throw fault;
    }
  }
  return refuse("document_form");
}

/** A number that cannot be right as the paper has it, under the kind that it looks most like: a second
 * person confirms it, and nobody else's number may stand in its place. */
export function oddDocument(text) {
  const number = normaliseScan(text);
  const bare = unhyphened(number);
  const type = /^[HM]/.test(bare) ? "home_return" : /^[A-Z]{3}[0-9]/.test(bare) ? "foreign_residence" : "resident_id";
  return { type, number };
}

/** The birth date YYYYMMDD that the number itself states; null if it states none. */
export function birthDate({ type, number }) {
  if (type === "newborn") return dated(number.split("/")[1]);
  const stated = type === "resident_id" || type === "hmt_residence";
  const card = type === "foreign_residence" && number.length === 18;
  return stated || card ? dated(number.slice(6, 14)) : null;
}

/** What is hashed to find the person; null when there is no document. */
export const keyOf = ({ type, number }) => (type === "none" ? null : `${type}:${number}`);

/** Two letters of a passport's country. */
export const countryOf = ({ type, number }) => (type === "passport" ? number.split("-")[0] : null);

/** The four characters people are asked for; a newborn answers with its guardian's. */
export const last4 = ({ type, number }) =>
  (type === "newborn" ? number.split("/")[0] : number).slice(-4);

/** What screens show: never the birth date, never enough to guess the rest. */
export function mask({ type, number }) {
  if (type === "newborn") {
    const [guardian, , order] = number.split("/");
    const [kind, rest] = [guardian.split(":")[0], guardian.slice(guardian.indexOf(":") + 1)];
    return `${mask({ type: kind, number: rest })}/${order}`;
  }
  const cut = type === "passport" ? number.lastIndexOf("-") + 1 : 0;
  const [prefix, plain] = [number.slice(0, cut), number.slice(cut)];
  const [shown, tail] = plain.length >= 15 ? [3, 4] : plain.length >= 7 ? [1, 3] : [0, 2];
  const hidden = "*".repeat(Math.max(plain.length - shown - tail, 0));
  return prefix + plain.slice(0, shown) + hidden + plain.slice(Math.max(plain.length - tail, 0));
}
