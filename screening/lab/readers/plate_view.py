"""The plate view of Bio-Rad's software: a grid with several lines a row (Content, Sample, Cq).

Each channel has a grid of its own, on its own sheet or below the one before; all of them are read."""

from __future__ import annotations

import re

import msgspec

from screening.lab.readers.columns import key, read_ct
from screening.lab.readers.readings import checked, joined
from screening.lab.readers.run import WellReading

INSTRUMENT = "Bio-Rad CFX"
FIELDS = {
    "content": "task", "sample": "sample", "samplename": "sample", "identifier": "sample",
    "probe": "sample", "样品": "sample", "样本": "sample", "内容": "task", "目标": "target", "cq": "ct", "ct": "ct",
    "target": "target", "targetname": "target", "fluor": "dye",
}  # fmt: skip

_DYE = re.compile(
    r"(FAM|HEX|VIC|ROX|JOE|TET|NED|TAMRA|SYBR.*|EvaGreen|Cy\s?[35](\.5)?|Texas Red|Quasar \d+|"
    r"Cal (Red|Gold|Orange).*|ATTO ?\d+|Yakima Yellow)",
    re.IGNORECASE,
)

Rows = list[list[str]]


class Found(msgspec.Struct, frozen=True):
    rows: Rows
    header: int
    first: int  # column of well 1
    width: int
    dye: str


def find(tables: dict[str, Rows]) -> list[Found] | None:
    """The grids: rows that count 1, 2, 3 … 12 or 24; None when this is another family."""
    found = []
    for name, rows in tables.items():
        dye = dye_of(name)
        for i, row in enumerate(rows):
            cells = [c for c in row if c.strip()]
            dye = (dye_of(cells[0]) if len(cells) == 1 else "") or dye
            if (grid := _counting(row)) and _has_cq(rows[i + 1 :], grid[0]):
                found.append(Found(rows, i, *grid, dye))
    return found or None


def read(grids: list[Found]) -> list[WellReading]:
    """Raises SeveralTables when two grids speak of the same wells and of no channel."""
    blocks = []
    for found in grids:
        out = []
        for letter, lines in _letters(found).items():
            for column in range(1, found.width + 1):
                at = found.first + column - 1
                if reading := _reading(f"{letter}{column}", at, lines, found.dye):
                    out.append(reading)
        blocks.append(out)
    return checked(joined(blocks, grids[-1].header + 1))


def is_header(row: list[str]) -> bool:
    return _counting(row) is not None


def _counting(row: list[str]) -> tuple[int, int] | None:
    cells = [c.strip().removesuffix(".0") for c in row]
    if "1" not in cells:
        return None
    first = cells.index("1")
    width = 0
    while first + width < len(cells) and cells[first + width] == str(width + 1):
        width += 1
    return (first, width) if width in (12, 24) and first >= 1 else None


def _has_cq(rows: Rows, first: int) -> bool:
    return any(key(c) in ("cq", "ct") for row in rows[:8] for c in row[:first])


def dye_of(text: str) -> str:
    """The text if it is the name of a dye, else ''."""
    return text.strip() if _DYE.fullmatch(text.strip()) else ""


def _letters(found: Found) -> dict[str, dict[str, list[str]]]:
    """Row letter → what each of its lines says."""
    out: dict[str, dict[str, list[str]]] = {}
    letter = ""
    for row in found.rows[found.header + 1 :]:
        if _counting(row):
            break
        head = [c.strip() for c in row[: found.first]]
        letter = next((h for h in head if len(h) == 1 and "A" <= h <= "P"), letter)
        field = next((FIELDS[key(h)] for h in head if key(h) in FIELDS), None)
        if letter and field:
            out.setdefault(letter, {}).setdefault(field, row)
    return out


def _reading(well: str, column: int, lines: dict[str, list[str]], dye: str) -> WellReading | None:
    def cell(field: str) -> str:
        row = lines.get(field, [])
        return row[column].strip() if column < len(row) else ""

    sample, target, raw = cell("sample"), cell("target"), cell("ct")
    if not (sample or target or raw):
        return None
    ct, measured = read_ct(raw)
    return WellReading(
        well=well, sample=sample or None, target=target or None, ct=ct, raw=raw,
        dye=cell("dye") or dye or None, task=cell("task") or None, measured=measured,
    )  # fmt: skip
