"""The last look at a table nobody reads: what it is, so that the refusal says what to do."""

from __future__ import annotations

from collections.abc import Iterator

from screening.lab.readers.columns import key, well_name
from screening.lab.readers.refusals import ColumnsMissing, NoCtColumn, NotARunFile, RawCurves

UNKNOWN = (NotARunFile, RawCurves, NoCtColumn)  # what `refusal` says of a table without results
_CT = {"ct", "cq", "cp", "crt", "crossingpoint", "thresholdcyclect", "ct值", "cq值"}
_WELL = {"well", "wellposition", "wellid", "wellname", "pos", "孔位", "孔", "孔号", "反应孔"}
_PER_CYCLE = {"cycle", "cyclenumber", "cycledata", "cycles"}

Rows = list[list[str]]


def refusal(tables: dict[str, Rows]) -> NotARunFile:
    """The refusal that helps most for these rows."""
    seen = list(_first_rows(tables))
    rows = [{key(c) for c in row if c.strip()} for row in seen]
    with_ct = any(names & _CT or any(n.startswith("ct") for n in names) for names in rows)
    per_cycle = any(names & _PER_CYCLE for names in rows)
    if not with_ct and (per_cycle or not any(tables.values())):
        return RawCurves()
    if any(names & _CT and names & {"sample", "samplename", "target"} for names in rows):
        return ColumnsMissing(missing="Well")
    wells = (row for names, row in zip(rows, seen[1:], strict=False) if names & _WELL)
    if not with_ct and any(well_name(cell) for row in wells for cell in row):
        return NoCtColumn()
    return NotARunFile()


def _first_rows(tables: dict[str, Rows]) -> Iterator[list[str]]:
    for rows in tables.values():
        yield from rows[:1000]
