"""Reading places: the tree of areas, sites, laboratories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.places.rules import EVERYWHERE, Place
from screening.places.snapshots import Snapshot


class NoSuchPlace(NotFound):
    code = "no_such_place"
    zh = "没有这个地点。"
    en = "There is no such place."


def find_place(kind: str, place_id: int) -> Place | None:
    """The place of a scope (`area`, `site`, `lab`), with its area's path; None if unknown."""
    if kind == "all":
        return EVERYWHERE
    if kind == "area":
        rows = fetch("SELECT path FROM area WHERE area_id = %s", (place_id,))
    else:
        table = {"site": "site", "lab": "lab"}[kind]
        rows = fetch(
            f"SELECT a.path FROM {table} t JOIN area a USING (area_id) WHERE t.{table}_id = %s",
            (place_id,),
        )
    return Place(kind, place_id, rows[0][0]) if rows else None


def _get(kind: str, place_id: int) -> Place:
    place = find_place(kind, place_id)
    if place is None:
        raise NoSuchPlace()
    return place


def place_of_site(site_id: int) -> Place:
    return _get("site", site_id)


def place_of_lab(lab_id: int) -> Place:
    return _get("lab", lab_id)


def place_of_area(area_id: int) -> Place:
    return _get("area", area_id)


def in_scope(places: Sequence[Place], alias: str = "a") -> tuple[str, list[str]]:
    """A SQL condition and its parameters: rows whose area path (`alias`.path) lies in `places`.

    Site and lab scopes count by their own area's path only where the caller joins areas; callers
    that list sites or labs use `site_scope`."""
    if any(p.kind == "all" for p in places):
        return "TRUE", []
    paths = [p.path for p in places if p.kind == "area"]
    if not paths:
        return "FALSE", []
    return f"{alias}.path LIKE ANY(%s)", [[p + "%" for p in paths]]  # type: ignore[list-item]


def site_scope(places: Sequence[Place], kind: str = "site") -> tuple[str, list]:
    """The same for rows of `site` s or `lab` s joined to area a: own ids count as well."""
    cond, params = in_scope(places)
    ids = [p.id for p in places if p.kind == kind]
    if cond == "TRUE" or not ids:
        return cond, list(params)
    return f"({cond} OR s.{kind}_id = ANY(%s))", [*params, ids]


def cells_under(path: str) -> list[int]:
    """The cells of an area's subtree (its own street's cell for anything below a street)."""
    rows = fetch(
        "SELECT DISTINCT cell_id FROM area WHERE path LIKE %s AND cell_id <> 0", (path + "%",)
    )
    return sorted(r[0] for r in rows)


# --- the tree in memory -----------------------------------------------------------------------


class Node(NamedTuple):
    """One living area of the tree."""

    area_id: int
    code: str
    name: str
    level: int
    parent_id: int | None
    path: str
    cell_id: int


class Tree(NamedTuple):
    """The areas that hold today, by id and by code."""

    by_id: dict[int, Node]
    by_code: dict[str, Node]


def _load_tree() -> Tree:
    rows = fetch(
        "SELECT area_id, code, name, level, parent_id, path, cell_id FROM area "
        "WHERE valid_to IS NULL ORDER BY level, code"
    )
    nodes = [Node(*r) for r in rows]
    return Tree({n.area_id: n for n in nodes}, {n.code: n for n in nodes})


def _revision() -> int:
    rows = fetch("SELECT version FROM place_revision WHERE what = 'area'")
    return rows[0][0] if rows else 0


TREE = Snapshot(_load_tree, _revision)


def find_area(area_id: int) -> Node | None:
    """A living area by its id, from memory; one not yet known is looked up at once."""
    return TREE.get().by_id.get(area_id) or TREE.fresh().by_id.get(area_id)


def find_area_by_code(code: str) -> Node | None:
    return TREE.get().by_code.get(code) or TREE.fresh().by_code.get(code)


def find_path(area_id: int) -> str | None:
    node = find_area(area_id)
    return node.path if node else None


def area_path(area_id: int) -> str:
    """The path of an area; "/" for one that is closed or unknown."""
    return find_path(area_id) or "/"


def community_cell(community_id: int) -> int:
    """The cell in which people of a community are stored; 0 if it is unknown."""
    node = find_area(community_id)
    return node.cell_id if node else 0


