"""Bringing the tree in line with a file of whole subtrees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from screening.errors import Fault, Faults
from screening.places.queries import TREE, Node
from screening.places.rules import COMMUNITY
from screening.places.service.areas import close_area
from screening.places.service.tree import (
    AreaCode,
    BadArea,
    change,
    lock,
    node_of,
    spare_ids,
    touched,
    write_areas,
)


class AreaTwice(BadArea):
    code = "area_twice"
    zh = "区划代码出现了两次。"
    en = "The code of the area stands there twice."


class NoParent(BadArea):
    code = "area_without_parent"
    zh = "上级区划既不在文件中，也不在系统中。"
    en = "The area above it is neither in the file nor known."


class AreaIn(NamedTuple):
    """One area of a file: `level` index in models.LEVELS, `parent` a code or None for a root."""

    code: str
    name: str
    level: int
    parent: str | None


class AreaReport(NamedTuple):
    added: int
    renamed: int
    moved: int
    closed: int
    same: int


def import_areas(rows: Iterable[AreaIn], *, on: date) -> AreaReport:
    """Bring the tree in line with a file of whole subtrees; doing it twice changes nothing.

    Ids stay for good: a renamed or moved area keeps its row, its old form becomes a dated one.
    An area below a root of the file that the file does not hold is closed. Raises Faults.
    """
    ordered = sorted(rows, key=lambda r: (r.level, r.code))
    lock()
    known = dict(TREE.fresh().by_code)
    _check(ordered, known)
    roots = [known[r.code].path for r in ordered if r.code in known and _is_root(r, ordered)]
    counts = {"added": 0, "renamed": 0, "moved": 0, "same": 0}
    fresh: list[Node] = []
    ids = spare_ids()
    for row in ordered:
        parent = known[row.parent] if row.parent else None
        old = known.get(row.code)
        if old is None:
            known[row.code] = node = node_of(next(ids), row.code, row.name, row.level, parent)
            fresh.append(node)
            counts["added"] += 1
        elif (old.name, old.parent_id) == (row.name, parent.area_id if parent else None):
            counts["same"] += 1
        else:
            counts["renamed" if old.name != row.name else "moved"] += 1
            known[row.code] = change(old, row.name, parent, next(ids), on)
            if known[row.code].path != old.path:
                known = _moved(known, old.path, known[row.code].path)
    write_areas(fresh, on)
    wanted = {r.code for r in ordered}
    gone = [
        n for n in known.values()
        if n.level <= COMMUNITY and n.code not in wanted and any(n.path.startswith(p) for p in roots)
    ]  # fmt: skip
    for node in gone:
        close_area(node.area_id, on=on)
    touched()
    return AreaReport(closed=len(gone), **counts)


def _is_root(row: AreaIn, rows: Sequence[AreaIn]) -> bool:
    return row.level == rows[0].level


def _check(rows: Sequence[AreaIn], known: dict[str, Node]) -> None:
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if not re.fullmatch("[0-9]{12}", row.code):
            faults.append(Fault(AreaCode(), row=number, column="code12"))
        if row.code in seen:
            faults.append(Fault(AreaTwice(), row=number, column="code12"))
        above = seen.get(row.parent or "") or (
            known[row.parent].level + 1 if row.parent in known else 0
        )
        if row.parent and not above:
            faults.append(Fault(NoParent(), row=number, column="parent"))
        elif row.parent and above > row.level:
            faults.append(Fault(BadArea(), row=number, column="level"))
        seen[row.code] = row.level + 1
    if faults:
        raise Faults(faults)


def _moved(known: dict[str, Node], before: str, after: str) -> dict[str, Node]:
    return {
        code: n._replace(path=after + n.path.removeprefix(before))
        if n.path.startswith(before)
        else n
        for code, n in known.items()
    }
