"""Reading what was scanned at a bench, and plates by the code on them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.lab.queries.labs import LabRow
from screening.lab.queries.plates import PlateRow

AWAITS = "await_"
DONE = ("tube", "ntc", "pc", "blank", "leak", "reject")


class StepRow(NamedTuple):
    """One scan; `undone_at` when it was taken back."""

    step_id: int
    staff_id: int
    plate_id: int | None
    kind: str
    barcode: str | None
    wells: str
    at: datetime
    undone_at: datetime | None

    @property
    def places(self) -> list[str]:
        return self.wells.split()

    @property
    def awaits(self) -> str:
        """What the next scan has to be: leak, reject, next; "" for a tube."""
        return self.kind.removeprefix(AWAITS) if self.kind.startswith(AWAITS) else ""


_STEP = ", ".join(StepRow._fields)


def find_last(lab: LabRow, staff_id: int) -> StepRow | None:
    """Where a person's bench stands: their last step at this laboratory."""
    rows = fetch(
        f"SELECT {_STEP} FROM bench_step WHERE cell_id = %s AND lab_id = %s AND staff_id = %s "
        "ORDER BY step_id DESC LIMIT 1",
        (lab.cell_id, lab.lab_id, staff_id),
    )
    return StepRow(*rows[0]) if rows else None


def find_undoable(lab: LabRow, plate_id: int) -> StepRow | None:
    """The last act on a plate that stands, whoever did it: those at one bench share the plate."""
    rows = fetch(
        f"SELECT {_STEP} FROM bench_step WHERE cell_id = %s AND plate_id = %s AND kind = ANY(%s) "
        "AND undone_at IS NULL ORDER BY step_id DESC LIMIT 1",
        (lab.cell_id, plate_id, list(DONE)),
    )
    return StepRow(*rows[0]) if rows else None


def list_steps(lab: LabRow, plate_id: int, *, limit: int = 20) -> list[StepRow]:
    """The last steps on a plate, newest first."""
    rows = fetch(
        f"SELECT {_STEP} FROM bench_step WHERE cell_id = %s AND plate_id = %s "
        "ORDER BY step_id DESC LIMIT %s",
        (lab.cell_id, plate_id, limit),
    )
    return [StepRow(*r) for r in rows]


def plates_of_code(lab: LabRow, code: str) -> list[PlateRow]:
    """The plates of a laboratory with this code; more than one only where they differ in case
    alone. What is written exactly so wins."""
    rows = fetch(
        f"SELECT {', '.join(PlateRow._fields)} FROM plate WHERE cell_id = %s AND lab_id = %s "
        "AND lower(code) = lower(%s)",
        (lab.cell_id, lab.lab_id, code),
    )
    found = [PlateRow(*r) for r in rows]
    return [p for p in found if p.code == code] or found
