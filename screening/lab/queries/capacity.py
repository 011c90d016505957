"""Reading how full laboratories are: what stands where, how fast it goes, how long it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from screening.db import fetch
from screening.lab.queries.labs import LabRow, cells_in_use, rounds_in_use
from screening.lab.watch.capacity import DAY_LAG, WINDOW, LabLoad, Turnaround
from screening.lab.watch.recent import Recent
from screening.tube.rules import Stage

_BENCH = "/* fan-out: the tubes of a bench lie in the cells of their sites */"
_STANDING = (
    f"SELECT {_BENCH} lab_id, stage, count(*), count(*) FILTER (WHERE due_at < %(at)s), min(since) "
    "FROM tube WHERE cell_id = ANY(%(cells)s) AND round_id = ANY(%(rounds)s) "
    "AND lab_id = ANY(%(labs)s) AND stage BETWEEN %(received)s AND %(reviewed)s GROUP BY 1, 2"
)
# one pass over the tubes of a day: what came, and how long took what was released
_DAY = (
    f"SELECT {_BENCH} lab_id, count(*) FILTER (WHERE received_at > %(day)s), "
    "count(*) FILTER (WHERE received_at > %(window)s), count(*) FILTER (WHERE done), "
    "percentile_disc(ARRAY[0.5, 0.95, 1.0]) WITHIN GROUP (ORDER BY took) FROM ("
    "SELECT lab_id, received_at, stage = %(released)s AND since > %(day)s AS done, "
    "CASE WHEN stage = %(released)s AND since > %(day)s THEN since - received_at END AS took "
    "FROM tube WHERE cell_id = ANY(%(cells)s) AND round_id = ANY(%(rounds)s) "
    "AND lab_id = ANY(%(labs)s) AND received_at IS NOT NULL "
    "AND (received_at > %(day)s OR stage = %(released)s AND since > %(day)s)) t GROUP BY 1"
)
_JUDGED = (
    "SELECT lab_id, coalesce(sum((verdict->>'tubes')::bigint), 0)::bigint, "
    "coalesce(sum((verdict->>'tubes')::bigint) FILTER (WHERE imported_at > %(window)s), 0)::bigint "
    "FROM run WHERE cell_id = ANY(%(own)s) AND lab_id = ANY(%(labs)s) AND state = 'evaluated' "
    "AND imported_at > %(day)s GROUP BY 1"
)


# (came in a day, came in the window, how long took what was released)
Day = tuple[int, int, Turnaround]
_DAYS: Recent[Day] = Recent()
_NOTHING: Day = (0, 0, Turnaround())


def list_loads(
    labs: Sequence[LabRow], at: datetime, *, lagging: bool = False
) -> dict[int, LabLoad]:
    """How full each of these laboratories is now, in three statements for all of them. `lagging`: for
    pages of many areas, which all ask the same; what a day came to may then be DAY_LAG old."""
    if not labs:
        return {}
    own = sorted({x.cell_id for x in labs})
    params = {
        "at": at, "day": at - timedelta(days=1), "window": at - timedelta(hours=WINDOW.value),
        "cells": sorted({*cells_in_use(), *own}), "own": own, "rounds": rounds_in_use(),
        "labs": [x.lab_id for x in labs], "received": int(Stage.RECEIVED),
        "reviewed": int(Stage.REVIEWED), "released": int(Stage.RELEASED),
    }  # fmt: skip
    standing: dict[int, dict[int, tuple]] = defaultdict(dict)
    for lab_id, stage, *counts in fetch(_STANDING, params):
        standing[lab_id][stage] = tuple(counts)
    judged = {r[0]: r[1:] for r in fetch(_JUDGED, params)}
    days = _days(params, at, timedelta(seconds=DAY_LAG.value if lagging else 0))
    return {
        x.lab_id: _load(x, standing[x.lab_id], judged.get(x.lab_id, (0, 0)), days[x.lab_id])
        for x in labs
    }


def _days(params: dict[str, Any], at: datetime, lag: timedelta) -> dict[int, Day]:
    """What a day came to at each laboratory: this reads every tube of the day."""

    def count(labs: list[int]) -> dict[int, Day]:
        found = dict.fromkeys(labs, _NOTHING)
        for lab_id, day, window, done, times in fetch(_DAY, {**params, "labs": labs}):
            found[lab_id] = (day, window, Turnaround(done, *times) if done else Turnaround())
        return found

    if not lag or current_app.testing:  # there days and databases change under the same numbers
        return count(params["labs"])
    return _DAYS.get(params["labs"], at, lag, count)


def _load(lab: LabRow, by: dict[int, tuple], judged: tuple, day: Day) -> LabLoad:
    n = {s: by.get(s, (0, 0, None)) for s in range(Stage.RECEIVED, Stage.REVIEWED + 1)}
    return LabLoad(
        lab_id=lab.lab_id,
        capacity=lab.capacity,
        waiting=n[Stage.RECEIVED][0],
        plated=n[Stage.PLATED][0],
        signing=n[Stage.TESTED][0] + n[Stage.REVIEWED][0],
        overdue=sum(v[1] for v in n.values()),
        judged_day=judged[0],
        judged=judged[1],
        received_day=day[0],
        received=day[1],
        oldest=min((v[2] for v in n.values() if v[2]), default=None),
        turnaround=day[2],
    )
