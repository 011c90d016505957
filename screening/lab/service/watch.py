"""The watch over positivity: counts by hour, and holds on runs that are out of band (edge 44)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from psycopg.types.json import Jsonb

from screening.db import insert, new_id, run
from screening.lab.judgement.plate_rules import Hint
from screening.lab.queries import LabRow, PlateRow
from screening.lab.queries.holds import counts_of, lifted_since
from screening.lab.rules.well_rules import Outcome, is_alert
from screening.lab.watch import positivity
from screening.lab.watch.positivity import Count, Found, Limit
from screening.tickets import service as tickets
from screening.tickets.service import Finding

QUIET_HOURS = Limit(12, "house; what two persons explained is not asked again the same half day")
OF_LAB = ("lab_high", "lab_low")
TICKET = "run_held"


def look(
    lab: LabRow,
    plate: PlateRow,
    run_id: int,
    outcomes: Mapping[str, Outcome],
    hints: Sequence[Hint] = (),
    *,
    at: datetime,
) -> list[str]:
    """Count a run and hold it where it is out of band; the kinds of its holds, with a ticket.

    The run's alerts stand already: a hold keeps back the release, never the signal."""
    signals = sum(1 for o in outcomes.values() if is_alert(o))
    now = Count(len(outcomes), signals)
    before, others = counts_of(lab, at)
    lines = [h.wells for h in hints if h.code == "adjacent_run"]
    found = positivity.watch(now, before, others, lines)
    quiet = lifted_since(lab, at - timedelta(hours=QUIET_HOURS.value))
    found = [f for f in found if not (f.kind in OF_LAB and f.kind in quiet)]
    count(lab, now, at=at)
    hold(lab, plate, run_id, found, at=at)
    return [f.kind for f in found]


def count(lab: LabRow, seen: Count, *, at: datetime) -> None:
    """Add a run to its laboratory's hour."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    insert(
        "lab_hour",
        ("cell_id", "lab_id", "hour", "tubes", "signals"),
        [(lab.cell_id, lab.lab_id, hour, seen.tubes, seen.signals)],
        "ON CONFLICT (cell_id, lab_id, hour) DO UPDATE SET "
        "tubes = lab_hour.tubes + EXCLUDED.tubes, signals = lab_hour.signals + EXCLUDED.signals",
    )


def hold(
    lab: LabRow, plate: PlateRow, run_id: int, found: Sequence[Found], *, at: datetime
) -> None:
    """Keep a run back, and ask somebody."""
    if not found:
        return
    columns = ("cell_id", "hold_id", "lab_id", "run_id", "kind", "told", "opened_at")
    rows = [
        (lab.cell_id, new_id(), lab.lab_id, run_id, f.kind, Jsonb(msgspec.to_builtins(f)), at)
        for f in found
    ]
    insert("run_hold", columns, rows, "ON CONFLICT DO NOTHING")
    sides = {"plate": plate.code, "run": run_id, "faults": [f.kind for f in found]}
    tickets.open_all(
        [Finding(lab.cell_id, plate.round_id, TICKET, str(plate.plate_id), at,
                 lab_id=lab.lab_id, sides=sides)],
        at=at,
    )  # fmt: skip


def ask_lift(cell: int, hold_id: int, reason: str, *, by: int, at: datetime) -> None:
    """The first person asks to lift a hold, with a reason."""
    run(
        "UPDATE run_hold SET asked_by = %s, asked_at = %s, reason = %s "
        "WHERE cell_id = %s AND hold_id = %s AND lifted_at IS NULL",
        (by, at, reason, cell, hold_id),
    )


def lift(cell: int, hold_id: int, *, by: int, at: datetime) -> None:
    """The second person lifts it."""
    run(
        "UPDATE run_hold SET lifted_by = %s, lifted_at = %s "
        "WHERE cell_id = %s AND hold_id = %s AND lifted_at IS NULL",
        (by, at, cell, hold_id),
    )