# --- lists for desks ---------------------------------------------------------------------------


class SiteRow(NamedTuple):
    """A collection site with where it stands."""

    site_id: int
    code: str
    name: str
    kind: str
    area_id: int
    area_name: str
    tables: int
    responsible_id: int | None
    phone: str | None
    opens: str | None
    closed: bool


class LabRow(NamedTuple):
    """A laboratory; `capacity` in tubes a day."""

    lab_id: int
    code: str
    name: str
    area_id: int
    area_name: str
    capacity: int
    responsible_id: int | None
    own_lis: bool


def common_place(area_ids: Sequence[int]) -> Place:
    """The smallest area that holds all of `area_ids`: whoever answers for it may act on all.

    Raises NoSuchPlace when one is unknown or there is none."""
    paths = [_get("area", a).path.strip("/").split("/") for a in area_ids]
    if not paths:
        raise NoSuchPlace()
    shared = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    if not shared:
        return EVERYWHERE
    return Place("area", int(shared[-1]), "/" + "/".join(shared) + "/")


def list_areas(
    places: Sequence[Place],
    *,
    parent_id: int | None = None,
    name: str = "",
    after: int = 0,
    limit: int = 200,
) -> list[Node]:
    """Living areas within `places` and the line above them; below one parent, or by part of a
    name. Paged by id."""
    everywhere = any(p.kind == "all" for p in places)
    own = [p.path for p in places]
    rows = fetch(
        "SELECT area_id, code, name, level, parent_id, path, cell_id FROM area a "
        "WHERE valid_to IS NULL AND area_id > %s "
        "AND (%s OR path LIKE ANY(%s) OR EXISTS (SELECT 1 FROM unnest(%s::text[]) o "
        "WHERE starts_with(o, a.path))) "
        "AND CASE WHEN %s <> '' THEN strpos(name, %s) > 0 "
        "WHEN %s::int8 IS NULL THEN parent_id IS NULL ELSE parent_id = %s END "
        "ORDER BY area_id LIMIT %s",
        (after, everywhere, [o + "%" for o in own], own, name, name, parent_id, parent_id, limit),
    )
    return [Node(*r) for r in rows]


def list_sites(
    places: Sequence[Place], *, after: int = 0, limit: int = 200, closed: bool = False
) -> list[SiteRow]:
    """Sites within `places` (areas, or the sites themselves), by id."""
    cond, params = site_scope(places, "site")
    rows = fetch(
        "SELECT s.site_id, s.code, s.name, s.kind, s.area_id, a.name, s.tables, s.responsible_id, "
        "s.phone, s.opens, s.valid_to IS NOT NULL FROM site s JOIN area a USING (area_id) "
        f"WHERE {cond} AND s.site_id > %s AND (%s OR s.valid_to IS NULL) "
        "ORDER BY s.site_id LIMIT %s",
        (*params, after, closed, limit),
    )
    return [SiteRow(*r) for r in rows]


def list_labs(places: Sequence[Place], *, after: int = 0, limit: int = 200) -> list[LabRow]:
    """Laboratories within `places` (areas, or the laboratories themselves), by id."""
    cond, params = site_scope(places, "lab")
    rows = fetch(
        "SELECT s.lab_id, s.code, s.name, s.area_id, a.name, s.capacity, s.responsible_id, "
        f"s.own_lis FROM lab s JOIN area a USING (area_id) WHERE {cond} AND s.lab_id > %s "
        "ORDER BY s.lab_id LIMIT %s",
        (*params, after, limit),
    )
    return [LabRow(*r) for r in rows]


def get_site(site_id: int) -> SiteRow:
    rows = list_sites([EVERYWHERE], after=site_id - 1, limit=1, closed=True)
    if not rows or rows[0].site_id != site_id:
        raise NoSuchPlace()
    return rows[0]


def get_lab(lab_id: int) -> LabRow:
    rows = list_labs([EVERYWHERE], after=lab_id - 1, limit=1)
    if not rows or rows[0].lab_id != lab_id:
        raise NoSuchPlace()
    return rows[0]


def line_above(node: Node) -> list[Node]:
    """The areas from the root down to the parent of `node`."""
    by_id = TREE.get().by_id
    ids = [int(i) for i in node.path.strip("/").split("/")[:-1]]
    return [by_id[i] for i in ids if i in by_id]
