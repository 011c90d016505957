"""What goes back to the importer: faults, and the rows to correct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from screening.accounts.audit import note
from screening.db import fetch
from screening.errors import BY_CODE
from screening.places.readers.tables import open_table
from screening.registry.readers.columns import FAULT_COLUMN
from screening.registry.service.imports.held import content_of


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
