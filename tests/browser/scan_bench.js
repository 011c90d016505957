// A page that has nothing but scanners, for tests/browser/test_field_scan.py; bundled by it.
import { openCamera } from "../../pwa/scan/camera.js";
import { readPicture } from "../../pwa/scan/lens.js";
import { scanner } from "../../pwa/scanning.js";

const bench = { reads: [], texts: [], problems: [], settings: { suffix: "Enter", prefix: "", card_line: "" }, slow: 0 };
let queue = Promise.resolve();
const app = {
  settings: bench.settings,
  slice: null,
  practice: false,
  offset: 0,
  screen: {},
  sheets: [],
  strip: { last: null },
  now: () => Date.now(),
  draw() {},
  scan(text, { source }) {
    bench.texts.push(text);
    queue = queue.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, bench.slow));
      const { kind, number, code, problem, shown } = await app.reader(text, { source, app });
      bench.reads.push({ kind, number: number ?? null, code: code ?? null, problem: problem?.code ?? null, source, shown });
    });
    return queue;
  },
};
scanner(app);

Object.assign(bench, {
  app,
  decode: async (url) => {
    const answer = await fetch(url);
    return readPicture(await answer.blob());
  },
  camera: (host) => {
    bench.open = openCamera(host, {
      onRead: (text) => app.gate.push(text, "camera"),
      onProblem: (code) => bench.problems.push(code),
    });
  },
});
window.bench = bench;
