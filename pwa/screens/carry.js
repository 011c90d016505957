// Carrying journals by hand: the own unsent part out (file, QR chain), another phone's in.
import { html, nothing } from "lit-html";

import { fileName, exportUnsent, payloadsOf, readCarried, takeOver } from "../journal/carry.js";
import { Collector, framesOf } from "../journal/frames.js";
import { button, card, choice, emptyState, note, progress, qrPicture, scanStrip } from "../parts/index.js";
import { t } from "../words/index.js";
import { count } from "../words/time.js";

const PACE_MS = 700;
let mine = null; // {way, lines, part, frames, at, playing, gather, told, taken, problem}
let timer = null;

export const screen = {
  name: "carry",
  title: () => t("转交记录"),
  roles: null,
  icon: "qr",
  enter(app, { way = "out" } = {}) {
    mine = { way, lines: null, frames: null, at: 0, playing: true, gather: new Collector(), told: null, taken: null, problem: null };
    if (way === "out" && can(app)) prepare(app);
  },
  leave() {
    clearInterval(timer);
    mine = null;
  },
  view: (app) => (mine && can(app) ? body(app) : emptyState({
    icon: "info", title: t("这里没有可转交的记录"), text: app.practice ? t("练习的记录不保存，也不转交。") : t("请先登记本机。") })),
  scan: (app, read) => hear(app, read),
};

const can = (app) => !app.practice && Boolean(app.backing?.db && app.device?.server_key);

function body(app) {
  return html`
    ${choice({ label: t("转交记录"), bare: true, name: "way", value: mine.way, onChange: (way) => turn(app, way), options: [
      { value: "out", label: t("交出本机的") }, { value: "in", label: t("代收别人的") }] })}
    ${mine.way === "out" ? out(app) : into(app)}`;
}

function turn(app, way) {
  clearInterval(timer);
  screen.enter(app, { way });
  app.draw();
}

// --- out ---------------------------------------------------------------------------------------------

async function prepare(app) {
  const { db, keys } = app.backing;
  const here = mine;
  try {
    here.lines = await exportUnsent({
      db, keys, serverKey: app.device.server_key, now: app.now() + (app.offset ?? 0),
      current: app.backing.journal?.id, held: app.outbox.beyond ?? [] });
  } catch (problem) {
    here.problem = problem;
    console.error("export", problem?.name);
  }
  app.draw();
}

function out(app) {
  const { lines } = mine;
  if (mine.problem) return note("stop", t("导出没有做成，请再试一次。"));
  if (lines === null) return note("unknown", t("正在准备…"));
  if (lines.length === 0) return emptyState({ icon: "cloud", title: t("全部传完"), text: t("服务器已有本机的每一条记录，不用转交。") });
  const n = lines.map(readCarried).reduce((sum, line) => sum + line.last - line.first + 1, 0);
  return html`
    ${note("unknown", t("{n} 条还没传。内容只有服务器能读；交到服务台，或让另一部手机代收。本机的记录不会因此删除。", { n: count(n) }))}
    ${mine.frames ? chain(app) : html`<div class="stack">
      ${button(t("存成文件"), () => save(app), { icon: "download", kind: "primary", name: "save-file" })}
      ${button(t("显示二维码"), () => show(app, 0), { icon: "qr", name: "show-codes" })}
    </div>`}`;
}

async function save(app) {
  const text = `${mine.lines.join("\n")}\n`;
  const name = fileName(app.device.id, app.now());
  const file = new File([text], name, { type: "text/plain" });
  const share = { files: [file], title: name };
  if (navigator.canShare?.(share) && matchMedia("(pointer: coarse)").matches) {
    await navigator.share(share).catch(() => {}); // closed without choosing
    return;
  }
  const url = URL.createObjectURL(file);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  app.say("ok", t("文件 {name} 已存到下载里。", { name }));
}

async function show(app, part) {
  const here = mine;
  const frames = await framesOf(here.lines[part]);
  Object.assign(here, { part, frames, at: 0, playing: true });
  play(app);
  app.draw();
}

function play(app) {
  clearInterval(timer);
  if (!mine.playing || mine.frames.length === 1) return;
  timer = setInterval(() => step(app, 1), PACE_MS);
}

function step(app, by) {
  if (!mine?.frames) return;
  mine.at = (mine.at + by + mine.frames.length) % mine.frames.length;
  app.draw();
}

function byHand(app, by) {
  mine.playing = false;
  play(app);
  step(app, by);
}

