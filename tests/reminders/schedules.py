"""Schedules for tests: key people of a community, a schedule that runs, days that go by."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from screening import clock
from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.db import db, fetch, run
from screening.registry.queries import ROUNDS
from screening.registry.rules_schedule import Kind
from screening.registry.service import schedules
from screening.reminders import due
from screening.reminders.queries.due_facts import day_of
from tests.reminders.town import person

CHIEF = Actor(1, "A1", (Scope(Role.ADMINISTRATOR, EVERYWHERE),))
LONG_AGO = timedelta(days=40)


def today() -> date:
    return day_of(clock.now())


def worker(
    community: Any, group: str = "delivery", employer: str = "飞马快递", **kw: Any
) -> tuple[int, int, str]:
    """Somebody of a key group: (cell, person_id, resident code)."""
    made = person(community, kw.pop("name", "周小六"), kw.pop("phone", "13800000009"), **kw)
    run(
        "UPDATE person SET key_group = %s, employer = %s, created_at = %s "
        "WHERE cell_id = %s AND person_id = %s",
        (group, employer, clock.now() - LONG_AGO, *made[:2]),
    )
    return made


def schedule(areas: list[int], *, begun: bool = True, spread: Any = (), **values: Any) -> int:
    """A schedule over areas that began today."""
    given: dict[str, Any] = {
        "name": "快递外卖两天一检", "cohort": "delivery", "kind": Kind.EVERY, "every": 2,
        "starts_on": today(), "area_ids": areas, **values,
    }  # fmt: skip
    made = schedules.draft(schedules.Draft(**given), by=CHIEF, at=clock.now())
    if begun:
        schedules.begin(made, spread=spread, by=CHIEF, at=clock.now())
    return made


def settle(days: int = 0, **kw: Any) -> due.Settled:
    """The list as it is so many days from now."""
    return due.settle_due(at=later(days), everything=True, **kw)


def later(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


def listed(days: int = 0) -> dict[int, due.Due]:
    """{person: line} of a day's list, whatever the schedule."""
    rows = fetch(
        "SELECT person_id, community_id, employer, due_on, missed, done_at, excused "
        "FROM schedule_due WHERE day = %s",
        (today() + timedelta(days=days),),
    )
    return {r[0]: due.Due(*r[1:]) for r in rows}


def keep_open(round_id: int) -> None:
    """The town's round goes on for as long as the test looks ahead."""
    run("UPDATE round SET ends_at = %s WHERE round_id = %s", (later(60), round_id))
    db.session.commit()
    ROUNDS.forget()
