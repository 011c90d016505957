// From a page to a running app: checks, the store, the one writing tab, the first screen; practice.
import { Awake } from "./ground/awake.js";
import { checkAll, envOf } from "./ground/checks.js";
import { Practice } from "./practice/backing.js";
import { town } from "./practice/town.js";
import { enrolCode, shiftOf } from "./rules/shift.js";
import { t } from "./words/index.js";

/** Screens that a reload comes back to; others need to know whom or what they are about. */
const LASTING = new Set(["home", "shift", "sampling", "packing", "hand_over", "reception", "doors", "outbox", "carry", "settings"]);

/**
 * @param {any} app
 * @param {{open: Function, lock: Function, versions: Function, scanner: Function, keeper: Function,
 *   gone: (state: string) => void}} parts
 */
export async function start(app, parts) {
  app.host.textContent = "";
  app.dress();
  globalThis.matchMedia?.("(prefers-color-scheme: dark)").addEventListener?.("change", () => app.dress());
  app.linked = linkedCode(location.hash);
  hearBrowser(app);
  watchVersions(app, parts);
  addPractice(app);
  app.recheck = (ask) => recheck(app, ask, parts);
  parts.scanner(app);
  await recheck(app, false, parts);
  const lock = parts.lock({ finish: () => finish(app), onLost: () => becomeSecond(app) });
  app.takeOver = () => takeOver(app, lock, parts);
  if (storable(app.checks)) {
    if (await lock.take()) await openStore(app, parts);
    else app.tab = "second";
  }
  app.router.onLink = (hash) => openLink(app, hash);
  if (app.linked && app.tab === "first" && !app.backing) app.router.start("welcome", {}, { keep: true });
  else app.router.start(app.tab === "second" ? "home" : firstScreen(app, app.linked), paramsOf(app));
  performance.mark("app-shown");
  app.stayAwake();
}

async function openStore(app, parts) {
  try {
    const kept = await parts.open();
    app.real = kept;
    app.attach(kept);
    kept.listen({ gone: parts.gone });
    await app.load();
    kept.start();
    app.stopKeeper?.();
    app.stopKeeper = parts.keeper(app);
    app.fault = null;
  } catch (fault) {
    console.error("store", fault?.name ?? "fault", fault?.message ?? "");
    app.fault = fault;
    app.checks = [...app.checks, BROKEN];
  }
}

const BROKEN = {
  id: "store", tone: "stop", title: "本机存储", text: "打不开本机的存储，不能记录。",
  way: "请关闭其他标签页，重启浏览器后再试；不要清除网站数据。",
};

/** A phone short of space still opens its store: what is unsent there must get out. */
const storable = (checks) => !checks.some((check) => check.tone === "stop" && check.id !== "space");

async function recheck(app, ask, parts) {
  app.checks = checkAll(await envOf(window, { ask, worker: app.worker }));
  if (app.fault) await openStore(app, parts);
  app.draw();
  return app.checks;
}

/** What the browser tells by itself: faults nobody caught, that the app can be installed. */
function hearBrowser(app) {
  const harmless = ["NotAllowedError", "AbortError", "InvalidStateError"]; // sound, vibration, wake lock
  addEventListener("unhandledrejection", ({ reason }) => harmless.includes(reason?.name) || app.failed(reason));
  addEventListener("beforeinstallprompt", (e) => {
    e.preventDefault();
    app.install = async () => {
      app.install = null;
      await e.prompt();
      await app.recheck(true);
    };
    app.draw();
  });
  const awake = new Awake({ wanted: () => Boolean(app.staff) && app.settings.awake !== false });
  app.stayAwake = () => awake.look();
}

const linkedCode = (hash) => (/enrol=/.test(hash) ? enrolCode(hash) : null);
const paramsOf = (app) => (app.linked && app.tab === "first" ? { code: taken(app) } : {});

/** The code of an enrolment link is used once. */
function taken(app) {
  const code = app.linked;
  app.linked = null;
  return code;
}

/** A link that is opened over the running app, as a phone's own camera does. */
function openLink(app, hash) {
  app.linked = linkedCode(hash);
  if (!app.linked) return false;
  if (app.tab === "second" || !app.backing) app.replace(app.backing ? "home" : "welcome");
  else app.replace("enrol", { code: taken(app) });
  return true;
}

/** Where a person belongs now. */
export function firstScreen(app, linked = null) {
  if (linked) return "enrol";
  if (!app.device || !storable(app.checks)) return "welcome";
  if (app.device.state && app.device.state !== "active") return "enrol";
  if (!app.staff) return "sign_in";
  if (!shiftOf(app.records)) return "shift";
  if (!app.slice && app.backing.vault?.status.kept) return "home"; // the roster waits for a PIN there
  return LASTING.has(app.router.name) ? app.router.name : "home";
}

// --- one tab writes --------------------------------------------------------------------------------

async function finish(app) {
  await app.queue;
  await app.real?.stop();
}

function becomeSecond(app) {
  app.stopKeeper?.();
  app.real?.stop();
  app.tab = "second";
  app.closeSheets();
  app.draw();
}

async function takeOver(app, lock, parts) {
  let got = await lock.ask();
  if (!got) {
    const force = await app.choose({
      title: t("另一个标签页没有回答"), tone: "look", name: "force",
      text: t("它可能已停住。强行改用这里，它没有写完的一条会作废。"),
      choices: [{ value: true, label: t("强行改用这里"), tone: "look" }, { value: false, label: t("不改") }],
    });
    got = force ? await lock.take({ steal: true }) : false;
  }
  if (!got) return;
  app.tab = "first";
  await openStore(app, parts);
  app.replace(firstScreen(app, app.linked), paramsOf(app));
}

// --- versions ----------------------------------------------------------------------------------------

function watchVersions(app, parts) {
  const versions = parts.versions({
    onNews: () => {
      app.version = versions.current;
      app.newVersion = versions.waiting ? versions.newest : null;
      if (app.worker !== versions.state) {
        app.worker = versions.state;
        app.recheck(false);
      }
      app.draw();
    },
  });
  app.updateNow = () => (app.updateWaits || app.practice ? null : versions.use());
  app.lookForUpdate = () => versions.look();
  versions.start();
}

// --- practice ------------------------------------------------------------------------------------------

function addPractice(app) {
  app.enterPractice = async () => {
    const words = {
      site: t("练习采样点"), staff: t("练习员"), courier: t("练习转运员"), round: t("练习轮次"), phone: t("练习机"), lab: t("练习实验室"),
      elsewhere: t("另一个采样点"), buildings: [t("1号楼"), t("2号楼")],
      why: { zh: "练习：10 合 1", en: "practice: pools of ten" },
    };
    app.attach(new Practice(town(app.now(), words)));
    await app.load();
    app.go("home");
  };
  app.leavePractice = async () => {
    const sure = await app.choose({
      title: t("结束练习"), text: t("练习里的一切都会丢弃。"), name: "leave-practice",
      choices: [{ value: true, label: t("结束并丢弃"), tone: "brand" }, { value: false, label: t("继续练习") }],
    });
    if (!sure) return;
    app.practice = false;
    if (app.real) {
      app.attach(app.real);
      await app.load();
    } else {
      app.forget();
    }
    app.replace(app.real ? firstScreen(app) : "welcome");
  };
}
