"""Reading duty: the roster, who is on duty, which calls nobody has answered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.lab.rules.duty_rules import Shift, Step
from screening.places import queries as places
from screening.places.rules import EVERYWHERE, Place


class NoSuchDuty(NotFound):
    code = "no_such_duty"
    zh = "没有这条值班安排。"
    en = "There is no such duty."


class DutyRow(NamedTuple):
    """A row of the roster; `sealed` is the phone that is called, empty for the account's own."""

    duty_id: int
    kind: str
    place_id: int
    staff_id: int
    sealed: bytes
    starts_at: datetime
    ends_at: datetime
    made_by: int
    made_at: datetime
    removed_at: datetime | None

    @property
    def shift(self) -> Shift:
        return Shift((self.kind, self.place_id), self.staff_id, self.starts_at, self.ends_at)


_DUTY = ", ".join(f"d.{f}" for f in DutyRow._fields)


def get_duty(duty_id: int) -> DutyRow:
    rows = fetch(
        f"SELECT {_DUTY} FROM duty d WHERE duty_id = %s AND removed_at IS NULL", (duty_id,)
    )
    if not rows:
        raise NoSuchDuty()
    return DutyRow(*rows[0])


def list_duties(
    spots: Collection[tuple[str, int]], *, since: datetime, until: datetime
) -> list[DutyRow]:
    """The roster of these places (kind, id) between two times, of people who may still sign in."""
    rows = fetch(
        f"SELECT {_DUTY} FROM duty d JOIN staff s USING (staff_id) WHERE d.removed_at IS NULL "
        "AND d.ends_at > %s AND d.starts_at < %s AND s.active "
        "AND (s.until IS NULL OR s.until > d.starts_at) AND d.kind || d.place_id = ANY(%s) "
        "ORDER BY d.starts_at, d.duty_id",
        (since, until, sorted(f"{kind}{i}" for kind, i in spots)),
    )
    return [DutyRow(*r) for r in rows]


def list_on_duty(at: datetime) -> list[tuple[DutyRow, bytes]]:
    """Everybody on duty now, each with the sealed part of the account."""
    rows = fetch(
        f"SELECT s.sealed, {_DUTY} FROM duty d JOIN staff s USING (staff_id) "
        "WHERE d.removed_at IS NULL AND d.starts_at <= %(at)s AND d.ends_at > %(at)s AND s.active "
        "AND (s.until IS NULL OR s.until > %(at)s) ORDER BY d.duty_id",
        {"at": at},
    )
    return [(DutyRow(*r[1:]), r[0]) for r in rows]


# --- places -------------------------------------------------------------------------------------


def way_to(path: str) -> list[Step]:
    """The areas on a path, from the top down."""
    by_id = places.TREE.get().by_id
    found = (by_id.get(int(step)) for step in path.strip("/").split("/") if step)
    return [Step(n.area_id, n.level, n.path) for n in found if n is not None]


def place_of(kind: str, place_id: int) -> Place:
    """The place of a row of the roster or of a call; the whole city for one that is gone."""
    return places.find_place(kind, place_id) or EVERYWHERE


def names_of(spots: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """The names of laboratories and areas by (kind, id); the whole city has none of its own."""
    wanted = set(spots)
    by_id = places.TREE.get().by_id
    out = {("area", i): by_id[i].name for kind, i in wanted if kind == "area" and i in by_id}
    labs = sorted(i for kind, i in wanted if kind == "lab")
    if labs:
        rows = fetch("SELECT lab_id, name FROM lab WHERE lab_id = ANY(%s)", (labs,))
        out |= {("lab", i): name for i, name in rows}
    return out


# --- calls --------------------------------------------------------------------------------------


class CallRow(NamedTuple):
    """Who was called at one place for one alert; asked until `seen_at`, or until `due_at` is none."""

    cell_id: int
    call_id: int
    alert_id: int
    kind: str
    place_id: int
    level: int
    staff_ids: list[int]
    times: int
    first_at: datetime
    called_at: datetime
    due_at: datetime | None
    seen_by: int | None
    seen_at: datetime | None


_CALL = ", ".join(f"c.{f}" for f in CallRow._fields)


def calls_of(cell: int, alert_id: int) -> list[CallRow]:
    """All calls of one alert, the first first."""
    rows = fetch(
        f"SELECT {_CALL} FROM duty_call c WHERE c.cell_id = %s AND c.alert_id = %s "
        "ORDER BY c.level, c.first_at, c.call_id",
        (cell, alert_id),
    )
    return [CallRow(*r) for r in rows]


def places_called(alerts: Collection[tuple[int, int]]) -> set[tuple[int, str, int]]:
    """(alert, kind, place) of the calls of these alerts that run or were answered."""
    rows = fetch(
        "SELECT alert_id, kind, place_id FROM duty_call WHERE cell_id = ANY(%s) "
        "AND alert_id = ANY(%s) AND (due_at IS NOT NULL OR seen_at IS NOT NULL)",
        (sorted({c for c, _ in alerts}), sorted(i for _, i in alerts)),
    )
    return set(rows)


def lock_running() -> list[CallRow]:
    """Calls that nobody has answered yet. What another worker holds is left to it."""
    rows = fetch(
        f"SELECT {_CALL} FROM duty_call c WHERE c.due_at IS NOT NULL "
        "ORDER BY c.cell_id, c.call_id "
        "FOR UPDATE SKIP LOCKED /* fan-out: the worker looks at the few calls that run */"
    )
    return [CallRow(*r) for r in rows]


class Unanswered(NamedTuple):
    """A call that nobody has answered: of which alert, who was called there, how often.

    `place` is the name of laboratory or area; empty for the whole city."""

    cell_id: int
    alert_id: int
    round_id: int
    barcode: str
    raised_at: datetime
    kind: str
    place_id: int
    place: str
    level: int
    staff_ids: list[int]
    times: int
    first_at: datetime
    called_at: datetime


def list_unanswered(
    cells: Sequence[int], own: Sequence[int], labs: Sequence[int], areas: Sequence[int], limit: int
) -> list[Unanswered]:
    """Open calls in `cells` whose alert lies in `own` cells, is of these labs, or which were made
    to these areas: the highest level, then the oldest first."""
    rows = fetch(
        "SELECT c.cell_id, c.alert_id, a.round_id, a.barcode, a.raised_at, c.kind, c.place_id, "
        "c.level, c.staff_ids, c.times, c.first_at, c.called_at "
        "FROM duty_call c JOIN alert a ON a.cell_id = c.cell_id AND a.alert_id = c.alert_id "
        "WHERE c.cell_id = ANY(%(cells)s) AND c.due_at IS NOT NULL AND (a.cell_id = ANY(%(own)s) "
        "OR a.lab_id = ANY(%(labs)s) OR (c.kind = 'area' AND c.place_id = ANY(%(areas)s))) "
        "ORDER BY c.level DESC, a.raised_at, c.call_id LIMIT %(limit)s "
        "/* fan-out: calls that run are few and have an index of their own */",
        {"cells": list(cells), "own": list(own), "labs": list(labs), "areas": list(areas),
         "limit": limit},
    )  # fmt: skip
    names = names_of((r[5], r[6]) for r in rows)
    return [Unanswered._make((*r[:7], names.get((r[5], r[6]), ""), *r[7:])) for r in rows]
