"""One area at a time: added, renamed, closed, given its worker; grids and buildings as sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from screening.db import fetch, run
from screening.places import queries
from screening.places.queries import Node, NoSuchPlace
from screening.places.rules import BUILDING, COMMUNITY, GRID
from screening.places.service.tree import (
    AreaCode,
    BadArea,
    change,
    living,
    lock,
    node_of,
    spare_ids,
    touched,
    write_areas,
)


def close_area(area_id: int, *, on: date) -> None:
    """The area and all below it end on `on`; its row stays for old reports. Raises NoSuchPlace."""
    path = queries.place_of_area(area_id).path
    run(
        "UPDATE area SET valid_to = %s WHERE path LIKE %s AND valid_to IS NULL",
        (on, path + "%"),
    )
    touched()


def rename_area(area_id: int, name: str, *, on: date) -> None:
    """A new name from `on`; the old one stays as a dated row. Raises NoSuchPlace."""
    node = living(area_id)
    lock()
    parent = queries.find_area(node.parent_id) if node.parent_id else None
    change(node, name, parent, next(spare_ids()), on)
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
        lock()
        found = _by_codes(codes)
        ids = spare_ids()
        fresh = [
            node_of(next(ids), code, name, level, parent)
            for code, (parent, name) in sorted(codes.items())
            if code not in found
        ]
        write_areas(fresh, on)
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
    parent = living(parent_id)
    if level <= parent.level:
        raise BadArea()
    if level <= COMMUNITY and not re.fullmatch("[0-9]{12}", code):
        raise AreaCode()
    lock()
    node = node_of(next(spare_ids()), code, name, level, parent)
    write_areas([node], on)
    touched()
    return node.area_id
