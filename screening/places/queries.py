"""Reading places: the tree of areas, sites, laboratories."""

from __future__ import annotations

from collections.abc import Sequence

from screening.db import fetch
from screening.errors import NotFound
from screening.places.rules import EVERYWHERE, Place


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
