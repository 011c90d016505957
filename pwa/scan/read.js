// What a scan or typing stands for: one read for every kind of code met in the field.
import { parseFrame } from "../journal/frames.js";
import { readCard } from "./cards.js";
import { CodeProblem, hexOf, normaliseScan, readCode } from "./codes.js";
import { birthDate, oddDocument, recognise } from "./documents.js";
import { readLines } from "./mrz.js";
import { ScanProblem } from "./problems.js";
import { readResident } from "./resident.js";

/**
 * @typedef {object} Read
 * @property {"tube"|"box"|"seal"|"site"|"badge"|"resident"|"document"|"enrol"|"frame"|"tables"|"unknown"} kind
 * @property {string} text      normalised; of a document only what may be shown: `doc` holds the number
 * @property {string} shown     what the strip may show: documents and names masked
 * @property {"wedge"|"camera"|"typed"} source
 * @property {CodeProblem|null} problem   why it cannot be used, `problem.sentence(lang)`
 * tube, box, seal, site, badge: number, serial, practice, foreign; older forms: site `code`, badge `staff_no`
 * resident: cell, person, code (R1), name, signed, expired
 * document: doc, birth (YYYYMMDD|null); where it cannot be right, `odd` {type, number, name?} as read
 * enrol: code, server; frame, tables: prefix, id, i, n, chunk; unknown: staff_no (if it could be one)
 */

const ENROL = /(?:^|[#?&/])enrol=([0-9A-Za-z-]{6,40})$/i;
const SITE = /^SITE:([0-9A-Z-]{1,32})$/;
const PERSON_PREFIX = /^R[12]\./;
const BADGE = /^(?:BADGE|STAFF):([0-9A-Z-]{2,32})$/;
const plainOf = (text) => normaliseScan(text);

function enrolOf(text) {
  const found = ENROL.exec(text.trim());
  if (!found) return null;
  const server = /^https?:\/\/[^/\s]+/i.exec(text.trim())?.[0] ?? null;
  return { kind: "enrol", code: found[1].toUpperCase(), server: server?.toLowerCase() ?? null, shown: "…" };
}

function frameOf(plain) {
  if (!/^S[QT]1\./.test(plain)) return null;
  const frame = parseFrame(plain);
  const kind = plain[1] === "Q" ? "frame" : "tables";
  if (!frame) return { kind, problem: new ScanProblem("frame_damaged"), shown: plain.slice(0, 4) };
  return { kind, ...frame, shown: `${frame.i} / ${frame.n}` };
}

/** A document as a read shows it: nothing but its last four. */
const behind = (doc) => (doc ? `…${doc.number.split("/")[0].slice(-4)}` : "…");

function documentRead({ doc, birth, problem, odd = null }) {
  return { kind: "document", doc, birth, problem, odd, text: behind(doc), shown: behind(doc) };
}

// A wedge or a camera gives a bare number of eight or ten digits only by misreading a label, so
// only typing may mean a travel permit or a passport by it.
function documentOf(plain, source) {
  const shape = /^(?:[0-9]{15}|[0-9]{17}[0-9X]|[HM][0-9]{8}(?:[0-9]{2})?|[A-Z]{3}[0-9]{12})$/;
  const scanned = shape.test(plain.replaceAll("-", ""));
  const typed = /^(?:[0-9]{8}|[0-9]{10}(?:\([A-Z0-9]{1,2}\))?|[A-Z]{2,3}-[0-9A-Z]{5,15})$/;
  if (!scanned && !(source === "typed" && typed.test(plain))) return null;
  try {
    const doc = recognise(plain);
    return documentRead({ doc, birth: birthDate(doc), problem: null });
  } catch (fault) {
    if (!(fault instanceof ScanProblem)) throw fault;
    return documentRead({ doc: null, birth: null, problem: fault, odd: oddDocument(plain) });
  }
}

// Another system's code of a person is of use when its pattern's group holds a document number.
function documentIn(text, foreign, source) {
  const inside = foreign && new RegExp(`^(?:${foreign.regex})$`).exec(text)?.[1];
  const paper = inside ? documentOf(inside, source) : null;
  return paper?.problem ? null : paper;
}

function codeOf(plain, patterns, practice, source) {
  try {
    const { kind, text, serial, practice: drill, foreign } = readCode(plain, patterns);
    const read = { kind, number: text, serial, practice: drill, foreign, shown: text };
    if (kind === "resident") {
      const paper = documentIn(text, foreign, source);
      if (paper) return { ...paper, foreign };
      const none = { cell: null, person: null, code: null, name: null, signed: false, expired: false };
      return { ...read, ...none, problem: new ScanProblem("use_id_card") };
    }
    if (drill && !practice) return { ...read, problem: new CodeProblem("practice_code") };
    if (practice && !drill) return { ...read, problem: new CodeProblem("live_code") };
    return read;
  } catch (fault) {
    if (!(fault instanceof CodeProblem)) throw fault;
    return fault;
  }
}

// Whose number it is when nothing else fits: staff cards printed before badges had numbers.
function staffOf(plain, staff) {
  const found = staff.find((one) => String(one.no).toUpperCase() === plain);
  return found ? { kind: "badge", number: null, serial: found.id, staff_no: found.no, practice: false, foreign: null } : null;
}

// A poster, a health code, an address: somebody holds it out for themselves.
function unknown(text, plain, fault) {
  const misread = fault.code === "bad_check_digits";
  const odd = !misread && (fault.code !== "unknown_code" || plain.length > 20);
  const short = /^[0-9]+$/.test(plain) && plain.length < 18;
  const problem = odd && !short && plain ? new ScanProblem("use_id_card", { hex: hexOf(text) }) : fault;
  const staff_no = !misread && /^[0-9A-Z-]{2,32}$/.test(plain) ? plain : null;
  return { kind: "unknown", problem, staff_no, shown: staff_no ? plain : `${plain.slice(0, 6)}…` };
}

/**
 * Classify a text. Never throws for what was read; `problem` says what is wrong.
 * @param {{source?: string, patterns?: object[], practice?: boolean, code_keys?: object[],
 *   card_line?: string, staff?: object[], now: number}} o
 * @returns {Promise<Read>}
 */
export async function read(text, o) {
  const { source = "typed", patterns = [], practice = false, code_keys = [], card_line = "" } = o;
  const plain = plainOf(text);
  const done = (found) => ({
    text: found.number ?? plain, source, problem: null, shown: found.number ?? plain, ...found,
  });
  const early = enrolOf(text) ?? frameOf(plain);
  if (early) return done(early);
  if (PERSON_PREFIX.test(plain)) {
    const said = await readResident(plain, code_keys, o.now);
    return done({ kind: "resident", ...said, shown: said.name || said.code || plain.slice(0, 3) });
  }
  const site = SITE.exec(plain)?.[1];
  const none = { number: null, serial: null, practice: false, foreign: null };
  if (site) return done({ kind: "site", ...none, code: site });
  const badge = BADGE.exec(plain)?.[1];
  if (badge) return done(staffOf(badge, o.staff ?? []) ?? { kind: "badge", ...none, staff_no: badge });
  const paper = readCard(text, card_line) ?? readLines(text, o.now);
  if (paper) return done(documentRead(paper));
  const code = codeOf(plain, patterns, practice, source);
  if (!(code instanceof CodeProblem)) return done(code);
  const last = documentOf(plain, source) ?? staffOf(plain, o.staff ?? []);
  return done(last ?? unknown(text, plain, code));
}
