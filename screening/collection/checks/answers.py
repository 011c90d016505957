"""What a sampling screen says: how grave, in Chinese and English."""

from __future__ import annotations

from typing import Any

from screening.tube.answers import Answer, answer

WORDS = {
    "tube_ok": ("ok", "可以开管：{mode}，最多 {size} 人。", "Ready to open: {mode_en}, {size} at most."),
    "tube_full": ("stop", "满，换管。此管已有 {members} 人。", "Full: change the tube. It holds {members}."),
    "tube_used": (
        "stop",
        "此管码已用过：{where}，{when}，{stage}。请换一支管。",
        "This number was used before: {where}, {when}, {stage_en}. Take another tube.",
    ),
    "tube_open_here": (
        "look",
        "此管已在本点打开（{when}，已有 {members} 人），可以接着采。",
        "This tube is open at this site since {when} with {members} persons; you may go on with it.",
    ),
    "tube_not_open": ("stop", "请先扫管码开管。", "Scan the tube first to open it."),
    "tube_closed": (
        "stop",
        "此管已封（{when}），不能再加人；请换一支管。",
        "This tube was closed at {when}; nobody can be added. Take another tube.",
    ),
    "tube_elsewhere": (
        "stop",
        "此管在别的采样点打开：{where}。请换一支管。",
        "This tube is open at another site: {where}. Take another tube.",
    ),
    "label_off": (
        "stop",
        "此标签已登记为{state}，不能使用；请换一支管。",
        "This label is recorded as {state_en} and cannot be used; take another tube.",
    ),
    "foreign_label": (
        "look",
        "此管码不在已登记的标签内，将按外来标签登记。",
        "This number is in no registered run; it will be kept as a foreign label.",
    ),
    "pooling_forbidden": (
        "stop",
        "这里按规定{mode}、每管最多 {size} 人（{why}）。",
        "The rule here is {mode_en}, {size} a tube at most ({why_en}).",
    ),
    "single_needed": (
        "stop",
        "此人按规定{mode}、每管最多 {size} 人，请换管。",
        "The rule for this person is {mode_en}, {size} a tube at most; use another tube.",
    ),
    "single_lane": ("stop", "请到 2 号通道，单人单管采样。", "Single tube, lane 2, please."),
    "round_not_open": (
        "look",
        "本轮现在不采样；样本照收，先归入“未归轮次”，由负责人转入。",
        "The round is not sampling now; the swab is kept under “unassigned” for the supervisor.",
    ),
    "already_sampled": (
        "stop",
        "本轮已采：{when}，管 {tube}。确需再采请注明原因（如前管遗失）。",
        "Already sampled this round: {when}, tube {tube}. To go on, give a reason.",
    ),
    "twice_in_tube": ("stop", "此人已在这支管里（第 {seat} 个）。", "Already in this tube, seat {seat}."),
    "outside_area": (
        "look",
        "外区人员（{area}），可以采样，计入居住地。",
        "From another area ({area}); take the swab, it counts at home.",
    ),
    "not_in_roster": (
        "look",
        "底册中没有此人，将按证件登记为底册外人员。",
        "Not in the register; a provisional record will be made from the document.",
    ),
    "name_differs": (
        "look",
        "姓名与底册不一致（底册为 {name}），两种写法都会保留；请口头核对。",
        "The name differs from the register ({name}); both spellings are kept. Please ask.",
    ),
    "check_seen": (
        "look",
        "证件校验位不对，已注明原件由第二人核对。",
        "The document's check digit is wrong; a second person has seen the document.",
    ),
    "mixed_household": (
        "stop",
        "一户一管：此人与管内人员不是同一户。确需同管请注明原因。",
        "One household a tube: this person is of another household. To go on, give a reason.",
    ),
    "over_count": (
        "look",
        "超过规定人数（{n} / {size}）：请负责人注明，人员都要登记，一个不少。",
        "Over count ({n} / {size}): a supervisor's note is needed; register every person.",
    ),
    "count_differs": (
        "stop",
        "您数了 {n} 支拭子，系统登记 {members} 人，请再数一遍。",
        "You counted {n} swabs, {members} persons are registered; count again.",
    ),
    "close_empty": (
        "look",
        "空管：封管后作废，不送检。",
        "An empty tube: it is void once closed and will not be sent.",
    ),
    "close_ok": ("ok", "共 {n} 人，可以封管。", "{n} persons; ready to close."),
    "bind_ok": ("ok", "{name} 第 {seat} 个。", "{name}, number {seat}."),
    "last_seat": ("ok", "{name} 第 {seat} 个，此管已满，请换管。", "{name}, number {seat}; the tube is full."),
}  # fmt: skip


def say(code: str, **details: Any) -> Answer:
    return answer(WORDS, code, **details)
