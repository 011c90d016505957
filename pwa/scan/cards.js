// The line that a card reader or PDA types: a template such as {name}|{sex}|{birth}|{number},
// or a regular expression with named groups between slashes. Only name and number are taken.
import { docType } from "./document_kinds.js";
import { birthDate, normalise, oddDocument, recognise } from "./documents.js";
import { ScanProblem } from "./problems.js";

const MOST = 400; // characters of a line; a longer one is no card
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const compiled = new Map();

// Fields are divided by what stands between them in the template: {name}|{number}.
function fromTemplate(template) {
  const seen = new Set();
  const parts = template.replaceAll("\\t", "\t").split(/(\{[a-z_]+\})/);
  const made = parts.map((part) => {
    const field = /^\{([a-z_]+)\}$/.exec(part)?.[1];
    if (!field) return escaped(part);
    if (seen.has(field) || field === "skip") return "(?:.*?)";
    seen.add(field);
    return `(?<${field}>.*?)`;
  });
  return new RegExp(`^\\s*${made.join("")}\\s*$`, "u");
}

function compile(line) {
  if (!compiled.has(line)) {
    const written = /^\/(.+)\/([iu]*)$/s.exec(line);
    const pattern = written ? new RegExp(written[1], written[2]) : fromTemplate(line);
    compiled.set(line, pattern);
  }
  return compiled.get(line);
}

/** Whether a setting can be used: it names {number}, and if an expression, it is a sound one. */
export function checkCardLine(line) {
  if (!line.trim()) return true;
  try {
    return /\{number\}|\(\?<number>/.test(line) && Boolean(compile(line));
  } catch {
    return false;
  }
}

/** Whether a text has the form of the configured line. */
export function fitsCard(text, line) {
  if (!line?.trim() || !checkCardLine(line) || text.length > MOST) return false;
  const found = compile(line).exec(text);
  // A number alone would fit "{number}": it must look like one.
  return Boolean(found?.groups?.number && /^[\s0-9A-Za-z()-]{5,24}$/.test(found.groups.number));
}

/**
 * Name and number of a card's line; null when the text is none. Sex, nation, address are dropped.
 * @returns {{doc: object|null, birth: string|null, problem: ScanProblem|null, odd?: object}|null}
 */
export function readCard(text, line) {
  if (!fitsCard(text, line)) return null;
  const { number, name, type, country } = compile(line).exec(text).groups;
  const said = name?.trim().slice(0, 60);
  try {
    const doc = type?.trim() ? normalise(docType(type), number, country) : recognise(number);
    return { doc: said ? { ...doc, name: said } : doc, birth: birthDate(doc), problem: null };
  } catch (fault) {
    if (!(fault instanceof ScanProblem)) throw fault;
    return { doc: null, birth: null, problem: fault, odd: { ...oddDocument(number), ...(said ? { name: said } : {}) } };
  }
}
