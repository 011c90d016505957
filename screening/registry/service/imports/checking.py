"""The dry run of a file: counts, and every fault of every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from screening.db import db, insert, run
from screening.places.readers.tables import BrokenRow
from screening.registry.readers.columns import COLUMNS
from screening.registry.readers.duplicates import Seen
from screening.registry.readers.register import Entry
from screening.registry.readers.row_faults import DuplicateRow, RowFault, SameDocument
from screening.registry.service.imports.held import CHECKED, CHECKING, FAILED, get_import
from screening.registry.service.imports.reading import chunks, open_source
from screening.registry.service.loading import identity


def check(import_id: int, *, at: datetime) -> None:
    """The dry run: counts, and every fault of every row. Commits chunk by chunk; started again,
    it begins anew. Nothing but the report is written."""
    held = get_import(import_id)
    if held.state != CHECKING:
        return
    run("DELETE FROM import_fault WHERE import_id = %s", (import_id,))
    source, seen, good, bad, seq = open_source(held, at=at), Seen(), 0, 0, 0
    broken: list[RowFault] = []
    for chunk in chunks(_until_broken(source.table.rows, broken)):
        faults: list[RowFault] = []
        for number, cells in chunk:
            found = source.reader.read(number, cells)
            if isinstance(found, Entry):
                seen.add(identity(source.sealed_by, found), number, found.name)
                good += 1
            elif found:
                faults += found
                bad += 1
        seq = _keep(import_id, faults, seq)
        if not _progress(import_id, CHECKING, chunk[-1][0] - 1, seq):
            return
    twice = [_repeated(*r) for r in seen.repeated()]
    seq = _keep(import_id, [*sorted(twice, key=lambda f: f.row), *broken], seq)
    report = {**held.report, "good": good - len(twice), "bad": bad + len(twice),
              "duplicates": len(twice)}  # fmt: skip
    _end_check(import_id, FAILED if broken else CHECKED, seq, report, at)


def _repeated(row: int, first: int, same_name: bool) -> RowFault:
    if same_name:
        return RowFault(row, None, DuplicateRow.code, {"first": first})
    return RowFault(row, COLUMNS["doc_number"][0], SameDocument.code, {"first": first})


def _until_broken(rows: Iterable[list[str]], broken: list[RowFault]) -> Iterator[list[str]]:
    """The rows up to one after which nothing can be read; that one goes to `broken`."""
    try:
        yield from rows
    except BrokenRow as fault:
        broken.append(RowFault(fault.details["row"], None, fault.code, fault.details))


def _end_check(
    import_id: int, state: str, faults: int, report: dict[str, Any], at: datetime
) -> None:
    run(
        "UPDATE import_run SET state = %s, done = total, faults = %s, report = %s, ended_at = %s "
        "WHERE import_id = %s AND state = %s",
        (state, faults, Jsonb(report), at if state == FAILED else None, import_id, CHECKING),
    )
    db.session.commit()


def _progress(import_id: int, state: str, done: int, faults: int) -> bool:
    alive = run(
        "UPDATE import_run SET done = %s, faults = %s WHERE import_id = %s AND state = %s",
        (done, faults, import_id, state),
    )
    db.session.commit() if alive else db.session.rollback()
    return bool(alive)


def _keep(import_id: int, faults: Sequence[RowFault], seq: int) -> int:
    insert(
        "import_fault",
        ("import_id", "seq", "row", "col", "code", "details"),
        [
            (import_id, seq + n, f.row, f.column, f.code, Jsonb(f.details) if f.details else None)
            for n, f in enumerate(faults, start=1)
        ],
    )
    return seq + len(faults)
