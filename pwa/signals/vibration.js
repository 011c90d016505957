// What a hand in a glove feels: one short, two short, one long and heavy.

export const PATTERNS = { ok: [40], look: [60, 80, 60], stop: [350, 100, 350], again: [15] };

export function vibrate(tone) {
  const pattern = PATTERNS[tone];
  try {
    return Boolean(pattern && globalThis.navigator?.vibrate?.(pattern));
  } catch {
    return false; // forbidden in a frame, or before the first touch
  }
}
