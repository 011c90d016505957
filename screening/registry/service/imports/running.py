"""The real run of a file: the rows that are right, from the last mark on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import db, fetch, run
from screening.registry.readers.register import Entry
from screening.registry.readers.row_faults import DuplicateRow, SameDocument
from screening.registry.service.imports.held import DONE, RUNNING, Import, get_import
from screening.registry.service.imports.reading import chunks, open_source
from screening.registry.service.loading import CameMeanwhile, Loaded, Loader

TRIES = 5  # of one chunk, when somebody else writes the same persons


def load(import_id: int, *, at: datetime) -> None:
    """The real run: rows without faults, from the mark of the last committed chunk on."""
    held = get_import(import_id)
    if held.state != RUNNING:
        return
    source = open_source(held, at=at)
    loader = Loader(source.sealed_by, on=at.date(), by=held.made_by)
    twice = {
        r for (r,) in fetch(
            "SELECT row FROM import_fault WHERE import_id = %s AND code = ANY(%s)",
            (import_id, [DuplicateRow.code, SameDocument.code]),
        )
    }  # fmt: skip
    sums = Loaded(*(held.report.get(k, 0) for k in Loaded._fields))
    for chunk in chunks(source.table.rows):
        last = chunk[-1][0]
        if last <= held.mark:
            continue
        entries = [
            e for number, cells in chunk
            if number not in twice and isinstance(e := source.reader.read(number, cells), Entry)
        ]  # fmt: skip
        sums = sums.plus(_load_chunk(loader, entries, at))
        if not _settle(import_id, held, last, sums):
            return
    run(
        "UPDATE import_run SET state = %s, done = total, ended_at = %s "
        "WHERE import_id = %s AND state = %s",
        (DONE, at, import_id, RUNNING),
    )
    note("import_done", "import", import_id, detail=sums._asdict(), staff_id=held.made_by)
    db.session.commit()


def _load_chunk(loader: Loader, entries: Sequence[Entry], at: datetime) -> Loaded:
    for left in range(TRIES, 0, -1):
        try:
            return loader.load(entries, at=at)
        except CameMeanwhile:
            db.session.rollback()
            loader.forget()
            if left == 1:
                raise
    raise AssertionError("unreachable")


def _settle(import_id: int, held: Import, mark: int, sums: Loaded) -> bool:
    """Commit a chunk with its resume mark; False when the import was cancelled meanwhile."""
    report = {**held.report, **sums._asdict()}
    if not run(
        "UPDATE import_run SET done = %s, mark = %s, report = %s "
        "WHERE import_id = %s AND state = %s AND mark < %s",
        (mark - 1, mark, Jsonb(report), import_id, RUNNING, mark),
    ):
        db.session.rollback()
        return False
    db.session.commit()
    return True
