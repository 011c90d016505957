"""A list of staff as CSV (UTF-8, GBK) or XLSX, read into rows of text; nothing is judged here."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from screening.accounts import rules
from screening.errors import Fault, Faults, Problem

# a column by any of its headings
HEADINGS = {
    "name": ("姓名", "name"),
    "phone": ("电话", "手机", "手机号", "联系电话", "phone"),
    "role": ("角色", "岗位", "role"),
    "place": ("采样点", "地点", "检测机构", "site", "place", "lab"),
    "until": ("截止", "截止时间", "有效期至", "until"),
}
WORDS = {"name": "姓名", "phone": "电话", "role": "角色", "place": "采样点", "until": "截止"}
MAX_BYTES = 2 * 1024 * 1024


class ListProblem(Problem):
    status = 422


class NotAList(ListProblem):
    code = "not_a_list"
    zh = "读不出这个文件：请用 CSV（UTF-8 或 GBK）或完整的 XLSX。"
    en = "This file cannot be read: use CSV (UTF-8 or GBK) or a complete XLSX."


class NoColumn(ListProblem):
    code = "no_column"
    zh = "缺少“{column}”这一列。"
    en = "The column “{column}” is missing."


class UnknownColumn(ListProblem):
    code = "unknown_column"
    zh = "不认识“{column}”这一列。"
    en = "The column “{column}” is not known."


class LongList(ListProblem):
    code = "long_list"
    zh = "一次最多 {most} 行，请分成几份。"
    en = "At most {most} rows at a time; split the list."


class Row(NamedTuple):
    """One line as it stands; `number` is its row in the file (the heading is row 1)."""

    number: int
    name: str
    phone: str
    role: str
    place: str
    until: str


def read_list(data: bytes) -> list[Row]:
    """The rows of a CSV or XLSX file. Raises NotAList, LongList, or Faults of its columns."""
    table = _xlsx(data) if data[:2] == b"PK" else _csv(data)
    table = [(n, row) for n, row in table if any(row)]
    if not table:
        raise NotAList()
    if len(table) - 1 > rules.LIST_ROWS.value:
        raise LongList(most=rules.LIST_ROWS.value)
    at = _columns(table[0][1])
    return [Row(n, *(_cell(row, at[f]) for f in Row._fields[1:])) for n, row in table[1:]]


def _cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""


def _csv(data: bytes) -> list[tuple[int, list[str]]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        try:
            lines = csv.reader(io.StringIO(text, newline=""))
            return [(n, [c.strip() for c in row]) for n, row in enumerate(lines, 1)]
        except csv.Error:
            break
    raise NotAList()


def _xlsx(data: bytes) -> list[tuple[int, list[str]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python()
    except (CalamineError, ValueError, IndexError, OSError):
        raise NotAList() from None
    return [(n, [_text(c) for c in row]) for n, row in enumerate(rows, 1)]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))  # a phone number that a spreadsheet took for a quantity
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return str(cell).strip()


def _columns(heading: Sequence[str]) -> dict[str, int]:
    at: dict[str, int] = {}
    faults = []
    for i, word in enumerate(heading):
        low = word.lower()
        field = next((f for f, words in HEADINGS.items() if low in words), None)
        if field:
            at[field] = i
        elif word:
            faults.append(Fault(UnknownColumn(column=word[:20]), row=1, column=word[:20]))
    missing = [f for f in HEADINGS if f not in at]
    faults += [Fault(NoColumn(column=WORDS[f]), row=1, column=WORDS[f]) for f in missing]
    if faults:
        raise Faults(faults)
    return at
