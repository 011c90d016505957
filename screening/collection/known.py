"""Reading a name back at the table: the register's spelling, masked; each look is audited."""

from __future__ import annotations

from typing import NamedTuple

from screening.accounts.audit import note_read_person
from screening.collection.persons import ring
from screening.db import fetch
from screening.registry import queries as registry
from screening.registry import seals
from screening.registry.documents import Document, mask
from screening.registry.queries import PersonRow


class KnownName(NamedTuple):
    """`name` is in the clear: compare it, mask it, never send it."""

    row: PersonRow
    name: str
    document: str


def find_known(pair: tuple[int, int]) -> KnownName | None:
    """The person of (cell, person id), with name and masked document; None if unknown."""
    cell, person = pair
    rows = registry.persons_by_id(cell, [person])
    sealed = fetch(
        "SELECT doc_type, sealed FROM person WHERE cell_id = %s AND person_id = %s", pair
    )
    if not rows or not sealed:
        return None
    details = seals.open_person(ring(), sealed[0][1])
    document = mask(Document(seals.DOC_TYPES[sealed[0][0]], details.number))
    note_read_person(cell, [person], why="table")
    return KnownName(rows[0], details.name, document)
