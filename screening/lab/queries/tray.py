"""Reading the tray: files whose plate nobody could tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.lab.bench.tray_words import NoSuchFile
from screening.lab.queries.labs import LabRow


class TrayRow(NamedTuple):
    """A file in the tray; `told` is what was read of it, `why` it waits (tray_words.WHY)."""

    cell_id: int
    file_id: int
    lab_id: int
    file_hash: bytes
    name: str
    why: str
    told: dict[str, Any]
    state: str
    came_by: int
    came_at: datetime
    plate_id: int | None
    run_id: int | None
    reason: str | None
    asked_by: int | None
    ended_by: int | None
    ended_at: datetime | None


_FILE = ", ".join(TrayRow._fields)


def get_file(lab: LabRow, file_id: int, *, lock: bool = False) -> TrayRow:
    rows = fetch(
        f"SELECT {_FILE} FROM tray_file WHERE cell_id = %s AND file_id = %s AND lab_id = %s"
        + (" FOR UPDATE" if lock else ""),
        (lab.cell_id, file_id, lab.lab_id),
    )
    if not rows:
        raise NoSuchFile()
    return TrayRow(*rows[0])


def find_waiting(lab: LabRow, file_hash: bytes) -> TrayRow | None:
    """The same file, if it waits already."""
    rows = fetch(
        f"SELECT {_FILE} FROM tray_file WHERE cell_id = %s AND lab_id = %s AND file_hash = %s "
        "AND state = 'waiting'",
        (lab.cell_id, lab.lab_id, file_hash),
    )
    return TrayRow(*rows[0]) if rows else None


def list_waiting_files(lab: LabRow, *, limit: int = 200) -> list[TrayRow]:
    """What waits, the oldest first."""
    rows = fetch(
        f"SELECT {_FILE} FROM tray_file WHERE cell_id = %s AND lab_id = %s AND state = 'waiting' "
        "ORDER BY file_id LIMIT %s",
        (lab.cell_id, lab.lab_id, limit),
    )
    return [TrayRow(*r) for r in rows]


def list_untold(lab: LabRow, before: datetime) -> list[TrayRow]:
    """Files that wait since before then and whose signals nobody was told of."""
    rows = fetch(
        f"SELECT {_FILE} FROM tray_file WHERE cell_id = %s AND lab_id = %s AND state = 'waiting' "
        "AND came_at < %s AND NOT told ? 'alerted' ORDER BY file_id LIMIT 100",
        (lab.cell_id, lab.lab_id, before),
    )
    return [TrayRow(*r) for r in rows]


def codes_of(lab: LabRow, plates: Iterable[int]) -> dict[int, str]:
    """The codes of these plates, of those that are this laboratory's."""
    rows = fetch(
        "SELECT plate_id, code FROM plate WHERE cell_id = %s AND lab_id = %s "
        "AND plate_id = ANY(%s)",
        (lab.cell_id, lab.lab_id, sorted(plates)),
    )
    return dict(rows)


def list_ended_files(lab: LabRow, *, before: int | None = None, limit: int = 50) -> list[TrayRow]:
    """Files that were assigned or discarded, the newest first, paged by number."""
    rows = fetch(
        f"SELECT {_FILE} FROM tray_file WHERE cell_id = %s AND lab_id = %s AND state <> 'waiting' "
        "AND file_id < %s ORDER BY file_id DESC LIMIT %s",
        (lab.cell_id, lab.lab_id, before or 2**62, limit),
    )
    return [TrayRow(*r) for r in rows]


def count_waiting_files(lab: LabRow) -> int:
    rows = fetch(
        "SELECT count(*) FROM tray_file WHERE cell_id = %s AND lab_id = %s AND state = 'waiting'",
        (lab.cell_id, lab.lab_id),
    )
    return rows[0][0]


def list_takers(lab: LabRow, states: Sequence[str]) -> list[tuple[int, str]]:
    """(plate, code) of the plates that still wait for a file, the newest first."""
    rows = fetch(
        "SELECT plate_id, code FROM plate WHERE cell_id = %s AND lab_id = %s "
        "AND state = ANY(%s) ORDER BY plate_id DESC LIMIT 200",
        (lab.cell_id, lab.lab_id, list(states)),
    )
    return [(r[0], r[1]) for r in rows]
