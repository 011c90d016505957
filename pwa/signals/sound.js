// Three sounds that cannot be mistaken for one another with the eyes elsewhere, and a soft tick.

// [frequency Hz, start s, length s] each; the shape of the wave makes stop rough and ok clear.
export const PATTERNS = {
  ok: { wave: "sine", notes: [[1319, 0, 0.09]] },
  look: { wave: "triangle", notes: [[784, 0, 0.12], [784, 0.18, 0.12]] },
  stop: { wave: "sawtooth", notes: [[220, 0, 0.22], [165, 0.24, 0.38]] },
  again: { wave: "sine", notes: [[440, 0, 0.04]] },
};
const LOUD = { ok: 0.5, look: 0.6, stop: 0.7, again: 0.15 };

export class Sounds {
  constructor(make = () => new (globalThis.AudioContext ?? globalThis.webkitAudioContext)()) {
    this.make = make;
    this.context = null;
    this.playing = [];
  }

  /** Browsers play nothing before the first touch or key: call this in one. */
  unlock() {
    try {
      this.context ??= this.make();
      if (this.context.state === "suspended") this.context.resume?.()?.catch?.(() => {});
    } catch {
      this.context = null; // no sound on this device: vibration and colour remain
    }
  }

  /** Play at once; what still sounds is cut off, the newest counts. */
  play(tone, volume = 1) {
    const pattern = PATTERNS[tone];
    if (!pattern || volume <= 0) return;
    this.unlock();
    const context = this.context;
    if (!context) return;
    this.hush();
    const start = context.currentTime;
    for (const [pitch, at, length] of pattern.notes) {
      const [note, gain] = [context.createOscillator(), context.createGain()];
      note.type = pattern.wave;
      note.frequency.value = pitch;
      const peak = LOUD[tone] * Math.min(volume, 1);
      gain.gain.setValueAtTime(0, start + at);
      gain.gain.linearRampToValueAtTime(peak, start + at + 0.01); // without a ramp it clicks
      gain.gain.linearRampToValueAtTime(0, start + at + length);
      note.connect(gain);
      gain.connect(context.destination);
      note.start(start + at);
      note.stop(start + at + length + 0.02);
      this.playing.push(note);
    }
  }

  hush() {
    for (const note of this.playing) {
      try {
        note.stop();
      } catch {
        // It had ended by itself.
      }
    }
    this.playing = [];
  }
}
