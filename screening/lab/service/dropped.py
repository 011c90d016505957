"""Files that were looked at and never adopted: what they showed is told all the same.

Whoever sees a positive and puts the file away has not made it unseen (Shijiazhuang)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import fetch, run
from screening.lab import queries
from screening.lab.queries import LabRow, PlateRow, RunRow
from screening.lab.queries.result_lists import is_list
from screening.lab.service import alerts, originals
from screening.lab.service.list_dropped import tell_list
from screening.lab.service.verdicts import bench_of, judge_now
from screening.lab.well_rules import Outcome
from screening.tube.queries import Key, find_keys


def drop(lab: LabRow, found: RunRow, *, by: int | None, at: datetime) -> int:
    """Forget a file that was only looked at; with a signal that nobody was told of it is kept, in
    quarantine, and alerts provisionally. How many alerts."""
    tell = tell_list if is_list(found) else tell_signals
    told = tell(lab, found, by=by, at=at)
    if not told and found.verdict.get("dropped"):  # it was put away before, and told then
        run(
            "UPDATE run SET state = 'quarantined' WHERE cell_id = %s AND run_id = %s",
            (lab.cell_id, found.run_id),
        )
    elif not told:
        originals.forget(lab, found.file_hash)
        run("DELETE FROM run WHERE cell_id = %s AND run_id = %s", (lab.cell_id, found.run_id))
    return told


def tell_signals(lab: LabRow, found: RunRow, *, by: int | None, at: datetime) -> int:
    """Alert for what a file that is not adopted shows in tubes without an open alert."""
    made = judge_now(bench_of(lab, queries.get_plate(lab, found.plate_id)), found, at)
    keys = find_keys(made.signals)
    quiet = unalerted(list(keys.values()))
    signals: dict[str, Outcome] = {b: o for b, o in made.signals.items() if b in quiet}
    if not signals:
        return 0
    raised = alerts.raise_signals(
        signals, keys, lab_id=lab.lab_id, run_id=found.run_id, provisional=True, at=at
    )
    verdict = {**found.verdict, **made.verdict(), "dropped": True, "alerts": raised}
    run(
        "UPDATE run SET state = 'quarantined', verdict = %s WHERE cell_id = %s AND run_id = %s",
        (Jsonb(verdict), lab.cell_id, found.run_id),
    )
    note("run_dropped", "run", found.run_id, cell=lab.cell_id, staff_id=by,
         detail={"alerts": raised})  # fmt: skip
    return raised


def tell_others(lab: LabRow, plate: PlateRow, adopted: int, *, by: int, at: datetime) -> int:
    """One file was adopted; another was looked at for the same plate and showed more."""
    # a plate's runs are younger than the plate, and their numbers greater: the key is the index
    rows = fetch(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE cell_id = %s AND run_id > %s "
        "AND plate_id = %s AND run_id <> %s AND state = 'previewed'",
        (lab.cell_id, plate.plate_id, plate.plate_id, adopted),
    )
    return sum(tell_signals(lab, RunRow(*r), by=by, at=at) for r in rows)


def drop_before(labs: list[LabRow], limit: datetime, *, at: datetime) -> None:
    """Files that nobody confirmed since `limit`."""
    by_id = {x.lab_id: x for x in labs}
    rows = fetch(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE cell_id = ANY(%s) "
        "AND state = 'previewed' AND imported_at < %s",
        (sorted({x.cell_id for x in labs}), limit),
    )
    for row in map(RunRow._make, rows):
        drop(by_id[row.lab_id], row, by=None, at=at)


def unalerted(keys: list[Key]) -> set[str]:
    """Those of the tubes without an open alert."""
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    out = {k.barcode for k in keys}
    for (cell, round_id), barcodes in sorted(groups.items()):
        out -= set(queries.alerts_of(cell, round_id, barcodes))
    return out
