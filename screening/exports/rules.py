"""Pure rules of exported files: cells no spreadsheet takes for a formula, limits, states."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any, NamedTuple

from screening.errors import Problem

RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
EXACT = 10**15  # spreadsheets keep fifteen digits of a number


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet will take for a formula; wide signs count, Excel folds them."""
    if isinstance(value, str) and (value.startswith(RISKY) or _seen(value).startswith(RISKY)):
        return "'" + value
    return value


def _seen(text: str) -> str:
    """What is left when spaces and marks that nobody sees are taken from the front: programs that
    open a sheet take them away too."""
    for at, c in enumerate(text):
        if unicodedata.category(c)[0] not in "ZC":
            return text[at:]
    return ""


def csv_line(values: Iterable[Any]) -> str:
    out = StringIO()
    csv.writer(out).writerow([neutral("" if v is None else v) for v in values])
    return out.getvalue()


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


KEPT_HOURS = Limit(24, "house; a file is fetched the same day or made again")
PIECE = Limit(1 << 20, "house; a megabyte: a resumed download repeats no more than that")
SHEET_ROWS = Limit(1_000_000, "an XLSX sheet ends at 1,048,576 rows and drops the rest in silence")
OPEN_FILES = Limit(5, "house; files with open phones and doors that one person may make in a day")
OPEN_ROWS = Limit(20_000, "house; their rows together: four large communities")
RUNNING_MOST = Limit(3, "house; files of one person that are being made at the same time")

TAKEN = "open_file_taken"  # the audit's word for a file with open phones that is made at once

WAITING, RUNNING, DONE = "waiting", "running", "done"
FAILED, CANCELLED, GONE, LIMITED = "failed", "cancelled", "gone", "limited"
LIVE = (WAITING, RUNNING)

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

# why somebody takes a list with open phones and doors; the code goes into the audit
REASONS: dict[str, tuple[str, str]] = {
    "calls": ("电话催检", "reminding by telephone"),
    "visits": ("上门采样", "home visits"),
    "resample": ("单采复核", "re-sampling"),
    "tracing": ("流行病学调查", "contact tracing"),
    "handover": ("移交主管部门", "handed to the authority"),
}


class BadRange(Problem):
    status = 416
    code = "export_range"
    zh = "请求的范围不在文件内，文件共 {size} 字节。"
    en = "The range is not in the file, which has {size} bytes."


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole. One range only: more are the whole.

    Raises BadRange where it begins behind the end."""
    found = re.fullmatch(r"\s*bytes\s*=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", header or "")
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        wanted = min(int(last), size)
        if not wanted:
            raise BadRange(size=size)
        return size - wanted, size - 1
    if int(first) >= size:
        raise BadRange(size=size)
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


def cut(pieces: Iterable[bytes], size: int = PIECE.value) -> Iterator[bytes]:
    """The same bytes in pieces of exactly `size`, the last one less."""
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
