// One question to the server and its answer; what fails is said as Offline or ServerProblem.
import { getLang, t } from "../words/index.js";
import { signedHeader } from "./keys.js";

/** No answer: no network, a time-out, a portal in between. Nothing is known about what happened. */
export class Offline extends Error {
  constructor(why = "network") {
    super(why);
    this.name = "Offline";
    this.code = "offline";
    this.offline = true;
    this.why = why; // network, timeout, portal
  }

  sentence() {
    return this.why === "portal" ? t("网络要求先登录网页，请打开浏览器登录后再试。") : t("连不上服务器，请稍后再试。");
  }
}

/** The server said no, in its own words (application/problem+json). */
export class ServerProblem extends Error {
  constructor(status, body) {
    super(body?.code ?? `http_${status}`);
    this.name = "ServerProblem";
    this.status = status;
    this.code = body?.code ?? `http_${status}`;
    this.details = body ?? {};
  }

  sentence() {
    return this.details.detail ?? t("服务器没有接受（{status}）。", { status: this.status });
  }
}

const LONG = /"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g;

/** JSON with ids that a number cannot hold kept as strings. */
export const readJson = (text) =>
  JSON.parse(text.replace(LONG, (part) => (part[0] === '"' ? part : `"${part}"`)));

/**
 * POST, signed by the device where `key` is given.
 * @param {string} path
 * @param {object} body
 * @param {{device?: string, key?: CryptoKey, token?: string|null, offset?: number|null, timeout?: number,
 *   fetch?: Function, now?: () => number, onOffset?: (ms: number) => void}} o
 */
export async function post(path, body, o = {}) {
  const { fetch = globalThis.fetch.bind(globalThis), now = Date.now, timeout = 15_000 } = o;
  const text = JSON.stringify(body);
  const send = async (offset) => {
    const headers = { "Content-Type": "application/json", "Accept-Language": getLang(), Accept: "application/json" };
    if (o.key) headers["X-Device"] = await signedHeader(o.key, o.device, "POST", path, Math.round(now() + offset), text);
    if (o.token) headers.Authorization = `Bearer ${o.token}`;
    return call(fetch, path, { method: "POST", headers, body: text }, timeout);
  };
  try {
    return await send(o.offset ?? 0);
  } catch (fault) {
    const server = Number(fault.details?.server_time);
    if (fault.code !== "device_clock" || !server) throw fault;
    o.onOffset?.(server - now()); // a phone with a wrong clock asks again with the server's time
    return send(server - now());
  }
}

async function call(fetch, path, options, timeout) {
  const give = new AbortController();
  const timer = setTimeout(() => give.abort(), timeout);
  try {
    const said = await fetch(path, {
      cache: "no-store", credentials: "omit", redirect: "manual", ...options, signal: give.signal,
    });
    const json = (said.headers.get("Content-Type") ?? "").includes("json");
    const answer = json ? readJson(await said.text()) : null;
    if (said.ok && json) return answer;
    if (said.ok || said.type === "opaqueredirect" || said.status < 400) throw new Offline("portal");
    if (!json && said.status >= 500) throw new Offline("network"); // a proxy without its server
    throw new ServerProblem(said.status, answer);
  } catch (fault) {
    if (fault instanceof Offline || fault instanceof ServerProblem) throw fault;
    throw new Offline(give.signal.aborted ? "timeout" : "network");
  } finally {
    clearTimeout(timer);
  }
}
