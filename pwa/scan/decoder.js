// The decoder (zxing-cpp in WebAssembly), a chunk that is fetched when the camera is first used.
import { BarcodeDetector, setZXingModuleOverrides } from "barcode-detector/ponyfill";

// Its own default is another host.
setZXingModuleOverrides({
  locateFile: (path) => new URL(path.split("/").at(-1), import.meta.url).href,
});

/** Ready to read: the wasm is fetched and compiled. */
export async function makeDecoder(formats) {
  const decoder = new BarcodeDetector({ formats });
  await decoder.detect(new ImageData(1, 1));
  return decoder;
}
