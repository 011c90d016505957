// What packing, hand-over and reception say, word for word as screening/transport/checks.py (pure).

// code: [tone, 中文, English]. Codes that only a phone needs stand at the end.
export const WORDS = {
  box_ok: ["ok", "可以用这个箱子，最多 {capacity} 管。", "Ready; {capacity} tubes at most."],
  box_in_use: [
    "stop",
    "这个箱子上一趟还没有结束（{stage}），请换一个箱子。",
    "This box is still on its last trip ({stage_en}); take another box.",
  ],
  box_full: [
    "stop",
    "箱满（{known} 管）：请封箱，下一管放新箱。",
    "Full ({known} tubes): seal it; use a new box.",
  ],
  box_sealed: ["stop", "此箱已封，不能再装；请开新箱。", "This box is sealed; open a new one."],
  box_not_open: ["stop", "请先扫箱码开箱。", "Scan the box first."],
  pack_ok: ["ok", "已核对，可以装箱。", "Ready to be packed."],
  tube_unknown: [
    "look",
    "服务器还没有这支管的采样记录（手机可能未上传），可以装箱。",
    "The server holds no sampling of this tube yet (a phone may not have sent it); pack it.",
  ],
  tube_still_open: ["look", "此管还没有封管，请先封管。", "This tube is not closed yet; close it first."],
  tube_packed: ["stop", "此管已在{where}里。", "This tube is already in {where_en}."],
  tube_gone: ["stop", "此管已{stage}，不能装箱。", "This tube is {stage_en} and cannot be packed."],
  seal_ok: [
    "ok", "{n} 管，点数相符，可以封箱。", "{n} tubes, the counts agree; ready to seal.",
  ],
  seal_count: [
    "stop",
    "点数不符：您数了 {counted} 管，系统扫了 {known} 管。请看下面没有扫到的管。",
    "The counts differ: {counted} counted, {known} scanned. Look at the tubes not scanned.",
  ],
  seal_explained: [
    "look",
    "点数不符（{counted} / {known}），已逐一注明原因，可以封箱。",
    "The counts differ ({counted} / {known}) with every difference explained; ready to seal.",
  ],
  seal_used: ["stop", "这个封签已经用过，请换一个。", "This seal was used before; take another."],
  hand_over_ok: ["ok", "{n} 箱，可以交接。", "{n} boxes; ready to hand over."],
  hand_over_count: [
    "stop",
    "箱数不符：转运员数了 {counted} 箱，扫了 {known} 个封签。可以退回重数，或注明差异后双方确认。",
    "The counts differ: {counted} boxes counted, {known} seals scanned. Count again, or note "
      + "the difference with both names.",
  ],
  seal_unknown: [
    "look",
    "服务器还没有这个封签的装箱记录，可以交接，稍后核对。",
    "The server holds no packing for this seal yet; hand it over, it will be compared later.",
  ],
  seal_arrived: [
    "stop", "这个封签的箱子已经签收：{where}。", "The box of this seal has arrived: {where}.",
  ],
  warm_box: [
    "look",
    "温度 {temperature} °C 超出范围，将记录在案。",
    "{temperature} °C is out of range and will be on record.",
  ],
  late_box: ["look", "此箱已超过送达时限。", "This box is past its time limit."],
  arrive_ok: [
    "ok", "可以签收，封箱时 {counted} 管。", "Ready; {counted} tubes when it was sealed.",
  ],
  receive_ok: ["ok", "已核对，可以签收。", "Ready to be received."],
  unknown_tube: [
    "look",
    "系统中没有这支管的采样记录：放入“未知”架，可以检测，结果暂不发布。",
    "No sampling of this tube is known: put it on the “unknown” rack; it may be tested, its "
      + "result is held.",
  ],
  wrong_box: [
    "look",
    "此管不在这一箱的清单里，照收，差异会通知两边。",
    "Not on this box's list; take it, both sites will be told.",
  ],
  received_before: [
    "look", "此管已签收（{where}）。", "This tube was received before ({where}).",
  ],
  not_unpacked: [
    "look",
    "还有 {n} 支管没有扫到；结束清点后按缺管登记。",
    "{n} tubes are not scanned yet; they count as missing once unpacking is finished.",
  ],
  unpacked_ok: ["ok", "全部扫到，可以结束清点。", "All scanned; unpacking can be finished."],
};

