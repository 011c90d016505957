"""The missed list as a file: read in one snapshot, community by community, memory flat.

The audit row is written and committed before the first line leaves; then the body reads on its own
read-only REPEATABLE READ connection until it ends."""

from __future__ import annotations

import contextvars
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import orjson
import xlsxwriter
from flask import Flask

from screening.coverage.missed_rules import WHYS, Wanted
from screening.db import db
from screening.i18n import dt
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry import seals
from screening.reminders import rules
from screening.reminders.queries import Opened, communities_of, open_these, pick_missed

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FIELDS = (
    "community", "building", "unit", "room", "name", "phone", "state", "why", "due_at", "until",
    "person",
)  # fmt: skip
HEADINGS = {
    "zh": ("社区", "楼栋", "单元", "房号", "姓名", "电话", "状态", "重采原因", "重采时限", "约定到",
           "编号"),
    "en": ("community", "building", "unit", "room", "name", "phone", "state", "why again",
           "new swab due", "until", "id"),
}  # fmt: skip
ROWS_A_SHEET = 1_000_000  # a sheet ends at 1,048,576 rows and drops the rest in silence
PIECE = 64 * 1024


class Order(NamedTuple):
    """What is exported. `full(community path)`: whether phones and rooms are shown as they are."""

    node: Node
    round_id: int
    wanted: Wanted
    full: Callable[[str], bool]
    lang: str
    at: datetime


def rows_of(order: Order) -> Iterator[Sequence[Any]]:
    """One row of FIELDS a person; only one community is held at a time."""
    words = {s: (w.en if order.lang == "en" else w.zh) for s, w in rules.STATES.items()}
    for community in communities_of(order.node):
        full = order.full(community.path)
        found = pick_missed(community, order.round_id, order.wanted, at=order.at, within=order.node)
        for p in open_these(community, order.round_id, found, at=order.at):
            yield row_of(p, community, full, words, order.lang)


def row_of(
    p: Opened, community: Node, full: bool, words: dict[rules.State, str], lang: str
) -> Sequence[Any]:
    d = p.details
    building = places.find_area(p.missed.building_id) if p.missed.building_id else None
    return (
        community.name,
        building.name if building else "",
        (d.unit or "") if full else "",
        (d.room or "") if full else "",
        rules.mask_name(d.name),
        (d.phone or "") if full else seals.mask_phone(d.phone),
        words[rules.State(p.missed.state)],
        getattr(WHYS[p.again.why], lang) if p.again else "",
        dt(p.again.due_at) if p.again else "",
        dt(p.until) if p.until else "",
        f"{p.cell_id}-{p.person_id}",
    )


def csv_lines(order: Order) -> Iterator[bytes]:
    """With a byte order mark, so that spreadsheets read it as UTF-8."""
    yield b"\xef\xbb\xbf" + rules.csv_line(HEADINGS[order.lang]).encode()
    for row in rows_of(order):
        yield rules.csv_line(row).encode()


def json_lines(order: Order) -> Iterator[bytes]:
    for row in rows_of(order):
        yield orjson.dumps(dict(zip(FIELDS, row, strict=True))) + b"\n"


def workbook(order: Order, folder: Path) -> Iterator[bytes]:
    """A workbook must be whole before its first byte; it is built on disk, a row at a time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "missed.xlsx"
        _fill(path, place, order)
        with path.open("rb") as f:
            while piece := f.read(PIECE):
                yield piece


def _fill(path: Path, place: str, order: Order) -> None:
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "tmpdir": place,
    }  # fmt: skip
    with xlsxwriter.Workbook(os.fspath(path), options) as book:
        sheet, at = None, ROWS_A_SHEET
        for row in rows_of(order):
            if at >= ROWS_A_SHEET:
                sheet, at = book.add_worksheet(), 0
                _write(sheet, 0, HEADINGS[order.lang])
            at += 1
            _write(sheet, at, row)
        if sheet is None:
            _write(book.add_worksheet(), 0, HEADINGS[order.lang])


def _write(sheet: Any, at: int, row: Sequence[Any]) -> None:
    for column, value in enumerate(row):
        sheet.write_string(at, column, str(rules.neutral(value)))


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


def stream(app: Flask, order: Order, form: str, folder: Path) -> Snapshot:
    """The body of a response in one of FORMATS."""
    if form == "csv":
        return Snapshot(app, lambda: csv_lines(order))
    if form == "xlsx":
        return Snapshot(app, lambda: workbook(order, folder))
    return Snapshot(app, lambda: json_lines(order))
