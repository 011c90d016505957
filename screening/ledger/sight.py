"""What of the ledger somebody may see: everything, or the sites and laboratories of their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from screening.db import fetch
from screening.places import queries as places
from screening.places.rules import Place


class Sight(NamedTuple):
    """`cells` are where the rows of these sites and laboratories lie."""

    everywhere: bool
    cells: list[int]
    sites: list[int]
    labs: list[int]

    def sees(self, site_id: int | None, lab_id: int | None) -> bool:
        """A thing belongs to its site; to its laboratory only while no site is known."""
        if self.everywhere:
            return True
        return site_id in self.sites if site_id else lab_id in self.labs


def whole_city() -> Sight:
    return Sight(True, [0, *places.cells_under("/")], [], [])


def sight_of(held: Sequence[Place]) -> Sight:
    """The sight of somebody who holds these places."""
    if any(p.kind == "all" for p in held):
        return whole_city()
    found: dict[str, dict[int, int]] = {}
    for kind in ("site", "lab"):
        cond, params = places.site_scope(held, kind)
        found[kind] = dict(
            fetch(
                f"SELECT s.{kind}_id, s.cell_id FROM {kind} s JOIN area a USING (area_id) "
                f"WHERE {cond}",
                params,
            )
        )
    cells = sorted({c for f in found.values() for c in f.values()})
    return Sight(False, cells, sorted(found["site"]), sorted(found["lab"]))
