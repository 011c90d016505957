"""A CSV or XLSX file as rows of text, whatever program wrote it; a cut file is refused."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from screening.errors import Problem
from screening.places.readers import apart

csv.field_size_limit(64 * 1024)
MOST_UNPACKED = 1 << 30  # bytes: an XLSX that unpacks to more is an attack, not a list
ROW_LIMITS = (65_536, 1_048_576)  # where XLS and XLSX end: a full sheet may have lost its rest
ENCODINGS = ("utf-8", "gb18030")  # GB 18030 reads every GBK and GB 2312 file


class BadTable(Problem):
    status = 422
    code = "bad_table"
    zh = "读不懂这个文件，请另存为 CSV 或 XLSX 后再传。"
    en = "This file cannot be read; save it as CSV or XLSX and send it again."


class CutTable(BadTable):
    code = "cut_table"
    zh = "文件不完整，可能没有传完，请重新上传。"
    en = "The file is not complete, perhaps cut while it was sent; upload it again."


class BadEncoding(BadTable):
    code = "bad_encoding"
    zh = "第 {row} 行有不能识别的字符；请用 UTF-8 或 GBK 编码保存。"
    en = "Row {row} holds bytes of an unknown encoding; save the file as UTF-8 or GBK."


class EmptyTable(BadTable):
    code = "empty_table"
    zh = "文件里没有数据行。"
    en = "The file holds no rows."


class BrokenRow(BadTable):
    code = "broken_row"
    zh = "第 {row} 行的引号不成对或单元格过长，从这里起无法读取。"
    en = "Row {row} has an open quotation mark or an endless cell; nothing after it can be read."


class Table(NamedTuple):
    """`header` as written; `rows` yields lists of text, once. `total` rows without the header,
    `full` when the sheet is exactly as long as its format allows."""

    header: list[str]
    rows: Iterator[list[str]]
    total: int
    full: bool


def open_table(content: bytes) -> Table:
    """Read a table. Raises BadTable (EmptyTable, CutTable, BadEncoding); BrokenRow while reading."""
    if content[:4] == b"PK\x03\x04":
        return _sheet(content, zipped=True)
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return _sheet(content, zipped=False)
    if content[:5] == b"%PDF-":
        raise BadTable()
    return _csv(content)


# --- CSV ------------------------------------------------------------------------------------


def _csv(content: bytes) -> Table:
    text = decode(content)
    if "\0" in text:
        raise BadTable()
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _strict(reader)
    header = next(rows, None)
    total = sum(1 for line in io.StringIO(text) if line.strip()) - 1
    if header is None or total < 1:
        raise EmptyTable()
    return Table(_trim(header), rows, total, total + 1 in ROW_LIMITS)


def _strict(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Rows that hold something, with the reader's own complaints in our words."""
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise BrokenRow(row=number) from fault
        yield row


def decode(content: bytes) -> str:
    """The text of a file; byte order marks first, then UTF-8, then GB 18030."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decode(content, "utf-16")
    if content[:3] == b"\xef\xbb\xbf":
        return _decode(content, "utf-8-sig")
    for encoding in ENCODINGS[:-1]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return _decode(content, ENCODINGS[-1])


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as fault:
        raise BadEncoding(row=content.count(b"\n", 0, fault.start) + 1) from fault


# --- sheets ---------------------------------------------------------------------------------


def _sheet(content: bytes, *, zipped: bool) -> Table:
    if zipped:
        _check_zip(content)
    try:
        lines = apart.rows_of(content)
    except apart.Unread as fault:
        raise CutTable() from fault
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) < 2:
        raise EmptyTable()
    width = max(map(len, lines))
    rows = (line + [""] * (width - len(line)) for line in lines[1:])
    full = len(lines) in ROW_LIMITS
    return Table(_trim(lines[0]), rows, len(lines) - 1, full)


def _check_zip(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise BadTable()
    except zipfile.BadZipFile as fault:
        raise CutTable() from fault


def _trim(header: Sequence[str]) -> list[str]:
    names = [h.strip().strip("\ufeff") for h in header]
    while names and not names[-1]:
        names.pop()
    return names


# --- out ------------------------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tame(cell: str) -> str:
    """A cell that no spreadsheet program takes for a formula."""
    return "'" + cell if cell.startswith(_FORMULA) else cell


def untame(cell: str) -> str:
    """The cell as it was before `tame`, so that a corrected file comes back the same."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def write_csv(header: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[bytes]:
    """UTF-8 with a mark (so that spreadsheets read Chinese), in pieces of some hundred rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([tame(h) for h in header])
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows, start=1):
        writer.writerow([tame(c) for c in row])
        if number % 500 == 0:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()
