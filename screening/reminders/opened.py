"""How many people's numbers somebody may open on screens in a day (docs/adr/0015)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from screening.accounts.audit import note
from screening.accounts.roles import Actor, Place, Role
from screening.coverage.missed_rules import Limit
from screening.db import fetch, insert, run
from screening.reminders.queries.due_facts import day_of

MOST = Limit(
    2000,
    "house; who calls all day reaches some 300 people, more numbers are a list for an export with its "
    "reason and its own limit",
)


def may_open(actor: Actor, path: str, people: Iterable[tuple[int, int]], *, at: datetime) -> bool:
    """Whether numbers and rooms of these (cell, person) are shown as they are: to who works there,
    and only until the day's limit. Whom the actor opened today already does not count again."""
    if not actor.may([Role.COMMUNITY_WORKER], Place("area", 0, path)):
        return False
    day, wanted = day_of(at), sorted(set(people))
    fetch(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"phone_opened.{actor.staff_id}",)
    )
    ((held, fresh),) = fetch(
        "SELECT (SELECT count(*) FROM phone_opened WHERE staff_id = %(who)s AND day = %(day)s), "
        "(SELECT count(*) FROM unnest(%(cells)s::int8[], %(persons)s::int8[]) AS w (c, p) "
        "WHERE NOT EXISTS (SELECT FROM phone_opened o WHERE o.staff_id = %(who)s "
        "AND o.day = %(day)s AND o.person_cell = w.c AND o.person_id = w.p))",
        {"who": actor.staff_id, "day": day, "cells": [c for c, _ in wanted],
         "persons": [p for _, p in wanted]},
    )  # fmt: skip
    if fresh and held + fresh > MOST.value:
        note("phones_closed", "staff", actor.staff_id, staff_id=actor.staff_id)
        return False
    insert(
        "phone_opened",
        ("staff_id", "day", "person_cell", "person_id"),
        [(actor.staff_id, day, *pair) for pair in wanted],
        "ON CONFLICT DO NOTHING",
    )
    return True


def forget(*, at: datetime) -> int:
    """Days that are over; the audit keeps who saw whom."""
    return run("DELETE FROM phone_opened WHERE day < %s", (day_of(at - timedelta(days=1)),))
