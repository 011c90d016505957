// All parts a screen is made of.
export { answerBanner, toneWord } from "./answer.js";
export { actions, bigButton, button, tile } from "./buttons.js";
export { counter } from "./counter.js";
export { choice, field, stepper, toggle } from "./fields.js";
export { icon } from "./icons.js";
export { card, emptyState, facts, list, note, progress, row } from "./lists.js";
export { qrPicture } from "./qr.js";
export { scanStrip } from "./scan_strip.js";
export { sheet } from "./sheet.js";
export { truthLine } from "./truth.js";
