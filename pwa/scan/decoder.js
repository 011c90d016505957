// The decoder (zxing-cpp in WebAssembly), a chunk that is fetched when the camera is first used.
// It works in a worker made from this very file, so that reading never holds up the screen; where
// no worker can be had, it works in the page.
import { BarcodeDetector, setZXingModuleOverrides } from "barcode-detector/ponyfill";

const PATIENCE = 15_000; // ms for a worker to fetch and compile before the page does it itself

// Its own default is another host.
setZXingModuleOverrides({
  locateFile: (path) => new URL(path.split("/").at(-1), import.meta.url).href,
});

const inWorker = typeof WorkerGlobalScope !== "undefined" && globalThis instanceof WorkerGlobalScope;

/** Ready to read: the wasm is fetched and compiled. @returns {Promise<{detect: (picture: ImageData) => Promise<{rawValue: string, format: string}[]>}>} */
export async function makeDecoder(formats) {
  try {
    return await inBackground(formats);
  } catch {
    return inPage(formats);
  }
}

async function inPage(formats) {
  const decoder = new BarcodeDetector({ formats });
  await decoder.detect(new ImageData(1, 1));
  return decoder;
}

async function inBackground(formats) {
  const worker = new Worker(import.meta.url, { type: "module", name: "decoder" });
  const waiting = new Map();
  let last = 0;
  const detect = (picture) => new Promise((done, fail) => {
    last += 1;
    waiting.set(last, { done, fail });
    worker.postMessage({ id: last, picture, formats }, [picture.data.buffer]);
  });
  worker.onmessage = ({ data: { id, found, fault } }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (fault) asked.fail(new Error(fault));
    else asked.done(found);
  };
  worker.onerror = (e) => {
    e.preventDefault();
    for (const { fail } of waiting.values()) fail(new Error("decoder"));
    waiting.clear();
  };
  const tooLong = new Promise((_, fail) => setTimeout(() => fail(new Error("decoder")), PATIENCE));
  try {
    await Promise.race([detect(new ImageData(1, 1)), tooLong]);
  } catch (fault) {
    worker.terminate();
    throw fault;
  }
  return { detect };
}

if (inWorker) {
  let decoder = null;
  globalThis.onmessage = async ({ data: { id, picture, formats } }) => {
    try {
      decoder ??= new BarcodeDetector({ formats });
      const found = await decoder.detect(picture);
      globalThis.postMessage({ id, found: found.map(({ rawValue, format }) => ({ rawValue, format })) });
    } catch (fault) {
      globalThis.postMessage({ id, fault: fault?.name ?? "fault" });
    }
  };
}
