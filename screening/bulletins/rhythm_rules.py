"""When bulletins make themselves: every day at a time, or every few hours of a round (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from screening.errors import Problem
from screening.i18n import ZONE


class Every(StrEnum):
    DAY = "day"
    HOURS = "hours"


STEPS = (1, 2, 3, 4, 6, 8, 12)  # hours that divide a day, so that cut-offs are the same each day
AHEAD = timedelta(minutes=2)  # planned before they are due, so that the second is kept
GRACE = timedelta(minutes=5)  # what is later than this was missed; its figures cannot be made up
MOST = 400  # runs named at once after a long silence


class BadRhythm(Problem):
    status = 422
    code = "bulletin_rhythm"
    zh = "请选择每天的时间，或每隔 1、2、3、4、6、8、12 小时。"
    en = "Choose a time of day, or every 1, 2, 3, 4, 6, 8 or 12 hours."


class Rhythm(NamedTuple):
    """`value`: minutes after midnight for a day, hours for hours."""

    every: Every
    value: int

    def check(self) -> Rhythm:
        """Itself. Raises BadRhythm."""
        good = self.value in STEPS if self.every == Every.HOURS else 0 <= self.value < 24 * 60
        if not good:
            raise BadRhythm()
        return self

    def words(self, lang: int) -> str:
        if self.every == Every.HOURS:
            return (f"每 {self.value} 小时", f"every {self.value} h")[lang]
        time = f"{self.value // 60:02d}:{self.value % 60:02d}"
        return (f"每天 {time}", f"every day at {time}")[lang]


def cut_offs(rhythm: Rhythm, after: datetime, until: datetime) -> list[datetime]:
    """The cut-offs after one moment up to another, by the wall clock; the last MOST of them."""
    step = 60 * rhythm.value if rhythm.every == Every.HOURS else 24 * 60
    first = 0 if rhythm.every == Every.HOURS else rhythm.value
    day = after.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    day = max(day, until.astimezone(ZONE) - timedelta(minutes=step) * (MOST + 1))
    day = day.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[datetime] = []
    while day <= until:
        found += [day + timedelta(minutes=m) for m in range(first, 24 * 60, step)]
        day += timedelta(days=1)
    return [at for at in found if after < at <= until][-MOST:]


class Planned(NamedTuple):
    """`make` are frozen when they are due, or at once; `missed` are named and not made up."""

    make: list[datetime]
    missed: list[datetime]


def plan(due: list[datetime], at: datetime) -> Planned:
    """What becomes of cut-offs: of those that went by while nobody worked only the last is made,
    now, and none where the next one is at hand."""
    past = [d for d in due if d < at - GRACE]
    coming = due[len(past) :]
    late = [] if coming else past[-1:]
    return Planned(late + coming, past[: len(past) - len(late)])
