"""People of a 专报 in the clear: opened once, sealed at once, each read audited (a room of its own,
so that nothing else here opens a person)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from screening.accounts.audit import note_read_person
from screening.db import by_cell, fetch
from screening.places import queries as places
from screening.registry.seals import Details, open_person
from screening.registry.service.persons import ring


class Opened(NamedTuple):
    details: Details
    home: str


def open_people(people: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Opened]:
    """Names, documents, phones and homes; each read is audited."""
    out: dict[tuple[int, int], Opened] = {}
    for cell, group in by_cell(sorted(set(people))):
        ids = [p for _, p in group]
        note_read_person(cell, ids, why="special_report")
        for person, sealed, community, building in fetch(
            "SELECT person_id, sealed, community_id, building_id FROM person "
            "WHERE cell_id = %s AND person_id = ANY(%s)",
            (cell, ids),
        ):
            line = [places.find_area(i) for i in (community, building) if i]
            home = " ".join(n.name for n in line if n is not None)
            out[cell, person] = Opened(open_person(ring(), sealed), home)
    return out


def who_of(found: Opened | None) -> dict[str, Any]:
    if found is None:
        return {}
    d = found.details
    door = "-".join(x for x in (d.unit, d.room) if x)
    return {"name": d.name, "document": d.number, "phone": d.phone, "address": [found.home, door]}
