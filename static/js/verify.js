// The verifier's screen: the age of the list, a code typed, pasted, scanned or filmed, the answer.

import { age, say } from "./lang.js";
import { readList, verify } from "./verify/proofs.js";

const LIST = "/api/v1/proofs/verifier";
const AGAIN = 10 * 60_000;
const at = (id) => document.getElementById(id);
const known = { keys: [], list: null, oldAfter: 0 };

const WORDS = {
  good: ["ok", say("证明有效", "The proof holds")],
  expired: ["look", say("证明已过期", "The proof has expired")],
  withdrawn: ["stop", say("证明已作废", "The proof was withdrawn")],
  forged: ["stop", say("签名不符，可能是伪造的", "The signature is wrong; it may be forged")],
  foreign: ["look", say("不是本系统出具的证明", "Not a proof of this system")],
  unreadable: ["look", say("读不出这个码，请重新扫描", "This code cannot be read; scan it again")],
  early: ["look", say("采样时间在将来，请核对本机时间", "Sampled in the future; check this device's clock")],
};

function row(label, value) {
  const line = document.createElement("p");
  line.className = "fs-5 mb-1";
  const strong = document.createElement("strong");
  strong.textContent = value;
  line.append(`${label} `, strong);
  return line;
}

function moment(seconds) {
  return new Intl.DateTimeFormat("sv-SE", {
    timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short",
  }).format(seconds * 1000);
}

function rows(said) {
  if (!said.name) return [];
  const out = [row(say("姓名", "Name"), said.name)];
  if (said.last4) out.push(row(say("证件尾号", "Last four of the document"), said.last4));
  out.push(row(say("采样时间", "Sampled"), moment(said.sampled)));
  out.push(row(say("有效至", "Valid until"), moment(said.until)));
  if (said.sharers) out.push(row(say("同管人数", "Sharers of the tube"), String(said.sharers)));
  out.push(row(say("证明编号", "Number"), said.number));
  return out;
}

function show(said) {
  const [tone, words] = WORDS[said.state];
  const head = document.createElement("div");
  head.className = `notice notice-${tone} mb-3`;
  const strong = document.createElement("strong");
  strong.className = "display-6";
  strong.textContent = words;
  head.append(strong);
  const box = at("answer");
  box.dataset.state = said.state;
  box.replaceChildren(head, ...rows(said), row(say("作废名单", "List of withdrawals"), listAge()));
  box.hidden = false;
}

function listAge() {
  if (!known.list) return say("没有，无法得知是否已作废", "none: whether it was withdrawn is not known");
  const minutes = Math.max(0, Date.now() / 60_000 - known.list.made / 60);
  const old = minutes * 60 > known.oldAfter ? say("，名单过旧，请联网更新", "; it is old, go online") : "";
  return say(`${age(minutes)}前`, `${age(minutes)} old`) + old;
}

async function fetchList() {
  try {
    const told = await (await fetch(LIST)).json();
    const list = await readList(told.list, told.keys);
    if (list && list.made >= (known.list?.made ?? 0)) {
      Object.assign(known, { keys: told.keys, list, oldAfter: told.old_after });
    }
  } catch {
    // without a network and a store there is none, and the page says so
  }
  at("list").textContent = `${say("作废名单：", "List of withdrawals: ")}${listAge()}`;
}

async function judge() {
  const code = at("scan").value;
  if (code.trim()) show(await verify(code, known.keys, known.list, Date.now() / 1000));
  at("scan").select();
}

async function film() {
  const view = at("view");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  view.srcObject = stream;
  view.hidden = false;
  await view.play();
  const detector = new globalThis.BarcodeDetector({ formats: ["qr_code"] });
  const look = async () => {
    const [found] = await detector.detect(view).catch(() => []);
    if (!found) return setTimeout(look, 200);
    for (const track of stream.getTracks()) track.stop();
    view.hidden = true;
    at("scan").value = found.rawValue;
    return judge();
  };
  await look();
}

at("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  judge();
});
at("scan").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return; // a scanner ends with it
  event.preventDefault();
  judge();
});
if ("BarcodeDetector" in globalThis && navigator.mediaDevices) {
  at("camera").hidden = false;
  at("camera").addEventListener("click", () => film().catch(() => (at("camera").hidden = true)));
}
fetchList();
setInterval(fetchList, AGAIN);
navigator.serviceWorker?.register("/verify/sw.js", { scope: "/verify/" }).catch(() => {});
