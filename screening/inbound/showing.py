"""A line of an inbound list as a reader may see it; who was shown is audited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from screening import clock
from screening.accounts import audit
from screening.accounts.guard import current_actor
from screening.db import by_cell
from screening.inbound.queries import ItemRow
from screening.inbound.scopes import sees_phones
from screening.places import queries as places
from screening.registry import seals
from screening.registry.documents import DocType, Document, mask
from screening.registry.names import mask_name


def note_reads(found: Iterable[ItemRow]) -> None:
    """A line of audit for each person shown: the person, or the line where nobody matched."""
    rows = list(found)
    pairs = {(i.person_cell, i.person_id) for i in rows if i.person_id is not None}
    for cell, group in by_cell(sorted(pairs)):
        audit.note_read_person(cell, [p for _, p in group], why="inbound_list")
    strangers = [i.item_id for i in rows if i.person_id is None]
    audit.note_many("inbound_list", "inbound_item", strangers)


def line(i: ItemRow) -> dict[str, Any]:
    """A line as it may be shown: name and document masked, the rest as the reader's place allows."""
    full = sees_phones(current_actor(), places.area_path(i.area_id))
    d = i.details
    document = mask(Document(DocType(d.doc_type), d.number)) if d.doc_type else ""
    return {
        **i._asdict(),
        "name": mask_name(d.name) if d.name else "",
        "document": document,
        "phone": d.phone if full else seals.mask_phone(d.phone),
        "address": d.address if full else "",
        "note": d.note if full else "",
        "late": i.late(clock.now()),
    }
