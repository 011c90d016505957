"""Pure words of inbound lists: kinds and their clocks, what may come of a person, where to raise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from screening.errors import Problem

HOUSE = "house; may be set for each list"
ASSIST = "协查时限：时空伴随人员 24 小时，驻留人员 48 小时"


class Limit(NamedTuple):
    """A number with where it comes from."""

    value: int
    source: str


class Kind(NamedTuple):
    """A kind of list; `hours` is its clock from the time it was received."""

    zh: str
    en: str
    hours: Limit


KINDS: dict[str, Kind] = {
    "companion": Kind("协查：时空伴随", "assistance: co-presence", Limit(24, ASSIST)),
    "stay": Kind("协查：驻留人员", "assistance: stays", Limit(48, ASSIST)),
    "place": Kind("到访重点场所", "places visited", Limit(24, HOUSE)),
    "arrival": Kind("来（返）人员", "arrivals", Limit(24, HOUSE)),
    "employer": Kind("单位名单", "employers", Limit(48, HOUSE)),
}
MOST_HOURS = Limit(24 * 14, HOUSE)
MOST_ROWS = Limit(50_000, "house; read within one request, some seconds")
STEP_HOURS = Limit(4, "house; an item still open is raised one more level after so long")
KEEP_DAYS = Limit(30, "house; after that the personal part of a closed item is removed")
DRAFT_DAYS = Limit(3, "house; a file that nobody took over is removed")


class ListState(StrEnum):
    CHECKED = "checked"  # read, nothing taken over
    OPEN = "open"
    DISCARDED = "discarded"


class Outcome(NamedTuple):
    """What came of a person. One that does not close leaves the clock running."""

    zh: str
    en: str
    closes: bool


OUTCOMES: dict[str, Outcome] = {
    "sampled": Outcome("已采样", "sampled", True),
    "told": Outcome("已联系并告知", "reached and told", True),
    "handed_over": Outcome("已移交专班", "handed to the task force", True),
    "away": Outcome("已离开本地，已函告", "has left, the next place is told", True),
    "no_such": Outcome("查无此人", "no such person", True),
    "not_reached": Outcome("暂未联系上", "not reached yet", False),
    "refused": Outcome("拒绝配合", "refuses", False),
}
ACTS = {
    "take": ("签收", "received"),
    "outcome": ("处置", "outcome"),
    "assign": ("分派", "assigned"),
    "register": ("登记入册", "registered"),
    "raise": ("超时上报", "raised"),
    "undo": ("撤销", "undone"),
}
MATCHES = {
    "document": ("按证件", "by document"),
    "phone": ("按电话和姓名", "by phone and name"),
    "registered": ("新登记", "registered anew"),
    "none": ("未匹配", "not matched"),
}


class NoSuchKind(Problem):
    status = 422
    code = "inbound_kind"
    zh = "没有这种名单。"
    en = "There is no such kind of list."


class WrongHours(Problem):
    status = 422
    code = "inbound_hours"
    zh = "时限请填 1 到 {most} 小时。"
    en = "The limit lies between 1 and {most} hours."


class WrongInboundOutcome(Problem):
    status = 422
    code = "inbound_outcome"
    zh = "没有这种处置结果。"
    en = "There is no such outcome."


class TooManyRows(Problem):
    status = 422
    code = "inbound_too_many_rows"
    zh = "一次最多 {most} 行，请分成几份。"
    en = "At most {most} rows at a time; please split the file."


def hours_of(kind: str, told: int | None) -> int:
    """The clock of a list in hours. Raises NoSuchKind, WrongHours."""
    if kind not in KINDS:
        raise NoSuchKind()
    hours = KINDS[kind].hours.value if told is None else told
    if not 1 <= hours <= MOST_HOURS.value:
        raise WrongHours(most=MOST_HOURS.value)
    return hours


def closes(outcome: str) -> bool:
    """Whether an outcome ends the clock. Raises WrongInboundOutcome."""
    if outcome not in OUTCOMES:
        raise WrongInboundOutcome()
    return OUTCOMES[outcome].closes


def raised_to(path: str, so_far: int | None, top: int) -> int | None:
    """The area one level above what an overdue item was raised to so far (None: the area that
    answers for it), up to `top`, the area of the list; None when it is there already.

    `path` is the path of the area that answers: ids from the root down."""
    line = [int(i) for i in path.strip("/").split("/") if i]
    at = line.index(so_far) if so_far in line else len(line) - 1
    highest = line.index(top) if top in line else 0
    return line[at - 1] if at > highest else None


def next_raise(due_at: datetime, now: datetime) -> datetime:
    """When an item is raised (again): at its due time, or some hours from now once that is over."""
    return due_at if due_at > now else now + timedelta(hours=STEP_HOURS.value)


# --- what an item's acts make of it ---------------------------------------------------------------


class Act(NamedTuple):
    act: str
    outcome: str | None
    made_by: int | None
    at: datetime


class Standing(NamedTuple):
    """Who received an item, what came of it, who closed it."""

    taken_by: int | None = None
    taken_at: datetime | None = None
    outcome: str | None = None
    done_by: int | None = None
    done_at: datetime | None = None


def fold(acts: Iterable[Act]) -> Standing:
    """The standing after all acts, in the order of their times. An outcome is a receipt too; who
    is assigned anew has received nothing yet; what was undone does not count."""
    now = Standing()
    for a in sorted(acts, key=lambda a: a.at):
        if a.act == "assign":
            now = Standing()
        if a.act in ("take", "outcome") and now.taken_at is None:
            now = now._replace(taken_by=a.made_by, taken_at=a.at)
        if a.act == "outcome" and a.outcome:
            done = (a.made_by, a.at) if closes(a.outcome) else (None, None)
            now = now._replace(outcome=a.outcome, done_by=done[0], done_at=done[1])
    return now
