// Numbers on tubes, boxes, seals, sites, badges and people, read offline on the device.
// The same rules as screening/tube/{codes,numbers,patterns}.py and
// screening/registry/{check_digits,scans,person_codes}.py; tests/vectors/codes.json holds both to
// them. Imports nothing.

export const KINDS = { tube: 1, box: 2, seal: 3, site: 4, badge: 5, resident: 6 };
export const LENGTHS = { tube: 14, box: 12, seal: 12, site: 10, badge: 10, resident: 14 };
const LONG_KINDS = ["site", "badge"]; // named by their own id, which takes twenty digits
const LONG = 24;
const PRACTICE = "9";
const FRAME = 4; // lead, second, two check digits: what is not serial
const MAX_LENGTH = 32;

const WORDS = {
  tube: { zh: "采样管码", en: "a tube" },
  box: { zh: "转运箱码", en: "a box" },
  seal: { zh: "封签码", en: "a seal" },
  site: { zh: "采样点码", en: "a site" },
  badge: { zh: "工作证码", en: "a staff badge" },
  resident: { zh: "居民码", en: "a resident" },
};

// One sentence a fault, word for word as the server says it (a test compares them).
export const SENTENCES = {
  nothing_read: { zh: "没有读到码，请再扫一次。", en: "Nothing was read; scan again." },
  odd_characters: {
    zh: "读到了不该有的字符，请再扫一次。",
    en: "The read holds characters that do not belong in a code; scan again.",
  },
  wrong_length: {
    zh: "读到 {length} 位，应为 {wanted} 位，可能没有读全，请再扫一次。",
    en: "{length} characters were read, {wanted} are needed; it may be cut short: scan again.",
  },
  bad_check_digits: {
    zh: "校验位不对，读错或输错了，请再扫一次。",
    en: "The check digits do not fit, so it was misread or mistyped; scan again.",
  },
  wrong_kind: {
    zh: "这是{seen}，这里要扫{wanted}。",
    en: "This is the code of {seen}; {wanted} is needed here.",
  },
  unknown_code: {
    zh: "不认识这个码：不是本系统的码，也不在已登记的标签之内。",
    en: "This code is not one of ours and fits no registered label.",
  },
  practice_code: {
    zh: "这是练习用的码，不能用于正式采样。",
    en: "This is a practice code and cannot be used for real.",
  },
  live_code: {
    zh: "这是正式的码，练习时请用练习码。",
    en: "This is a real code; use practice codes for practice.",
  },
  not_a_resident_code: { zh: "这不是居民码。", en: "This is not a resident code." },
  bad_access_code: {
    zh: "查询码有误，请对照纸条再输一次。",
    en: "The look-up code is not right; compare it with your slip and type it again.",
  },
};

export class CodeProblem extends Error {
  constructor(code, details = {}) {
    super(code);
    this.name = "CodeProblem";
    this.code = code;
    this.details = details;
  }

  sentence(lang = "zh") {
    const text = SENTENCES[this.code][lang === "en" ? "en" : "zh"];
    return text.replace(/\{(\w+)\}/g, (_, key) => {
      const value = this.details[key];
      return this.code === "wrong_kind" ? WORDS[value][lang === "en" ? "en" : "zh"] : value;
    });
  }
}

// --- check digits ------------------------------------------------------------------------------

