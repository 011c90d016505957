// The camera as a scanner: opens it, draws frames, hands on what the decoder reads.
// The decoder is a chunk of its own with its wasm beside it; no other host is asked.

const REPEAT = 2500; // ms in which the same code before the lens is one read
const PAUSE = 90; // ms between frames, and never less than the decoding took: phones get hot
const WIDEST = 1280; // pixels of a frame that are looked at
const SOFT = 720; // every other frame: smaller is smoother, which helps where a hand shook
const FINEST = 4096; // of a still picture, when that was too coarse
export const FORMATS = ["code_128", "qr_code", "data_matrix", "pdf417", "code_39"];

let loading = null;

/** The decoder, loaded once: detect(picture) → [{rawValue, format}]. */
export function loadDecoder() {
  loading ??= import("./decoder.js").then(({ makeDecoder }) => makeDecoder(FORMATS));
  loading.catch(() => {
    loading = null; // a later try may find the network or the cache
  });
  return loading;
}

/** Why there is no picture, as a code of words/scan.js: denied, missing, busy, insecure, decoder, other. */
export function problemOf(fault) {
  if (fault?.name === "NotAllowedError" || fault?.name === "SecurityError") return "denied";
  if (fault?.name === "NotFoundError" || fault?.name === "OverconstrainedError") return "missing";
  if (fault?.name === "NotReadableError" || fault?.name === "AbortError") return "busy";
  return fault?.problem ?? "other";
}

function refused(problem) {
  return Object.assign(new Error(problem), { problem });
}

function openStream(deviceId) {
  if (!globalThis.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
    return Promise.reject(refused("insecure"));
  }
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: "environment" } };
  const video = { ...which, width: { ideal: 1280 }, height: { ideal: 720 }, focusMode: "continuous" };
  return navigator.mediaDevices.getUserMedia({ video, audio: false });
}

/** Draws what is looked at, smaller where the camera gives more than reading needs. */
class Frame {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.pen = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  of(source, width, height, widest = WIDEST) {
    const scale = Math.min(1, widest / Math.max(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.pen.drawImage(source, 0, 0, this.canvas.width, this.canvas.height);
    return this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height);
  }

  clear() {
    this.canvas.width = this.canvas.height = 0;
  }
}

/** Remembers what stands before the lens, so that it is read once. */
export class Repeats {
  constructor(span = REPEAT) {
    this.span = span;
    this.seen = new Map();
  }

  /** Whether this is a new read; a code that stays in view stays the same read. */
  fresh(text, now) {
    const before = this.seen.get(text);
    for (const [old, at] of this.seen) if (now - at > this.span) this.seen.delete(old);
    this.seen.set(text, now);
    return before === undefined || now - before > this.span;
  }
}

export class Camera {
  /** @param {{onRead: (text: string) => any, onProblem: (code: string) => void, onChange?: () => void}} o */
  constructor({ onRead, onProblem, onChange = () => {} }) {
    Object.assign(this, { onRead, onProblem, onChange });
    this.repeats = new Repeats();
    this.frame = new Frame();
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.className = "camera-picture";
    this.video.setAttribute("aria-hidden", "true");
    this.stream = null;
    this.torchOn = false;
    this.running = 0; // which loop is the living one
    this.onHide = () => (document.hidden ? this.rest() : this.run());
  }

  async start(deviceId = null) {
    document.addEventListener("visibilitychange", this.onHide);
    this.wanted = true;
    await this.run(deviceId);
  }

  async run(deviceId = this.deviceId) {
    const turn = ++this.running;
    this.deviceId = deviceId;
    try {
      const [stream, decoder] = await both(openStream(deviceId), this.decoder());
      if (turn !== this.running || !this.wanted) return stopTracks(stream);
      stopTracks(this.stream);
      this.stream = stream;
      this.track.addEventListener("ended", () => turn === this.running && this.onProblem("busy"));
      this.video.srcObject = stream;
      await this.video.play();
      this.onChange();
      this.look(decoder, turn);
    } catch (fault) {
      if (turn !== this.running) return undefined;
      this.rest();
      this.onProblem(problemOf(fault));
    }
    return undefined;
  }

  async decoder() {
    try {
      return await loadDecoder();
    } catch {
      throw refused("decoder");
    }
  }

  async look(decoder, turn) {
    for (let n = 0; turn === this.running; n++) {
      const began = performance.now();
      if (this.video.readyState >= 2 && this.video.videoWidth) {
        const { videoWidth, videoHeight } = this.video;
        const picture = this.frame.of(this.video, videoWidth, videoHeight, n % 2 ? SOFT : WIDEST);
        const found = await decoder.detect(picture).catch(() => []);
        if (turn !== this.running) return;
        for (const { rawValue } of found) {
          if (rawValue && this.repeats.fresh(rawValue, performance.now())) this.onRead(rawValue);
        }
      }
      await pause(Math.max(PAUSE, performance.now() - began));
    }
  }

  /** Give the camera back, ready to go on when the screen shows again. */
  rest() {
    this.running += 1;
    stopTracks(this.stream);
    this.stream = null;
    this.torchOn = false;
    this.video.srcObject = null;
    this.frame.clear();
    this.onChange();
  }

  stop() {
    this.wanted = false;
    document.removeEventListener("visibilitychange", this.onHide);
    this.rest();
    this.video.remove();
  }

  // --- torch, zoom, which camera ------------------------------------------------------------------

  get track() {
    return this.stream?.getVideoTracks()[0] ?? null;
  }

  /** @returns {{torch?: boolean, zoom?: {min: number, max: number, step: number}}} */
  get abilities() {
    return this.track?.getCapabilities?.() ?? {};
  }

  async torch(on) {
    this.torchOn = (await this.adjust({ torch: on })) ? on : this.torchOn;
    this.onChange();
  }

  zoom(value) {
    return this.adjust({ zoom: value });
  }

  // A camera may refuse what it offered; it then stays as it is.
  async adjust(one) {
    try {
      await this.track?.applyConstraints({ advanced: [one] });
      return Boolean(this.track);
    } catch {
      return false;
    }
  }

  async cameras() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return all.filter((one) => one.kind === "videoinput");
  }

  /** Go on with the next camera of the phone. */
  async turn() {
    const all = await this.cameras();
    const now = this.track?.getSettings().deviceId;
    const next = all[(all.findIndex((one) => one.deviceId === now) + 1) % all.length];
    if (!next) return;
    stopTracks(this.stream); // many phones open only one at a time
    await this.run(next.deviceId);
  }
}

/** Read the codes of one picture, for phones whose camera cannot be opened; it is not kept. */
export async function readPicture(file) {
  const decoder = await loadDecoder();
  const bitmap = await createImageBitmap(file);
  const frame = new Frame();
  try {
    for (const widest of [WIDEST, Math.max(bitmap.width, bitmap.height) / 2, FINEST]) {
      const found = await decoder.detect(frame.of(bitmap, bitmap.width, bitmap.height, widest));
      if (found.length) return found.map((one) => one.rawValue);
    }
    return [];
  } finally {
    bitmap.close();
    frame.clear();
  }
}

// A camera that opened while the decoder failed must not stay on.
function both(opening, loading) {
  return Promise.all([opening, loading]).catch((fault) => {
    opening.then(stopTracks, () => {});
    throw fault;
  });
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
