"""Excel files to rows of cells, opened only after a look at what is packed inside."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from screening.lab.readers import rdml
from screening.lab.readers.refusals import (
    CutOff,
    InstrumentDocument,
    Locked,
    NotARunFile,
    Packed,
    Unsafe,
)

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
MAX_UNPACKED = 150 * 2**20  # bytes; curves of a 384 plate are about 30 MB of XML
MAX_RATIO = 250  # real exports reach 40; a bomb starts at 1,000
MAX_PARTS = 500
XLS_LAST_ROW = 65_536  # where the old format silently stops
# A cell far away makes a dense sheet of gigabytes out of a few bytes.
_FAR_CELL = re.compile(rb"""\br\s*=\s*["'](?:[A-Z]{3,}\d|[A-Z]*\d{6,})""", re.IGNORECASE)
_WIDE_CELL = re.compile(rb"""\br\s*=\s*["']([D-Z][A-Z])\d""", re.IGNORECASE)
_ROW = re.compile(rb"""\br\s*=\s*["'][A-Z]{0,2}(\d{1,5})["']""", re.IGNORECASE)
MAX_CELLS = 2_000_000  # of a sheet with far columns; melt readings of a 384 plate are about 0.1 m
# Curves are big and never hold a Ct; they are not even parsed.
CURVES = ("raw data", "amplification data", "multicomponent", "melt", "multicomponent data")
_EXPORTS = (".csv", ".txt", ".xls", ".xlsx", ".rdml")
UNDRAWN = ("raw data", "multicomponent", "melt", "results", "sample setup")

Sheets = dict[str, list[list[str]]]


def parse(data: bytes, skipped: tuple[str, ...] = CURVES) -> Sheets:
    """Sheet name → rows of texts; sheets whose name begins with a `skipped` one come empty.
    `data` starts with one of ZIP or OLE.

    Called in a process apart (apart.py), which a panic of the parser ends. Raises CutOff, Locked."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {name: _rows(book, name, skipped) for name in _shown(book)}
    except CalamineError as why:
        raise (Locked if "assword" in str(why) else CutOff) from why


def _shown(book: CalamineWorkbook) -> list[str]:
    """Hidden sheets hold an earlier plate or a template: what nobody sees is not read."""
    about = book.sheets_metadata
    return [s.name for s in about if s.visible == SheetVisibleEnum.Visible] or book.sheet_names


def _rows(book: CalamineWorkbook, name: str, skipped: tuple[str, ...]) -> list[list[str]]:
    if name.strip().casefold().startswith(skipped):
        return []
    sheet = book.get_sheet_by_name(name)
    if sheet.total_height >= XLS_LAST_ROW:
        raise CutOff
    return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    return "" if isinstance(cell, timedelta) else str(cell)


def look_inside(data: bytes) -> None:
    """Weigh a zip before anything of it is believed. Raises Unsafe, Locked, CutOff, and what names
    a zip that is neither a workbook nor RDML."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
            _weigh(parts)
            _name(packed, {p.filename for p in parts})
            for part in parts:
                _unpack(packed, part)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,  # a way of packing that zipfile does not know
        OSError,
        ValueError,
    ) as why:
        raise CutOff from why


def _weigh(parts: list[zipfile.ZipInfo]) -> None:
    if any(p.flag_bits & 1 for p in parts):
        # Bio-Rad's .pcrd is a zip under the maker's password
        if any(p.filename.casefold().endswith(".pcrd") for p in parts):
            raise InstrumentDocument(kind="Bio-Rad .pcrd")
        raise Locked
    if len(parts) > MAX_PARTS or sum(p.file_size for p in parts) > MAX_UNPACKED:
        raise Unsafe
    if any(p.file_size > 2**20 and p.file_size > MAX_RATIO * p.compress_size for p in parts):
        raise Unsafe


def _name(packed: zipfile.ZipFile, names: set[str]) -> None:
    """Zips that are not workbooks are named, so that the refusal can say what to export."""
    if "xl/workbook.xml" in names:
        return
    if any(n.endswith(("plate_setup.json", "experiment.xml")) or "apldbio" in n for n in names):
        raise InstrumentDocument(kind="Applied Biosystems .eds")
    if any(n.endswith(".xml") and rdml.is_rdml(packed.open(n).read(rdml.HEAD)) for n in names):
        return
    if any(n.casefold().endswith(".pcrd") for n in names):
        raise InstrumentDocument(kind="Bio-Rad .pcrd")
    if any(n.casefold().endswith(_EXPORTS) for n in names):
        raise Packed(kind="zip")
    raise NotARunFile


def _unpack(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Reads the part as declared; a lie about its size ends as a wrong checksum."""
    with packed.open(part) as stream:
        content = stream.read()
    if part.filename.startswith("xl/worksheets/") and (_FAR_CELL.search(content) or _vast(content)):
        raise Unsafe


def _vast(sheet: bytes) -> bool:
    """Whether a sheet with columns beyond CZ, as melt readings have, is also long."""
    if not (wide := {found.upper() for found in _WIDE_CELL.findall(sheet)}):
        return False
    column = max(26 * (name[0] - 64) + name[1] - 64 for name in wide)
    return column * max(int(row) for row in _ROW.findall(sheet)) > MAX_CELLS
