"""Freezing figures: counted once at a cut-off, then only read."""

from __future__ import annotations

from datetime import datetime

from psycopg.types.json import Jsonb

from screening.coverage import service as coverage
from screening.coverage.marks_queries import list_marks
from screening.db import insert
from screening.figures.queries import Scene, find_cut, sheet_of
from screening.figures.rules import Sheet, to_plain


def freeze(round_id: int, area_id: int, cut_off: datetime, *, by: int | None = None) -> Sheet:
    """Count every figure of an area now and keep it under `cut_off` (the server's time).

    What the rollups have not counted yet is counted first. Asked again for the same cut-off, the
    stored figures come back."""
    held = find_cut(round_id, area_id, cut_off)
    if held is not None:
        return held
    settle(at=cut_off)
    body = to_plain(sheet_of(Scene(round_id, area_id, at=cut_off)))
    insert(
        "figure_cut",
        ("round_id", "area_id", "cut_off", "made_by", "body"),
        [(round_id, area_id, cut_off, by, Jsonb(body))],
    )
    kept = find_cut(round_id, area_id, cut_off)
    assert kept is not None
    return kept


def settle(*, at: datetime) -> None:
    """Count anew what waits, so that no figure of a report lags behind another."""
    while list_marks(1):
        coverage.take_marks(at=at)
