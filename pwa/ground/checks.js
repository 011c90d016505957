// What the app needs of the phone: each check says what is wrong and the way out. Pure over `env`.

/** @typedef {{id: string, tone: "ok"|"look"|"stop", title: string, text: string, way?: string}} Check
 *   texts are Chinese keys of words/kernel.js, `values` fills them */

const APPS = [
  ["wxwork", "企业微信"], ["MicroMessenger", "微信"], ["DingTalk", "钉钉"], ["AlipayClient", "支付宝"], ["AliApp", "阿里应用"],
  [" QQ/", "QQ"], ["Weibo", "微博"], ["Lark", "飞书"], ["Feishu", "飞书"],
];
const MB = 1024 * 1024;

/** The chat app whose built-in browser this is, or null. */
export function insideApp(agent) {
  const found = APPS.find(([mark]) => agent.toLowerCase().includes(mark.toLowerCase()));
  return found ? found[1] : null;
}

const ok = (id, title, text, values) => ({ id, tone: "ok", title, text, values });
const look = (id, title, text, way, values) => ({ id, tone: "look", title, text, way, values });
const stop = (id, title, text, way, values) => ({ id, tone: "stop", title, text, way, values });

export function checkSecure(env) {
  return env.secure
    ? ok("secure", "安全连接", "地址可信。")
    : stop("secure", "安全连接", "这个地址没有受信任的证书，相机、离线和加密都不能用。",
      "请用 https:// 开头的地址打开；证书不受信任时，请找技术人员安装证书。");
}

export function checkBrowser(env) {
  const app = insideApp(env.agent);
  if (app) return stop("browser", "浏览器", "现在是在{app}里打开的，离线记录会丢。", "请点右上角“…”，选“在浏览器打开”。", { app });
  if (!env.secure) return look("browser", "浏览器", "安全连接好了才能检查。", "请先解决上一条。");
  const missing = Object.entries(env.has).filter(([name, there]) => !there && HARD.has(name)).map(([name]) => name);
  if (missing.length) {
    return stop("browser", "浏览器", "这个浏览器太旧，缺少：{missing}。", "请更新系统浏览器，或安装新版 Chrome、Edge、Safari。",
      { missing: missing.join(", ") });
  }
  const soft = Object.entries(env.has).filter(([, there]) => !there).map(([name]) => name);
  if (soft.length) {
    return look("browser", "浏览器", "可以用，但缺少：{missing}。", "有条件时请更新浏览器。", { missing: soft.join(", ") });
  }
  return ok("browser", "浏览器", "离线和加密都能用。");
}

const HARD = new Set(["WebCrypto", "IndexedDB", "Service Worker", "Dialog"]);

export function checkStorage(env) {
  return env.persisted
    ? ok("storage", "持久存储", "系统不会自行清掉未上传的记录。")
    : look("storage", "持久存储", "系统在空间不足时可能清掉记录。",
      "请把应用添加到主屏幕，再从主屏幕打开，然后重新检查。");
}

const OFFLINE = {
  ready: () => ok("offline", "离线版本", "已装好，没有网络也能打开。"),
  installing: () => ok("offline", "离线版本", "正在安装。"),
  failed: () => look("offline", "离线版本", "装不上，多半是证书不受信任。断网后重新打开会失败。", "请让技术人员安装证书，再重新打开。"),
};

/** Whether the shell lies on the phone; a browser without a worker is told so by its own check. */
export const checkOffline = (env) => (OFFLINE[env.worker] ?? OFFLINE.failed)();

const CAMERA = {
  granted: () => ok("camera", "相机", "可以扫码。"),
  prompt: () => look("camera", "相机", "第一次扫码时会询问能否使用相机。", "请选“允许”。没有相机也可以用扫码枪或手输。"),
  denied: () => look("camera", "相机", "相机被禁止使用。", "请在浏览器的网站设置里允许相机，再重新检查。扫码枪和手输不受影响。"),
  none: () => look("camera", "相机", "没有找到相机。", "请用扫码枪、读卡器或手输。"),
};

export const checkCamera = (env) => (CAMERA[env.camera] ?? CAMERA.prompt)();

export function checkSpace(env) {
  if (env.free === null) return ok("space", "空间", "浏览器没有说明剩余空间。");
  const values = { free: Math.round(env.free / MB).toLocaleString("en") };
  if (env.free < 30 * MB) return stop("space", "空间", "只剩 {free} MB，可能存不下一个班次。", "请清理手机空间，再重新检查。", values);
  if (env.free < 200 * MB) return look("space", "空间", "只剩 {free} MB。", "请在上岗前清理手机空间。", values);
  return ok("space", "空间", "还有 {free} MB。", values);
}

/** @returns {Check[]} */
export const checkAll = (env) =>
  [checkSecure, checkBrowser, checkOffline, checkStorage, checkCamera, checkSpace].map((check) => check(env));

export const blocked = (checks) => (checks ?? []).some((check) => check.tone === "stop");

// --- this phone ----------------------------------------------------------------------------------

/** What the browser says of itself. `ask`: request persistent storage (a tap of a person led here). */
export async function envOf(window, { ask = false, worker = "installing" } = {}) {
  const { navigator } = window;
  return {
    secure: window.isSecureContext,
    agent: navigator.userAgent,
    worker,
    has: {
      WebCrypto: Boolean(window.crypto?.subtle),
      IndexedDB: Boolean(window.indexedDB),
      "Service Worker": "serviceWorker" in navigator,
      Dialog: Boolean(window.HTMLDialogElement?.prototype.showModal),
      "Web Locks": Boolean(navigator.locks),
      CompressionStream: Boolean(window.CompressionStream),
    },
    persisted: await persisted(navigator.storage, ask),
    camera: await camera(navigator),
    free: await free(navigator.storage),
  };
}

async function persisted(storage, ask) {
  try {
    if (await storage.persisted()) return true;
    return ask ? await storage.persist() : false;
  } catch {
    return false;
  }
}

async function camera(navigator) {
  if (!navigator.mediaDevices?.getUserMedia) return "none";
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    if (!devices.some((device) => device.kind === "videoinput")) return "none";
    return (await navigator.permissions.query({ name: "camera" })).state;
  } catch {
    return "prompt";
  }
}

async function free(storage) {
  try {
    const { quota, usage } = await storage.estimate();
    return Math.max(0, quota - usage);
  } catch {
    return null;
  }
}
