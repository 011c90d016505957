"""Today's due as a list that may be taken away: the rows of the due list, masked or opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from screening.accounts.roles import WATCHERS, Place, Role
from screening.exports.kinds import Column, Listing, Order, register
from screening.i18n import day as written
from screening.i18n import dt
from screening.places import queries as places
from screening.places.rules import COMMUNITY
from screening.registry import seals
from screening.registry.lists import communities_of
from screening.registry.rules import COHORTS, Word
from screening.registry.rules_schedule import say
from screening.registry.schedule_queries import ScheduleRow, list_schedules
from screening.reminders import rules
from screening.reminders.queries import due as lists
from screening.reminders.queries.due_facts import day_of

OPENERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
STATES: dict[str, Word] = {
    lists.LATE: Word("逾期", "overdue"),
    lists.DUE: Word("今日应检", "due today"),
    lists.DONE: Word("已检", "done"),
    lists.EXCUSED: Word("豁免", "exempt"),
}
COLUMNS = (
    Column("community", "社区", "community"), Column("building", "楼栋", "building"),
    Column("unit", "单元", "unit"), Column("room", "房号", "room"), Column("name", "姓名", "name"),
    Column("phone", "电话", "phone"), Column("group", "行业", "industry"),
    Column("employer", "单位", "employer"), Column("rhythm", "频次", "rhythm"),
    Column("due_on", "应检日", "due on"), Column("state", "状态", "state"),
    Column("late", "逾期天数", "days overdue"), Column("done_at", "采样时间", "sampled at"),
    Column("person", "编号", "id"),
)  # fmt: skip


def _rows(order: Order) -> Iterator[Sequence[Any]]:
    day, known = day_of(order.at), {s.schedule_id: s for s in list_schedules()}
    within = order.node if order.node.level > COMMUNITY else None
    for community in communities_of(order.node):
        works_here = order.actor.may([Role.COMMUNITY_WORKER], Place("area", 0, community.path))
        for r in lists.list_due(community, day, within=within):
            yield _line(r, known[r.schedule_id], community, order, order.full or works_here)


def _line(
    r: lists.DueRow, schedule: ScheduleRow, community: places.Node, order: Order, full: bool
) -> Sequence[Any]:
    def word(w: Word) -> str:
        return w.en if order.lang == "en" else w.zh

    day = day_of(order.at)
    building = places.find_area(r.building_id) if r.building_id else None
    state = r.state(day)
    told = lists.details_of(r)
    return (
        community.name, building.name if building else "",
        (told.unit or "") if full else "", (told.room or "") if full else "",
        told.name if order.full else rules.mask_name(told.name),
        (told.phone or "") if full else seals.mask_phone(told.phone),
        word(COHORTS[schedule.cohort]), r.employer, word(say(schedule.rhythm)), written(r.due_on),
        word(STATES[state]), r.late(day) if state == lists.LATE else 0,
        dt(r.done_at) if r.done_at else "", f"{r.cell_id}-{r.person_id}",
    )  # fmt: skip


def _total(order: Order) -> int:
    if order.node.level > COMMUNITY:
        return sum(1 for _ in _rows(order))
    sums = lists.sum_of(order.node, day_of(order.at))
    return sums.due + sums.excused


def register_due() -> None:
    register(
        Listing("due", "今日应检名单", "due today by schedule", WATCHERS, COLUMNS, _rows, _total,
                persons=True, openers=OPENERS)
    )  # fmt: skip
