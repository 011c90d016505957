"""Plates on instruments: since when, on which, and until when their file is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from screening.db import fetch, insert, run
from screening.lab.queries import LabRow, PlateRow
from screening.lab.watch.positivity import Limit
from screening.tickets import service as tickets
from screening.tickets.service import Finding, Subject

DUE_MINUTES = Limit(
    180, "house; the slowest kits run two hours, and one is given to fetch the file"
)
OVERDUE = "run_overdue"
_COLUMNS = (
    "cell_id", "plate_id", "lab_id", "round_id", "code", "instrument", "started_by", "started_at",
    "due_at",
)  # fmt: skip


class Start(NamedTuple):
    """A plate on an instrument whose file has not come."""

    cell_id: int
    plate_id: int
    lab_id: int
    round_id: int
    code: str
    instrument: str | None
    started_at: datetime
    due_at: datetime


def begin(plate: PlateRow, instrument: str | None, *, by: int, at: datetime) -> None:
    """The clock of a plate's file runs from now."""
    due = at + timedelta(minutes=DUE_MINUTES.value)
    row = (plate.cell_id, plate.plate_id, plate.lab_id, plate.round_id, plate.code,
           instrument or None, by, at, due)  # fmt: skip
    insert("plate_start", _COLUMNS, [row], "ON CONFLICT DO NOTHING")


def find(plate: PlateRow) -> Start | None:
    """How the plate was started; None when nobody said so."""
    rows = fetch(
        f"SELECT {', '.join(Start._fields)} FROM plate_start WHERE cell_id = %s AND plate_id = %s",
        (plate.cell_id, plate.plate_id),
    )
    return Start(*rows[0]) if rows else None


def end(plate: PlateRow, at: datetime) -> None:
    """The file came, or the plate was given up: nothing is due any more, its ticket closes."""
    ended = run(
        "UPDATE plate_start SET ended_at = %s WHERE cell_id = %s AND plate_id = %s "
        "AND ended_at IS NULL",
        (at, plate.cell_id, plate.plate_id),
    )
    if ended:
        tickets.settle([], [Subject(plate.cell_id, str(plate.plate_id))], (OVERDUE,), at=at)


def list_overdue(labs: list[LabRow], at: datetime) -> list[Start]:
    """Plates whose file should have come by now, the longest first."""
    rows = fetch(
        f"SELECT {', '.join(Start._fields)} FROM plate_start WHERE cell_id = ANY(%s) "
        "AND ended_at IS NULL AND due_at < %s AND lab_id = ANY(%s) ORDER BY due_at",
        (sorted({x.cell_id for x in labs}), at, [x.lab_id for x in labs]),
    )
    return [Start(*r) for r in rows]


def tell_overdue(labs: list[LabRow], *, at: datetime) -> int:
    """A ticket for each of them; how many are overdue. Telling again changes nothing."""
    late = list_overdue(labs, at)
    tickets.open_all(
        [
            Finding(s.cell_id, s.round_id, OVERDUE, str(s.plate_id), s.due_at, lab_id=s.lab_id,
                    sides={"plate": s.code})
            for s in late
        ],
        at=at,
    )  # fmt: skip
    return len(late)