// What a phone alone says.
export const PHONE_WORDS = {
  box_goes_on: ["ok", "接着装这个箱子。", "Going on with this box."],
  tube_in: ["ok", "已装箱。", "Packed."],
  last_in: ["look", "已装箱，箱满，请点数封箱。", "Packed; the box is full: count and seal."],
  packed_here: ["look", "此管已在本箱，不重复计。", "Already in this box; it counts once."],
  tube_used: [
    "stop", "此管已在{where}用过（{when}），不能装箱。",
    "This tube was used at {where} ({when}) and cannot be packed.",
  ],
  used_here: [
    "look", "此管 {when} 在本点用过，已装箱，请核对是不是送走过的管。",
    "Used here before ({when}); packed, see whether it was sent away already.",
  ],
  nobody_knows: [
    "look", "没有任何设备记录过此管，已装箱，封箱前请核对。",
    "No device has recorded this tube; packed, look at it before the seal.",
  ],
  not_sent: ["ok", "已装箱。{device} 已封，未上传。", "Packed. Closed on {device}, not yet sent."],
  not_in_box: ["look", "此管不在本箱里。", "This tube is not in this box."],
  taken_out: ["ok", "已取出。", "Taken out."],
  sealed: ["ok", "已封箱，{n} 管。", "Sealed, {n} tubes."],
  sealed_here: ["look", "这个封签就在本箱上。", "This seal is on this very box."],
  tables_heard: ["ok", "{table} 台：{n} 支已封管。", "Table {table}: {n} tubes closed."],
  redirected: ["look", "此箱改送{lab}。", "This box goes to {lab} now."],
  seal_read: ["ok", "第 {n} 个封签。", "Seal {n}."],
  seal_again: ["look", "这个封签已经扫过。", "This seal was scanned already."],
  handed_before: [
    "look", "此箱已交给{name}（{when}）。", "This box was handed to {name} ({when}).",
  ],
  in_van: ["look", "此箱已在车上。", "This box is in the van already."],
  not_in_van: [
    "look", "此箱不在本车清单里，可以交接。", "This box is not on the van's list; hand it over.",
  ],
  not_oneself: ["stop", "请扫对方的工作证。", "Scan the other person's badge."],
  person_unconfirmed: [
    "look", "本机没有此人的名单，按工号记录，未核对。",
    "Not on this phone's list; recorded by number, unconfirmed.",
  ],
  person_ok: ["ok", "{name}", "{name}"],
  seal_free: ["ok", "封签可用。", "The seal can be used."],
  no_manifest: [
    "look", "还没有这一箱的清单，逐管签收，清单到后自动核对。",
    "This box's list is not here yet; receive each tube, it is compared when the list arrives.",
  ],
  received_here: ["look", "此管刚才已签收，不重复计。", "Received already; it counts once."],
  unlisted_tube: [
    "look", "本机的清单上都没有这支管：照收，放“未知”架，联网后由服务器核对。",
    "On no list of this phone: take it, put it on the “unknown” rack; the server checks it.",
  ],
  priority: ["ok", "优先：单人单管。", "Priority: a single tube."],
  arrived: ["ok", "已到达，请逐管扫码。", "Arrived; scan each tube."],
  arrived_before: ["look", "此箱已签到，接着清点。", "This box has arrived already; go on unpacking."],
  look_at_seal: ["look", "请先看封签，再签到。", "Look at the seal first, then let the box in."],
  rejected: ["look", "已退样：{why}。", "Rejected: {why_en}."],
  finished: ["ok", "清点完毕，全部签收。", "Unpacking finished, all received."],
  finished_unlisted: [
    "look", "清点完毕，已收 {n} 管，清单到后自动核对。",
    "Unpacking finished, {n} tubes received; they are compared when the list arrives.",
  ],
  unpacked_unlisted: [
    "look", "这一箱的清单还没有到，结束后清单到了自动核对。",
    "This box's list is not here yet; it is compared when it arrives.",
  ],
  finished_missing: [
    "look", "清点完毕，缺 {n} 管，已登记。", "Unpacking finished, {n} tubes missing, on record.",
  ],
};

// As screening/transport/words.py.
export const STAGES = {
  open: ["装箱中", "being packed"],
  sealed: ["已封箱", "sealed"],
  handed: ["在途", "on the road"],
  arrived: ["已到达", "arrived"],
  finished: ["已清点", "reconciled"],
};
export const DIFFERENCES = {
  late_tube: ["晚到的管", "late tube"],
  broken: ["破损", "broken"],
  stays: ["留在采样点", "stays on site"],
  not_sent: ["手机未上传", "not sent by the phone"],
  other: ["其他", "other"],
};
export const REJECTIONS = {
  leak: ["渗漏", "leaking"],
  empty: ["空管", "empty"],
  unlabelled: ["无标签", "unlabelled"],
  no_swab: ["无拭子", "no swab"],
  late: ["超时", "too late"],
  temperature: ["温度超限", "temperature"],
  other: ["其他", "other"],
};

const fill = (text, details) => text.replace(/\{(\w+)\}/g, (_, key) => details[key] ?? "");

/**
 * @typedef {{tone: "ok"|"look"|"stop", code: string, zh: string, en: string, details: object}} Answer
 * @returns {Answer}
 */
export function say(code, details = {}, tone = "") {
  const [own, zh, en] = WORDS[code] ?? PHONE_WORDS[code];
  return { tone: tone || own, code, zh: fill(zh, details), en: fill(en, details), details };
}

/** The answer that an unreadable or wrong code stands for. @param {CodeProblem} problem */
export function refused(problem) {
  return {
    tone: "stop", code: problem.code, zh: problem.sentence("zh"), en: problem.sentence("en"),
    details: problem.details ?? {},
  };
}

const RANK = { ok: 0, look: 1, stop: 2 };

/** The gravest of several answers; null of none. */
export function worst(answers) {
  return answers.reduce((a, b) => (a && RANK[a.tone] >= RANK[b.tone] ? a : b), null);
}
