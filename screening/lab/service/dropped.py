"""Files that were looked at and never adopted: what they showed is told all the same.

Whoever sees a positive and puts the file away has not made it unseen (Shijiazhuang)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import fetch, run
from screening.lab import queries
from screening.lab.judgement.judging import STRANGE, Judgement, speaks_of_unnamed
from screening.lab.queries import LabRow, PlateRow, RunRow
from screening.lab.queries.result_lists import is_list
from screening.lab.readers.run import WellReading
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import alerts, originals, waiting
from screening.lab.service.list_dropped import tell_list
from screening.lab.service.quiet import unalerted
from screening.lab.service.verdicts import bench_of, judge_now, rule_of
from screening.tube.queries import find_keys


def drop(lab: LabRow, found: RunRow, *, by: int | None, at: datetime) -> int:
    """Forget a file that was only looked at; with a signal that nobody was told of it is kept, in
    quarantine, and alerts provisionally. One that does not fit its plate and shows a signal in a
    nameless well goes (back) to the tray, where a second person is asked. How many alerts."""
    listed = is_list(found)
    if not listed and _to_tray(lab, found, by=by, at=at):
        note("run_put_back", "run", found.run_id, cell=lab.cell_id, staff_id=by)
    told = (tell_list if listed else tell_signals)(lab, found, by=by, at=at)
    if told:
        return told
    if found.verdict.get("dropped") or found.verdict.get("before"):  # it is on record already
        run(
            "UPDATE run SET state = 'quarantined' WHERE cell_id = %s AND run_id = %s",
            (lab.cell_id, found.run_id),
        )
        return 0
    if not waiting.was_here(lab, found.file_hash):
        originals.forget(lab, found.file_hash)
    run("DELETE FROM run WHERE cell_id = %s AND run_id = %s", (lab.cell_id, found.run_id))
    return 0


def _to_tray(lab: LabRow, found: RunRow, *, by: int | None, at: datetime) -> bool:
    """Whose signal it is nobody can say: so the file is not one person's to put away."""
    bench = bench_of(lab, queries.get_plate(lab, found.plate_id))
    made = judge_now(bench, found, at)
    rows = msgspec.convert(queries.get_readings(found), list[WellReading], strict=False)
    ours = {r.sample for r in rows if r.sample and r.sample != STRANGE}
    if not made.differences or not speaks_of_unnamed(rule_of(bench, at).rule, rows, ours):
        return False
    said = found.verdict
    told: dict[str, Any] = {
        "plate": said.get("plate"),
        "instrument": found.instrument,
        "serial": said.get("serial"),
        "started": said.get("started"),
        "wells": len({r.well for r in rows}),
        "named": len(ours),
        "stand": waiting.stand(lab, ours),
        "alerted": True,  # of the tubes that it names, with this act
    }
    waiting.lay(lab, found.file_hash, said.get("name") or found.instrument, "put_back", told,
                by=by if by is not None else found.imported_by, at=at)  # fmt: skip
    return True


def tell_plate(lab: LabRow, plate: PlateRow, *, by: int, at: datetime) -> int:
    """The plate is changed or given up: what files that were looked at showed is told by its map as
    it was until now."""
    return sum(tell_signals(lab, r, by=by, at=at) for r in _looked_at(plate))


def tell_signals(lab: LabRow, found: RunRow, *, by: int | None, at: datetime) -> int:
    """Alert for what a file that is not adopted shows in tubes without an open alert."""
    made: Judgement = judge_now(bench_of(lab, queries.get_plate(lab, found.plate_id)), found, at)
    keys = find_keys(made.signals)
    quiet = unalerted(list(keys.values()), found)
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
    others = [r for r in _looked_at(plate) if r.run_id != adopted]
    return sum(tell_signals(lab, r, by=by, at=at) for r in others)


def _looked_at(plate: PlateRow) -> list[RunRow]:
    # a plate's runs are younger than the plate, and their numbers greater: the key is the index
    rows = fetch(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE cell_id = %s AND run_id > %s "
        "AND plate_id = %s AND state = 'previewed' ORDER BY run_id",
        (plate.cell_id, plate.plate_id, plate.plate_id),
    )
    return [RunRow(*r) for r in rows]


def drop_before(labs: list[LabRow], limit: datetime, *, at: datetime) -> None:
    """Files that nobody confirmed since `limit`."""
    by_id = {x.lab_id: x for x in labs}
    rows = fetch(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE cell_id = ANY(%s) "
        "AND state = 'previewed' AND imported_at < %s ORDER BY lab_id, run_id",
        (sorted({x.cell_id for x in labs}), limit),
    )
    for row in map(RunRow._make, rows):
        lab = by_id[row.lab_id]
        waiting.lock_files(lab)
        now = queries.find_run(lab, row.file_hash)  # somebody may be confirming it just now
        if now is not None and now.state == "previewed" and now.imported_at < limit:
            drop(lab, now, by=None, at=at)
