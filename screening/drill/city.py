"""Areas of a real city, read from a file of division codes into plain values."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.errors import Problem

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "taiyuan.csv"
COLUMNS = ("code", "name", "parent", "level", "code12")
# Our word for the source's word, from the top of the tree down.
LEVELS = {
    "province": "province",
    "city": "city",
    "county": "county",
    "township": "street",
    "village": "community",
}
DEPTH = {level: depth for depth, level in enumerate(LEVELS.values())}


class BadAreaFile(Problem):
    status = 422
    code = "bad_area_file"
    zh = "区划文件第 {row} 行有误：{what}。"
    en = "Row {row} of the file of areas is wrong: {what}."


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One area; `level` is province, city, county, street or community."""

    code12: str
    name: str
    level: str
    parent_code12: str | None


def read_areas(path: Path = EXAMPLE) -> list[AreaRow]:
    """All areas of the file, parents before children, siblings by code.

    Raises BadAreaFile for missing columns, unknown levels, repeated codes and absent parents.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
            raise BadAreaFile(row=1, what=", ".join(missing))
        rows = list(reader)
    long_codes: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        check_row(number, row, long_codes)
        long_codes[row["code"]] = row["code12"]
    for number, row in enumerate(rows, start=2):
        if row["parent"] and row["parent"] not in long_codes:
            raise BadAreaFile(row=number, what=f"parent {row['parent']}")
    areas = [
        AreaRow(row["code12"], row["name"], LEVELS[row["level"]], long_codes.get(row["parent"]))
        for row in rows
    ]
    return sorted(areas, key=lambda area: (DEPTH[area.level], area.code12))


def check_row(number: int, row: dict[str, str], known: dict[str, str]) -> None:
    """Raise BadAreaFile unless the row stands on its own; `known` holds the codes above it."""
    if row["level"] not in LEVELS:
        raise BadAreaFile(row=number, what=f"level {row['level']}")
    if len(row["code12"] or "") != 12 or not row["code12"].isdigit():
        raise BadAreaFile(row=number, what=f"code12 {row['code12']}")
    if not row["name"]:
        raise BadAreaFile(row=number, what="name")
    if row["code"] in known:
        raise BadAreaFile(row=number, what=f"code {row['code']} twice")


def children(areas: Sequence[AreaRow], code12: str) -> list[AreaRow]:
    """The areas directly below one area, by code."""
    return [area for area in areas if area.parent_code12 == code12]


def communities(areas: Sequence[AreaRow]) -> list[AreaRow]:
    return [area for area in areas if area.level == "community"]


def short_name(name: str) -> str:
    """A community's name without its committee: 师范街社区居委会 is 师范街社区."""
    for ending in ("居委会", "村委会", "居民委员会", "村民委员会"):
        name = name.removesuffix(ending) or name
    return name