export function mod97_10(payload) {
  let rest = 0;
  for (const char of payload) {
    const value = parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return String(98 - ((rest * 100) % 97)).padStart(2, "0");
}

export function hybrid(values, size) {
  let carry = size;
  for (const value of values) {
    carry = (carry + value) % size || size;
    carry = (carry * 2) % (size + 1);
  }
  return (size + 1 - carry) % size;
}

export function mod11_10(payload) {
  return String(hybrid([...payload].map(Number), 10));
}

export function luhn(payload) {
  let total = 0;
  [...payload].reverse().forEach((char, place) => {
    const value = Number(char) * (place % 2 === 0 ? 2 : 1);
    total += value > 9 ? value - 9 : value;
  });
  return String((10 - (total % 10)) % 10);
}

export function gs1_mod10(payload) {
  let total = 0;
  [...payload].reverse().forEach((char, place) => {
    total += Number(char) * (place % 2 === 0 ? 3 : 1);
  });
  return String((10 - (total % 10)) % 10);
}

const GB11643_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

export function gb11643(first17) {
  const total = GB11643_WEIGHTS.reduce((sum, weight, i) => sum + weight * Number(first17[i]), 0);
  return "10X98765432"[total % 11];
}

const CHECKS = {
  mod97_10: [2, mod97_10],
  mod11_10: [1, mod11_10],
  luhn: [1, luhn],
  gs1_mod10: [1, gs1_mod10],
};

export function passes(check, text) {
  if (check === "none") return true;
  const [length, compute] = CHECKS[check];
  const plain = text.replaceAll("-", "");
  const payload = plain.slice(0, -length);
  const given = plain.slice(-length);
  if (!payload || !/^[0-9]+$/.test(given)) return false;
  if (check !== "mod97_10" && !/^[0-9]+$/.test(payload)) return false;
  return compute(payload) === given;
}

// --- what a scanner or a finger gives ------------------------------------------------------------

const EDGE =
  "[\\x00-\\x20\\x7f-\\xa0\\u1680\\u2000-\\u200f\\u2028-\\u202f\\u205f\\u2060\\u3000\\ufeff]+";
const EDGES = new RegExp(`^${EDGE}|${EDGE}$`, "g");

export function normaliseScan(text) {
  return text
    .replace(/[\uff01-\uff5e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0))
    .replace(EDGES, "")
    .replace(/^\][A-Za-z][0-9]/, "") // a scanner's symbology identifier, as ]C0 for Code 128
    .replace(EDGES, "")
    .replace(/[ \xa0\u3000]/g, "")
    .replace(/[a-z]/g, (char) => char.toUpperCase());
}

// Code points of the read, ".." for plain letters and digits, "??" for other letters: a read may be
// anybody's health code, so what could tell a person is not repeated.
export function hexOf(text) {
  return [...text]
    .slice(0, 64)
    .map((char) => {
      if (/[0-9A-Za-z]/.test(char)) return "..";
      if (/[\p{L}\p{N}]/u.test(char)) return "??";
      return char.codePointAt(0).toString(16).padStart(2, "0");
    })
    .join(" ");
}

// --- codes of a person ---------------------------------------------------------------------------

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford: no I, L, O, U
const MAX_CELL = 2n ** 31n - 1n;
const MAX_PERSON = 2n ** 63n - 1n;

function residentCheck(cell, person) {
  return mod97_10(`R1${cell.padStart(10, "0")}${person.padStart(19, "0")}`);
}

// `person` may be a string: ids pass what a Number holds exactly.
export function makeResidentCode(cell, person) {
  const [c, p] = [String(cell), String(person)];
  return `R1.${c}-${p}-${residentCheck(c, p)}`;
}

// { cell: Number, person: String }
export function readResidentCode(text) {
  const match = /^R1\.([0-9]{1,10})-([0-9]{1,19})-([0-9]{2})$/.exec(normaliseScan(text));
  if (!match) throw new CodeProblem("not_a_resident_code");
  const [, cell, person, check] = match;
  if (check !== residentCheck(cell, person)) throw new CodeProblem("bad_check_digits");
  if (BigInt(cell) > MAX_CELL || BigInt(person) > MAX_PERSON) {
    throw new CodeProblem("not_a_resident_code");
  }
  return { cell: Number(cell), person: BigInt(person).toString() };
}

