"""Changing places: the tree of areas with its dates, sites, laboratories."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from screening.db import fetch, insert, run
from screening.errors import Conflict, Fault, Faults, Problem
from screening.places import queries
from screening.places.queries import TREE, Node, NoSuchPlace
from screening.places.rules import BUILDING, COMMUNITY, GRID, SITE_KINDS, STREET

AREA_COLUMNS = (
    "area_id", "code", "name", "level", "parent_id", "path", "cell_id", "valid_from", "valid_to",
)  # fmt: skip
TREE_LOCK = 720_261_122  # advisory lock: one change of the tree at a time


class BadArea(Problem):
    status = 422
    code = "bad_area"
    zh = "这个区划不能放在这里。"
    en = "This area cannot stand here."


class AreaCode(BadArea):
    code = "bad_area_code"
    zh = "区划代码应为 12 位数字。"
    en = "The code of an area has 12 digits."


class AreaTwice(BadArea):
    code = "area_twice"
    zh = "区划代码出现了两次。"
    en = "The code of the area stands there twice."


class NoParent(BadArea):
    code = "area_without_parent"
    zh = "上级区划既不在文件中，也不在系统中。"
    en = "The area above it is neither in the file nor known."


class AreaTaken(Conflict):
    code = "area_code_taken"
    zh = "这个代码已被另一个区划使用。"
    en = "Another area already uses this code."
    constraint = "uq_area_living_code"


class SiteTaken(Conflict):
    code = "site_code_taken"
    zh = "这个采样点编号已被使用。"
    en = "Another site already uses this code."
    constraint = "uq_site_code"


class LabTaken(Conflict):
    code = "lab_code_taken"
    zh = "这个实验室编号已被使用。"
    en = "Another laboratory already uses this code."
    constraint = "uq_lab_code"


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
    _lock()
    known = dict(TREE.fresh().by_code)
    _check(ordered, known)
    roots = [known[r.code].path for r in ordered if r.code in known and _is_root(r, ordered)]
    counts = {"added": 0, "renamed": 0, "moved": 0, "same": 0}
    fresh: list[Node] = []
    ids = _ids()
    for row in ordered:
        parent = known[row.parent] if row.parent else None
        old = known.get(row.code)
        if old is None:
            known[row.code] = node = _node(next(ids), row.code, row.name, row.level, parent)
            fresh.append(node)
            counts["added"] += 1
        elif (old.name, old.parent_id) == (row.name, parent.area_id if parent else None):
            counts["same"] += 1
        else:
            counts["renamed" if old.name != row.name else "moved"] += 1
            known[row.code] = _change(old, row.name, parent, next(ids), on)
            if known[row.code].path != old.path:
                known = _moved(known, old.path, known[row.code].path)
    _write(fresh, on)
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


def _node(area_id: int, code: str, name: str, level: int, parent: Node | None) -> Node:
    path = f"{parent.path if parent else '/'}{area_id}/"
    cell = parent.cell_id if parent and parent.cell_id else (area_id if level >= STREET else 0)
    return Node(area_id, code, name, level, parent.area_id if parent else None, path, cell)


def _ids() -> Iterator[int]:
    """Small numbers: a cell is an area's id and has to fit the printed resident code."""
    top = fetch("SELECT coalesce(max(area_id), 0) FROM area WHERE area_id < 2000000000")[0][0]
    return itertools.count(top + 1)


def _write(nodes: Sequence[Node], on: date) -> None:
    insert(
        "area",
        AREA_COLUMNS,
        [
            (n.area_id, n.code, n.name, n.level, n.parent_id, n.path, n.cell_id, on, None)
            for n in nodes
        ],
    )


def _change(old: Node, name: str, parent: Node | None, spare_id: int, on: date) -> Node:
    """Keep the old form as a dated row of its own and give the living row its new one."""
    since = fetch("SELECT valid_from FROM area WHERE area_id = %s", (old.area_id,))[0][0]
    path = f"{parent.path if parent else '/'}{old.area_id}/"
    run(
        "UPDATE area SET name = %s, parent_id = %s, valid_from = %s WHERE area_id = %s",
        (name, parent.area_id if parent else None, max(on, since), old.area_id),
    )
    if since < on:
        past = (spare_id, old.code, old.name, old.level, old.parent_id, old.path, old.cell_id)
        insert("area", AREA_COLUMNS, [(*past, since, on)])
    if path != old.path:
        run(
            "UPDATE area SET path = %s || substr(path, %s) WHERE path LIKE %s AND valid_to IS NULL",
            (path, len(old.path) + 1, old.path + "%"),
        )
    return old._replace(name=name, path=path, parent_id=parent.area_id if parent else None)


def close_area(area_id: int, *, on: date) -> None:
    """The area and all below it end on `on`; its row stays for old reports. Raises NoSuchPlace."""
    path = queries.place_of_area(area_id).path
    run(
        "UPDATE area SET valid_to = %s WHERE path LIKE %s AND valid_to IS NULL",
        (on, path + "%"),
    )
    touched()


def rename_area(area_id: int, name: str, *, on: date) -> None:
    node = _living(area_id)
    _lock()
    parent = queries.find_area(node.parent_id) if node.parent_id else None
    _change(node, name, parent, next(_ids()), on)
    touched()


