"""Before a schedule begins: how many swabs a day it asks for, and how its start could be spread."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from screening.db import by_cell
from screening.places import queries as places
from screening.registry.rules_schedule import Kind, Member, level, loads, waiting_of
from screening.registry.schedule_queries import ScheduleRow
from screening.reminders.due import A_DAY, asks, stores
from screening.reminders.queries import due_facts as facts
from screening.reminders.queries.due_facts import NONE, day_of, start_of

LEAST_DAYS = 14  # shown ahead; more where two intervals are longer


class Preview(NamedTuple):
    """Swabs a day from `first` on as they stand, and with the proposed `spread`; `waiting` are
    those who would all come on the first day."""

    first: date
    people: int
    waiting: int
    plain: list[int]
    spread: tuple[int, ...]
    levelled: list[int]


def preview(plan: ScheduleRow, *, at: datetime) -> Preview:
    """What a schedule will ask for if everybody comes on the day asked."""
    rhythm = plan.rhythm._replace(spread=())
    first = max(rhythm.starts_on, day_of(at))
    people = list(people_of(plan, first, at=at))
    days = max(LEAST_DAYS, 2 * rhythm.every)
    plain = loads(rhythm, people, first, days)
    late = waiting_of(rhythm, people)
    spread: tuple[int, ...] = ()
    if rhythm.kind is Kind.EVERY and rhythm.every > 1 and late and first == rhythm.starts_on:
        numbers = {m.number for m, _ in late}
        known = [p for p in people if p[0].number not in numbers]
        spread = tuple(level(loads(rhythm, known, first, rhythm.every), len(late)))
    levelled = loads(rhythm._replace(spread=spread), people, first, days) if spread else plain
    return Preview(first, len(people), len(late), plain, spread, levelled)


def people_of(
    plan: ScheduleRow, day: date, *, at: datetime
) -> Iterable[tuple[Member, frozenset[date]]]:
    """The members of one schedule with the days of their swabs, as on `day`."""
    since = start_of(day - timedelta(days=plan.rhythm.horizon))
    rounds = facts.rounds_since(since)
    for cell, group in by_cell(stores([plan])):
        communities = [c for _, c in group]
        paths = {c: places.find_path(c) or "/" for c in communities}
        members = [
            m for m in facts.list_members(cell, communities, [plan.cohort], day)
            if asks(plan, m, paths[m.community_id])
        ]  # fmt: skip
        persons = {m.person_id for m in members}
        swabs = facts.list_swabs(cell, persons, rounds, since, start_of(day + A_DAY))
        excuses = facts.list_excuses(cell, persons, at)
        for m in members:
            excuse = excuses.get(m.person_id, NONE)
            if not excuse.now:
                taken = frozenset(map(day_of, swabs.get(m.person_id, ())))
                yield Member(m.person_id, m.since, excuse.back), taken
