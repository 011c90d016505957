"""Reading labels: one number's run, runs and their ledgers, patterns of other makers' labels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import EVERYWHERE, Place

RETURNED, VOID, MISSING = 1, 2, 3
MOVES = {"returned": RETURNED, "void": VOID, "missing": MISSING}


class NoSuchRun(NotFound):
    code = "no_such_label_run"
    zh = "没有这个标签批次。"
    en = "There is no such label run."


class Label(NamedTuple):
    """One number as the label ledger knows it. `state` as in words.LABEL_STATES."""

    barcode: str
    run_id: int | None
    state: int
    round_id: int | None


class Run(NamedTuple):
    """A print run, or foreign stock. `first` is a serial; foreign stock has a pattern."""

    run_id: int
    kind: str
    first: int
    count: int  # type: ignore[assignment]
    pattern_id: int | None
    site_id: int | None
    site_name: str | None
    made_by: int | None
    made_at: datetime
    practice: bool


class Balance(NamedTuple):
    """printed = blank + claimed + returned + void + missing."""

    printed: int
    blank: int
    claimed: int
    returned: int
    void: int
    missing: int

    @property
    def whole(self) -> bool:
        return self.printed == sum(self[1:])


class MoveRow(NamedTuple):
    what: str
    first: str
    last: str
    count: int  # type: ignore[assignment]
    made_by: int | None
    made_at: datetime


class PatternRow(NamedTuple):
    pattern_id: int
    name: str
    version: int
    kind: str
    regex: str
    length: int | None
    check_name: str
    active: bool
    made_at: datetime


def find_label(barcode: str) -> Label | None:
    """A number of the directory, blank or claimed; None when no run printed it."""
    rows = fetch(
        "SELECT barcode, run_id, state, round_id FROM tube_key WHERE barcode = %s", (barcode,)
    )
    return Label(*rows[0]) if rows else None


_RUN = (
    "SELECT r.run_id, r.kind, r.first, r.count, r.pattern_id, r.site_id, s.name, r.made_by, "
    "r.made_at, r.practice FROM label_run r LEFT JOIN site s ON s.site_id = r.site_id "
    "LEFT JOIN area a ON a.area_id = s.area_id "
)


def get_run(run_id: int) -> Run:
    rows = fetch(f"{_RUN} WHERE r.run_id = %s", (run_id,))
    if not rows:
        raise NoSuchRun()
    return Run(*rows[0])


def list_runs(held: Sequence[Place], *, after: int = 0, limit: int = 100) -> list[Run]:
    """Runs issued to sites within `held`, newest first; those of no site only to the whole city.

    `after` is the last run_id seen."""
    everywhere = any(p.kind == "all" for p in held)
    paths = [p.path + "%" for p in held if p.kind == "area"]
    sites = [p.id for p in held if p.kind == "site"]
    rows = fetch(
        f"{_RUN} WHERE (%s OR a.path LIKE ANY(%s) OR r.site_id = ANY(%s)) "
        "AND (%s = 0 OR r.run_id < %s) ORDER BY r.run_id DESC LIMIT %s",
        (everywhere, paths, sites, after, after, limit),
    )
    return [Run(*r) for r in rows]


def place_of_run(run_id: int) -> Place:
    """The site a run was issued to; the whole city for stock that no site holds yet."""
    run = get_run(run_id)
    return places.place_of_site(run.site_id) if run.site_id else EVERYWHERE


def balances(run_ids: Sequence[int]) -> dict[int, Balance]:
    """The label ledger of each run, counted from the directory by one statement."""
    rows = fetch(
        "SELECT k.run_id, count(*), count(*) FILTER (WHERE round_id IS NULL AND state = 0), "
        "count(*) FILTER (WHERE round_id IS NOT NULL), "
        "count(*) FILTER (WHERE round_id IS NULL AND state = 1), "
        "count(*) FILTER (WHERE round_id IS NULL AND state = 2), "
        "count(*) FILTER (WHERE round_id IS NULL AND state = 3) "
        "FROM tube_key k WHERE k.run_id = ANY(%s) GROUP BY k.run_id",
        (list(run_ids),),
    )
    return {r[0]: Balance(*r[1:]) for r in rows}


def list_moves(run_id: int) -> list[MoveRow]:
    rows = fetch(
        "SELECT what, first, last, count, made_by, made_at FROM label_move WHERE run_id = %s "
        "ORDER BY move_id",
        (run_id,),
    )
    return [MoveRow(*r) for r in rows]


def list_numbers(run_id: int, *, after: str = "", limit: int = 500, where: str = "") -> list[Label]:
    """Numbers of a run in order; `where` picks blank, claimed, returned, void or missing."""
    picks = {
        "": "TRUE",
        "blank": "round_id IS NULL AND state = 0",
        "claimed": "round_id IS NOT NULL",
        "returned": "round_id IS NULL AND state = 1",
        "void": "round_id IS NULL AND state = 2",
        "missing": "round_id IS NULL AND state = 3",
    }
    rows = fetch(
        "SELECT barcode, run_id, state, round_id FROM tube_key WHERE run_id = %s "
        f"AND barcode > %s AND {picks.get(where, 'FALSE')} ORDER BY barcode LIMIT %s",
        (run_id, after, limit),
    )
    return [Label(*r) for r in rows]


def list_patterns(*, all_versions: bool = False) -> list[PatternRow]:
    rows = fetch(
        "SELECT pattern_id, name, version, kind, regex, length, check_name, active, made_at "
        "FROM code_pattern WHERE active OR %s ORDER BY name, version DESC",
        (all_versions,),
    )
    return [PatternRow(*r) for r in rows]
