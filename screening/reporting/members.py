"""People who were called back, opened for those who must reach them: name, phone, address. Audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note_read_person
from screening.db import by_cell, fetch
from screening.places import queries as places
from screening.places.rules import COMMUNITY, Place
from screening.registry.queries import stores_of
from screening.registry.seals import Details, open_person
from screening.registry.service.persons import ring
from screening.reporting import queries, rules
from screening.reporting.queries import CallbackRow


class Member(NamedTuple):
    """A callback with its person in the clear; `contact` the last try by whatever way."""

    row: CallbackRow
    name: str
    phone: str
    community: str
    building: str
    address: str
    contact: str | None
    contact_at: datetime | None


def open_members(rows: Sequence[CallbackRow]) -> list[Member]:
    """Open the persons of these callbacks; each read is audited. By building, then deadline."""
    found: dict[tuple[int, int], tuple[Details, int | None]] = {}
    contacts: dict[tuple[int, int], tuple[str, datetime]] = {}
    for cell, group in by_cell(sorted({(r.cell_id, r.person_id) for r in rows})):
        ids = [p for _, p in group]
        for person, sealed, building in fetch(
            "SELECT person_id, sealed, building_id FROM person "
            "WHERE cell_id = %s AND person_id = ANY(%s)",
            (cell, ids),
        ):
            found[cell, person] = (open_person(ring(), sealed), building)
        contacts |= _contacts(cell, {r.round_id for r in rows}, ids)
        note_read_person(cell, ids, why="callback_list")
    members = [_member(r, found, contacts) for r in rows if (r.cell_id, r.person_id) in found]
    return sorted(members, key=lambda m: (m.community, m.building, m.address, m.row.due_at))


# Contacts stand above this floor: their table is read here as it is.
def _contacts(
    cell: int, rounds: Iterable[int], ids: list[int]
) -> dict[tuple[int, int], tuple[str, datetime]]:
    rows = fetch(
        "SELECT DISTINCT ON (person_id) person_id, outcome, at FROM contact WHERE cell_id = %s "
        "AND round_id = ANY(%s) AND person_id = ANY(%s) ORDER BY person_id, at DESC",
        (cell, list(rounds), ids),
    )
    return {(cell, person): (outcome, at) for person, outcome, at in rows}


def _member(row: CallbackRow, found: dict, contacts: dict) -> Member:
    details, building_id = found[row.cell_id, row.person_id]
    home = places.find_area(row.community_id)
    building = places.find_area(building_id) if building_id else None
    last = contacts.get((row.cell_id, row.person_id), (None, None))
    if row.attempt_at is not None and (last[1] is None or row.attempt_at >= last[1]):
        last = (row.attempt, row.attempt_at)
    return Member(
        row,
        details.name,
        details.phone or "",
        home.name if home else "",
        building.name if building else (details.unit or ""),
        " ".join(filter(None, (details.unit, details.room))),
        *last,
    )


def callbacks_of_area(
    place: Place,
    *,
    states: Sequence[str] = rules.RUNNING,
    round_id: int | None = None,
    after: int = 0,
    limit: int = rules.LIST_ROWS.value,
) -> list[CallbackRow]:
    """Callbacks of the people who live in this area, a grid or building as well, by number; of one
    round if it is named. Who moved here is stored elsewhere, and their callbacks with them."""
    nodes = places.TREE.get().by_id.values()
    homes = [n for n in nodes if n.level == COMMUNITY and n.path.startswith(place.path)]
    inside = None
    if not homes:  # smaller than a community
        homes = [n for n in nodes if n.level == COMMUNITY and place.path.startswith(n.path)]
        inside = [n.area_id for n in nodes if n.path.startswith(place.path)]
    cells = sorted({cell for cell, _ in stores_of(homes)})
    return queries.list_callbacks(
        cells, [n.area_id for n in homes], inside=inside, states=states, round_id=round_id, after=after,
        limit=limit,
    )  # fmt: skip
