"""Key groups by schedule: the one function for what screens and reports say of them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.figures.rules import Definition, Door, Figure
from screening.places import queries as places
from screening.registry.rules import COHORTS, Word
from screening.registry.rules_schedule import say
from screening.reminders.queries import due
from screening.reminders.queries.due_facts import day_of

TIMES = ("人次", "swabs")
GROUP_DEFINITIONS: dict[str, Definition] = {
    "group_due": Definition(
        "重点人群今日应检", "key groups due today", *TIMES,
        "按频次今天应采的人次，含逾期未采，不含豁免",
        "asked for today by schedules, overdue ones too, without the exempt",
    ),
    "group_done": Definition(
        "重点人群已检", "key groups done", *TIMES,
        "应检中当天已采样，任何轮次都算", "of these swabbed on that day, in whatever round",
    ),
    "group_late": Definition(
        "重点人群逾期", "key groups overdue", *TIMES,
        "应检日已过、当天仍未采", "due on an earlier day and not swabbed yet",
    ),
}  # fmt: skip


class GroupLine(NamedTuple):
    """行业/单位, 频次, 今日应检, 已检, 逾期人数 (domain 10)."""

    cohort: str
    group: Word
    employer: str
    rhythm: Word
    due: int
    done: int
    late: int


def list_groups(area_id: int, at: datetime) -> list[GroupLine]:
    """One line an industry, employer and rhythm on the day of `at`, most overdue first. A report
    frozen at a cut-off keeps what this gave then."""
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return [
        GroupLine(
            g.schedule.cohort, COHORTS[g.schedule.cohort], g.employer, say(g.schedule.rhythm),
            g.sums.due, g.sums.done, g.sums.late,
        )
        for g in due.list_groups(node, day_of(at))
    ]  # fmt: skip


def group_figures(area_id: int, at: datetime) -> dict[str, Figure]:
    """The sums of an area (a community at the least), each with its door."""
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    day = day_of(at)
    sums, as_of = due.sum_of(node, day), due.settled_at(node, day)
    door = Door("reminders_pages.due_in", {"area_id": area_id})
    return {
        f"group_{part}": Figure(f"group_{part}", getattr(sums, part), as_of, door)
        for part in ("due", "done", "late")
    }