def set_owner(area_id: int, staff_id: int | None) -> None:
    """The grid's (or community's) own worker."""
    if not run("UPDATE area SET owner_id = %s WHERE area_id = %s", (staff_id, area_id)):
        raise NoSuchPlace()


def ensure_below(
    level: int, wanted: Iterable[tuple[Node, str]], *, on: date
) -> dict[tuple[str, str], Node]:
    """Grids of communities or buildings of grids, {(parent's code, name): node}; those not yet
    there are made. Their code is local: the parent's, a slash, the name."""
    codes = {f"{parent.code}/{name}": (parent, name) for parent, name in wanted}
    if any(p.level >= level for p, _ in codes.values()) or level not in (GRID, BUILDING):
        raise BadArea()
    found = _by_codes(codes)
    if len(found) < len(codes):
        _lock()
        found = _by_codes(codes)
        ids = _ids()
        fresh = [
            _node(next(ids), code, name, level, parent)
            for code, (parent, name) in sorted(codes.items())
            if code not in found
        ]
        _write(fresh, on)
        found |= {n.code: n for n in fresh}
        touched()
    return {(codes[c][0].code, codes[c][1]): node for c, node in found.items()}


def _by_codes(codes: Iterable[str]) -> dict[str, Node]:
    rows = fetch(
        "SELECT area_id, code, name, level, parent_id, path, cell_id FROM area "
        "WHERE code = ANY(%s) AND valid_to IS NULL",
        (list(codes),),
    )
    return {r[1]: Node(*r) for r in rows}


def add_area(parent_id: int, code: str, name: str, level: int, *, on: date) -> int:
    """One area below another: a building, a grid, a new community. Returns its id."""
    parent = _living(parent_id)
    if level <= parent.level:
        raise BadArea()
    if level <= COMMUNITY and not re.fullmatch("[0-9]{12}", code):
        raise AreaCode()
    _lock()
    node = _node(next(_ids()), code, name, level, parent)
    _write([node], on)
    touched()
    return node.area_id


def _living(area_id: int) -> Node:
    node = queries.find_area(area_id)
    if node is None:
        raise NoSuchPlace()
    return node


def _lock() -> None:
    fetch("SELECT pg_advisory_xact_lock(%s)", (TREE_LOCK,))


def touched() -> None:
    """Copies of the tree in memory, here and in other processes, learn that it changed."""
    run(
        "INSERT INTO place_revision (what, version) VALUES ('area', 1) "
        "ON CONFLICT (what) DO UPDATE SET version = place_revision.version + 1"
    )
    TREE.forget()


# --- sites and laboratories -------------------------------------------------------------------


class BadSiteKind(Problem):
    status = 422
    code = "bad_site_kind"
    zh = "不认识这种采样点类型。"
    en = "This kind of site is not known."


SITE_FIELDS = ("name", "kind", "tables", "responsible_id", "phone", "opens", "valid_to")
LAB_FIELDS = ("name", "capacity", "responsible_id", "own_lis")


def add_site(code: str, area_id: int, **values: Any) -> int:
    """A collection site in an area; `values` as SITE_FIELDS. Returns its id."""
    area = _living(area_id)
    if values.get("kind") not in SITE_KINDS:
        raise BadSiteKind()
    return _add("site", SITE_FIELDS, code, area, {"tables": 1, **values})


def add_lab(code: str, area_id: int, **values: Any) -> int:
    """A laboratory; `capacity` in tubes a day. Returns its id."""
    return _add("lab", LAB_FIELDS, code, _living(area_id), {"own_lis": False, **values})


def _add(table: str, fields: Sequence[str], code: str, area: Node, values: dict[str, Any]) -> int:
    _lock()
    rows = fetch(
        f"SELECT coalesce(max({table}_id), 0) + 1 FROM {table} WHERE {table}_id < 2000000000"
    )
    given = {f: values[f] for f in fields if f in values}
    insert(
        table,
        (f"{table}_id", "code", "area_id", "cell_id", *given),
        [(rows[0][0], code, area.area_id, area.cell_id, *given.values())],
    )
    return rows[0][0]


def change_site(site_id: int, **values: Any) -> None:
    """Raises NoSuchPlace, BadSiteKind."""
    if "kind" in values and values["kind"] not in SITE_KINDS:
        raise BadSiteKind()
    _change_row("site", SITE_FIELDS, site_id, values)


def change_lab(lab_id: int, **values: Any) -> None:
    _change_row("lab", LAB_FIELDS, lab_id, values)


def close_site(site_id: int, *, at: datetime) -> None:
    """Stops taking people; everything it holds stays where it is."""
    _change_row("site", SITE_FIELDS, site_id, {"valid_to": at})


def _change_row(table: str, fields: Sequence[str], row_id: int, values: dict[str, Any]) -> None:
    given = {f: values[f] for f in fields if f in values}
    sets = ", ".join(f"{f} = %s" for f in given) or f"{table}_id = {table}_id"
    if not run(f"UPDATE {table} SET {sets} WHERE {table}_id = %s", (*given.values(), row_id)):
        raise NoSuchPlace()
