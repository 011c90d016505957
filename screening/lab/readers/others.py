"""The last look at a table nobody reads: what it is, so that the refusal says what to do."""

from __future__ import annotations

from collections.abc import Iterator

from screening.lab.readers.columns import key
from screening.lab.readers.refusals import ColumnsMissing, NotARunFile, RawCurves

_CT = {"ct", "cq", "cp", "crt", "crossingpoint", "thresholdcyclect"}

Rows = list[list[str]]


def refusal(tables: dict[str, Rows]) -> NotARunFile:
    """The refusal that helps most for these rows."""
    rows = [{key(c) for c in row if c.strip()} for row in _first_rows(tables)]
    with_ct = any(names & _CT or any(n.startswith("ct") for n in names) for names in rows)
    per_cycle = any(names & {"cycle", "cyclenumber", "cycledata"} for names in rows)
    if not with_ct and (per_cycle or not any(tables.values())):
        return RawCurves()
    if any(names & _CT and names & {"sample", "samplename", "target"} for names in rows):
        return ColumnsMissing(missing="Well")
    return NotARunFile()


def _first_rows(tables: dict[str, Rows]) -> Iterator[list[str]]:
    for rows in tables.values():
        yield from rows[:1000]
