"""Marking what must be counted anew; recounting it whole is the worker's job."""

from __future__ import annotations

from collections.abc import Iterable

from screening.db import by_cell, insert, new_id

_COLUMNS = ("cell_id", "round_id", "community_id", "mark_id")


def mark(places: Iterable[tuple[int, int, int]]) -> None:
    """Append (cell, round, community) to the dirty list; community 0 stands for tubes of a cell."""
    rows = [(*p, new_id()) for p in sorted(set(places))]
    for _, group in by_cell(rows):
        insert("dirty", _COLUMNS, group)
