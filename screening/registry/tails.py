"""Finding a person by name and the end of the document: what a paper sheet holds at the least."""

from __future__ import annotations

from screening.db import fetch
from screening.places import queries as places
from screening.places.rules import COUNTY
from screening.registry import seals
from screening.registry.search import MOST_CELLS
from screening.registry.service.persons import ring

MOST = 200  # of one name in one county; more cannot be told apart at a table either


def cells_near(cell: int, path: str) -> list[int]:
    """The cells of the county around a place; its own alone where the county has too many."""
    above = (places.find_area(int(i)) for i in path.strip("/").split("/"))
    county = next((n for n in above if n is not None and n.level == COUNTY), None)
    found = places.cells_under(county.path) if county else []
    return found if cell in found and len(found) <= MOST_CELLS else [cell]


def find_by_tail(name: str, tail: str, cells: list[int]) -> list[tuple[int, int]]:
    """(cell, person) of everybody of this name, within the cells, whose document ends so."""
    rows = fetch(
        "SELECT cell_id, person_id, sealed FROM person WHERE cell_id = ANY(%s) AND name_hash = %s "
        "ORDER BY person_id LIMIT %s",
        (cells, seals.name_hash(ring(), name), MOST),
    )
    return [
        (cell, person)
        for cell, person, sealed in rows
        if seals.open_person(ring(), sealed).number.upper().endswith(tail.upper())
    ]
