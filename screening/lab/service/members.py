"""The members of an alerted tube, opened for those who must reach them: phone, address. Audited.

The list is read when somebody opens it: ready the moment the alert is written, and never older
than the newest journal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note_read_person
from screening.db import by_cell, fetch
from screening.lab.queries import AlertRow
from screening.lab.queries.members import binds_of, singles_of
from screening.places import queries as places
from screening.registry.seals import open_person
from screening.registry.service.persons import ring


class Member(NamedTuple):
    """Somebody in the tube, in the clear. `contact`: what came of the last try to reach them;
    `single`: duty_rules.NOT_SAMPLED, SAMPLED, KNOWN."""

    cell_id: int
    person_id: int
    community_id: int
    name: str
    phone: str
    community: str
    address: str
    contact: str | None
    contact_at: datetime | None
    single: str


def open_members(found: AlertRow, within: Iterable[int]) -> tuple[list[Member], int]:
    """Open the members who live in the communities `within`; each read is audited. By address;
    with how many live elsewhere."""
    binds = binds_of(found)
    homes = set(within)
    own = [b for b in binds if b.community_id in homes]
    singles = singles_of(found, binds)
    out = []
    for cell, group in by_cell([(b.home_cell, b.person_id) for b in own]):
        ids = [p for _, p in group]
        contacts = _contacts(cell, ids, found.round_id)
        for person, sealed, community in fetch(
            "SELECT person_id, sealed, community_id FROM person "
            "WHERE cell_id = %s AND person_id = ANY(%s)",
            (cell, ids),
        ):
            details = open_person(ring(), sealed)
            home = places.find_area(community)
            contact, contact_at = contacts.get(person, (None, None))
            out.append(Member(
                cell, person, community, details.name, details.phone or "",
                home.name if home else "", " ".join(filter(None, (details.unit, details.room))),
                contact, contact_at, singles[person],
            ))  # fmt: skip
        note_read_person(cell, ids, why="alert_members")
    return sorted(out, key=lambda m: (m.community, m.address, m.name)), len(binds) - len(own)


# Contacts and callbacks stand above this floor: their tables are read here as they are.
def _contacts(cell: int, ids: list[int], round_id: int) -> dict[int, tuple[str, datetime]]:
    rows = fetch(
        "SELECT DISTINCT ON (person_id) person_id, outcome, at FROM ("
        "SELECT person_id, outcome, at FROM contact WHERE cell_id = %(cell)s "
        "AND round_id = %(round)s AND person_id = ANY(%(ids)s) UNION ALL "
        "SELECT person_id, attempt, attempt_at FROM callback WHERE cell_id = %(cell)s "
        "AND person_id = ANY(%(ids)s) AND attempt IS NOT NULL) k ORDER BY person_id, at DESC",
        {"cell": cell, "ids": ids, "round": round_id},
    )
    return {person: (outcome, at) for person, outcome, at in rows}
