// The roof: the app over this phone's own store, its scanners, its tab, its versions.
import { App } from "./app.js";
import { TabLock } from "./ground/lock.js";
import { Versions } from "./ground/version.js";
import { Kept } from "./kept.js";
import { scanner } from "./scanning.js";
import { screens } from "./screens/index.js";
import { practiceSheet } from "./screens/practice.js";
import { readSettings } from "./settings.js";
import { revoked } from "./shift/end.js";
import { startKeeper } from "./shift/keeper.js";
import { start } from "./start.js";

const app = new App({ host: document.getElementById("app"), screens, settings: readSettings() });
app.practiceSheet = practiceSheet;
start(app, {
  open: () => Kept.open(),
  lock: (o) => new TabLock(o),
  versions: (o) => new Versions(o),
  scanner,
  keeper: startKeeper,
  gone: (state) => revoked(app, state),
});
