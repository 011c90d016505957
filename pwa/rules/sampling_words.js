// What sampling answers, word for word as screening/collection/checks/answers.py where the fault is the
// same one (a test compares them); and the coded reasons a tap gives. Pure.

// code: [tone, 中文, English]. Codes that only a phone needs stand at the end.
export const WORDS = {
  tube_ok: ["ok", "可以开管：{mode}，最多 {size} 人。", "Ready to open: {mode_en}, {size} at most."],
  tube_full: ["stop", "满，换管。此管已有 {members} 人。", "Full: change the tube. It holds {members}."],
  tube_used: [
    "stop",
    "此管码已用过：{where}，{when}，{stage}。请换一支管。",
    "This number was used before: {where}, {when}, {stage_en}. Take another tube.",
  ],
  tube_open_here: [
    "look",
    "此管已在本点打开（{when}，已有 {members} 人），可以接着采。",
    "This tube is open at this site since {when} with {members} persons; you may go on with it.",
  ],
  tube_not_open: ["stop", "请先扫管码开管。", "Scan the tube first to open it."],
  tube_closed: [
    "stop",
    "此管已封（{when}），不能再加人；请换一支管。",
    "This tube was closed at {when}; nobody can be added. Take another tube.",
  ],
  tube_elsewhere: [
    "stop",
    "此管在别的采样点打开：{where}。请换一支管。",
    "This tube is open at another site: {where}. Take another tube.",
  ],
  foreign_label: [
    "look",
    "此管码不在已登记的标签内，将按外来标签登记。",
    "This number is in no registered run; it will be kept as a foreign label.",
  ],
  pooling_forbidden: [
    "stop",
    "这里按规定{mode}、每管最多 {size} 人（{why}）。",
    "The rule here is {mode_en}, {size} a tube at most ({why_en}).",
  ],
  single_lane: ["stop", "请到 2 号通道，单人单管采样。", "Single tube, lane 2, please."],
  round_not_open: [
    "look",
    "本轮现在不采样；样本照收，先归入“未归轮次”，由负责人转入。",
    "The round is not sampling now; the swab is kept under “unassigned” for the supervisor.",
  ],
  twice_in_tube: ["stop", "此人已在这支管里（第 {seat} 个）。", "Already in this tube, seat {seat}."],
  not_in_roster: [
    "look",
    "底册中没有此人，将按证件登记为底册外人员。",
    "Not in the register; a provisional record will be made from the document.",
  ],
  name_differs: [
    "look",
    "姓名与底册不一致（底册为 {name}），两种写法都会保留；请口头核对。",
    "The name differs from the register ({name}); both spellings are kept. Please ask.",
  ],
  check_seen: [
    "look",
    "证件校验位不对，已注明原件由第二人核对。",
    "The document's check digit is wrong; a second person has seen the document.",
  ],
  mixed_household: [
    "stop",
    "一户一管：此人与管内人员不是同一户。确需同管请注明原因。",
    "One household a tube: this person is of another household. To go on, give a reason.",
  ],
  over_count: [
    "look",
    "超过规定人数（{n} / {size}）：请负责人注明，人员都要登记，一个不少。",
    "Over count ({n} / {size}): a supervisor's note is needed; register every person.",
  ],
  count_differs: [
    "stop",
    "您数了 {n} 支拭子，系统登记 {members} 人，请再数一遍。",
    "You counted {n} swabs, {members} persons are registered; count again.",
  ],
  close_empty: [
    "look",
    "空管：封管后作废，不送检。",
    "An empty tube: it is void once closed and will not be sent.",
  ],
  close_ok: ["ok", "共 {n} 人，可以封管。", "{n} persons; ready to close."],
  bind_ok: ["ok", "{name} 第 {seat} 个。", "{name}, number {seat}."],
  last_seat: ["ok", "{name} 第 {seat} 个，此管已满，请换管。", "{name}, number {seat}; the tube is full."],

  already_sampled: [
    "look",
    "本轮已采：{when}，{where}。确需再采请注明原因（如前管遗失）。",
    "Already sampled this round: {when}, {where_en}. To go on, give a reason.",
  ],
  sampled_again: [
    "look",
    "本轮已采：{when}，{where}。这次照常登记。",
    "Already sampled this round: {when}, {where_en}. This swab is registered as well.",
  ],
  outside_slice: [
    "look",
    "外区或底册外：本机名单里没有此人，照常采样。",
    "From elsewhere or not in the register: not in this phone's list. Take the swab.",
  ],
  no_list: [
    "look",
    "本机没有名单，无法核对；照常采样，有网时由服务器核对。",
    "This phone has no list to compare with; take the swab, the server checks it later.",
  ],
  code_expired: [
    "look",
    "居民码已过有效期，请口头核对姓名。",
    "The resident code is past its date; please ask for the name.",
  ],
  minimum_identity: [
    "look",
    "没有证件：只按姓名和电话登记。",
    "No document: registered by name and telephone only.",
  ],
  name_needed: ["stop", "请写姓名。没有证件时还要写电话。", "Write the name; without a document the telephone too."],
  other_open: [
    "look",
    "手里的管还没有封：{tube}，{n} 支。",
    "The tube in hand is still open: {tube}, swabs: {n}.",
  ],
  tube_joined: ["ok", "已接手此管，已有 {members} 人。", "Taken over; persons in it: {members}."],
  tube_switched: ["ok", "换到此管，已有 {members} 人。", "Back to this tube; persons in it: {members}."],
  tube_opened: ["ok", "已开管：{mode}，最多 {size} 人。请扫人。", "Opened: {mode_en}, {size} at most. Scan a person."],
  closed: ["ok", "已封管，{n} 支。", "Closed with {n}."],
  now_in_hand: ["ok", "手里现在是管 {tube}，已有 {members} 人。", "In hand now: tube {tube}, holding {members}."],
  undone: ["ok", "{name} 第 {seat} 个已撤销。", "{name}, number {seat}, taken back."],
  nothing_to_undo: ["look", "没有可撤销的。", "There is nothing to take back."],
  marked: ["look", "第 {seat} 个：{what}，此人需重采。", "Number {seat}: {what_en}; this person must be swabbed again."],
  moved: ["ok", "{name} 已移到管 {tube}，第 {seat} 个。", "{name} moved to tube {tube}, number {seat}."],
  over_noted: ["look", "已注明超员，可再登记 1 人。", "Over count noted; one more person can be registered."],
  single_wanted: ["look", "单人单管：请扫一支新管。", "A tube of their own: scan a new tube."],
  reopened: ["look", "此管已重新打开，封管时要再数一遍。", "Opened again; count again when it is closed."],
  tube_full_scan: ["stop", "满，换管。请扫下一支管。", "Full: scan the next tube."],
  badge_wanted: ["stop", "请扫工作证。", "Scan a staff badge."],
  not_supervisor: ["stop", "此人不是采样点负责人。", "This is not a site supervisor."],
  wait_tube: ["look", "先定这支管，再扫人。", "Settle the tube first, then scan the person."],
};

