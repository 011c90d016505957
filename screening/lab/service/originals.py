"""Run files as they came: packed, sealed, kept for good. Whoever opens one leaves a line of audit."""

from __future__ import annotations

import zlib
from datetime import datetime

from screening.accounts.audit import note
from screening.db import fetch, insert, run
from screening.errors import NotFound
from screening.lab.queries import LabRow, get_lab, get_run
from screening.registry.service.persons import ring

AAD = "original.sealed"
_COLUMNS = ("cell_id", "lab_id", "file_hash", "size", "sealed", "kept_by", "kept_at")


class NoOriginal(NotFound):
    code = "no_original"
    zh = "这次上机的原始文件不在系统中。"
    en = "The original file of this run is not kept here."


def keep(lab: LabRow, file_hash: bytes, data: bytes, *, by: int, at: datetime) -> None:
    """Keep the bytes of a file under their digest; what is kept already stays as it is."""
    sealed = ring().seal(zlib.compress(data, 6), AAD)
    row = (lab.cell_id, lab.lab_id, file_hash, len(data), sealed, by, at)
    insert("original", _COLUMNS, [row], "ON CONFLICT DO NOTHING")


def forget(lab: LabRow, file_hash: bytes) -> None:
    """Of a file that was only looked at nothing stays."""
    run(
        "DELETE FROM original WHERE cell_id = %s AND lab_id = %s AND file_hash = %s",
        (lab.cell_id, lab.lab_id, file_hash),
    )


def open_original(lab_id: int, run_id: int) -> bytes:
    """The file of a run, byte for byte; audited. Raises NoSuchRun, NoOriginal."""
    lab = get_lab(lab_id)
    found = get_run(lab, run_id)
    data = unseal(lab, found.file_hash)
    if data is None:
        raise NoOriginal()
    note("original_opened", "run", run_id, cell=lab.cell_id)
    return data


def unseal(lab: LabRow, file_hash: bytes) -> bytes | None:
    """The file for the system's own eyes; whatever shows it to a person leaves a line of audit."""
    rows = fetch(
        "SELECT sealed FROM original WHERE cell_id = %s AND lab_id = %s AND file_hash = %s",
        (lab.cell_id, lab.lab_id, file_hash),
    )
    return zlib.decompress(ring().open(bytes(rows[0][0]), AAD)) if rows else None
