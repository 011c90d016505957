"""Amplification curves where a run file has them: RDML, the instruments' sheets or sections of
amplification data, and a table of cycles by wells (Bio-Rad). They are drawn, never judged."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import msgspec

from screening.lab.readers import apart, rdml, text, workbook
from screening.lab.readers.columns import key, places, read_ct, well_name, well_of_number
from screening.lab.readers.refusals import NotARunFile

MOST_POINTS = 400_000  # 384 wells, six targets, 60 cycles: 140,000
NAMES = {
    "well": ("wellposition", "well"),
    "number": ("well",),
    "cycle": ("cycle", "cyclenumber"),
    "target": ("targetname", "target", "detector", "detectorname", "reporter", "dye"),
    # what is left above the baseline, else the raw signal
    "value": ("deltarn", "drn", "δrn", "rn", "rfu", "fluorescence"),
}

Rows = list[list[str]]


class Curve(msgspec.Struct, frozen=True):
    """One well's signal of one target (or channel), by cycle."""

    well: str
    target: str
    points: list[tuple[float, float]]


def read_curves(data: bytes) -> list[Curve]:
    """The curves of a run file, by well as they stand; none where it has none."""
    try:
        if data.startswith(workbook.ZIP):
            workbook.look_inside(data)
        if (xml := rdml.find(data)) is not None:
            found = _of_rdml(xml)
        elif data.startswith((*workbook.ZIP, workbook.OLE)):
            sheets = apart.PARSER.sheets_of(data, curves=True)
            found = (p for name, rows in sheets.items() for p in _of_rows(rows, name))
        else:
            _, rows = text.decoded_rows(data, _is_header)
            found = _of_rows(rows, "")
        return _together(found)
    except NotARunFile:
        return []  # the file was read when it came: what cannot be drawn is only not drawn


_Point = tuple[str, str, float, float]


def _together(points: Iterator[_Point]) -> list[Curve]:
    made: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for n, (well, target, cycle, value) in enumerate(points):
        if n >= MOST_POINTS:
            return []
        made.setdefault((well, target), []).append((cycle, value))
    return [Curve(w, t, sorted(p)) for (w, t), p in made.items() if len(p) > 2]


# --- RDML ---------------------------------------------------------------------------------------


def _of_rdml(xml: bytes) -> Iterator[_Point]:
    if rdml.unsafe(xml):
        return
    root = rdml.plain(ElementTree.fromstring(xml))
    for run in root.iter("run"):
        for well, data in rdml.wells(run):
            target = rdml.target_of(data)
            for point in data.iter("adp"):
                cycle, _ = read_ct(point.findtext("cyc", ""))
                value = _number(point.findtext("fluor", ""))
                if cycle is not None and value is not None:
                    yield well, target, cycle, value


# --- tables -------------------------------------------------------------------------------------


def _is_header(row: list[str]) -> bool:
    return _long(row) is not None or bool(_wide(row))


def _long(row: list[str]) -> dict[str, int] | None:
    """A line a well, target and cycle: where its columns stand."""
    at = places(row, NAMES)
    return at if {"well", "cycle", "value"} <= at.keys() else None


def _wide(row: list[str]) -> dict[int, str]:
    """A line a cycle, a column a well: column → well."""
    names = [key(c) for c in row]
    if "cycle" not in names:
        return {}
    wells = {i: w for i, c in enumerate(row) if (w := well_name(c))}
    return wells if len(wells) > 2 else {}


def _of_rows(rows: Rows, name: str) -> Iterator[_Point]:
    for i, row in enumerate(rows):
        if (at := _long(row)) is not None:
            yield from _from_long(rows[i + 1 :], at)
            return
        if wells := _wide(row):
            yield from _from_wide(rows[i + 1 :], row, wells, name)
            return


def _from_long(rows: Rows, at: dict[str, int]) -> Iterator[_Point]:
    # a text file goes on with other sections: the table ends where its wells do
    size = 384 if any(_count(_cell(r, at["number"])) > 96 for r in rows[:60_000]) else 96
    for row in rows:
        well = well_name(_cell(row, at["well"]))
        well = well or well_of_number(_count(_cell(row, at["number"])), size)
        cycle, value = _number(_cell(row, at["cycle"])), _number(_cell(row, at["value"]))
        if len(row) > 1 and well is None and row[0].strip().startswith("["):
            return
        if well and cycle is not None and value is not None:
            yield well, _cell(row, at.get("target")), cycle, value


def _from_wide(rows: Rows, header: list[str], wells: dict[int, str], name: str) -> Iterator[_Point]:
    at = [key(c) for c in header].index("cycle")
    for row in rows:
        if (cycle := _number(_cell(row, at))) is None:
            return
        for i, well in wells.items():
            if (value := _number(_cell(row, i))) is not None:
                yield well, name, cycle, value


def _cell(row: list[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _count(cell: str) -> int:
    digits = cell.removesuffix(".0")
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 6 else 0


def _number(cell: str) -> float | None:
    """Fluorescence as instruments write it: decimal commas, thousands commas, negatives."""
    plain = cell.strip().replace(" ", "")
    if plain.count(",") and plain.count("."):
        plain = plain.replace(",", "")
    try:
        value = float(plain.replace(",", ".") if plain.count(",") == 1 else plain.replace(",", ""))
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None
