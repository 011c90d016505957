"""Reading runs and calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.crypto import hash_id
from screening.db import fetch
from screening.errors import NotFound
from screening.lab.queries.labs import LabRow
from screening.lab.queries.plates import PlateRow


class NoSuchRun(NotFound):
    code = "no_such_run"
    zh = "没有这次上机结果。"
    en = "There is no such run."


class RunRow(NamedTuple):
    """An imported file: what it says (`verdict`) without its readings."""

    cell_id: int
    run_id: int
    lab_id: int
    plate_id: int
    round_id: int
    file_hash: bytes
    instrument: str
    state: str
    rule_id: int
    imported_by: int
    imported_at: datetime
    verdict: dict[str, Any]


_RUN = ", ".join(RunRow._fields)


def get_run(lab: LabRow, run_id: int, *, lock: bool = False) -> RunRow:
    rows = fetch(
        f"SELECT {_RUN} FROM run WHERE cell_id = %s AND run_id = %s AND lab_id = %s"
        + (" FOR UPDATE" if lock else ""),
        (lab.cell_id, run_id, lab.lab_id),
    )
    if not rows:
        raise NoSuchRun()
    return RunRow(*rows[0])


def find_run(lab: LabRow, file_hash: bytes) -> RunRow | None:
    """The run that this file was imported as, locked."""
    rows = fetch(
        f"SELECT {_RUN} FROM run WHERE cell_id = %s AND lab_id = %s AND file_hash = %s FOR UPDATE",
        (lab.cell_id, lab.lab_id, file_hash),
    )
    return RunRow(*rows[0]) if rows else None


def find_used(lab: LabRow, file_hash: bytes, content: bytes) -> RunRow | None:
    """The run that adopted this file, or one that says the same and was only saved again."""
    rows = fetch(
        f"SELECT {_RUN} FROM run WHERE cell_id = %s AND lab_id = %s "
        "AND (file_hash = %s OR content_hash = %s) AND state IN ('evaluated', 'invalid') LIMIT 1",
        (lab.cell_id, lab.lab_id, file_hash, content),
    )
    return RunRow(*rows[0]) if rows else None


def is_used_elsewhere(lab: LabRow, file_hash: bytes, content: bytes) -> bool:
    """Whether another laboratory adopted this file; two that ask at once wait for each other."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (hash_id("run_content", content.hex()),))
    labs = fetch("SELECT cell_id, lab_id FROM lab WHERE lab_id <> %s", (lab.lab_id,))
    rows = fetch(
        "SELECT FROM run WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) "
        "AND (file_hash = %s OR content_hash = %s) AND state IN ('evaluated', 'invalid') LIMIT 1 "
        "/* fan-out: laboratories are few, and each has an index of its files */",
        (sorted({cell for cell, _ in labs}), [i for _, i in labs], file_hash, content),
    )
    return bool(rows)


def find_same_content(lab: LabRow, content: bytes, but: int) -> int | None:
    """Another run in quarantine whose file says the same, saved under another form."""
    rows = fetch(
        "SELECT run_id FROM run WHERE cell_id = %s AND lab_id = %s AND run_id <> %s "
        "AND content_hash = %s AND state = 'quarantined' LIMIT 1",
        (lab.cell_id, lab.lab_id, but, content),
    )
    return rows[0][0] if rows else None


def find_same_values(lab: LabRow, found: RunRow) -> str | None:
    """The plate of another adopted run with the very same Ct values, of this laboratory or, with
    its name, of another."""
    labs = fetch("SELECT cell_id, lab_id FROM lab")
    rows = fetch(
        "SELECT r.lab_id, o.name, p.code FROM run own JOIN run r ON r.cell_id = ANY(%s) "
        "AND r.lab_id = ANY(%s) AND r.values_hash = own.values_hash "
        "AND r.plate_id <> own.plate_id AND r.state IN ('evaluated', 'invalid') "
        "JOIN plate p ON p.cell_id = r.cell_id AND p.plate_id = r.plate_id "
        "JOIN lab o ON o.lab_id = r.lab_id WHERE own.cell_id = %s AND own.run_id = %s "
        "ORDER BY r.lab_id <> own.lab_id LIMIT 1 "
        "/* fan-out: laboratories are few, and each has an index of its values */",
        (sorted({cell for cell, _ in labs}), [i for _, i in labs], lab.cell_id, found.run_id),
    )
    if not rows:
        return None
    served, name, code = rows[0]
    return code if served == lab.lab_id else f"{name} {code}"


def get_readings(run: RunRow) -> list[dict[str, Any]]:
    rows = fetch(
        "SELECT readings FROM run WHERE cell_id = %s AND run_id = %s", (run.cell_id, run.run_id)
    )
    return rows[0][0]


def list_runs(
    labs: Sequence[LabRow], *, before: int | None = None, limit: int = 100
) -> list[RunRow]:
    """Runs of these laboratories, newest first, paged by number."""
    if not labs:
        return []
    rows = fetch(
        f"SELECT {_RUN} FROM run WHERE cell_id = ANY(%s) AND lab_id = ANY(%s) "
        "AND run_id < %s ORDER BY run_id DESC LIMIT %s",
        (sorted({x.cell_id for x in labs}), [x.lab_id for x in labs], before or 2**62, limit),
    )
    return [RunRow(*r) for r in rows]


def list_previews(plate: PlateRow) -> list[int]:
    """Files of a plate that were looked at and wait for a decision, the newest first."""
    rows = fetch(
        "SELECT run_id FROM run WHERE cell_id = %s AND plate_id = %s AND state = 'previewed' "
        "ORDER BY run_id DESC",
        (plate.cell_id, plate.plate_id),
    )
    return [r for (r,) in rows]


def codes_of(labs: Sequence[LabRow], runs: Collection[int]) -> dict[int, str]:
    """The plates' codes of these runs; a list of results has none."""
    rows = fetch(
        "SELECT r.run_id, p.code FROM run r JOIN plate p ON p.cell_id = r.cell_id "
        "AND p.plate_id = r.plate_id WHERE r.cell_id = ANY(%s) AND r.lab_id = ANY(%s) "
        "AND r.run_id = ANY(%s)",
        (sorted({x.cell_id for x in labs}), [x.lab_id for x in labs], sorted(runs)),
    )
    return dict(rows)


class CallRow(NamedTuple):
    """What a run says of one tube; `cts` by target, `reasons` coded (words.REASONS)."""

    well: str
    barcode: str
    tube_cell: int
    tube_round: int
    outcome: int
    reasons: list[dict[str, Any]]
    cts: dict[str, float | None]


_CALL = ", ".join(CallRow._fields)


def list_calls(cell: int, run_id: int) -> list[CallRow]:
    """The calls of a run, by well."""
    rows = fetch(f"SELECT {_CALL} FROM call WHERE cell_id = %s AND run_id = %s", (cell, run_id))
    return [CallRow(*r) for r in rows]
