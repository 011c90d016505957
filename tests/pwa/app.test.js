// The app without a page: router, truth line, faults in words, versions, one writing tab.
import { afterEach, describe, expect, test, vi } from "vitest";

import { sentenceOf } from "../../pwa/faults.js";
import { TabLock } from "../../pwa/ground/lock.js";
import { Offline, post, readJson, ServerProblem } from "../../pwa/ground/net.js";
import { Versions } from "../../pwa/ground/version.js";
import { truthWords } from "../../pwa/parts/truth.js";
import { Router } from "../../pwa/router.js";
import { readSettings, keepSettings, DEFAULTS } from "../../pwa/settings.js";
import { setLang, t } from "../../pwa/words/index.js";
import { duration, when } from "../../pwa/words/time.js";

afterEach(() => setLang("zh"));

class History {
  constructor() {
    this.stack = [{ state: null, url: "#/home" }];
    this.location = { hash: "#/home" };
  }

  pushState(state, _, url) {
    this.stack.push({ state, url });
    this.location.hash = url;
  }

  replaceState(state, _, url) {
    this.stack[this.stack.length - 1] = { state, url };
    this.location.hash = url;
  }
}

function router() {
  const history = new History();
  const shown = [];
  const made = new Router((name, params) => shown.push([name, params]), { history, location: history.location });
  return { history, shown, made };
}

describe("router", () => {
  test("parameters stay in memory; the address and the history hold only the screen's name", () => {
    const { history, shown, made } = router();
    made.go("person", { name: "张三", document: "110101199001011234" });
    expect(shown).toEqual([["person", { name: "张三", document: "110101199001011234" }]]);
    expect(JSON.stringify(history.stack)).not.toMatch(/张三|1101/);
    expect(history.location.hash).toBe("#/person");
  });

  test("the way back finds the parameters of the place it returns to", () => {
    const { shown, made } = router();
    made.go("sampling", { tube: "1" });
    made.go("tube", { tube: "2" });
    made.location.hash = "#/sampling";
    made.arrived({ place: 1 });
    expect(shown.at(-1)).toEqual(["sampling", { tube: "1" }]);
  });

  test("after a reload a place has its name and no parameters", () => {
    const { shown, made } = router();
    made.location.hash = "#/packing";
    made.arrived({ place: 7 });
    expect(shown.at(-1)).toEqual(["packing", {}]);
  });

  test("back at the first place leads home instead of out of the app", () => {
    const { shown, made } = router();
    made.back();
    expect(shown.at(-1)[0]).toBe("home");
  });
});

describe("truth", () => {
  const device = { id: "7" };
  const since = new Date(2026, 10, 22, 14, 2).getTime();

  test("what the server holds and what waits since when stand in one line", () => {
    const outbox = { held: 1412, waiting: 37, since, parked: [], gap: null, state: "waiting" };
    expect(truthWords({ device, outbox })).toMatchObject({ tone: "look", text: "服务器存有 1-1,412；37 条自 14:02 等待" });
    setLang("en");
    expect(truthWords({ device, outbox }).text).toBe("Server holds 1-1,412; 37 waiting since 14:02");
  });

  test("all sent is quiet, a gap or a parked entry is looked at", () => {
    expect(truthWords({ device, outbox: { held: 5, waiting: 0, parked: [] } }).tone).toBe("ok");
    expect(truthWords({ device, outbox: { held: 5, waiting: 0, parked: [{ number: 3 }] } }).text).toContain("有 1 处要人看");
  });

  test("a stopped phone says that its entries are still there", () => {
    const words = truthWords({ device, outbox: { held: 5, waiting: 2, state: "revoked", parked: [] } });
    expect(words).toMatchObject({ tone: "stop", text: "本机已停用，未传 2 条仍在" });
  });
});

describe("questions to the server", () => {
  const answer = (status, body, type = "application/json") => async () =>
    new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "Content-Type": type } });

  test("ids beyond what a number holds stay exact, and text stays text", () => {
    const read = readJson('{"id":12345678901234567890,"n":12,"x":"1,12345678901234567890","f":[123456789012345678,1.5]}');
    expect(read).toEqual({ id: "12345678901234567890", n: 12, x: "1,12345678901234567890", f: ["123456789012345678", 1.5] });
  });

  test("a problem keeps code, status and sentence; anything unclear is offline", async () => {
    const bad = await post("/x", {}, { fetch: answer(403, { code: "not_here", detail: "不在此处。" }, "application/problem+json") }).catch((e) => e);
    expect(bad).toBeInstanceOf(ServerProblem);
    expect([bad.code, bad.status, bad.sentence()]).toEqual(["not_here", 403, "不在此处。"]);
    for (const fetch of [async () => { throw new TypeError("x"); }, answer(200, "<html>", "text/html"), answer(502, "<html>", "text/html")]) {
      expect(await post("/x", {}, { fetch }).catch((e) => e)).toBeInstanceOf(Offline);
    }
  });

  test("a slow server is given up, and nothing is claimed", async () => {
    const fetch = (_, { signal }) => new Promise((_r, no) => { signal.addEventListener("abort", () => no(new Error("aborted"))); });
    const fault = await post("/x", {}, { fetch, timeout: 10 }).catch((e) => e);
    expect([fault.code, fault.why]).toEqual(["offline", "timeout"]);
  });

  test("a wrong clock asks again with the server's time", async () => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const times = [];
    const fetch = async (_, { headers }) => {
      times.push(Number(headers["X-Device"].split(" ")[1]));
      return times.length === 1
        ? new Response(JSON.stringify({ code: "device_clock", server_time: 5_000_000 }), { status: 401, headers: { "Content-Type": "application/problem+json" } })
        : new Response("{}", { headers: { "Content-Type": "application/json" } });
    };
    const offsets = [];
    await post("/x", {}, { fetch, key: pair.privateKey, device: "7", now: () => 1000, onOffset: (ms) => offsets.push(ms) });
    expect(times).toEqual([1000, 5_000_000]);
    expect(offsets).toEqual([4_999_000]);
  });
});

