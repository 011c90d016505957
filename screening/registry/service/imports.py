"""Files of persons on their way in: kept sealed, checked whole, loaded chunk by chunk."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening import jobs
from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.crypto import KeyRing
from screening.db import db, fetch, insert, new_id, run
from screening.errors import BY_CODE, Conflict, NotFound
from screening.places import queries as places
from screening.places.readers.tables import BrokenRow, Table, open_table
from screening.registry.readers.columns import COLUMNS, FAULT_COLUMN, find_columns
from screening.registry.readers.duplicates import Seen
from screening.registry.readers.register import (
    DuplicateRow,
    Entry,
    RegisterReader,
    RowFault,
    SameDocument,
)
from screening.registry.service.loading import CameMeanwhile, Loaded, Loader, identity
from screening.registry.service.persons import ring

AAD = "import_run.sealed"
CHUNK = 5000
TRIES = 5  # of one chunk, when somebody else writes the same persons

CHECKING, CHECKED, RUNNING, DONE, FAILED, CANCELLED = (
    "checking", "checked", "running", "done", "failed", "cancelled",
)  # fmt: skip
ENDED = (DONE, FAILED, CANCELLED)


class NoSuchImport(NotFound):
    code = "no_such_import"
    zh = "没有这次导入。"
    en = "There is no such import."


class ImportState(Conflict):
    code = "import_state"
    zh = "这次导入已经不在这一步了。"
    en = "The import is no longer at that step."


class ImportGone(Conflict):
    code = "import_file_gone"
    zh = "文件已按期删除，请重新上传。"
    en = "The file has been removed on schedule; upload it again."


class SheetFull(Conflict):
    code = "sheet_full"
    zh = "文件正好写满 {rows} 行，超出的行可能已丢失；请核对总数后勾选确认。"
    en = "The file is exactly {rows} rows long, the rest may be lost; compare the total, confirm."


class Import(NamedTuple):
    """One import as screens and programs see it."""

    import_id: int
    state: str
    area_id: int | None
    total: int
    done: int
    faults: int
    mark: int
    report: dict[str, Any]
    made_by: int
    made_at: datetime
    ended_at: datetime | None


_COLUMNS = (
    "import_id, state, area_id, total, done, faults, mark, report, made_by, made_at, ended_at"
)


def upload(
    content: bytes, area_id: int | None, *, by: Actor, at: datetime, queued: bool = True
) -> int:
    """Keep a file sealed and queue its check; the import's id. `area_id` None: the whole city.
    Not `queued`: the caller runs `check` and `load` itself.

    Raises BadTable (unreadable, cut, wrong encoding) and Faults (columns) at once."""
    table = open_table(content)
    find_columns(table.header)
    import_id = new_id()
    insert(
        "import_run",
        ("import_id", "kind", "state", "dry_run", "sealed", "file_hash", "area_id", "total",
         "done", "faults", "mark", "report", "made_by", "made_at"),
        [(import_id, "persons", CHECKING, True, ring().seal(content, AAD),
          hashlib.sha256(content).digest(), area_id, table.total, 0, 0, 0,
          Jsonb({"sheet_full": table.full}), by.staff_id, at)],
    )  # fmt: skip
    note("import_uploaded", "import", import_id, detail={"area": area_id, "rows": table.total})
    if queued:
        jobs.enqueue("import_check", import_id=import_id)
    return import_id


def get_import(import_id: int) -> Import:
    """Raises NoSuchImport."""
    rows = fetch(f"SELECT {_COLUMNS} FROM import_run WHERE import_id = %s", (import_id,))
    if not rows:
        raise NoSuchImport()
    return Import._make(rows[0])


def start(import_id: int, *, rows_confirmed: bool = False, queued: bool = True) -> None:
    """checked → running: load the rows that are right. Raises ImportState, SheetFull."""
    held = get_import(import_id)
    if held.report.get("sheet_full") and not rows_confirmed:
        raise SheetFull(rows=held.total + 1)
    _step(import_id, CHECKED, RUNNING)
    run("UPDATE import_run SET done = 0, dry_run = false WHERE import_id = %s", (import_id,))
    note("import_started", "import", import_id)
    if queued:
        jobs.enqueue("import_load", import_id=import_id)


def cancel(import_id: int, *, at: datetime) -> None:
    """Stops after the chunk at hand; what is loaded stays, and may be loaded again."""
    if not run(
        "UPDATE import_run SET state = %s, ended_at = %s, sealed = NULL "
        "WHERE import_id = %s AND state = ANY(%s)",
        (CANCELLED, at, import_id, [CHECKING, CHECKED, RUNNING]),
    ):
        get_import(import_id)
        raise ImportState()
    note("import_cancelled", "import", import_id)


def _step(import_id: int, before: str, after: str) -> None:
    if not run(
        "UPDATE import_run SET state = %s WHERE import_id = %s AND state = %s",
        (after, import_id, before),
    ):
        get_import(import_id)
        raise ImportState()


# --- reading the file -----------------------------------------------------------------------


class _Source(NamedTuple):
    table: Table
    reader: RegisterReader
    sealed_by: KeyRing


def _open(held: Import, *, at: datetime) -> _Source:
    table = open_table(content_of(held.import_id))
    scope = places.area_path(held.area_id) if held.area_id else "/"
    tree = places.TREE.get().by_code
    reader = RegisterReader(find_columns(table.header), len(table.header), tree, scope, at.date())
    return _Source(table, reader, ring())


def content_of(import_id: int) -> bytes:
    """The file as it was uploaded. Raises ImportGone."""
    rows = fetch("SELECT sealed FROM import_run WHERE import_id = %s", (import_id,))
    if not rows or rows[0][0] is None:
        raise ImportGone()
    return ring().open(bytes(rows[0][0]), AAD)


def _chunks(rows: Iterable[list[str]]) -> Iterator[list[tuple[int, list[str]]]]:
    numbered = enumerate(rows, start=2)
    while chunk := list(itertools.islice(numbered, CHUNK)):
        yield chunk


# --- the two jobs ---------------------------------------------------------------------------


def check(import_id: int, *, at: datetime) -> None:
    """The dry run: counts, and every fault of every row. Commits chunk by chunk; started again,
    it begins anew. Nothing but the report is written."""
    held = get_import(import_id)
    if held.state != CHECKING:
        return
    run("DELETE FROM import_fault WHERE import_id = %s", (import_id,))
    source, seen, good, bad, seq = _open(held, at=at), Seen(), 0, 0, 0
    broken: list[RowFault] = []
    for chunk in _chunks(_until_broken(source.table.rows, broken)):
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


def load(import_id: int, *, at: datetime) -> None:
    """The real run: rows without faults, from the mark of the last committed chunk on."""
    held = get_import(import_id)
    if held.state != RUNNING:
        return
    source = _open(held, at=at)
    loader = Loader(source.sealed_by, on=at.date(), by=held.made_by)
    twice = {
        r for (r,) in fetch(
            "SELECT row FROM import_fault WHERE import_id = %s AND code = ANY(%s)",
            (import_id, [DuplicateRow.code, SameDocument.code]),
        )
    }  # fmt: skip
    sums = Loaded(*(held.report.get(k, 0) for k in Loaded._fields))
    for chunk in _chunks(source.table.rows):
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


# --- what goes back to the importer -----------------------------------------------------------


def list_faults(import_id: int, after: int = 0, limit: int = 200) -> list[tuple]:
    """(seq, row, column, code, details) in file order, paged by sequence."""
    return fetch(
        "SELECT seq, row, col, code, details FROM import_fault "
        "WHERE import_id = %s AND seq > %s ORDER BY seq LIMIT %s",
        (import_id, after, limit),
    )


def sentence(code: str, details: dict[str, Any] | None, lang: str) -> str:
    """A stored fault in words."""
    return BY_CODE[code](**(details or {})).sentence(lang)


def faulty_rows(import_id: int, lang: str) -> tuple[list[str], Iterator[list[str]]]:
    """Header and rows of the file to correct: the original cells and one column of faults.
    It holds people, so whoever takes it leaves a line in the audit."""
    note("import_rows_read", "import", import_id)
    table = open_table(content_of(import_id))
    told: dict[int, list[str]] = {}
    for row, column, code, details in fetch(
        "SELECT row, col, code, details FROM import_fault WHERE import_id = %s ORDER BY seq",
        (import_id,),
    ):
        where = f"{column}: " if column else ""
        told.setdefault(row, []).append(where + sentence(code, details, lang))
    width = len(table.header)
    rows = (
        [*(cells + [""] * width)[:width], "; ".join(told[number])]
        for number, cells in enumerate(table.rows, start=2)
        if number in told
    )
    return [*table.header, FAULT_COLUMN], rows


def forget_files(*, before: datetime) -> int:
    """Files of imports that ended before then are removed; the counts stay."""
    return run(
        "UPDATE import_run SET sealed = NULL WHERE sealed IS NOT NULL "
        "AND coalesce(ended_at, made_at) < %s",
        (before,),
    )
