"""Lateness told one level up: raised when it reaches a level, answered by a named person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from screening.accounts.audit import note as tell
from screening.crypto import hash_id
from screening.db import insert, run
from screening.errors import Conflict, Problem
from screening.registry.queries import stores_of
from screening.registry.rules_schedule import levels_for
from screening.reminders.queries.due import area_of_call, get_call
from screening.reminders.queries.missed import communities_of
from screening.reminders.rules.due import Sum, SumKey

CALL = (
    "cell_id", "call_id", "schedule_id", "community_id", "employer", "level", "late", "oldest",
    "raised_at",
)  # fmt: skip
MOST_NOTE = 200


class AnswerMissing(Problem):
    status = 422
    code = "due_answer_missing"
    zh = "请写明如何处理。"
    en = "Say what is being done."


class CallOver(Conflict):
    code = "due_call_over"
    zh = "已有人答复，或者已经没有逾期的人。"
    en = "Somebody has answered, or nobody is late any more."


def call_id(schedule: int, community: int, employer: str, level: int) -> int:
    return hash_id("schedule_call", schedule, community, employer, level)


def write(
    cell: int, communities: Collection[int], sums: Mapping[SumKey, Sum], day: date, at: datetime
) -> int:
    """Raise what is late, end what is not; an answer stays until the lateness has ended once."""
    wanted: dict[int, tuple[Any, ...]] = {}
    for (community, schedule, employer), s in sums.items():
        if s.oldest is None:
            continue
        for level in levels_for((day - s.oldest).days):
            key = call_id(schedule, community, employer, level)
            wanted[key] = (cell, key, schedule, community, employer, level, s.late, s.oldest, at)
    run(
        "UPDATE schedule_call SET ended_at = %s WHERE cell_id = %s AND community_id = ANY(%s) "
        "AND ended_at IS NULL AND call_id <> ALL(%s)",
        (at, cell, sorted(communities), list(wanted)),
    )
    insert(
        "schedule_call", CALL, list(wanted.values()),
        "ON CONFLICT (cell_id, call_id) DO UPDATE SET late = EXCLUDED.late, "
        "oldest = EXCLUDED.oldest, ended_at = NULL, "
        "raised_at = CASE WHEN schedule_call.ended_at IS NULL THEN schedule_call.raised_at "
        "ELSE EXCLUDED.raised_at END, "
        "seen_by = CASE WHEN schedule_call.ended_at IS NULL THEN schedule_call.seen_by END, "
        "seen_at = CASE WHEN schedule_call.ended_at IS NULL THEN schedule_call.seen_at END, "
        "note = CASE WHEN schedule_call.ended_at IS NULL THEN schedule_call.note END",
    )  # fmt: skip
    return len(wanted)


def end_stale(running_now: Collection[int], at: datetime) -> None:
    run(
        "UPDATE schedule_call SET ended_at = %s WHERE ended_at IS NULL "
        "AND schedule_id <> ALL(%s) /* fan-out: of schedules that run no more, wherever */",
        (at, list(running_now)),
    )


def answer(cell: int, call: int, note: str, *, by: int, at: datetime) -> int:
    """A named person of the level that is called says what is being done about an employer: one
    answer for all its communities there. Returns how many calls that were.

    Raises AnswerMissing, CallOver, NoSuchCall."""
    if not note.strip():
        raise AnswerMissing()
    one = get_call(cell, call)
    stores = stores_of(communities_of(area_of_call(one)))
    n = run(
        "UPDATE schedule_call SET seen_by = %s, seen_at = %s, note = %s WHERE cell_id = ANY(%s) "
        "AND community_id = ANY(%s) AND schedule_id = %s AND employer = %s AND level = %s "
        "AND ended_at IS NULL AND seen_at IS NULL",
        (by, at, note.strip()[:MOST_NOTE], sorted({c for c, _ in stores}),
         sorted({c for _, c in stores}), one.schedule_id, one.employer, one.level),
    )  # fmt: skip
    if not n:
        raise CallOver()
    tell("due_call_answered", "schedule_call", call, cell=cell, detail={"calls": n})
    return n