describe("faults", () => {
  test("a full phone and another tab are said in words, never in a program's", () => {
    expect(sentenceOf({ code: "store_full" })).toContain("空间不足");
    expect(sentenceOf(new TypeError("x is undefined"))).not.toContain("undefined");
    setLang("en");
    expect(sentenceOf({ code: "other_tab" })).toBe("The app is open in another tab; nothing can be recorded here.");
  });
});

describe("versions", () => {
  function worker() {
    const sent = [];
    const registration = { active: { postMessage: (m) => sent.push(m.type) }, update: async () => {} };
    return { sent, container: { ready: Promise.resolve(registration), register: async () => registration, addEventListener() {} } };
  }

  test("a newer version waits until it is asked for, and only then the page is loaded anew", async () => {
    const { sent, container } = worker();
    const reload = vi.fn();
    const versions = new Versions({ onNews() {}, container, reload });
    versions.heard({ type: "version", current: "a", newest: "a" });
    expect(versions.waiting).toBe(false);
    versions.heard({ type: "version", current: "a", newest: "b" });
    expect(versions.waiting).toBe(true);
    expect(reload).not.toHaveBeenCalled();
    await versions.use();
    expect(sent).toEqual(["use"]);
    versions.heard({ type: "used", current: "b", newest: "b" });
    expect(reload).toHaveBeenCalledOnce();
  });

  test("a version that another tab took does not load this page anew", () => {
    const reload = vi.fn();
    const versions = new Versions({ onNews() {}, container: worker().container, reload });
    versions.heard({ type: "used", current: "b", newest: "b" });
    expect(reload).not.toHaveBeenCalled();
  });
});

// Web Locks and a channel between two tabs, as browsers have them.
function browser() {
  let holder = null;
  const locks = {
    request(_name, how, act) {
      if (holder && how.steal) {
        holder.fail(new Error("AbortError"));
        holder = null;
      }
      if (holder) return Promise.resolve(act(null));
      return new Promise((done, fail) => {
        const me = { fail };
        holder = me;
        Promise.resolve(act({})).then((value) => {
          if (holder === me) holder = null;
          done(value);
        });
      });
    },
  };
  const tabs = [];
  const channel = () => {
    const own = { onmessage: null, postMessage: (data) => tabs.filter((tab) => tab !== own).forEach((tab) => tab.onmessage?.({ data })) };
    tabs.push(own);
    return own;
  };
  return { locks, channel };
}

describe("one tab writes", () => {
  test("the second says so; asked, the first ends what it writes and gives its place away", async () => {
    const { locks, channel } = browser();
    const done = [];
    const first = new TabLock({ locks, channel: channel(), finish: async () => done.push("finished"), onLost: () => done.push("lost") });
    const second = new TabLock({ locks, channel: channel(), finish: async () => {}, onLost: () => {} });
    expect(await first.take()).toBe(true);
    expect(await second.take()).toBe(false);
    expect(await second.ask()).toBe(true);
    expect(done).toEqual(["finished", "lost"]);
  });

  test("a stuck first tab can be left behind, and learns that it may not write", async () => {
    const { locks, channel } = browser();
    const lost = vi.fn();
    const first = new TabLock({ locks, channel: channel(), finish: () => new Promise(() => {}), onLost: lost });
    const second = new TabLock({ locks, channel: channel(), finish: async () => {}, onLost: () => {} });
    await first.take();
    vi.useFakeTimers();
    const asked = second.ask();
    await vi.advanceTimersByTimeAsync(5000);
    vi.useRealTimers();
    expect(await asked).toBe(false);
    expect(await second.take({ steal: true })).toBe(true);
    expect(lost).toHaveBeenCalledOnce();
  });
});

describe("settings and words", () => {
  test("settings come back as they were kept; a broken store gives the defaults", () => {
    const kept = new Map();
    const store = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v) };
    keepSettings({ ...DEFAULTS, theme: "night" }, store);
    expect(readSettings(store, ["zh-CN"]).theme).toBe("night");
    kept.set("screening-settings", "{");
    expect(readSettings(store, ["zh-CN"])).toEqual(DEFAULTS);
  });

  test("the phone's language is the first guess, Chinese where it says nothing", () => {
    const empty = { getItem: () => null };
    expect(readSettings(empty, ["en-GB", "en"]).lang).toBe("en");
    expect(readSettings(empty, ["en-GB", "zh-CN"]).lang).toBe("zh");
    expect(readSettings(empty, []).lang).toBe("zh");
  });

  test("places are filled, unknown ones stay, figures read as figures", () => {
    expect(t("管 {n}", { n: 0 })).toBe("管 0");
    expect(duration(134 * 60_000)).toBe("2 小时 14 分");
    setLang("en");
    expect(duration(134 * 60_000)).toBe("2 h 14 min");
    const now = new Date(2026, 10, 22, 8).getTime();
    expect(when(now - 3_600_000, now)).toBe("07:00");
    expect(when(now - 24 * 3_600_000, now)).toBe("11-21 08:00");
  });
});
