"""Bio-Rad CFX (CFX Manager, Maestro, iQ5, C1000): the Cq results table, csv, txt or xlsx."""

from __future__ import annotations

from screening.lab.readers.columns import Column, key, places
from screening.lab.readers.preamble import chosen, facts
from screening.lab.readers.readings import readings, with_twins
from screening.lab.readers.refusals import ColumnsMissing
from screening.lab.readers.run import WellReading

INSTRUMENT = "Bio-Rad CFX"
NAMES = {
    "well": ("well", "孔", "孔位"),
    "ct": ("cq", "ct", "thresholdcyclect", "thresholdcycle"),
    "sample": (
        "sample",
        "samplename",
        "identifier",
        "样品",
        "样本",
        "样品名称",
        "样本名称",
        "probe",
    ),
    "target": ("target", "targetname", "目标", "靶标", "目标名称", "靶标名称"),
    "dye": ("fluor", "荧光", "荧光基团"),
    "task": ("content", "type", "内容"),
}

RUN = {
    "started": ("runstarted",),
    "ended": ("runended",),
    "serial": ("baseserialnumber", "opticalheadserialnumber"),
    "plate": ("barcode", "platebarcode"),
}

Rows = list[list[str]]


def find(tables: dict[str, Rows]) -> tuple[Rows, int] | None:
    """The table with a fluorophore and a Cq; None when this is another family.

    Raises ColumnsMissing for a Cq table whose Well column was deleted at export.
    """
    for name, rows in tables.items():
        for i, row in enumerate(rows[:200]):
            columns = places(row, NAMES)
            if not {"dye", "ct"} <= columns.keys() or not _ours(row):
                continue
            if "well" not in columns:
                raise ColumnsMissing(missing="Well")
            return with_twins(tables, name, i), i
    return None


def read(found: tuple[Rows, int]) -> list[WellReading]:
    rows, header = found
    return readings(rows, header, Column(**places(rows[header], NAMES)))


def run_of(tables: dict[str, Rows]) -> dict[str, str]:
    """From the lines above the table or the sheet 'Run Information'; bare tables say nothing."""
    return chosen(facts(tables), RUN)


def is_header(row: list[str]) -> bool:
    return {"dye", "ct"} <= places(row, NAMES).keys() and _ours(row)


def _ours(row: list[str]) -> bool:
    names = {key(c) for c in row}
    return bool(names & {"fluor", "荧光", "荧光基团"}) and not names & {"cycle", "reporter"}
