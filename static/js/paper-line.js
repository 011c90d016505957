// What can be told of a typed line without asking the server: whether it is whole, and whether a
// citizen's number keeps its check digit. Pure; paper.js puts it on the page.

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";
const HAN = /[\u3400-\u9fff]/;

/** Full-width forms to plain ones, capitals, no white space at the ends. */
export function plain(text) {
  return text.normalize("NFKC").trim().toUpperCase();
}

/** The check digit that GB 11643 asks for after seventeen digits. */
export function checkDigit(seventeen) {
  const sum = WEIGHTS.reduce((all, weight, i) => all + weight * Number(seventeen[i]), 0);
  return CHECKS[sum % 11];
}

const RESIDENT_CODE = /\bR[12]\.[0-9A-Z-]*/g; // the person's id in it may have eighteen digits

/** "", or what is plainly wrong with the citizen's number in a text. */
export function numberFault(text) {
  const typed = plain(text).replace(RESIDENT_CODE, " ");
  const found = /(?:^|[^0-9A-Z])([0-9]{17}[0-9X])(?![0-9A-Z])/.exec(typed);
  return found && checkDigit(found[1]) !== found[1][17] ? "check" : "";
}

/** Whether only the last six of a number stand here, so that a name must follow. */
export function needsName(text) {
  return /^[0-9]{5}[0-9X]$/.test(plain(text));
}

/** Whether a line says enough for the next one to be typed. */
export function whole(who, name) {
  const text = plain(who);
  if (text === "") return name.trim() !== "";
  if (needsName(text)) return name.trim() !== "";
  return /[0-9]/.test(text) || HAN.test(text) || text.length > 3;
}

/** Which of these keys occur twice: {key of the later line: first line}. Lines without are left. */
export function twice(lines) {
  const first = new Map();
  const again = new Map();
  for (const { row, key } of lines) {
    if (!key) continue;
    if (first.has(key)) again.set(row, first.get(key));
    else first.set(key, row);
  }
  return again;
}
