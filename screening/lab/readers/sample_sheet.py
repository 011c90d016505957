"""Sample sheets: a row for each well with its tube, or the plate drawn as a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from screening.errors import Fault
from screening.lab.readers import apart, sheet_grid, text, workbook
from screening.lab.readers import fill_problems as p
from screening.lab.readers.columns import key, well_name
from screening.lab.readers.refusals import EmptyFile, TooBig
from screening.lab.readers.result_list import TUBE

MAX_BYTES = 2 * 2**20  # a sheet of 384 wells is 40 KB; robots write reagents into every row
HEADER_WITHIN = 60  # instruments put their settings above the table
WELL = ("wellposition", "well", "wellid", "position", "pos", "孔位", "孔号", "孔", "反应孔")
NAMES = (*TUBE, "samplename", "identifier", "name", "样本名称", "样品名称", "样本", "样品")
PLATE = ("plate", "platebarcode", "plateid", "platecode", "板号", "板码")
# what people and instruments call wells without a tube
CONTROLS = {
    "ntc": ("ntc", "nc", "nec", "negative", "negativecontrol", "阴控", "阴性对照", "阴性质控", "空白对照"),
    "pc": ("pc", "poscontrol", "pos", "positivecontrol", "阳控", "阳性对照", "阳性质控"),
    "blank": ("blank", "empty", "空白", "空"),
    "mark": ("mark", "标记"),
}  # fmt: skip
_WORDS = {word: kind for kind, words in CONTROLS.items() for word in words}
# an instrument's own set-up has a line for each target of a well; the lines differ
_BY_TARGET = {"targetname", "target", "reporter", "fluor", "dye"}
_EXPONENT = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")

Rows = list[list[str]]


class SheetLine(msgspec.Struct, frozen=True):
    """A well of the sheet; `row` counts from 1 as in the spreadsheet. `kind`: 'tube' or a control."""

    row: int
    well: str
    text: str
    kind: str = "tube"


class SampleSheet(msgspec.Struct, frozen=True):
    """`plates`: codes that the sheet itself names, with a row of each."""

    lines: list[SheetLine]
    faults: list[Fault]
    plates: dict[str, int]


def rows_by(data: bytes, is_header: Callable[[list[str]], bool]) -> Rows:
    """The rows of the one table whose header is one; empty when there is none. Raises what refuses
    an unsafe or damaged file."""
    if not data.strip(b"\0\t\r\n ,;"):
        raise EmptyFile
    if len(data) > MAX_BYTES:
        raise TooBig(limit=f"{MAX_BYTES // 2**20} MB")
    if data.startswith(workbook.ZIP):
        workbook.look_inside(data)
    if data.startswith((*workbook.ZIP, workbook.OLE)):
        for rows in apart.PARSER.sheets_of(data).values():
            if any(is_header(row) for row in rows[:HEADER_WITHIN]):
                return rows
        return []
    return text.rows_of(text.decode(data), is_header)


def read_sheet(data: bytes) -> SampleSheet:
    """The wells of a sheet with every fault of its rows. Raises NotASampleSheet, TwoColumnsOf."""
    rows = rows_by(data, _is_header)
    if rows:
        start = next(i for i, row in enumerate(rows) if _is_header(row))
        well, tube, plate = _columns(rows[start])
        return _read(rows, start + 1, well, tube, plate)
    if rows := rows_by(data, sheet_grid.is_numbers):
        return _drawn(rows)
    rows = rows_by(data, _is_pair)
    if not rows:
        raise p.NotASampleSheet
    return _read(rows, next(i for i, row in enumerate(rows) if _is_pair(row)), 0, 1, None)


def _drawn(rows: Rows) -> SampleSheet:
    """A sheet drawn as the plate. Raises SeveralGrids: which of them is this plate is not guessed."""
    grids = sheet_grid.find(rows)
    if not grids:
        raise p.NotASampleSheet
    if also := [*grids[1:], *sheet_grid.others(rows, grids[0])]:
        raise p.SeveralGrids(row=min(also) + 1)
    lines: list[SheetLine] = []
    faults: list[Fault] = []
    for n, name, what in sheet_grid.cells(rows, grids[0]):
        if _EXPONENT.fullmatch(what):
            faults.append(Fault(p.LostDigits(), row=n, column=name))
        else:
            lines.append(SheetLine(n, name, what, _WORDS.get(key(what), "tube")))
    if not lines and not faults:
        raise EmptyFile
    return SampleSheet(lines, faults, {})


def _is_header(row: list[str]) -> bool:
    names = {key(c) for c in row}
    return bool(names & set(WELL)) and bool(names & set(NAMES))


def _is_pair(row: list[str]) -> bool:
    filled = [c.strip() for c in row if c.strip()]
    return len(filled) == 2 and well_name(row[0]) is not None and bool(row[1].strip())


def _columns(header: list[str]) -> tuple[int, int, int | None]:
    names = [key(c) for c in header]
    found = []
    for options, field in ((WELL, "孔位 / well"), (NAMES, "管码 / tube")):
        name = next(n for n in options if n in names)
        if names.count(name) > 1:
            raise p.TwoColumnsOf(field=field)
        found.append(names.index(name))
    plate = next((names.index(n) for n in PLATE if n in names), None)
    return found[0], found[1], plate


def _read(rows: Rows, start: int, well: int, tube: int, plate: int | None) -> SampleSheet:
    lines: dict[str, SheetLine] = {}
    faults: list[Fault] = []
    plates: dict[str, int] = {}
    header = [key(c) for c in rows[start - 1]] if start else []
    several = bool(_BY_TARGET & set(header))
    whole: set[tuple[str, ...]] = set()
    for n, row in enumerate(rows[start:], start + 1):
        where, what = _cell(row, well), _cell(row, tube)
        if not where or not what or [key(c) for c in row] == header:
            continue  # a free well, a line of totals, the header repeated
        if plate is not None and (code := _cell(row, plate)):
            plates.setdefault(code, n)
        read = _line(n, where, what, lines)
        if isinstance(read, SheetLine):
            lines[read.well] = read
        elif type(read) is not p.WellRepeated or not several or tuple(row) in whole:
            faults.append(Fault(read, row=n))
        whole.add(tuple(row))
    if not lines and not faults:
        raise EmptyFile
    return SampleSheet(list(lines.values()), faults, plates)


def _line(n: int, where: str, what: str, lines: Mapping[str, SheetLine]) -> SheetLine | p.SheetRow:
    """One row as a new well, or what is wrong with it."""
    name = well_name(where)
    if name is None:
        return p.BadWellName(text=where[:20])
    if _EXPONENT.fullmatch(what):
        return p.LostDigits()
    if (before := lines.get(name)) is None:
        return SheetLine(n, name, what, _WORDS.get(key(what), "tube"))
    if before.text != what:
        return p.MixedWell(well=name, other=before.row)
    return p.WellRepeated(well=name, other=before.row)


def _cell(row: list[str], i: int) -> str:
    return row[i].strip().lstrip("'").strip() if i < len(row) else ""
