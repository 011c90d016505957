"""Rows to bytes with flat memory, in three formats; read in one snapshot (a room of its own, since
streams of other slices write their bodies here too)."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import xlsxwriter
from flask import Flask

from screening.db import db
from screening.exports.rules import EXACT, SHEET_ROWS, csv_line, neutral

Rows = Iterable[Sequence[Any]]
CHUNK = 64 * 1024


def csv_bytes(heads: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """With a byte order mark, so that spreadsheets read it as UTF-8."""
    yield b"\xef\xbb\xbf" + csv_line(heads).encode()
    for row in rows:
        yield csv_line(row).encode()


def json_bytes(fields: Sequence[str], rows: Rows) -> Iterator[bytes]:
    for row in rows:
        yield orjson.dumps(dict(zip(fields, row, strict=True))) + b"\n"


def xlsx_bytes(heads: Sequence[str], rows: Rows, folder: Path, mark: str = "") -> Iterator[bytes]:
    """A workbook must be whole before its first byte; it is built on disk, a row at a time. What
    is longer than a sheet goes on in the next one, with its heads."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "list.xlsx"
        _fill(path, place, heads, rows, mark)
        with path.open("rb") as f:
            while piece := f.read(CHUNK):
                yield piece


def _fill(path: Path, place: str, heads: Sequence[str], rows: Rows, mark: str) -> None:
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "tmpdir": place,
    }  # fmt: skip
    with xlsxwriter.Workbook(os.fspath(path), options) as book:
        sheet, at = _sheet(book, heads, mark), 0
        for row in rows:
            if at >= SHEET_ROWS.value:
                sheet, at = _sheet(book, heads, mark), 0
            at += 1
            _line(sheet, at, row)


def _sheet(book: Any, heads: Sequence[str], mark: str) -> Any:
    sheet = book.add_worksheet()
    if mark:
        sheet.set_header(f"&C{mark}")
        sheet.set_footer(f"&C{mark}&R&P / &N")
    _line(sheet, 0, heads)
    return sheet


def _line(sheet: Any, at: int, row: Sequence[Any]) -> None:
    for column, value in enumerate(row):
        number = isinstance(value, int) and not isinstance(value, bool)
        if number and abs(value) < EXACT:
            sheet.write_number(at, column, value)
        elif value is not None:
            sheet.write_string(at, column, str(neutral(value)))


def write(
    form: str, fields: Sequence[str], heads: Sequence[str], rows: Rows, folder: Path, mark: str = ""
) -> Iterator[bytes]:
    """Rows in one of rules.FORMATS."""
    if form == "csv":
        return csv_bytes(heads, rows)
    if form == "xlsx":
        return xlsx_bytes(heads, rows, folder, mark)
    return json_bytes(fields, rows)


class Snapshot:
    """An iterator that reads in one snapshot of its own, whoever pulls it and from wherever.

    The generator runs in a context of its own, so that its application context, and with it its
    session and connection, live as long as the body does and touch nothing of the request."""

    def __init__(self, app: Flask, lines: Callable[[], Iterator[bytes]]) -> None:
        self._context = contextvars.Context()
        self._body = self._context.run(self._open, app, lines)

    def _open(self, app: Flask, lines: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        with app.app_context():
            db.session.connection(
                execution_options={
                    "isolation_level": "REPEATABLE READ", "postgresql_readonly": True,
                }
            )  # fmt: skip
            yield from lines()

    def __iter__(self) -> Snapshot:
        return self

    def __next__(self) -> bytes:
        return self._context.run(next, self._body)

    def close(self) -> None:
        self._context.run(self._body.close)  # type: ignore[attr-defined]
