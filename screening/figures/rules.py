"""Names, units and definitions of the figures, and which stages each count of tubes holds (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from screening.coverage.rules import REASONS
from screening.tube.rules import GONE, Stage


class Door(NamedTuple):
    """Where the rows behind a figure are listed: an endpoint and its arguments."""

    endpoint: str
    args: dict[str, Any]


class Figure(NamedTuple):
    """One number as it was at `as_of`; `key` is a word of DEFINITIONS."""

    key: str
    value: int
    as_of: datetime | None
    door: Door


class Definition(NamedTuple):
    """What a figure is called, what it counts and in what, in two languages."""

    zh: str
    en: str
    unit_zh: str
    unit_en: str
    why_zh: str
    why_en: str


PERSONS = ("人", "persons")
TUBES = ("管", "tubes")
CASES = ("条", "items")

DEFINITIONS: dict[str, Definition] = {
    "register": Definition(
        "底数", "register", *PERSONS,
        "本轮范围内登记的人，含开始后新增", "everybody registered within the round, later entries too",
    ),
    "exempt": Definition(
        "豁免", "exempt", *PERSONS, "有代码的豁免", "excused with a code",
    ),
    "due": Definition(
        "应检", "due", *PERSONS, "本轮范围内的底数减去有代码的豁免", "the register less those excused with a code",
    ),
    "reached": Definition(
        "已采", "reached", *PERSONS,
        "有一份有效样本的人数，每人只计一次", "persons with one valid swab, each counted once",
    ),
    "missed": Definition(
        "未检", "missed", *PERSONS, "本辖区应检而没有有效样本的人", "due and without a valid swab",
    ),
    **{
        part: Definition(
            zh, en, *PERSONS, f"未检人员中：{zh}", f"of the missed: {en}",
        )
        for part, zh, en in REASONS
    },
    "added": Definition(
        "开始后新增", "added later", *PERSONS,
        "底数中在本轮开始后登记的人", "of the register: entered after the start",
    ),
    "delivered": Definition(
        "已送达", "delivered", *PERSONS, "样本已到实验室的人数", "persons whose swab is at a laboratory",
    ),
    "tested": Definition(
        "已检出", "tested", *PERSONS, "样本已有检测结果的人数", "persons whose swab has been tested",
    ),
    "resulted": Definition(
        "已出", "resulted", *PERSONS, "结果已发布的人数", "persons whose result is released",
    ),
    "tubes_open": Definition(
        "开管未封", "open tubes", *TUBES, "已开管、还没有封管的试管", "opened and not closed yet",
    ),
    "tubes_collected": Definition(
        "已采管", "tubes collected", *TUBES,
        "本辖区采样点已封管的试管，不含空管作废", "tubes closed at the sites of this area, without void ones",
    ),
    "tubes_delivered": Definition(
        "已签收管", "tubes delivered", *TUBES, "实验室已签收的试管，含退样",
        "received by a laboratory, the rejected too",
    ),
    "tubes_tested": Definition(
        "已检管", "tubes tested", *TUBES, "已有检测结果的试管", "tubes that have been tested",
    ),
    "tubes_released": Definition(
        "已发布管", "tubes released", *TUBES, "结果已发布的试管", "tubes whose result is released",
    ),
    "tubes_gone": Definition(
        "退样或遗失", "rejected or lost", *TUBES,
        "退样或已报遗失的试管，其中人员须重采", "rejected or declared lost; their persons need a new swab",
    ),
    "tubes_late": Definition(
        "超时管", "late tubes", *TUBES, "超过所在环节时限的试管", "past the limit of the link they stand in",
    ),
    "tubes_held": Definition(
        "扣留管", "held tubes", *TUBES, "有待处理的差异，不能发布", "something must be settled before release",
    ),
    "positive_tubes": Definition(
        "初筛", "screened positive", *TUBES,
        "初次筛查呈阳性的试管：已发布以发布为准，未发布以预警为准；不含复采管",
        "tubes positive at first screening: by the release, before it by the alert; without re-checks",
    ),
    "positive_persons": Definition(
        "初筛涉及", "persons in positive tubes", *PERSONS,
        "初筛阳性管内的人数", "persons in the tubes screened positive",
    ),
    "recheck_positive": Definition(
        "复采阳性", "re-check positive", *PERSONS,
        "单独复采后结果为阳性的人", "positive after being sampled again, alone",
    ),
    "callbacks_open": Definition(
        "待复采", "to be re-checked", *PERSONS,
        "被通知单独复采、还没有结果的人", "called back to be sampled alone, no result yet",
    ),
    "callbacks_late": Definition(
        "复采超时", "re-check late", *PERSONS, "超过时限还没有采到的待复采人员",
        "called back, past the deadline and not sampled",
    ),
    "unaccounted": Definition(
        "未归账", "unaccounted for", *CASES,
        "超时、多点、缺管、日志未到齐等，还没有两人说明的条目",
        "late, counted, missing, journals not complete: what two persons have not explained",
    ),
    "tickets": Definition(
        "待处理工单", "open tickets", "张", "tickets",
        "等待处理或复核的差异单，不含仅记录的", "discrepancies that wait for an answer or a check",
    ),
    "alerts_unseen": Definition(
        "预警无人确认", "alerts not acknowledged", *CASES,
        "检测发现信号、还没有人确认的试管", "a signal that nobody has acknowledged",
    ),
    "packages_waiting": Definition(
        "结果包无回执", "packages without receipt", "个", "packages",
        "已做成、接收方还没有回执的结果包（全市）", "made, and the receiver has not answered (whole city)",
    ),
    "devices": Definition(
        "设备", "devices", "台", "devices",
        "本轮采样点在用的设备", "devices in use at the sites of the round",
    ),
    "devices_heard": Definition(
        "已上报设备", "devices heard", "台", "devices",
        "本轮开始后服务器收到过消息的设备", "heard from since the round began",
    ),
}  # fmt: skip

# the coverage figures are fields of CoverageRow of the same name
OF_COVERAGE = (
    "register", "exempt", "due", "reached", "missed", *(part for part, _, _ in REASONS),
    "added", "delivered", "tested", "resulted",
)  # fmt: skip

STAGES: dict[str, frozenset[Stage]] = {
    "tubes_open": frozenset((Stage.OPEN,)),
    "tubes_collected": frozenset(s for s in Stage if s >= Stage.CLOSED and s != Stage.VOID_EMPTY),
    "tubes_delivered": frozenset(
        s for s in Stage if s >= Stage.RECEIVED and s not in (Stage.VOID_EMPTY, Stage.LOST)
    ),
    "tubes_tested": frozenset(s for s in Stage if s >= Stage.TESTED and s not in GONE)
    | {Stage.DISCARDED},
    # a tube is discarded after its release; what was rejected is counted as such first
    "tubes_released": frozenset((Stage.RELEASED, Stage.DISCARDED)),
    "tubes_gone": frozenset((Stage.REJECTED, Stage.LOST)),
}
# what a tube is reported under, from the kind of its site (places.rules.SITE_KINDS)
CHANNELS: dict[str, tuple[str, str]] = {
    "community": ("社会面", "community"),
    "isolation": ("隔离", "isolation"),
    "locked": ("封控", "locked zone"),
    "arrival": ("到达", "arrival"),
    "key": ("重点人群", "key groups"),
}
IN_CHAIN = frozenset(s for s in Stage if s < Stage.RELEASED)


@dataclass(frozen=True)
class Sheet:
    """All figures of one area in one round at one moment; `cut` when they are frozen."""

    round_id: int
    area_id: int
    at: datetime
    cut: bool
    figures: dict[str, Figure]

    def __getitem__(self, key: str) -> int:
        return self.figures[key].value

    @property
    def as_of(self) -> datetime:
        """The oldest count among the figures."""
        return min((f.as_of for f in self.figures.values() if f.as_of), default=self.at)


def to_plain(sheet: Sheet) -> dict[str, Any]:
    """What is stored of a sheet: {figure: [value, as of, endpoint, arguments]}."""
    return {
        key: [f.value, f.as_of.isoformat() if f.as_of else None, f.door.endpoint, f.door.args]
        for key, f in sheet.figures.items()
    }


def from_plain(round_id: int, area_id: int, cut_off: datetime, body: dict[str, Any]) -> Sheet:
    """A stored sheet as it was. A figure that did not exist yet then is not in it."""
    figures = {
        key: Figure(key, value, datetime.fromisoformat(at) if at else None, Door(endpoint, args))
        for key, (value, at, endpoint, args) in body.items()
        if key in DEFINITIONS
    }
    return Sheet(round_id, area_id, cut_off, True, figures)
