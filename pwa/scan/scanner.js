// Joins scanners to the app: the wedge, the camera, the gate against double pulls, the reader.
import { openCamera } from "./camera_view.js";
import { Gate } from "./gate.js";
import { read } from "./read.js";
import { Wedge } from "./wedge.js";

/** The reader that App asks: what the slice and the settings know goes into it. */
export const reader = (text, { source, app }) =>
  read(text, {
    source,
    patterns: app.slice?.patterns ?? [],
    practice: Boolean(app.practice || app.device?.practice),
    code_keys: app.slice?.code_keys ?? [],
    card_line: app.settings.card_line ?? "",
    staff: app.slice?.staff ?? [],
    now: app.now() + (app.offset ?? 0),
  });

/**
 * Listen to scanners for this app, until `stop`. The app gives `scan(text, {source})`, `settings`,
 * `slice`, `screen` (`repeats: true` takes the same code twice at once) and `signals`.
 */
export function startScanning(app) {
  const gate = new Gate({
    hand: (text, source) => app.scan(text, { source }),
    repeats: () => Boolean(app.screen?.repeats),
    again: () => {
      app.signals?.signal?.("again", app.settings);
      if (app.strip?.last) app.strip.last = { ...app.strip.last, again: true };
      app.draw?.();
    },
  });
  const wedge = new Wedge({
    onText: (text) => gate.push(text, "wedge"),
    shape: () => ({
      prefix: app.settings.prefix ?? "",
      suffix: app.settings.suffix ?? "Enter",
      patterns: app.slice?.patterns ?? [],
      card_line: app.settings.card_line ?? "",
    }),
  }).start();

  let open = null;
  app.onCameraHost = (host) => {
    if (open && open.host !== host) {
      open.stop();
      open = null;
    }
    if (host && !open) {
      open = { host, ...openCamera(host, { onRead: (text) => gate.push(text, "camera") }) };
    }
  };
  return {
    gate,
    wedge,
    stop() {
      wedge.stop();
      app.onCameraHost(null);
    },
  };
}
