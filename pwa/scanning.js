// Scanners tied to the app: wedge, camera and finger give texts, read() says what they are.
import { Gate } from "./scan/gate.js";
import { read } from "./scan/read.js";
import { Wedge } from "./scan/wedge.js";
import { Signals } from "./signals/index.js";
import { t } from "./words/index.js";

export function scanner(app) {
  app.signals = new Signals().wait();
  app.reader = (text, { source }) => read(text, {
    source, patterns: app.slice?.patterns ?? [], practice: Boolean(app.practice || app.device?.practice),
    code_keys: app.slice?.code_keys ?? [], card_line: app.settings.card_line, staff: app.slice?.staff ?? [],
    now: app.now() + (app.offset ?? 0),
  });
  app.gate = new Gate({
    hand: (text, source) => app.scan(text, { source }),
    again: () => {
      app.signals.signal("again", app.settings);
      app.strip.again = true;
      app.draw();
    },
    repeats: () => Boolean(app.sheets.at(-1)?.repeats ?? app.screen?.repeats),
  });
  app.wedge = new Wedge({
    onText: (text) => app.gate.push(text, "wedge"),
    shape: () => ({
      prefix: app.settings.prefix, suffix: app.settings.suffix, card_line: app.settings.card_line,
      patterns: app.slice?.patterns ?? [],
    }),
  }).start();
  app.onCameraHost = cameraHost(app);
}

/** The camera lives as long as its place on the screen; its decoder is loaded when first wanted. */
function cameraHost(app) {
  let open = Promise.resolve(null);
  return (element) => {
    const before = open;
    open = before.then(async (camera) => {
      await camera?.stop();
      return element ? begin(app, element) : null;
    });
  };
}

async function begin(app, element) {
  try {
    const { openCamera } = await import("./scan/camera.js");
    return await openCamera(element, {
      onRead: (text) => app.gate.push(text, "camera"), onProblem: () => app.signals.signal("look", app.settings),
    });
  } catch (fault) {
    app.strip.camera = false;
    app.failed(fault.sentence ? fault : Object.assign(new Error(t("相机打不开，请用扫码枪或手输。")), { code: "camera" }));
    return null;
  }
}
