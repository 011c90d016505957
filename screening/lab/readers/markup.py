"""Tables that are marked-up text: HTML saved as .xls, Excel's XML of 2003, Bio-Rad's XML data sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree import ElementTree

from screening.lab.readers import rdml, text
from screening.lab.readers.refusals import (
    CutOff,
    NotARunFile,
    PlateViewWithoutNames,
    TooBig,
    Unsafe,
)

HEAD = 4096  # bytes in which a document says what it is
MOST_CELLS = 500_000  # results of a 384 plate in six channels have 100,000
WIDEST = 400  # columns
_HTML = re.compile(
    rb"<(!doctype\s+html|html|head|body|table|tr|div|meta|style)[\s>]", re.IGNORECASE
)
_XML = re.compile(rb"<(\?xml|[A-Za-z_][\w.:-]*[\s>/])")
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how XML names a column that starts with a digit
EXCEL = "{urn:schemas-microsoft-com:office:spreadsheet}"

Sheets = dict[str, list[list[str]]]


def find(data: bytes) -> Sheets | None:
    """The tables of a marked-up file; None for anything else.

    Raises Unsafe for XML with entities of its own, CutOff for broken XML, TooBig."""
    head = data[:HEAD].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    if not head.startswith(b"<"):
        return None
    if _HTML.search(head) and b"office:spreadsheet" not in head:
        return _of_html(data)
    return _of_xml(data) if _XML.match(head) else None


# --- HTML -----------------------------------------------------------------------------------------


def _of_html(data: bytes) -> Sheets:
    reader = _Tables()
    reader.feed(_html_text(data))
    reader.close()
    return {f"table {n}": rows for n, rows in enumerate(reader.tables, 1) if rows}


def _html_text(data: bytes) -> str:
    named = _CHARSET.search(data[:HEAD])
    if named and b"\0" not in data[:HEAD]:
        try:
            return data.decode(named[1].decode())
        except (LookupError, UnicodeDecodeError):
            pass
    return text.decode(data)


class _Tables(HTMLParser):
    """Rows of every table; a table within a table stands for itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._open: list[list[list[str]]] = []
        # column → (rows to come, text): a cell over several rows is each row's
        self._below: dict[int, tuple[int, str]] = {}
        self._due: dict[int, tuple[int, str]] = {}
        self._cell: list[str] | None = None
        self._across, self._down = 1, 1
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_cell()
            self._below, self._due = {}, {}
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr":
            self._end_cell()
            self._rows().append([])
            self._due = self._below
            self._below = {i: (n - 1, said) for i, (n, said) in self._due.items() if n > 1}
            self._fill()
        elif tag in ("td", "th"):
            self._end_cell()
            spans = dict(attrs)
            self._across = min(_number(spans.get("colspan"), 1), WIDEST)
            self._down = min(_number(spans.get("rowspan"), 1), text.MAX_ROWS)
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _rows(self) -> list[list[str]]:
        if not self._open:  # rows without a table, as some programs write them
            self._open.append([])
            self.tables.append(self._open[-1])
        return self._open[-1]

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        rows = self._rows()
        if not rows:
            rows.append([])
        said = " ".join("".join(self._cell).split())
        if self._down > 1:
            self._below[len(rows[-1])] = (self._down - 1, said)
        rows[-1] += [said, *[""] * (self._across - 1)]
        self._fill()
        self._cell = None
        self._cells += self._across
        if self._cells > MOST_CELLS:
            raise TooBig(limit=f"{MOST_CELLS:,} cells")

    def _fill(self) -> None:
        row = self._rows()[-1]
        while len(row) in self._due:
            row.append(self._due.pop(len(row))[1])


# --- XML ------------------------------------------------------------------------------------------


def _of_xml(data: bytes) -> Sheets | None:
    if rdml.unsafe(data):
        raise Unsafe
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as why:
        raise CutOff from why
    if root.tag == f"{EXCEL}Workbook":
        return {name: list(_excel_rows(sheet)) for name, sheet in _worksheets(root)}
    if root.findall("Row"):
        return {_name(root.tag): _data_rows(root.findall("Row"))}
    raise NotARunFile


def _worksheets(root: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    for n, sheet in enumerate(root.iter(f"{EXCEL}Worksheet")):
        yield sheet.get(f"{EXCEL}Name") or f"{n}", sheet


def _excel_rows(sheet: ElementTree.Element) -> Iterator[list[str]]:
    """Cells and rows that are empty are left out of the file and counted over."""
    count = 0
    for row in sheet.iter(f"{EXCEL}Row"):
        place = _number(row.get(f"{EXCEL}Index"), count + 1)
        if place > text.MAX_ROWS:
            raise TooBig(limit=f"{text.MAX_ROWS:,} rows")
        for _ in range(place - count - 1):
            yield []
        count = max(place, count + 1)
        yield _excel_cells(row)


def _excel_cells(row: ElementTree.Element) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{EXCEL}Cell"):
        at = min(_number(cell.get(f"{EXCEL}Index"), len(cells) + 1), WIDEST)
        across = min(_number(cell.get(f"{EXCEL}MergeAcross"), 0), WIDEST)
        found = cell.find(f"{EXCEL}Data")
        said = "" if found is None else "".join(found.itertext())
        cells += [*[""] * (at - 1 - len(cells)), said, *[""] * across]
    return cells


def _data_rows(rows: list[ElementTree.Element]) -> list[list[str]]:
    """A row an element, a column a child of it. Raises PlateViewWithoutNames: a plate drawn without
    the letters of its rows and without the words for its lines is not guessed."""
    names = list(dict.fromkeys(child.tag for row in rows for child in row))
    if {_name(n) for n in names} >= {"1", "2", "3", "12"}:
        raise PlateViewWithoutNames
    if len(names) > WIDEST:
        raise NotARunFile
    return [[_name(n) for n in names], *([r.findtext(n) or "" for n in names] for r in rows)]


def _name(tag: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), tag)


def _number(said: str | None, otherwise: int) -> int:
    digits = (said or "").strip()
    plain = digits.isascii() and digits.isdecimal() and len(digits) < 8
    return int(digits) if plain else otherwise
