"""Figures that were frozen at a cut-off; they never change."""

from __future__ import annotations

from datetime import datetime

from screening.db import fetch
from screening.figures.rules import Sheet, from_plain


def find_cut(round_id: int, area_id: int, cut_off: datetime | None = None) -> Sheet | None:
    """The frozen figures of an area at `cut_off`, or the latest ones."""
    rows = fetch(
        "SELECT cut_off, body FROM figure_cut WHERE round_id = %s AND area_id = %s "
        "AND (%s::timestamptz IS NULL OR cut_off = %s) ORDER BY cut_off DESC LIMIT 1",
        (round_id, area_id, cut_off, cut_off),
    )
    return from_plain(round_id, area_id, *rows[0]) if rows else None


def list_cuts(round_id: int, area_id: int, *, limit: int = 100) -> list[datetime]:
    """When this area's figures were frozen, newest first."""
    rows = fetch(
        "SELECT cut_off FROM figure_cut WHERE round_id = %s AND area_id = %s "
        "ORDER BY cut_off DESC LIMIT %s",
        (round_id, area_id, limit),
    )
    return [r[0] for r in rows]