function chain(app) {
  const { frames, at, lines, part, playing } = mine;
  return html`<section class="carry-chain">
    ${lines.length > 1 ? note("look", t("第 {i} 份，共 {n} 份：每一份都要扫完。", { i: part + 1, n: lines.length })) : nothing}
    ${qrPicture(frames[at], { ecc: "L", label: t("第 {i} 张二维码，共 {n} 张", { i: at + 1, n: frames.length }) })}
    <p class="carry-count" data-frame=${frames[at]}>${at + 1} / ${frames.length}</p>
    <div class="carry-steps">
      ${button(t("上一张"), () => byHand(app, -1), { icon: "back", bare: true, name: "frame-back" })}
      ${button(playing ? t("停住") : t("自动换"), () => { mine.playing = !playing; play(app); app.draw(); }, { name: "frame-play", pressed: !playing })}
      ${button(t("下一张"), () => byHand(app, 1), { icon: "next", bare: true, name: "frame-next" })}
    </div>
    ${part + 1 < lines.length ? button(t("下一份"), () => show(app, part + 1), { kind: "primary", name: "next-part" }) : nothing}
    ${button(t("改存文件"), () => { clearInterval(timer); mine.frames = null; app.draw(); }, { kind: "quiet", name: "back-to-file" })}
  </section>`;
}

// --- in ----------------------------------------------------------------------------------------------

function into(app) {
  const { told, taken } = mine;
  const waiting = app.outbox.carried ?? 0;
  return html`
    ${scanStrip(app, { hint: t("逐张扫那部手机上的二维码"), typed: false })}
    ${told?.n ? html`${progress(told.have, told.n, t("已扫到"))}
      ${told.missing.length && told.have > 0 ? note("look", t("还差 {list}", { list: few(told.missing) })) : nothing}
      ${told.missing.length ? button(t("从头再扫"), () => { mine.gather.begin(); mine.told = null; app.draw(); }, { kind: "quiet", name: "begin-again" }) : nothing}` : nothing}
    ${card(null, html`<label class="carry-file">${t("或打开导出的文件")}
      <input type="file" name="carry-file" accept=".carry,.txt,application/json,text/plain" @change=${(e) => fromFile(app, e)} /></label>`)}
    ${taken ? note(taken.tone, taken.text) : nothing}
    ${waiting ? card(t("等网络"), html`<p>${t("{n} 份等待，有网络时自动交给服务器。本机读不出内容。", { n: count(waiting) })}</p>
      ${button(t("现在交"), () => deliver(app), { icon: "upload", name: "deliver" })}`) : nothing}`;
}

const few = (list) => list.slice(0, 10).join(", ") + (list.length > 10 ? " …" : "");

async function hear(app, read) {
  if (!mine || mine.way !== "in" || !can(app)) return;
  if (read.kind !== "frame") {
    app.say("look", t("这不是转交用的二维码"));
    return;
  }
  if (read.problem) {
    app.say("look", t("这一张没有读全，请再扫"));
    return;
  }
  const told = await mine.gather.add(read.text);
  if (told.state === "other") app.say("stop", t("这是另一份的二维码。先扫完这一份，或从头再扫。"));
  else if (told.state === "bad") app.say("stop", t("合起来不对，请从头再扫"));
  else if (told.state === "part") app.say("ok", `${told.have} / ${told.n}`);
  mine.told = told.state === "bad" ? null : told;
  if (told.state === "done") await takeIn(app, [told.payload]);
  app.draw();
}

async function fromFile(app, event) {
  const [file] = event.target.files;
  event.target.value = "";
  if (!file) return;
  const payloads = file.size < 16_000_000 ? payloadsOf(await file.text()) : [];
  if (payloads.length === 0) {
    app.say("stop", t("这不是导出的日志文件"));
    return;
  }
  await takeIn(app, payloads);
}

async function takeIn(app, payloads) {
  if (payloads.some((payload) => readCarried(payload) === null)) {
    app.say("stop", t("这不是导出的日志文件"));
    return;
  }
  for (const payload of payloads) await takeOver(app.backing.db, payload, app.now());
  mine.gather.begin();
  mine.told = null;
  await deliver(app);
}

async function deliver(app) {
  const { receipts, refused, left } = await app.backing.sender.deliver();
  const fresh = receipts.reduce((n, receipt) => n + receipt.new, 0);
  const last = receipts.at(-1)?.last;
  const said = { tone: "ok", text: t("服务器收下了：存有 1-{last}，新收 {n} 条。那部手机联网后会自己知道。", { last: count(last ?? 0), n: count(fresh) }) };
  if (left) Object.assign(said, { tone: "look", text: t("已收在本机，有网络时自动交给服务器。") });
  if (refused.length) Object.assign(said, { tone: "stop", text: t("服务器没有接受（{code}）。请让那部手机重新导出，或交到服务台。", { code: refused[0] }) });
  if (mine) mine.taken = said;
  app.say(said.tone, said.text);
}
