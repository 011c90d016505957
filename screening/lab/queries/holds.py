"""Reading what holds a run back: counts by hour, holds, decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.lab.queries.labs import LabRow
from screening.lab.watch.positivity import HOURS, Count


class NoSuchHold(NotFound):
    code = "no_such_hold"
    zh = "没有这条暂缓。"
    en = "There is no such hold."


class HoldRow(NamedTuple):
    """Why nothing of a run goes out; lifted when two persons have said so."""

    cell_id: int
    hold_id: int
    lab_id: int
    run_id: int
    kind: str
    told: dict[str, Any]
    opened_at: datetime
    asked_by: int | None
    asked_at: datetime | None
    reason: str | None
    lifted_by: int | None
    lifted_at: datetime | None


_HOLD = ", ".join(HoldRow._fields)


def get_hold(lab: LabRow, hold_id: int, *, lock: bool = False) -> HoldRow:
    rows = fetch(
        f"SELECT {_HOLD} FROM run_hold WHERE cell_id = %s AND hold_id = %s AND lab_id = %s"
        + (" FOR UPDATE" if lock else ""),
        (lab.cell_id, hold_id, lab.lab_id),
    )
    if not rows:
        raise NoSuchHold()
    return HoldRow(*rows[0])


def holds_of(lab: LabRow, runs: Collection[int], *, lifted: bool = False) -> list[HoldRow]:
    """The holds on these runs, oldest first; with `lifted` those of the past too."""
    rows = fetch(
        f"SELECT {_HOLD} FROM run_hold WHERE cell_id = %s AND run_id = ANY(%s) "
        "AND (%s OR lifted_at IS NULL) ORDER BY hold_id",
        (lab.cell_id, sorted(runs), lifted),
    )
    return [HoldRow(*r) for r in rows]


def list_holds(labs: Sequence[LabRow], *, limit: int = 100) -> list[HoldRow]:
    """Open holds of these laboratories, oldest first."""
    rows = fetch(
        f"SELECT {_HOLD} FROM run_hold WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) "
        "AND lifted_at IS NULL ORDER BY opened_at LIMIT %s",
        (sorted({x.cell_id for x in labs}), [x.lab_id for x in labs], limit),
    )
    return [HoldRow(*r) for r in rows]


def list_lifted(labs: Sequence[LabRow], at: datetime, *, limit: int = 100) -> list[HoldRow]:
    """Holds of these laboratories that two persons lifted in the last week, the latest first."""
    week = timedelta(days=7)
    rows = fetch(
        f"SELECT {_HOLD} FROM run_hold WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) "
        "AND opened_at > %s AND lifted_at > %s ORDER BY lifted_at DESC LIMIT %s",
        (sorted({x.cell_id for x in labs}), [x.lab_id for x in labs], at - 4 * week, at - week,
         limit),
    )  # fmt: skip
    return [HoldRow(*r) for r in rows]


def lifted_since(lab: LabRow, since: datetime) -> set[str]:
    """The kinds of which two persons lifted a hold of this laboratory since then."""
    rows = fetch(
        "SELECT DISTINCT kind FROM run_hold WHERE cell_id = %s AND lab_id = %s "
        "AND opened_at > %s AND lifted_at > %s",
        (lab.cell_id, lab.lab_id, since - timedelta(days=7), since),
    )
    return {r[0] for r in rows}


def counts_of(lab: LabRow, at: datetime) -> tuple[Count, Count]:
    """(this laboratory's, all others') tubes and signals of the last day."""
    rows = fetch(
        "SELECT lab_id = %s, sum(tubes)::bigint, sum(signals)::bigint FROM lab_hour "
        "WHERE cell_id = ANY(ARRAY(SELECT DISTINCT cell_id FROM lab)) AND hour > %s GROUP BY 1",
        (lab.lab_id, at - timedelta(hours=HOURS.value)),
    )
    found = {own: Count(tubes, signals) for own, tubes, signals in rows}
    return found.get(True, Count()), found.get(False, Count())
