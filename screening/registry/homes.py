"""Who lives where in one community, by building and room: for what is handed out at doors."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from screening.db import fetch
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry import seals
from screening.registry.names import mask_name
from screening.registry.queries import stores_of
from screening.registry.rules import Flag
from screening.registry.service.persons import ring

GONE = Flag.DECEASED | Flag.LEFT | Flag.DUPLICATE  # nobody would take the card


class Building(NamedTuple):
    """`building_id` 0 holds everybody whose building the register does not know."""

    building_id: int
    name: str
    persons: int


class Resident(NamedTuple):
    """One person, masked; `household` is 0 where it is unknown."""

    cell_id: int
    person_id: int
    household: int
    name: str
    unit: str
    room: str

    @property
    def home(self) -> tuple[str, ...]:
        """Rooms in the order of a staircase (2 before 10); who has no household is alone."""
        of = f"{self.household or self.person_id:020d}"
        return (self.unit.zfill(8), self.room.zfill(8), of)


def list_buildings(community: Node) -> list[Building]:
    counts: Counter[int] = Counter()
    for cell, area_id in stores_of([community]):
        rows = fetch(
            "SELECT coalesce(building_id, 0), count(*) FROM person WHERE cell_id = %s "
            "AND community_id = %s AND flags & %s = 0 GROUP BY 1",
            (cell, area_id, int(GONE)),
        )
        counts.update(dict(rows))
    found = []
    for building_id, count in counts.items():
        node = places.find_area(building_id) if building_id else None
        found.append(Building(building_id, node.name if node else "", count))
    return sorted(found, key=lambda b: (not b.name, b.name.zfill(12)))


def list_residents(community: Node, building_id: int, *, limit: int = 500) -> list[Resident]:
    """Everybody of one building, by unit, room and household."""
    rows = [
        (*row, cell)
        for cell, area_id in stores_of([community])
        for row in fetch(
            "SELECT person_id, coalesce(household_id, 0), sealed FROM person WHERE cell_id = %s "
            "AND community_id = %s AND coalesce(building_id, 0) = %s AND flags & %s = 0 "
            "ORDER BY person_id LIMIT %s",
            (cell, area_id, building_id, int(GONE), limit),
        )
    ]
    found = []
    for person, household, sealed, cell in sorted(rows)[:limit]:
        details = seals.open_person(ring(), sealed)
        found.append(Resident(cell, person, household, mask_name(details.name),
                              details.unit or "", details.room or ""))  # fmt: skip
    return sorted(found, key=lambda r: (r.home, r.name))
