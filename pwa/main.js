// The roof: opens the stores, makes the app, mounts it.
import { App } from "./app.js";
import { screens } from "./screens/index.js";
import { setLang } from "./words/index.js";

const backing = {
  async append(entries) {
    return { refs: entries.map(() => ""), first: 1, last: entries.length, records: [] };
  },
  async ask() {
    throw new Error("offline");
  },
};

const app = new App({
  host: document.getElementById("app"),
  screens,
  backing,
  reader: async (text, { source }) => ({ kind: "unknown", text, source, problem: null }),
});
app.settings = { lang: "zh", theme: "auto", thumb: "right", voice: "short", sound: true, vibrate: true };
setLang(app.settings.lang);
app.dress();
app.router.start(app.router.name ?? "welcome");