export function normaliseAccessCode(text) {
  const folded = { O: "0", I: "1", L: "1" };
  const code = normaliseScan(text).replace(/[-OIL]/g, (char) => folded[char] ?? "");
  const length = [...code].length;
  if (length !== 12) throw new CodeProblem("wrong_length", { length, wanted: 12 });
  const values = [...code].map((char) => ALPHABET.indexOf(char));
  if (values.includes(-1) || values[11] !== hybrid(values.slice(0, 11), 32)) {
    throw new CodeProblem("bad_access_code");
  }
  return code;
}

// --- codes of things -----------------------------------------------------------------------------

export function makeCode(kind, serial, practice = false) {
  const digits = String(serial);
  const short = LENGTHS[kind] - FRAME;
  const width = LONG_KINDS.includes(kind) && digits.length > short ? LONG - FRAME : short;
  if (!/^[0-9]+$/.test(digits) || digits.length > width) {
    throw new RangeError(`serial of a ${kind} must have at most ${width} digits`);
  }
  const frame = practice ? PRACTICE + KINDS[kind] : `${KINDS[kind]}0`;
  const payload = frame + digits.padStart(width, "0");
  return payload + mod97_10(payload);
}

export function grouped(text) {
  return /^[0-9]+$/.test(text) ? text.replace(/\B(?=(?:[0-9]{4})+$)/g, " ") : text;
}

function reading(kind, text, serial, { foreign = null, practice = false, cell = null } = {}) {
  return { kind, text, serial, foreign, practice, cell };
}

function readOwn(code) {
  const practice = code[0] === PRACTICE;
  const lead = Number(practice ? code[1] : code[0]);
  const kind = Object.keys(KINDS).find((name) => KINDS[name] === lead);
  if (!/^[0-9]+$/.test(code) || !kind) return new CodeProblem("unknown_code");
  const long = LONG_KINDS.includes(kind) && code.length === LONG;
  if (code.length !== LENGTHS[kind] && !long) {
    return new CodeProblem("wrong_length", { length: code.length, wanted: LENGTHS[kind] });
  }
  if (mod97_10(code.slice(0, -2)) !== code.slice(-2)) return new CodeProblem("bad_check_digits");
  const serial = code.slice(2, -2); // of the long form a decimal string: beyond what a Number holds
  return reading(kind, code, long ? serial.replace(/^0+(?=.)/, "") : Number(serial), { practice });
}

function readForeign(code, patterns, otherwise) {
  let fault = otherwise;
  for (const pattern of patterns) {
    const match = new RegExp(`^(?:${pattern.regex})$`).exec(code);
    if (!match || (pattern.length && code.length !== pattern.length)) continue;
    if (passes(pattern.check ?? "none", match[1] ?? code)) {
      return reading(pattern.kind, code, null, { foreign: pattern });
    }
    fault = new CodeProblem("bad_check_digits");
  }
  throw fault;
}

// What a scan or typing stands for; throws CodeProblem. An own number wins over a pattern.
export function readCode(text, patterns = []) {
  const code = normaliseScan(text);
  if (code.startsWith("R1.")) {
    const { cell, person } = readResidentCode(code);
    return reading("resident", code, person, { cell });
  }
  if (!code) throw new CodeProblem("nothing_read");
  if (!/^[0-9A-Z-]+$/.test(code)) throw new CodeProblem("odd_characters", { hex: hexOf(text) });
  if (code.length > MAX_LENGTH) {
    throw new CodeProblem("wrong_length", { length: code.length, wanted: `≤ ${MAX_LENGTH}` });
  }
  const own = readOwn(code);
  return own instanceof CodeProblem ? readForeign(code, patterns, own) : own;
}

// The reading a screen asked for.
export function expectCode(text, kind, { practice = false, patterns = [] } = {}) {
  const seen = readCode(text, patterns);
  if (seen.kind !== kind) throw new CodeProblem("wrong_kind", { seen: seen.kind, wanted: kind });
  if (seen.practice && !practice) throw new CodeProblem("practice_code");
  if (practice && !seen.practice && kind !== "resident") throw new CodeProblem("live_code");
  return seen;
}
