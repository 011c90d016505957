"""Whether anything that a dispatch board shows has moved: one small text to compare."""

from __future__ import annotations

from datetime import datetime

from screening.db import fetch
from screening.figures.queries import Scene
from screening.transport.desk_queries import all_cells
from screening.transport.rules import BatchStage


def mark_of(scene: Scene) -> str:
    """The same while no tube was counted anew, no box moved or was sent elsewhere, no result was
    read in, and no minute passed: ages and forecasts are told by the minute."""
    road = [int(s) for s in (BatchStage.OPEN, BatchStage.SEALED, BatchStage.HANDED_OVER)]
    rows = fetch(
        "SELECT (SELECT max(as_of) FROM stage_count WHERE cell_id = ANY(%(cells)s) "
        "AND round_id = %(round)s), "
        "(SELECT hashtextextended(string_agg(concat_ws(' ', batch_id, stage, since, due_at, known, "
        "lab_id, holder_id), ',' ORDER BY cell_id, batch_id), 0) FROM batch "
        "WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s AND stage = ANY(%(road)s)), "
        "(SELECT count(*) FROM command WHERE cell_id = ANY(%(cells)s) AND round_id = %(round)s "
        "AND kind = ANY(%(acts)s)), "
        "(SELECT max(imported_at) FROM run WHERE cell_id = ANY(%(cells)s) "
        "AND round_id = %(round)s) /* fan-out: boxes that have not arrived, and a rollup's time */",
        {
            "cells": all_cells(), "round": scene.round_id, "road": road,
            "acts": ["redirect", "redirect_seen"],
        },
    )  # fmt: skip
    told = "|".join(str(v) for v in rows[0])
    return f"{scene.area_id}|{scene.round_id}|{_minute(scene.at)}|{told}"


def _minute(at: datetime) -> int:
    return int(at.timestamp() // 60)
