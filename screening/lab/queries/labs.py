"""Reading laboratories: which there are, and in which cells their tubes lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry import queries as registry


class NoSuchLab(NotFound):
    code = "no_such_lab"
    zh = "没有这个实验室。"
    en = "There is no such laboratory."


class LabRow(NamedTuple):
    """A laboratory; its rows lie in `cell_id`; `capacity` in tubes a day."""

    lab_id: int
    code: str
    name: str
    cell_id: int
    capacity: int
    own_lis: bool


_LAB = "SELECT s.lab_id, s.code, s.name, s.cell_id, s.capacity, s.own_lis FROM lab s"


def get_lab(lab_id: int) -> LabRow:
    rows = fetch(f"{_LAB} WHERE s.lab_id = %s", (lab_id,))
    if not rows:
        raise NoSuchLab()
    return LabRow(*rows[0])


def list_labs(within: Sequence[Place]) -> list[LabRow]:
    """The laboratories within these places, by code."""
    cond, params = places.site_scope(within, "lab")
    rows = fetch(f"{_LAB} JOIN area a USING (area_id) WHERE {cond} ORDER BY s.code", params)
    return [LabRow(*r) for r in rows]


def cells_in_use() -> list[int]:
    """The cells in which tubes of open rounds lie, and 0 for those that belong nowhere. A site
    outside a round's areas may sample for it: an arrival point, a borrowed hall."""
    paths = tuple({p for policy in registry.open_rounds() for p in policy.area_paths})
    if not paths:
        return [0]
    nodes = places.TREE.get().by_id.values()
    sites = {cell for (cell,) in fetch("SELECT DISTINCT cell_id FROM site")}
    return sorted({0} | sites | {n.cell_id for n in nodes if n.path.startswith(paths)})


def rounds_in_use() -> list[int]:
    """The open rounds, and round 0."""
    return [0, *(p.round_id for p in registry.open_rounds())]
