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
  store_put_back: () => ({ tone: "look", text: t("本机存储是较早的一份，已换新的编号继续记录。请告诉负责人。") }),
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

const tube = (entry) => grouped(entry.tube ?? "");

const KINDS = {
  shift_start: () => t("开班"),
  shift_end: (e) => t("收班，共 {n} 条", { n: e.n }),
  open: (e) => t("开管 {tube}", { tube: tube(e) }),
  join: (e) => t("接管 {tube}", { tube: tube(e) }),
  bind: (e) => t("管 {tube} 第 {seat} 个", { tube: tube(e), seat: e.seat }),
  unbind: (e) => t("撤销，管 {tube}", { tube: tube(e) }),
  move: (e) => t("从管 {tube} 移到 {to}", { tube: tube(e), to: grouped(e.to ?? "") }),
  mark: (e) => t("标记，管 {tube}", { tube: tube(e) }),
  over: (e) => t("管 {tube} 超员 {n}", { tube: tube(e), n: e.n }),
  close: (e) => t("封管 {tube}，{n} 个", { tube: tube(e), n: e.n }),
  reopen: (e) => t("重开管 {tube}", { tube: tube(e) }),
  box_open: (e) => t("开箱 {box}", { box: grouped(e.box ?? "") }),
  pack: (e) => t("装箱，管 {tube}", { tube: tube(e) }),
  unpack: (e) => t("取出，管 {tube}", { tube: tube(e) }),
  seal: (e) => t("封箱 {seal}，{n} 管", { seal: grouped(e.seal ?? ""), n: e.n }),
  unseal: () => t("拆封"),
  hand_over: (e) => t("交接 {seal}", { seal: grouped(e.seal ?? "") }),
  arrive: (e) => t("到达 {seal}", { seal: grouped(e.seal ?? "") }),
  receive: (e) => t("签收管 {tube}", { tube: tube(e) }),
  reject: (e) => t("拒收管 {tube}", { tube: tube(e) }),
  unpacked: (e) => t("拆箱完毕 {seal}", { seal: grouped(e.seal ?? "") }),
  visit: () => t("入户结果"),
};

/** An entry in words; what the device shows of the person stands beside it. */
export function entryWords({ entry, view }) {
  const title = KINDS[entry.kind]?.(entry) ?? entry.kind;
  return { title, sub: view?.name ?? null };
}
