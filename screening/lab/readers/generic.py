"""The one table any laboratory can make: columns well, sample, target, ct (or in Chinese).

Header in the first row that is not empty and not a remark (#). Optional: dye, task, call, plate.
Every other column makes it another table. What was not detected is written as a word
(Undetermined, NoCt, 未检出, -); an empty ct cell means that there is no value.
"""

from __future__ import annotations

from screening.lab.readers.columns import Column, key, places
from screening.lab.readers.readings import readings
from screening.lab.readers.refusals import ColumnsMissing, SeveralTables
from screening.lab.readers.run import WellReading

INSTRUMENT = "CSV"
NAMES = {
    "well": ("well", "wellposition", "孔位", "孔", "孔号", "反应孔"),
    "sample": ("sample", "samplename", "barcode", "样本", "样品", "样本编号", "样本名称", "管码"),
    "target": ("target", "targetname", "靶标", "靶基因", "基因", "目标", "项目"),
    "ct": ("ct", "cq", "ct值", "cq值"),
    "dye": ("dye", "fluor", "reporter", "通道", "荧光", "染料"),
    "task": ("task", "type", "类型", "样本类型"),
    "call": ("call", "判读"),
    "plate": ("plate", "platebarcode", "板号", "板码"),
}
_KNOWN = {name for options in NAMES.values() for name in options}

Rows = list[list[str]]


def find(tables: dict[str, Rows]) -> tuple[Rows, int] | None:
    """The table if its first row is our header; None when this is another family."""
    for rows in tables.values():
        for i, row in enumerate(rows):
            if not any(c.strip() for c in row) or row[0].lstrip().startswith("#"):
                continue
            if is_header(row):
                return rows, i
            break
    return None


def read(found: tuple[Rows, int]) -> list[WellReading]:
    rows, header = found
    columns = places(rows[header], NAMES)
    if missing := {"well", "ct"} - columns.keys():
        raise ColumnsMissing(missing=", ".join(sorted(missing)))
    if not columns.keys() & {"target", "dye"}:
        raise ColumnsMissing(missing="target")
    return readings(rows, header, Column(**columns))


def plate(found: tuple[Rows, int], *, several: bool = False) -> str | None:
    """The plate's barcode if the file names one. Raises SeveralTables when it names two, unless
    `several` may stand in one file; then there is no one code."""
    rows, header = found
    at = places(rows[header], NAMES).get("plate")
    if at is None:
        return None
    codes: dict[str, int] = {}
    for n, row in enumerate(rows[header + 1 :], header + 2):
        if at < len(row) and row[at].strip():
            codes.setdefault(row[at].strip(), n)
    if len(codes) > 1 and several:
        return None
    if len(codes) > 1:
        raise SeveralTables(row=list(codes.values())[1])
    return next(iter(codes), None)


def is_header(row: list[str]) -> bool:
    names = {key(c) for c in row if c.strip()}
    fields = places(row, NAMES).keys()
    return names <= _KNOWN and len(fields) >= 3 and len(fields & {"well", "ct", "target"}) >= 2
