// What the outbox and the journal say to people: states, problems with their way out, entries.
import { grouped } from "../scan/codes.js";
import { t } from "../words/index.js";
import { count } from "../words/time.js";

/** What is wrong and the way out, or null. @returns {{tone, text, carry?: boolean}|null} `carry`: export */
export function trouble(outbox) {
  const { state, message, gap } = outbox;
  if (state === "revoked") return { tone: "stop", text: t("本机已停用，底册已清除。已写的记录还在，仍会上传；传不了就导出。请找负责人重新登记。"), carry: true };
  if (state === "forked") return { tone: "stop", text: t("服务器上有同号而不同的记录：手机可能从备份恢复过。两份都会保留。请重新登记本机。"), carry: true };
  if (gap) return { tone: "look", text: t("服务器缺 {from}-{to}，本机也没有了。请告诉负责人。", { from: count(gap[0]), to: count(gap[1]) }) };
  return MESSAGES[message]?.() ?? (message ? { tone: "stop", text: t("服务器没有接受（{code}）。记录还在本机；请导出并联系管理员。", { code: message }), carry: true } : null);
}

const MESSAGES = {
  broken_chain: () => ({ tone: "stop", text: t("服务器说日志接不上，整批没有收。记录还在本机；请导出并联系管理员。"), carry: true }),
  bad_signature: () => ({ tone: "stop", text: t("服务器不认本机的签名。记录还在本机；请导出，再重新登记本机。"), carry: true }),
  unknown_device: () => ({ tone: "stop", text: t("服务器上没有本机的登记。记录还在本机；请导出，再重新登记本机。"), carry: true }),
  practice_mixed: () => ({ tone: "stop", text: t("练习日志不能进入正式系统。请按正式登记码重新登记本机。") }),
  too_large: () => ({ tone: "stop", text: t("有一条记录太大，传不上去。请导出并联系管理员。"), carry: true }),
  server_busy: () => ({ tone: "look", text: t("服务器忙，稍后自动再试。") }),
  portal: () => ({ tone: "look", text: t("网络要求先登录网页。请打开浏览器登录后再试，或换用流量。") }),
  no_progress: () => ({ tone: "look", text: t("服务器答复了，但没有收下，稍后再试。") }),
  server_restored: () => ({ tone: "look", text: t("服务器恢复过较早的数据，正在重传它缺的记录。") }),
  store_put_back: () => ({ tone: "look", text: t("本机存储是较早的一份，已换新的编号继续记录。请告诉负责人，并重新登记本机。") }),
};

/** One line about sending: now, next, or nothing to do. */
export function stateLine(outbox, now) {
  const { state, waiting, next_at } = outbox;
  if (state === "sending") return t("正在上传…");
  if (state === "asking") return t("正在问服务器…");
  if (!waiting) return t("没有等待的记录");
  if (state === "offline") return t("没有网络，有网络时自动上传");
  if (next_at && next_at > now) return t("{n} 秒后再试", { n: count(Math.ceil((next_at - now) / 1000)) });
  return t("等待上传");
}

const KINDS = {
  shift_start: () => t("开班"),
  shift_end: (e) => t("收班，共 {n} 条", { n: e.n }),
  open: () => t("开管"),
  join: () => t("接管"),
  bind: (e) => t("采样，座位 {seat}", { seat: e.seat }),
  unbind: () => t("撤销一人"),
  move: () => t("已移到另一管"),
  mark: () => t("标记"),
  over: (e) => t("超员，共 {n} 支", { n: e.n }),
  close: (e) => t("封管，{n} 支", { n: e.n }),
  reopen: () => t("重开"),
  box_open: () => t("开箱"),
  pack: () => t("管装箱"),
  unpack: () => t("从箱里取出"),
  seal: (e) => t("封箱，{n} 管", { n: e.n }),
  unseal: () => t("拆封"),
  hand_over: () => t("箱已交接"),
  arrive: () => t("箱到实验室"),
  receive: () => t("管已签收"),
  reject: () => t("管已拒收"),
  unpacked: () => t("拆箱完毕"),
  visit: () => t("入户结果"),
};

/** An entry in words; the number it is about, and what the device shows of the person. */
export function entryWords({ entry, view }) {
  const { kind, tube, to, seal, box } = entry;
  const numbers = kind === "move" ? [tube, to] : [tube ?? seal ?? box];
  const shown = numbers.filter(Boolean).map((one) => grouped(String(one))).join(" → ");
  return { title: KINDS[kind]?.(entry) ?? kind, sub: [view?.name, shown].filter(Boolean).join(" · ") || null };
}
