"""Bulletins that make themselves: set, ended, planned before they are due. Nothing is sent outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from screening import clock
from screening.accounts.audit import note
from screening.bulletins import gathering, queries
from screening.bulletins.rhythm_queries import RhythmRow
from screening.bulletins.rhythm_rules import AHEAD, Every, Rhythm, cut_offs, plan
from screening.bulletins.rules import Kind
from screening.bulletins.service import AreaTooSmall
from screening.db import fetch, insert, new_id, run
from screening.errors import Conflict
from screening.jobs import enqueue
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy, open_rounds
from screening.registry.rules import RoundState

COLLECTING = (RoundState.SAMPLING, RoundState.FINISHING)


class RhythmThere(Conflict):
    code = "bulletin_rhythm_there"
    zh = "这个辖区已有同样的自动通报。"
    en = "This area has the same recurring bulletin already."


def set_rhythm(area_id: int, rhythm: Rhythm, *, by: int, at: datetime) -> int:
    """From now on the area's 日报 is frozen in that rhythm, for each round that runs there.

    Raises BadRhythm, AreaTooSmall, NoSuchPlace, RhythmThere."""
    rhythm.check()
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    if not gathering.level_allowed(node.level):
        raise AreaTooSmall()
    rhythm_id = new_id()
    if not insert(
        "bulletin_rhythm",
        ("rhythm_id", "area_id", "every", "value", "made_by", "made_at", "planned_to"),
        [(rhythm_id, area_id, str(rhythm.every), rhythm.value, by, at, at)],
        "ON CONFLICT DO NOTHING RETURNING rhythm_id",
        returning=True,
    ):
        raise RhythmThere()
    detail = {"every": str(rhythm.every), "value": rhythm.value}
    note("bulletin_rhythm_set", "area", area_id, detail=detail, staff_id=by)
    return rhythm_id


def end_rhythm(rhythm_id: int, *, by: int, at: datetime) -> None:
    """No more of them; what was made stays. Ended twice is ended."""
    for (area_id,) in fetch(
        "UPDATE bulletin_rhythm SET ended_at = %s, ended_by = %s "
        "WHERE rhythm_id = %s AND ended_at IS NULL RETURNING area_id",
        (at, by, rhythm_id),
    ):
        note("bulletin_rhythm_ended", "area", area_id, staff_id=by)


def plan_runs(*, at: datetime) -> int:
    """Turn the cut-offs that are at hand into jobs, and name those that went by; how many."""
    planned = 0
    for row in fetch(
        f"SELECT {', '.join(RhythmRow._fields)} FROM bulletin_rhythm WHERE ended_at IS NULL "
        "FOR UPDATE SKIP LOCKED"
    ):
        found = RhythmRow(*row)
        due = cut_offs(found.rhythm, found.planned_to, at + AHEAD)
        node = places.find_area(found.area_id)
        for policy in _rounds(node, found.rhythm) if node else ():
            planned += _plan(found, policy, due, at)
        if due:
            run(
                "UPDATE bulletin_rhythm SET planned_to = %s WHERE rhythm_id = %s",
                (due[-1], found.rhythm_id),
            )
    return planned


def _rounds(node: Node, rhythm: Rhythm) -> Iterable[RoundPolicy]:
    """The rounds that run in the area; in hours only while people are sampled."""
    for policy in open_rounds():
        touches = any(node.path.startswith(p) or p.startswith(node.path) for p in policy.area_paths)
        if touches and (rhythm.every == Every.DAY or policy.state in COLLECTING):
            yield policy


def _plan(row: RhythmRow, policy: RoundPolicy, due: list[datetime], at: datetime) -> int:
    start = policy.started_at
    told = plan([d for d in due if start is not None and d >= start], at)
    runs = [(d, False) for d in told.make] + [(d, True) for d in told.missed]
    insert(
        "bulletin_run",
        ("rhythm_id", "round_id", "due_at", "missed"),
        [(row.rhythm_id, policy.round_id, d, missed) for d, missed in sorted(runs)],
        "ON CONFLICT DO NOTHING",
    )
    for d in told.make:
        args: dict[str, Any] = {"rhythm_id": row.rhythm_id, "due": d.isoformat()}
        enqueue(
            queries.JOB, due_at=clock.real_now() + max(d - at, timedelta()), report=str(Kind.DAILY),
            round_id=policy.round_id, area_id=row.area_id, **args,
        )  # fmt: skip
    if told.missed:
        note("bulletin_runs_missed", "area", row.area_id,
             detail={"round": policy.round_id, "runs": len(told.missed)})  # fmt: skip
    return len(runs)


def still_wanted(rhythm_id: int, round_id: int, due: str) -> bool:
    """Whether a planned run is still to be made: not made yet, and its rhythm not ended."""
    return bool(
        fetch(
            "SELECT 1 FROM bulletin_run u JOIN bulletin_rhythm r USING (rhythm_id) "
            "WHERE u.rhythm_id = %s AND u.round_id = %s AND u.due_at = %s::timestamptz "
            "AND u.bulletin_id IS NULL AND r.ended_at IS NULL",
            (rhythm_id, round_id, due),
        )
    )


def made(rhythm_id: int, round_id: int, due: str, bulletin_id: int) -> None:
    run(
        "UPDATE bulletin_run SET bulletin_id = %s "
        "WHERE rhythm_id = %s AND round_id = %s AND due_at = %s::timestamptz",
        (bulletin_id, rhythm_id, round_id, due),
    )
