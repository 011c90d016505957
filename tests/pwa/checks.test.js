// First-opening checks: what each phone is told, and the way out.
import { describe, expect, test } from "vitest";

import { blocked, checkAll, insideApp } from "../../pwa/ground/checks.js";

const HAS = { WebCrypto: true, IndexedDB: true, "Service Worker": true, Dialog: true, "Web Locks": true, CompressionStream: true };
const GOOD = { secure: true, agent: "Mozilla/5.0 Chrome/120", has: HAS, persisted: true, camera: "granted", free: 5e9, worker: "ready" };
const tones = (env) => Object.fromEntries(checkAll({ ...GOOD, ...env }).map((check) => [check.id, check.tone]));

describe("checks", () => {
  test("a good phone has nothing to look at", () => {
    expect(new Set(Object.values(tones({})))).toEqual(new Set(["ok"]));
    expect(blocked(checkAll(GOOD))).toBe(false);
  });

  test("an address without a trusted certificate stops, and is not blamed on the browser", () => {
    const has = { ...HAS, WebCrypto: false, "Service Worker": false };
    expect(tones({ secure: false, has })).toMatchObject({ secure: "stop", browser: "look" });
  });

  test.each([
    ["MicroMessenger/8.0.49", "微信"], ["AliApp(DingTalk/7.5.5) DingTalk/7.5.5", "钉钉"], ["AliApp(AP/10.5) AlipayClient/10.5", "支付宝"],
    ["Mobile Safari QQ/8.9.68", "QQ"], ["Weibo (vivo-X)", "微博"], ["wxwork/4.1 MicroMessenger/7.0.1", "企业微信"],
  ])("the browser inside a chat app is known: %s", (agent, app) => {
    expect(insideApp(agent)).toBe(app);
    expect(tones({ agent }).browser).toBe("stop");
  });

  test("Chrome, Edge and Safari on phones are browsers, as is QQ's own browser", () => {
    const phones = [
      "Mozilla/5.0 (Linux; Android 13; PDA) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
      "Mozilla/5.0 (Linux; U; Android 12) AppleWebKit/537.36 Chrome/109.0 MQQBrowser/14.2 Mobile Safari/537.36",
    ];
    expect(phones.map(insideApp)).toEqual([null, null, null]);
  });

  test("what cannot be done without stops; what helps only is looked at", () => {
    expect(tones({ has: { ...HAS, IndexedDB: false } }).browser).toBe("stop");
    expect(tones({ has: { ...HAS, "Web Locks": false } }).browser).toBe("look");
  });

  test("storage that may be dropped, a forbidden camera and little space are said, with a way out", () => {
    expect(tones({ persisted: false, camera: "denied", free: 100e6 })).toMatchObject({ storage: "look", camera: "look", space: "look" });
    expect(tones({ free: 10e6 }).space).toBe("stop");
    const bad = checkAll({ ...GOOD, persisted: false, camera: "denied", free: 10e6, secure: false });
    expect(bad.filter((check) => check.tone !== "ok").every((check) => check.way)).toBe(true);
  });

  test("a certificate that was clicked away lets no offline version in, and that is said", () => {
    expect(tones({ worker: "failed" })).toMatchObject({ secure: "ok", offline: "look" });
    expect(tones({ worker: "installing" }).offline).toBe("ok");
  });

  test("no camera never blocks: a scanner or typing does", () => {
    expect(blocked(checkAll({ ...GOOD, camera: "none" }))).toBe(false);
  });
});
