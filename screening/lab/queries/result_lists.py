"""Reading for result lists: what a laboratory still owes a result, and what it said before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.lab.queries.labs import LabRow, cells_in_use, rounds_in_use
from screening.lab.queries.runs import RunRow
from screening.tube.queries import Key
from screening.tube.rules import Stage, Verb

# A list is kept as a run that is its own plate: no row of plates bears its number.
_IS_LIST = "plate_id = run_id"


def is_list(found: RunRow) -> bool:
    return found.plate_id == found.run_id


class OwedRow(NamedTuple):
    """A tube that this laboratory received and that has no result and stands on no plate."""

    barcode: str
    cell_id: int
    round_id: int
    members: int
    received_at: datetime | None


def list_owed(lab: LabRow) -> list[OwedRow]:
    """Every such tube, the longest waiting first; no page of it may be left out."""
    rows = fetch(
        "SELECT /* fan-out: the tubes of a bench lie in the cells of their sites */ "
        f"{', '.join(OwedRow._fields)} FROM tube WHERE cell_id = ANY(%s) "
        "AND round_id = ANY(%s) AND lab_id = %s AND stage = %s ORDER BY received_at, barcode",
        (sorted({*cells_in_use(), lab.cell_id}), rounds_in_use(), lab.lab_id,
         int(Stage.RECEIVED)),
    )  # fmt: skip
    return [OwedRow(*r) for r in rows]


def list_lists(
    labs: Sequence[LabRow], *, before: int | None = None, limit: int = 100
) -> list[RunRow]:
    """The result lists of these laboratories, newest first, paged by number."""
    if not labs:
        return []
    rows = fetch(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE cell_id = ANY(%s) "
        f"AND lab_id = ANY(%s) AND {_IS_LIST} AND run_id < %s ORDER BY run_id DESC LIMIT %s",
        (sorted({x.cell_id for x in labs}), [x.lab_id for x in labs], before or 2**62, limit),
    )  # fmt: skip
    return [RunRow(*r) for r in rows]


def list_waiting_lists(lab: LabRow) -> list[RunRow]:
    """Those that were looked at and not confirmed."""
    rows = fetch(
        f"SELECT {', '.join(RunRow._fields)} FROM run WHERE cell_id = %s AND lab_id = %s "
        f"AND {_IS_LIST} AND state = 'previewed'",
        (lab.cell_id, lab.lab_id),
    )
    return [RunRow(*r) for r in rows]


def said_before(lab: LabRow, keys: Iterable[Key]) -> list[dict[str, Any]]:
    """The rows of earlier lists of this laboratory that speak of these tubes."""
    wanted = {k.barcode for k in keys}
    runs = _runs_of(keys)
    if not runs:
        return []
    rows = fetch(
        f"SELECT readings FROM run WHERE cell_id = %s AND lab_id = %s AND {_IS_LIST} "
        "AND run_id = ANY(%s) AND state = 'evaluated'",
        (lab.cell_id, lab.lab_id, sorted(runs)),
    )
    return [line for (lines,) in rows for line in lines if line["barcode"] in wanted]


def _runs_of(keys: Iterable[Key]) -> set[int]:
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    out: set[int] = set()
    for (cell, round_id), barcodes in sorted(groups.items()):
        out |= _tested_in(cell, round_id, barcodes)
    return out


def _tested_in(cell: int, round_id: int, barcodes: Collection[str]) -> set[int]:
    rows = fetch(
        "SELECT DISTINCT (data->>'run')::bigint FROM custody WHERE cell_id = %s "
        "AND round_id = %s AND barcode = ANY(%s) AND verb = %s AND data ? 'run'",
        (cell, round_id, list(barcodes), int(Verb.TEST)),
    )
    return {r[0] for r in rows}
