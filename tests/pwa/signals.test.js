// Sound, vibration and speech: told apart, switched off, absent; and what the camera reads once.
import { describe, expect, it } from "vitest";

import { Repeats, problemOf } from "../../pwa/scan/lens.js";
import { Signals } from "../../pwa/signals/index.js";
import { PATTERNS as SOUNDS, Sounds } from "../../pwa/signals/sound.js";
import { Speech } from "../../pwa/signals/speech.js";
import { PATTERNS as SHAKES } from "../../pwa/signals/vibration.js";

// The browser's side, as far as it is used here; the classes under test are our own.
function audio() {
  const notes = [];
  const param = { value: 0, setValueAtTime() {}, linearRampToValueAtTime() {} };
  const make = () => ({
    currentTime: 5, state: "running", destination: {},
    createOscillator: () => {
      const note = { frequency: { value: 0 }, connect() {}, start: (at) => { note.from = at; }, stop: (at) => { note.to = at; } };
      notes.push(note);
      return note;
    },
    createGain: () => ({ gain: { ...param }, connect() {} }),
  });
  return { sounds: new Sounds(make), notes };
}

function voice() {
  const said = [];
  const synth = {
    speaking: false, pending: false, cancelled: 0, getVoices: () => [{ lang: "zh_CN", localService: true }, { lang: "en-US", localService: false }],
    speak(one) { said.push(one); this.speaking = true; },
    cancel() { this.cancelled += 1; this.speaking = false; },
  };
  return { said, synth, speech: new Speech(synth, class { constructor(text) { this.text = text; } }) };
}

describe("signals", () => {
  it("have three patterns that differ in sound and in the hand", () => {
    const tones = ["ok", "look", "stop"];
    expect(new Set(tones.map((tone) => JSON.stringify(SOUNDS[tone]))).size).toBe(3);
    expect(new Set(tones.map((tone) => JSON.stringify(SHAKES[tone]))).size).toBe(3);
    expect(new Set(tones.map((tone) => SOUNDS[tone].wave)).size).toBe(3);
  });

  it("cut off an old sound for a new one", () => {
    const { sounds, notes } = audio();
    sounds.play("ok");
    sounds.play("stop");
    expect(notes.length).toBe(3);
    expect(notes[0].to).toBe(undefined); // stopped at once, without a time
  });

  it("keep quiet when switched off", () => {
    const { sounds, notes } = audio();
    const { said, speech } = voice();
    const shaken = [];
    const signals = new Signals({ sounds, speech, shake: (tone) => shaken.push(tone) });
    signals.signal("ok", { sound: false, vibrate: false });
    signals.speak("李 第7个", { voice: "off" });
    expect([notes.length, said.length, shaken.length]).toEqual([0, 0, 0]);
    signals.signal("look", {});
    signals.speak("李 第7个", { voice: "short", lang: "zh" });
    expect([notes.length, said[0].text, said[0].lang, said[0].voice.lang, shaken[0]]).toEqual([2, "李 第7个", "zh-CN", "zh_CN", "look"]);
  });

  it("let the newest sentence win, and a stop silence it", () => {
    const { said, synth, speech } = voice();
    const signals = new Signals({ sounds: audio().sounds, speech, shake() {} });
    signals.speak("李 第7个", {});
    signals.speak("换管", {});
    expect([said.map((one) => one.text), synth.cancelled]).toEqual([["李 第7个", "换管"], 1]);
    signals.signal("stop", {});
    expect(synth.cancelled).toBe(2);
  });

  it("do not fall over where the browser has none of it", () => {
    const broken = new Sounds(() => { throw new Error("no audio"); });
    const signals = new Signals({ sounds: broken, speech: new Speech(null, null) });
    signals.signal("stop", {});
    expect(signals.speak("x", {})).toBe(false);
    signals.hush();
  });
});

describe("the camera", () => {
  it("reads a code that stays in view once", () => {
    const repeats = new Repeats(2500);
    const fresh = [0, 400, 2800, 5000].map((now) => repeats.fresh("A", now));
    expect(fresh).toEqual([true, false, false, false]);
    expect(repeats.fresh("B", 5001)).toBe(true);
    expect(repeats.fresh("A", 7600)).toBe(true);
  });

  it("names what is wrong", () => {
    const of = (name) => problemOf({ name });
    expect(["NotAllowedError", "NotFoundError", "NotReadableError", "?"].map(of)).toEqual(["denied", "missing", "busy", "other"]);
    expect(problemOf({ problem: "insecure" })).toBe("insecure");
  });
});
