// Reading back aloud: "李 第7个". The newest sentence wins: nobody waits for an old one to end.

const LANGS = { zh: "zh-CN", en: "en-US" };

export class Speech {
  constructor(synth = globalThis.speechSynthesis, Utterance = globalThis.SpeechSynthesisUtterance) {
    this.synth = synth ?? null;
    this.Utterance = Utterance ?? null;
  }

  get able() {
    return Boolean(this.synth && this.Utterance);
  }

  // Voices come late on some browsers; one on the device itself also speaks without a network.
  voice(lang) {
    const all = this.synth.getVoices?.() ?? [];
    const fit = all.filter((v) => v.lang?.replace("_", "-").toLowerCase().startsWith(lang.slice(0, 2)));
    const exact = (v) => v.lang.replace("_", "-").toLowerCase() === lang.toLowerCase();
    return fit.find((v) => v.localService && exact(v)) ?? fit.find((v) => v.localService) ?? fit.find(exact) ?? fit[0] ?? null;
  }

  speak(text, { lang = "zh", rate = 1.1, volume = 1 } = {}) {
    if (!this.able || !text) return false;
    try {
      const said = new this.Utterance(text);
      said.lang = LANGS[lang] ?? lang;
      const voice = this.voice(said.lang);
      if (voice) said.voice = voice;
      said.rate = rate;
      said.volume = Math.max(0, Math.min(volume, 1));
      this.hush();
      this.synth.speak(said);
      this.last = said; // some browsers let go of it in the middle of the sentence
      return true;
    } catch {
      return false;
    }
  }

  hush() {
    try {
      if (this.synth?.speaking || this.synth?.pending) this.synth.cancel();
    } catch {
      // Nothing was to be heard.
    }
  }
}
