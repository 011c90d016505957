"""A bulletin as a workbook: a sheet of sentences, then a sheet for each table, numbers as numbers."""

from __future__ import annotations

import re
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from screening.bulletins.paper import Paper, Table, lang, shown
from screening.bulletins.shape import TOTAL
from screening.exports.rules import neutral
from screening.i18n import _, local

_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\：]")


def write(paper: Paper) -> bytes:
    """Text cells are written as text; no cell is a formula."""
    out = BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False, "remove_timezone": True,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        at = local(paper.cut_off).replace(tzinfo=None)
        book.set_properties({"title": paper.title, "created": at, "comments": paper.foot})
        looks = {
            "big": book.add_format({"bold": True, "font_size": 16}),
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
            "text": book.add_format({"text_wrap": True, "valign": "top"}),
            "num": book.add_format({"num_format": "#,##0"}),
            "rate": book.add_format({"num_format": "0.0%"}),
            "dt": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "sum": book.add_format({"num_format": "#,##0", "bold": True, "top": 1}),
        }
        _front(book, paper, looks)
        used: set[str] = set()
        for table in paper.tables:
            _sheet(book.add_worksheet(_name(table.title, used)), table, looks, paper.foot)
    return out.getvalue()


def _name(title: str, used: set[str]) -> str:
    name = _NOT_IN_A_NAME.sub(" ", title)[:31].strip()
    while name.lower() in used:
        name = name[:28] + f" {len(used)}"
    used.add(name.lower())
    return name


def _front(book: Any, paper: Paper, looks: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_("摘要"))
    sheet.set_column(0, 0, 100)
    lines = [(paper.title, "big"), (paper.head, "text"), *((s, "text") for s in paper.sentences)]
    for head, text, changes in paper.addenda:
        lines += [(head, "head"), (text, "text")]
        for row in changes.rows if changes else ():
            lines.append(
                (_("%(what)s：%(then)s → %(now)s", what=row[0], then=row[1], now=row[2]), "text")
            )
    for at, (text, look) in enumerate([*lines, (paper.foot, "text")]):
        sheet.write_string(at, 0, str(neutral(text)), looks[look])
    sheet.set_footer(f"&L{paper.foot}&R&P / &N")


def _sheet(sheet: Any, table: Table, looks: dict[str, Any], foot: str) -> None:
    """A rate takes three columns: the share and both its numbers."""
    column = 0
    spread: list[int] = []
    for head, kind in zip(table.heads, table.kinds, strict=True):
        spread.append(column)
        heads = [head, _("%(what)s：分子", what=head), _("%(what)s：分母", what=head)]
        for text in heads if kind == "rate" else heads[:1]:
            sheet.write_string(0, column, str(neutral(text)), looks["head"])
            column += 1
    for at, row in enumerate(table.rows, 1):
        for place, kind, value in zip(spread, table.kinds, row, strict=True):
            _cell(sheet, at, place, kind, value, row, looks)
    if table.total:
        at = len(table.rows) + 1
        for place, kind, value in zip(spread, table.kinds, table.total, strict=True):
            _cell(sheet, at, place, kind, value, [], looks, last="sum")
        if table.total[0] is None:
            sheet.write_string(at, 0, TOTAL[lang()], looks["sum"])
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, max(column - 1, 0), 13)
    sheet.set_footer(f"&L{foot}&R&P / &N")
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _cell(
    sheet: Any, at: int, place: int, kind: str, value: Any, row: list[Any], looks: dict[str, Any],
    last: str = "",
) -> None:  # fmt: skip
    if value is None or value == "":
        return
    if kind == "rate":
        if value[1]:
            sheet.write_number(at, place, value[0] / value[1], looks["rate"])
        sheet.write_number(at, place + 1, value[0], looks[last or "num"])
        sheet.write_number(at, place + 2, value[1], looks[last or "num"])
    elif kind in ("num", "age") and isinstance(value, int):
        sheet.write_number(at, place, value, looks[last or "num"])
    elif kind == "dt":
        moment = local(datetime.fromisoformat(value)).replace(tzinfo=None)
        sheet.write_datetime(at, place, moment, looks["dt"])
    else:
        sheet.write_string(at, place, str(neutral(shown(kind, value, row))), looks["text"])
