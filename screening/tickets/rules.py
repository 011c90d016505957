"""Every kind of contradiction in one table: what it holds back, whom it asks, how long it may take."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Weight(StrEnum):
    """hold: nothing of the tube is released until it is settled; ask: somebody must answer;
    note: counted and searchable, never queued."""

    HOLD = "hold"
    ASK = "ask"
    NOTE = "note"


class Kind(NamedTuple):
    """`minutes`: until when it shall be solved (default of this system, a round may change it)."""

    weight: Weight
    subject: str
    minutes: int | None
    zh: str
    en: str


H, A, N = Weight.HOLD, Weight.ASK, Weight.NOTE

KINDS: dict[str, Kind] = {
    # a tube's own story
    "list_incomplete": Kind(H, "tube", 120, "名单与封管人数不符", "list differs from the closing count"),
    "not_closed": Kind(H, "tube", 120, "未封管即送出", "sent without being closed"),
    "empty_with_persons": Kind(H, "tube", 120, "空管却有人员", "closed empty, yet persons are bound"),
    "no_persons": Kind(H, "tube", 60, "试管没有人员", "tube without persons"),
    "unknown_tube": Kind(H, "tube", 60, "实验室收到未知试管", "unknown tube at the laboratory"),
    "two_sites": Kind(H, "tube", 60, "同一管码出现在两个采样点", "one number at two sites"),
    "reused": Kind(H, "tube", 60, "已用过的管码再次开管", "a used number was opened again"),
    "added_after_pack": Kind(H, "tube", 120, "装箱后又有人绑定", "somebody was added after packing"),
    "unassigned": Kind(H, "tube", 240, "不属于任何进行中的轮次", "belongs to no open round"),
    "found_after_loss": Kind(H, "tube", 120, "已报遗失的试管又出现", "a tube declared lost was seen again"),
    "over_count": Kind(A, "tube", 240, "超过规定人数", "more persons than the tube's size"),
    "over_count_noted": Kind(N, "tube", None, "超员（已注明）", "over count, noted at the table"),
    "opened_twice": Kind(N, "tube", None, "两台设备同开一管", "opened on two devices of one site"),
    "twice_in_tube": Kind(N, "tube", None, "同一人在管内两次", "one person twice in the tube"),
    "mixed_household": Kind(N, "tube", None, "一户一管混入他户", "two households in a household tube"),
    "pooling_forbidden": Kind(A, "tube", 240, "该区域或人群不得混采", "pooling is not allowed here"),
    "callback_in_pool": Kind(A, "tube", 60, "待复核人员进入混采管", "a person under callback in a pool"),
    "missing_at_lab": Kind(A, "tube", 120, "签收后缺管", "missing when its box was unpacked"),
    "wrong_box": Kind(N, "tube", None, "试管在别的箱中", "found in another box"),
    "declared_lost": Kind(A, "tube", 240, "已报遗失，需重采", "declared lost, members to be re-sampled"),
    "changed_after_release": Kind(H, "tube", 60, "发布后名单有变", "the list changed after release"),
    "alert_conflict": Kind(H, "tube", 30, "发布内容与预警矛盾", "release contradicts an alert"),
    "journal_gap": Kind(H, "tube", 120, "采样设备日志缺号", "a sampling device's journal has a gap"),
    # a person's
    "already_sampled": Kind(N, "person", None, "本轮重复采样", "sampled more than once in the round"),
    "provisional": Kind(N, "person", None, "底册外人员", "not in the register"),
    "outside_area": Kind(N, "person", None, "外区人员", "from another area"),
    "callback_not_met": Kind(A, "person", 30, "复采人员上门未遇或已搬离", "a called-back person was not met"),
    # a box's
    "seal_mismatch": Kind(A, "batch", 120, "封箱点数不符", "count at sealing differs"),
    "hand_over_mismatch": Kind(A, "batch", 120, "交接箱数不符", "count at hand-over differs"),
    "arrive_mismatch": Kind(A, "batch", 120, "签收点数不符", "count on arrival differs"),
    "broken_seal": Kind(A, "batch", 60, "封签破损", "seal broken on arrival"),
    "warm_box": Kind(A, "batch", 60, "箱温超限", "the box was too warm"),
    "late_box": Kind(A, "batch", 60, "超时送达", "the box came too late"),
    "leak": Kind(N, "batch", None, "箱内有渗漏", "a leak in the box"),
    "sealed_twice": Kind(A, "batch", 120, "同一封签用于两箱", "one seal on two boxes"),
    # a journal's or device's
    "parked": Kind(A, "entry", 120, "日志条目无法归入", "an entry could not be applied"),
    "fork": Kind(A, "device", 60, "设备日志分叉", "the device's journal has forked"),
    "gap": Kind(A, "device", 120, "设备日志缺号", "the device's journal has a gap"),
    "clock_skew": Kind(N, "device", None, "设备时钟偏差超过十分钟", "device clock off by over ten minutes"),
    "late_after_end": Kind(N, "device", None, "收工后仍有记录", "entries after the end of shift"),
    # a plate's
    "plate_quarantined": Kind(A, "plate", 60, "结果文件与布板不符", "the run file does not match the plate"),
    "controls_failed": Kind(A, "plate", 60, "质控失败", "controls failed"),
    "run_overdue": Kind(A, "plate", 60, "已上机，结果文件逾期未到", "on the instrument, its file is overdue"),
    "run_held": Kind(A, "plate", 60, "阳性率异常，整板暂缓", "positivity out of band, the plate is on hold"),
}  # fmt: skip

# how a ticket may be solved (coded; the re-checker is another person)
SOLUTIONS: dict[str, tuple[str, str]] = {
    "checked_physically": ("实物核对无误", "checked physically, right as recorded"),
    "list_completed": ("名单已补全", "the list was completed"),
    "resample": ("安排重采", "members will be re-sampled"),
    "declared_lost": ("确认遗失", "confirmed lost"),
    "found": ("已找到", "found"),
    "label_error": ("标签错误", "labelling error"),
    "entry_error": ("录入错误", "entry error"),
    "device_replaced": ("设备已更换", "the device was replaced"),
    "accepted": ("接受差异", "difference accepted"),
    "other": ("其他（见备注）", "other, see the note"),
}

OPEN, SOLVED, CLOSED, NOTED = "open", "solved", "closed", "noted"
EXPLAINED, CHECKED = "explained", "checked"
