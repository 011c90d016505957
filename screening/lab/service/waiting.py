"""Files that wait in the tray: laid there, and ended when their plate is found. One act at a time of
a laboratory's files, so that two people with the same file do not undo each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.lab import queries
from screening.lab.queries import LabRow
from screening.lab.queries.tray import TrayRow, codes_of, find_waiting
from screening.tube.queries import find_keys

_COLUMNS = (
    "cell_id", "file_id", "lab_id", "file_hash", "name", "why", "told", "state", "came_by",
    "came_at",
)  # fmt: skip


def lock_files(lab: LabRow) -> None:
    """Until the end of the transaction nobody else begins with a file of this laboratory."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (hash_id("lab_files", lab.lab_id),))


def lay(
    lab: LabRow,
    file_hash: bytes,
    name: str,
    why: str,
    told: Mapping[str, Any],
    *,
    by: int,
    at: datetime,
) -> int:
    """Into the tray; where it waits already, nothing changes. Its number."""
    if (held := find_waiting(lab, file_hash)) is not None:
        return held.file_id
    file_id = new_id()
    row = (lab.cell_id, file_id, lab.lab_id, file_hash, name, why, Jsonb(dict(told)), "waiting",
           by, at)  # fmt: skip
    insert("tray_file", _COLUMNS, [row])
    note("tray_file_kept", "file", file_id, cell=lab.cell_id, staff_id=by, detail={"why": why})
    return file_id


def stand(lab: LabRow, barcodes: Collection[str]) -> list[list[Any]]:
    """[plate code, tubes] of this laboratory's plates on which these tubes stand now: told to the
    person who decides, never decided by."""
    found = Counter(s.plate_id for s in queries.platings(find_keys(barcodes).values()).values())
    codes = codes_of(lab, found)
    return [[codes[p], n] for p, n in found.most_common() if p in codes]


def end(found: TrayRow, state: str, *, by: int, at: datetime, **more: Any) -> None:
    """A file of the tray leaves it in `state`, tied to its plate and run where it has them."""
    values = {"plate_id": None, "run_id": None, "reason": None} | more
    run(
        "UPDATE tray_file SET state = %s, plate_id = %s, run_id = %s, reason = %s, ended_by = %s, "
        "ended_at = %s WHERE cell_id = %s AND file_id = %s",
        (state, values["plate_id"], values["run_id"], values["reason"], by, at, found.cell_id,
         found.file_id),
    )  # fmt: skip


def found_plate(
    lab: LabRow, file_hash: bytes, *, plate_id: int, run_id: int, by: int, at: datetime
) -> None:
    """Somebody has laid the file to a plate: it does not wait any more."""
    if (held := find_waiting(lab, file_hash)) is not None:
        end(held, "assigned", by=by, at=at, plate_id=plate_id, run_id=run_id)


def was_here(lab: LabRow, file_hash: bytes) -> bool:
    """Whether a file ever lay in the tray: then its bytes stay."""
    rows = fetch(
        "SELECT 1 FROM tray_file WHERE cell_id = %s AND lab_id = %s AND file_hash = %s LIMIT 1",
        (lab.cell_id, lab.lab_id, file_hash),
    )
    return bool(rows)