export const MODES = {
  single: ["单人单管", "one person a tube"],
  household: ["一户一管", "one household a tube"],
  pooled: ["混采", "pooled"],
};

export const STATES = {
  open: ["采样中", "open"],
  closed: ["已封管", "closed"],
  packed: ["已装箱", "packed"],
  gone: ["已离点", "gone from the site"],
  used: ["已登记", "on record"],
};

export const MARKS = {
  not_swabbed: ["未采样", "not swabbed"],
  spilled: ["遗洒", "spilled"],
  broken: ["破损", "broken"],
  other: ["其他", "other"],
};

// The journal keeps "code 中文": a machine reads the first word, a person the rest.
export const REASONS = {
  again: [
    ["tube_lost", "前管遗失", "The earlier tube was lost"],
    ["tube_broken", "前管破损或遗洒", "The earlier tube broke or leaked"],
    ["told_again", "通知重采", "Called to be swabbed again"],
    ["not_this_person", "前次不是本人", "It was somebody else before"],
    ["other", "其他原因", "Another reason"],
  ],
  household: [
    ["same_door", "同住一门", "They live behind one door"],
    ["carer", "照护人员", "A carer of the household"],
    ["few_left", "人数少，并为一管", "Few are left; put together"],
    ["other", "其他原因", "Another reason"],
  ],
  unbind: [
    ["wrong_person", "登错人", "The wrong person"],
    ["walked_off", "此人离开，未采", "Walked off without a swab"],
    ["other", "其他原因", "Another reason"],
  ],
  move: [["other_tube", "拭子在另一管", "The swab lies in another tube"]],
};

export const reasonText = (kind, code) => {
  const [, zh] = REASONS[kind].find(([own]) => own === code) ?? [code, ""];
  return `${code} ${zh}`.trim();
};

const fill = (text, details) => text.replace(/\{(\w+)\}/g, (_, key) => String(details[key] ?? ""));

/** @returns {{tone: string, code: string, zh: string, en: string, details: object}} */
export function say(code, details = {}, tone = null) {
  const [own, zh, en] = WORDS[code];
  return { tone: tone ?? own, code, zh: fill(zh, details), en: fill(en, details), details };
}

/** A refused read as an answer: the code parser and the document reader speak for themselves. */
export const refusal = (problem) => ({
  tone: "stop", code: problem.code, zh: problem.sentence("zh"), en: problem.sentence("en"),
  details: problem.details ?? {},
});

const RANK = { ok: 0, look: 1, stop: 2 };
export const worst = (answers) =>
  answers.reduce((most, a) => (RANK[a.tone] > RANK[most] ? a.tone : most), "ok");
