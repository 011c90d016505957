// A page that has nothing but scanners, for tests/browser/test_field_scan.py; bundled by it.
import { loadDecoder, readPicture } from "../../pwa/scan/camera.js";
import { openCamera } from "../../pwa/scan/camera_view.js";
import { reader, startScanning } from "../../pwa/scan/scanner.js";
import * as signals from "../../pwa/signals/index.js";

const bench = { reads: [], texts: [], problems: [], settings: { suffix: "Enter", prefix: "", card_line: "" }, slow: 0 };
let queue = Promise.resolve();
const app = {
  settings: bench.settings,
  signals,
  slice: null,
  practice: false,
  offset: 0,
  screen: {},
  strip: { last: null },
  now: () => Date.now(),
  draw() {},
  scan(text, { source }) {
    bench.texts.push(text);
    queue = queue.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, bench.slow));
      const { kind, number, code, problem, shown } = await reader(text, { source, app });
      bench.reads.push({ kind, number: number ?? null, code: code ?? null, problem: problem?.code ?? null, source, shown });
    });
    return queue;
  },
};
signals.wait();
const scanning = startScanning(app);

Object.assign(bench, {
  app,
  scanning,
  decode: async (url) => {
    const answer = await fetch(url);
    return readPicture(await answer.blob());
  },
  ready: () => loadDecoder().then(() => true),
  camera: (host) => {
    bench.open = openCamera(host, {
      onRead: (text) => scanning.gate.push(text, "camera"),
      onProblem: (code) => bench.problems.push(code),
    });
  },
});
window.bench = bench;
