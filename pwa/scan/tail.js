// Whether what was keyed ends in a whole read: how scanning is told from typing without a clock.
import { fitsCard } from "./cards.js";
import { normaliseScan, passes, readCode, readResidentCode } from "./codes.js";
import { recognise } from "./documents.js";
import { beginsLines, looksLikeLines } from "./mrz.js";
import { wholeSigned } from "./resident.js";

const AIM = "(?:\\][A-Za-z][0-9])?";
const PERSON = new RegExp(`${AIM}(R[12]\\.[0-9A-Z-]+)$`, "i");
// Nothing in these says where they end: only the scanner's own end of read does.
const OPEN_ENDED = new RegExp(
  `${AIM}(?:S[QT]1\\.[0-9A-F]{8}\\.[0-9]+\\.[0-9]+\\.[A-Z2-7]+|SITE:[0-9A-Z-]+|STAFF:[0-9A-Z-]+` +
    "|BADGE:[0-9A-Z-]+|https?:\\/\\/\\S*#enrol=[0-9A-Z-]+)$",
  "i",
);
const CITIZEN = /(?:^|[^0-9])([0-9]{17}[0-9Xx])$/;
const OWN = [
  /([0-9]{24})$/, /(?:^|[^0-9])([0-9]{10})$/, /(?:^|[^0-9])([0-9]{12})$/,
  /(?:^|[^0-9]|[^0-9][0-9]{1,11}|^[0-9]{1,11})([0-9]{14})$/, // after digits typed by hand, at most a telephone's
];

function holds(act) {
  try {
    return Boolean(act());
  } catch {
    return false;
  }
}

const wholePerson = (text) => wholeSigned(text) || holds(() => readResidentCode(text));

// A pattern without check digits could be anything typed: only a checked or a long one is sure.
function patternFits(pattern, plain) {
  return holds(() => {
    const match = new RegExp(`^(?:${pattern.regex})$`).exec(plain);
    if (!match || (pattern.length && plain.length !== pattern.length)) return false;
    const check = pattern.check ?? "none";
    return check === "none" ? plain.length >= 12 : passes(check, match[1] ?? plain);
  });
}

/**
 * How many characters at the end of `text` are a whole read; 0 when none. Digits before a number of
 * 10 or 12 digits hide it: a telephone number that happens to end like a badge is typing.
 * `ended`: the scanner's end of read was seen (a suffix key), so open-ended codes count too.
 */
export function completeTail(text, { patterns = [], card_line = "", ended = true } = {}) {
  const person = PERSON.exec(text);
  if (person && (ended || wholePerson(person[1]))) return person[0].length;
  const open = ended && OPEN_ENDED.exec(text);
  if (open) return open[0].length;
  if (fitsCard(text, card_line)) return text.length;
  if (looksLikeLines(text) && (ended || !beginsLines(text))) return text.length;
  const card = CITIZEN.exec(text)?.[1];
  if (card && holds(() => recognise(card))) return card.length;
  for (const own of OWN) {
    const digits = own.exec(text)?.[1];
    if (digits && holds(() => readCode(digits).text === digits)) return digits.length;
  }
  return patterns.some((one) => patternFits(one, normaliseScan(text))) ? text.length : 0;
}
