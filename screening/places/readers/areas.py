"""The file of areas: code, name, parent, level, code12, as statistical offices publish them."""

from __future__ import annotations

from screening.errors import Fault, Faults, Problem
from screening.places.readers.tables import open_table
from screening.places.rules import CITY, COMMUNITY, COUNTY, PROVINCE, STREET
from screening.places.service import AreaIn, BadArea

COLUMNS = ("code", "name", "parent", "level", "code12")
LEVELS = {
    "province": PROVINCE,
    "city": CITY,
    "county": COUNTY,
    "township": STREET,
    "street": STREET,
    "village": COMMUNITY,
    "community": COMMUNITY,
    "省": PROVINCE,
    "市": CITY,
    "区县": COUNTY,
    "街道": STREET,
    "社区": COMMUNITY,
}


class NoColumn(Problem):
    status = 422
    code = "area_column_missing"
    zh = "缺少必需的列：{name}。"
    en = "A required column is missing: {name}."


class UnknownLevel(BadArea):
    code = "unknown_level"
    zh = "不认识这种层级。"
    en = "This level is not known."


def read_area_file(content: bytes) -> list[AreaIn]:
    """All areas of the file; `parent` becomes a 12-digit code. Raises BadTable, Faults."""
    table = open_table(content)
    missing = [c for c in COLUMNS if c not in table.header]
    if missing:
        raise Faults([Fault(NoColumn(name=c), row=1, column=c) for c in missing])
    place = [table.header.index(c) for c in COLUMNS]
    rows = [[row[i].strip() if i < len(row) else "" for i in place] for row in table.rows]
    faults = [
        Fault(UnknownLevel(), row=number, column="level")
        for number, row in enumerate(rows, start=2)
        if row[3] not in LEVELS
    ]
    if faults:
        raise Faults(faults)
    full = {row[0]: row[4] for row in rows}
    return [
        AreaIn(code12, name, LEVELS[level], full.get(parent, parent) or None)
        for _, name, parent, level, code12 in rows
    ]
