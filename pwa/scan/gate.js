// Between scanners and the app: drops a double pull of the trigger, joins the lines of a passport.
import { normaliseScan } from "./codes.js";
import { beginsLines, readLines } from "./mrz.js";

const LOCK = 1500; // ms in which the same text again is a double pull, no second thing
const KEPT = 50;

export class Gate {
  /**
   * @param {{hand: (text: string, source: string) => any, again: (text: string) => void,
   *   repeats?: () => boolean, clock?: () => number}} o
   *   repeats: the screen wants the same code twice (counting).
   */
  constructor({ hand, again, repeats = () => false, clock = () => performance.now() }) {
    this.hand = hand;
    this.again = again;
    this.repeats = repeats;
    this.clock = clock;
    this.seen = new Map();
    this.held = "";
  }

  /** Take a text. False when it was only a double pull. */
  push(text, source = "wedge") {
    if (source !== "typed" && this.doubled(text)) {
      this.again(text);
      return false;
    }
    for (const whole of this.joined(text)) this.hand(whole, source);
    return true;
  }

  doubled(text) {
    const [key, now] = [normaliseScan(text), this.clock()];
    const before = this.seen.get(key);
    if (before !== undefined && now - before < LOCK && !this.repeats()) return true;
    this.seen.delete(key);
    this.seen.set(key, now);
    if (this.seen.size > KEPT) this.seen.delete(this.seen.keys().next().value);
    return false;
  }

  // A reader of passports sends each line with its own Enter. Lines that do not go on are handed on
  // as they are, so that the screen can say that something is missing.
  joined(text) {
    const held = this.held;
    const whole = held ? `${held}\n${text}` : text;
    this.held = "";
    if (beginsLines(whole) || (held && beginsLines(text))) {
      this.held = beginsLines(whole) ? whole : text;
      return [];
    }
    if (!held) return [text];
    const lines = readLines(whole, 0);
    return lines && lines.problem?.code !== "mrz_incomplete" ? [whole] : [held, text];
  }
}
