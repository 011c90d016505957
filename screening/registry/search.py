"""Finding persons by what they say: whole values by keyed hash, parts of a name in memory.

Every person shown is audited by id; what was searched for is written nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note_read_person
from screening.db import by_cell, fetch
from screening.errors import Problem
from screening.places import queries as places
from screening.places.rules import COMMUNITY, Place
from screening.registry import queries, seals
from screening.registry.documents import Document, mask, normalise
from screening.registry.names import normalise_name
from screening.registry.rules import Flag
from screening.registry.service.persons import NoSuchPerson, ring

MOST = 50  # rows of one answer; a search is for one person, not for a list
MOST_CELLS = 40  # a whole name is looked for in a county at most, never in the whole city


class SearchTooWide(Problem):
    status = 422
    code = "search_too_wide"
    zh = "范围太大：按姓名或后四位请选到街道或社区，姓名片段请选到社区。"
    en = "Too wide: choose a street or community for a name, a community for part of one."


class NothingToFind(Problem):
    status = 422
    code = "nothing_to_find"
    zh = "请填写证件号码、电话、姓名或证件后四位中的一项。"
    en = "Fill in one of document, telephone, name or the document's last four characters."


class Found(NamedTuple):
    """One person, opened. Handle briefly; screens show `document` and `phone` masked."""

    cell_id: int
    person_id: int
    community_id: int
    community: str
    household_id: int | None
    doc_type: int
    details: seals.Details
    flags: Flag
    lane: int
    key_group: str | None
    employer: str | None
    created_at: datetime
    residence: int | None
    residence_since: datetime | None

    @property
    def document(self) -> str:
        return mask(Document(seals.DOC_TYPES[self.doc_type], self.details.number))

    @property
    def phone(self) -> str:
        return seals.mask_phone(self.details.phone)


_COLUMNS = (
    "cell_id, person_id, community_id, household_id, doc_type, sealed, flags, lane, key_group, "
    "employer, created_at, residence, residence_since"
)


class Wanted(NamedTuple):
    """What is searched for; the first one that is given counts."""

    doc_type: str | None = None
    number: str | None = None
    country: str | None = None
    phone: str | None = None
    name: str | None = None
    part_of_name: str | None = None
    last4: str | None = None


def search(wanted: Wanted, within: Place) -> list[Found]:
    """Persons who live within an area. Raises BadDocument, BadPhone, SearchTooWide."""
    if wanted.number:
        rows = _by_document(wanted)
    elif wanted.phone:
        rows = _by_phone(wanted.phone)
    elif wanted.name:
        rows = _by_hash("name_hash", seals.name_hash(ring(), wanted.name), within)
    elif wanted.last4:
        text = wanted.last4.strip().upper()
        rows = _by_hash("last4_hash", seals.last4_hash(ring(), text), within)
    elif wanted.part_of_name:
        return _seen(_by_part(wanted.part_of_name, within))
    else:
        raise NothingToFind()
    return _seen([p for p in _open(rows) if _lives(p, within)][:MOST])


def lookup(documents: Sequence[Document], within: Place) -> list[tuple[int, int] | None]:
    """(cell, person) of each document, or None when it is unknown or lives elsewhere."""
    hashes = [seals.doc_hash(ring(), d) for d in documents]
    known = queries.persons_of_documents([h for h in hashes if h])
    rows = queries.persons_by_cell((cell, person) for person, cell in known.values())
    inside = {
        pair: places.area_path(row.community_id).startswith(within.path)
        for pair, row in rows.items()
    }
    found = [known.get(h) if h else None for h in hashes]
    pairs = [(cell, person) for person, cell in filter(None, found) if inside.get((cell, person))]
    for cell, group in by_cell(pairs):
        note_read_person(cell, {person for _, person in group}, why="looked_up")
    return [(f[1], f[0]) if f and inside.get((f[1], f[0])) else None for f in found]


def get_person(cell: int, person_id: int) -> Found:
    """One person, opened and audited. Raises NoSuchPerson."""
    found = _open(_by_ids(cell, [person_id]))
    if not found:
        raise NoSuchPerson()
    return _seen(found)[0]


def household(person: Found) -> list[Found]:
    """Who else lives in the same household."""
    if person.household_id is None:
        return []
    rows = fetch(
        f"SELECT {_COLUMNS} FROM person WHERE cell_id = %s AND community_id = %s "
        "AND household_id = %s AND person_id <> %s ORDER BY person_id LIMIT %s",
        (person.cell_id, person.community_id, person.household_id, person.person_id, MOST),
    )
    return _seen(_open(rows))


def _by_document(wanted: Wanted) -> list[tuple]:
    document = normalise(wanted.doc_type or "resident_id", wanted.number, wanted.country)
    h = seals.doc_hash(ring(), document)
    known = queries.persons_of_documents([h] if h else [])
    return [row for person, cell in known.values() for row in _by_ids(cell, [person])]


def _by_phone(text: str) -> list[tuple]:
    phone = seals.normalise_phone(text)
    pairs = fetch(
        "SELECT cell_id, person_id FROM phone_key WHERE phone_hash = %s LIMIT %s",
        (seals.phone_hash(ring(), phone or ""), MOST),
    )
    return [row for cell, g in by_cell(pairs) for row in _by_ids(cell, [p for _, p in g])]


def _by_ids(cell: int, ids: Sequence[int]) -> list[tuple]:
    return fetch(
        f"SELECT {_COLUMNS} FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
        (cell, list(ids)),
    )


def _by_hash(column: str, value: bytes | None, within: Place) -> list[tuple]:
    cells = places.cells_under(within.path)
    if len(cells) > MOST_CELLS:
        raise SearchTooWide()
    nodes = places.TREE.get().by_id.values()
    homes = [n for n in nodes if n.level == COMMUNITY and n.path.startswith(within.path)]
    cells = sorted({*cells, *(cell for cell, _ in queries.stores_of(homes))})
    return fetch(
        f"SELECT {_COLUMNS} FROM person WHERE cell_id = ANY(%s) AND {column} = %s "
        "ORDER BY person_id LIMIT %s",
        (cells, value, 4 * MOST),
    )


def _by_part(part: str, within: Place) -> list[Found]:
    """Everybody of one community is opened in memory; nothing of it is kept."""
    node = places.find_area(within.id) if within.kind == "area" else None
    if node is None or node.level < COMMUNITY:
        raise SearchTooWide()
    text = normalise_name(part).casefold()
    rows = [
        row
        for cell, community in queries.stores_of(
            n for n in (*places.line_above(node), node) if n.level == COMMUNITY
        )
        for row in fetch(
            f"SELECT {_COLUMNS} FROM person WHERE cell_id = %s AND community_id = %s",
            (cell, community),
        )
    ]
    found = (p for p in _open(rows) if text in p.details.name.casefold())
    return sorted(found, key=lambda p: p.details.name)[:MOST]


def _open(rows: Iterable[tuple]) -> list[Found]:
    return [
        Found(
            cell, person, home, _name(home), household_id, doc_type,
            seals.open_person(ring(), sealed), Flag(flags), lane, group, *rest,
        )
        for cell, person, home, household_id, doc_type, sealed, flags, lane, group, *rest
        in rows
    ]  # fmt: skip


def _name(area_id: int) -> str:
    node = places.find_area(area_id)
    return node.name if node else ""


def _lives(person: Found, within: Place) -> bool:
    return within.kind == "all" or places.area_path(person.community_id).startswith(within.path)


def _seen(found: list[Found]) -> list[Found]:
    for cell, group in by_cell([(p.cell_id, p.person_id) for p in found]):
        note_read_person(cell, [person for _, person in group])
    return found
