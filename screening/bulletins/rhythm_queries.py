"""Reading rhythms of bulletins: those of the own areas, and what became of their cut-offs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.bulletins.rhythm_rules import Every, Rhythm
from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import Place

SHOWN = 6  # cut-offs of a rhythm on its line


class NoSuchRhythm(NotFound):
    code = "no_such_bulletin_rhythm"
    zh = "没有这项自动通报。"
    en = "There is no such recurring bulletin."


class RhythmRow(NamedTuple):
    rhythm_id: int
    area_id: int
    every: str
    value: int
    made_by: int
    made_at: datetime
    planned_to: datetime

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(Every(self.every), self.value)


class RunRow(NamedTuple):
    """`cut_off` is that of the bulletin: later than `due_at` where it was made up for."""

    rhythm_id: int
    round_id: int
    due_at: datetime
    missed: bool
    bulletin_id: int | None
    cut_off: datetime | None


_ROW = ", ".join("r." + c for c in RhythmRow._fields)


def list_rhythms(held: Sequence[Place]) -> list[RhythmRow]:
    """Those that run, over areas within the places."""
    cond, params = places.in_scope(held)
    rows = fetch(
        f"SELECT {_ROW} FROM bulletin_rhythm r JOIN area a USING (area_id) "
        f"WHERE r.ended_at IS NULL AND {cond} ORDER BY a.path, r.every, r.value",
        params,
    )
    return [RhythmRow(*r) for r in rows]


def list_runs(rhythms: Sequence[int]) -> dict[int, list[RunRow]]:
    """The last cut-offs of each rhythm, newest first."""
    out: dict[int, list[RunRow]] = defaultdict(list)
    for row in fetch(
        "SELECT x.rhythm_id, x.round_id, x.due_at, x.missed, x.bulletin_id, b.cut_off "
        "FROM unnest(%s::int8[]) AS w (rhythm_id) CROSS JOIN LATERAL (SELECT * FROM bulletin_run u "
        "WHERE u.rhythm_id = w.rhythm_id ORDER BY u.due_at DESC, u.round_id LIMIT %s) x "
        "LEFT JOIN bulletin b USING (bulletin_id) ORDER BY x.due_at DESC, x.round_id",
        (list(rhythms), SHOWN),
    ):
        out[row[0]].append(RunRow(*row))
    return out


def place_of_rhythm(rhythm_id: int) -> Place:
    rows = fetch("SELECT area_id FROM bulletin_rhythm WHERE rhythm_id = %s", (rhythm_id,))
    if not rows:
        raise NoSuchRhythm()
    return places.place_of_area(rows[0][0])
