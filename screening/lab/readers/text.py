"""Bytes to rows of cells: encodings, line ends and delimiters of the world's export buttons."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from itertools import takewhile

from screening.lab.readers.columns import well_name
from screening.lab.readers.refusals import CutOff, NotARunFile, TooBig

MAX_ROWS = 200_000  # a 384 plate with four targets and its curves stays below
MAX_GUESSED = 2 * 2**20  # bytes; a larger table is only read in the encodings of its makers
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ASIAN = ("cp932", "cp949", "big5", "gb18030")  # Japan, Korea, Taiwan; read when a header is one
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def decode(data: bytes) -> str:
    """The text of `data`, line ends made one. Raises NotARunFile when it is not text."""
    return next(_texts(data))


def decoded_rows(
    data: bytes, is_header: Callable[[list[str]], bool]
) -> tuple[str, list[list[str]]]:
    """(text, rows) in the encoding under which a header line is a header; no rows if there is none.

    Raises NotARunFile, TooBig, CutOff."""
    texts = _texts(data)
    first = next(texts)
    if rows := rows_of(first, is_header):
        return first, rows
    if not data.isascii() and len(data) <= MAX_GUESSED:
        for text in texts:
            if rows := rows_of(text, is_header):
                return text, rows
    return first, []


def _texts(data: bytes) -> Iterator[str]:
    """What `data` says in every encoding that it may have, the likeliest first."""
    is_text = False
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            continue
        is_text = True
        # a program that ends its lines twice over leaves \r\r\n
        yield text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if not is_text:
        raise NotARunFile


def _encodings(data: bytes) -> list[str]:
    if marked := next((name for bom, name in _BOMS if data.startswith(bom)), None):
        return [marked]
    if b"\0" in data:
        return [_unmarked(data)]
    return ["utf-8", _chinese_or_western(data), "cp1252", *_ASIAN, "cp1251", "latin-1"]


def _unmarked(data: bytes) -> str:
    """UTF-16 without a mark: the zeros of its ASCII stand at every second byte."""
    return "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"


def _chinese_or_western(data: bytes) -> str:
    """GB 18030 reads nearly anything, so a western '°C' would turn into a rare character.

    Common Chinese characters are two high bytes; a western letter is one between ASCII.
    """
    pairs = len(re.findall(rb"[\xa1-\xfe][\xa1-\xfe]", data))
    alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", data))
    return "gb18030" if pairs > alone else "cp1252"


def rows_of(text: str, is_header: Callable[[list[str]], bool]) -> list[list[str]]:
    """Rows of cells, split by the delimiter under which a header line is a header.

    Empty when no line is one. Raises TooBig, CutOff.
    """
    lines = text.split("\n")
    if len(lines) > MAX_ROWS:
        raise TooBig(limit=f"{MAX_ROWS:,} rows")
    for line in lines:
        if fitting := [d for d in "\t;,|" if d in line and is_header(_cells(line, d))]:
            delimiter = max(fitting, key=line.count)
            return _table(text, lines, delimiter)
    return _over_lines(text, is_header)


def _over_lines(text: str, is_header: Callable[[list[str]], bool]) -> list[list[str]]:
    """Rows of a table in whose header a quoted name goes over two lines."""
    if '"' not in text:
        return []
    for delimiter in ",;\t":
        try:
            rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
        except csv.Error:
            continue
        if any(is_header(row) for row in rows if any("\n" in cell for cell in row)):
            return _flush(rows)
    return []


def plain_rows(text: str) -> list[list[str]]:
    """Rows split by whatever delimiter is commonest; for looking at a file that is not a table."""
    lines = text.split("\n")[:2000]
    delimiter = max("\t;,", key=lambda d: sum(line.count(d) for line in lines))
    return [_cells(line, delimiter) for line in lines]


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _table(text: str, lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error as why:
        raise CutOff from why
    swallowed = [cell for row in rows for cell in row if "\n" in cell]
    if swallowed and delimiter == "\t":
        # a lone quote at the start of a sample name opens a cell that never ends
        rows = [[c.strip('"') for c in line.split(delimiter)] for line in lines]
    elif any(line.count(delimiter) > 1 for cell in swallowed for line in cell.split("\n")):
        raise CutOff  # between commas the quotes cannot be guessed without risking a wrong Ct
    if not text.endswith("\n"):
        _check_whole(rows)
    return _flush(rows)


def _flush(rows: list[list[str]]) -> list[list[str]]:
    """Without the columns on the left in which nothing stands."""
    filled = (i for row in rows for i, c in enumerate(row) if c.strip())
    first = min(filled, default=0)
    return [row[first:] for row in rows] if first else rows


def _check_whole(rows: list[list[str]]) -> None:
    """A well's line without its end that is also shorter than all before it was cut; the well may be
    a number."""
    filled = [row for row in rows[-60:] if any(row)]
    if not filled or not _of_a_well(filled[-1]):
        return
    peers = [len(row) for row in takewhile(_of_a_well, filled[-2:-7:-1])]
    if peers and len(filled[-1]) < min(peers):
        raise CutOff


def _of_a_well(row: list[str]) -> bool:
    return any(well_name(cell) or cell.strip().isdecimal() for cell in row[:3])
