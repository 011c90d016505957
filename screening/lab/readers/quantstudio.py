"""QuantStudio and ViiA 7: xls/xlsx 'Results', tab text with sections, Design & Analysis csv/xlsx."""

from __future__ import annotations

import re

import msgspec

from screening.lab.readers.columns import Column, Ways, key, places
from screening.lab.readers.preamble import chosen, facts
from screening.lab.readers.readings import readings, with_twins
from screening.lab.readers.refusals import ColumnsMissing
from screening.lab.readers.run import WellReading

INSTRUMENT = "QuantStudio"
# Which of several tables with a Ct is the results table: measured ones first, calls alone last.
TABLES = ("results", "target call", "result", "sample results", "well call", "primary_result")
NAMES = {
    "well": ("wellposition", "well"),
    "number": ("well",),
    "ct": ("ct", "cq", "crt"),
    "sample": ("samplename", "sample", "样品名称", "样本名称", "样品", "样本", "probe"),
    "target": ("targetname", "target", "目标名称", "靶标名称", "目标", "靶标"),
    "dye": ("reporter", "报告基团", "报告荧光", "报告"),
    "task": ("task", "sampletype", "任务", "样品类型"),
    "call": ("call", "targetcall", "wellcall", "result"),
    "omit": ("omit", "忽略", "省略"),
}
_SECTION = re.compile(r"\[([^\[\]]+)\]")

Rows = list[list[str]]


class Found(msgspec.Struct, frozen=True):
    """A results table: its rows, where its header stands, and what the file says of the run."""

    rows: Rows
    header: int
    about: dict[str, str]


def find(tables: dict[str, Rows]) -> Found | None:
    """The results table among named sheets or sections; None when this is another family."""
    cut: dict[str, Rows] = {}
    for name, sheet in tables.items():
        for part, rows in _sections(name, sheet):
            cut.setdefault(part, []).extend(rows)  # a section that comes again is not dropped
    about = facts(tables)
    found = [
        (_rank(name, columns), name, header)
        for name, rows in cut.items()
        if (header := _header(rows, about)) is not None and (columns := places(rows[header], NAMES))
    ]
    if not found:
        return None
    _, name, header = min(found)
    return Found(with_twins(cut, name, header), header, about)


def read(found: Found) -> list[WellReading]:
    columns = places(found.rows[found.header], NAMES)
    size = 384 if found.about.get("blocktype", "").startswith("384") else 96
    if "ct" not in columns and "sample" not in columns:
        raise ColumnsMissing(missing="CT / Cq")
    return readings(found.rows, found.header, Column(**columns), Ways(size=size))


def run_of(found: Found) -> dict[str, str]:
    """What the file says of the run: plate barcode, start, serial number, model; only what is."""
    names = {
        "plate": ("barcode", "experimentbarcode", "platebarcode"),
        "started": ("platerunstartdatetime", "runstartdatetime", "experimentrunstarttime"),
        "ended": ("platerunenddatetime", "runenddatetime", "experimentrunendtime"),
        "serial": ("instrumentserialnumber",),
        "model": ("instrumenttype",),
    }
    return chosen(found.about, names)


def is_header(row: list[str]) -> bool:
    """Any table of wells, curves included: what a text file is split by."""
    names = {key(c) for c in row}
    return len(row) >= 3 and bool(names & {"well", "wellposition"})


def _header(rows: Rows, about: dict[str, str]) -> int | None:
    """The first table of wells with a Ct, else with a call; curves are none."""
    ours = re.search("quantstudio|viia", about.get("instrumenttype", ""), re.IGNORECASE)
    calls = None
    for i, row in enumerate(rows):
        names = {key(c) for c in row}
        if not ("wellposition" in names or (ours and "well" in names)):
            continue
        if "cyclenumber" in names or "cycle" in names:
            continue
        if names & set(NAMES["ct"]):
            return i
        if calls is None and names & set(NAMES["call"]):
            calls = i
    return calls


def _rank(name: str, columns: dict[str, int]) -> tuple[bool, int]:
    place = TABLES.index(name) if name in TABLES else len(TABLES)
    return "ct" not in columns, place


def _sections(name: str, rows: Rows) -> list[tuple[str, Rows]]:
    """A sheet is one table; a text file is cut at its [Section] lines."""
    parts: list[tuple[str, Rows]] = [(name.strip().casefold(), [])]
    for row in rows:
        first = row[0].strip() if row and not any(c.strip() for c in row[1:]) else ""
        if found := _SECTION.fullmatch(first):
            parts.append((found[1].strip().casefold(), []))
        else:
            parts[-1][1].append(row)
    return parts
