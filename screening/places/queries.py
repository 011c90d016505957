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
