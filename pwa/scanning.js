// Scanners tied to the app: wedge, camera and finger give texts, read() says what they are.
import { read } from "./scan/read.js";
import { Wedge } from "./scan/wedge.js";
import * as signals from "./signals/index.js";

export function scanner(app) {
  app.signals = signals;
  app.reader = (text, { source }) => read(text, {
    source, patterns: app.slice?.patterns ?? [], practice: Boolean(app.practice || app.device?.practice),
    code_keys: app.slice?.code_keys ?? [], card_line: app.settings.card_line, staff: app.slice?.staff ?? [],
    now: app.now() + (app.offset ?? 0),
  });
  app.wedge = new Wedge({
    onText: (text) => app.scan(text, { source: "wedge" }),
    shape: () => ({
      prefix: app.settings.prefix, suffix: app.settings.suffix, card_line: app.settings.card_line,
      patterns: app.slice?.patterns ?? [],
    }),
  }).start();
}
