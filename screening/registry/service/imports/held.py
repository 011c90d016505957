"""Files of persons on their way in: kept sealed, in one of six states."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening import jobs
from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.db import fetch, insert, new_id, run
from screening.errors import Conflict, NotFound
from screening.places.readers.tables import open_table
from screening.registry.readers.columns import find_columns
from screening.registry.service.persons import ring

AAD = "import_run.sealed"
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
    step(import_id, CHECKED, RUNNING)
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


def step(import_id: int, before: str, after: str) -> None:
    """From one state to the next. Raises ImportState, NoSuchImport."""
    if not run(
        "UPDATE import_run SET state = %s WHERE import_id = %s AND state = %s",
        (after, import_id, before),
    ):
        get_import(import_id)
        raise ImportState()


def content_of(import_id: int) -> bytes:
    """The file as it was uploaded. Raises ImportGone."""
    rows = fetch("SELECT sealed FROM import_run WHERE import_id = %s", (import_id,))
    if not rows or rows[0][0] is None:
        raise ImportGone()
    return ring().open(bytes(rows[0][0]), AAD)


def forget_files(*, before: datetime) -> int:
    """Files of imports that ended before then are removed; the counts stay."""
    return run(
        "UPDATE import_run SET sealed = NULL WHERE sealed IS NOT NULL "
        "AND coalesce(ended_at, made_at) < %s",
        (before,),
    )
