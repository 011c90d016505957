"""Persons made at a table or a desk, moved, merged, marked; sets of them, never one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import current_app

from screening.accounts.audit import note
from screening.crypto import KeyRing, hash_id
from screening.db import by_cell, fetch, insert, new_id, run
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import COMMUNITY, GRID
from screening.registry import queries, seals
from screening.registry.documents import DocType, Document, birth_date, last4
from screening.registry.residence import Residence
from screening.registry.rules import Flag
from screening.registry.seals import Details
from screening.registry.service.changes import changed

COLUMNS = (
    "cell_id", "person_id", "community_id", "grid_id", "building_id", "household_id", "doc_type",
    "doc_hash", "name_hash", "last4_hash", "sealed", "birth_year", "flags", "key_group",
    "employer", "lane", "created_at", "left_at", "content",
)  # fmt: skip


# what nobody says leaves what is known; the date is that of the first time it was said
RESIDENCE = (
    "residence = coalesce(%s, residence), residence_since = "
    "CASE WHEN residence IS DISTINCT FROM coalesce(%s, residence) THEN %s ELSE residence_since END"
)


def said_of(residence: Residence | None, at: datetime) -> tuple[int | None, int | None, datetime]:
    """The values of RESIDENCE."""
    value = int(residence) if residence else None
    return value, value, at


class NoSuchPerson(NotFound):
    code = "no_such_person"
    zh = "没有这个人。"
    en = "There is no such person."


class Newcomer(NamedTuple):
    """Somebody who stands in no register yet. `mark` tells people without a document apart."""

    name: str
    document: Document
    phone: str | None = None  # normalised
    birth: str | None = None  # ISO date
    guardian: str | None = None
    unit: str | None = None
    room: str | None = None
    mark: str = ""
    flags: int = 0
    residence: Residence | None = None


def make_provisional(
    newcomers: Sequence[Newcomer], *, cell: int, community: int, at: datetime
) -> list[tuple[int, int]]:
    """(person_id, cell_id) of each newcomer, in order; those already known are found, not made.

    The directory decides: whoever writes the key first names the cell. Ids derive from the
    document, so they do not depend on who came first.
    """
    if not newcomers:
        return []
    keys = ring()
    hashes = [identity_hash(keys, n) for n in newcomers]
    firsts = {h: n for h, n in zip(reversed(hashes), reversed(newcomers), strict=True)}
    won = insert(
        "person_key",
        ("doc_hash", "person_id", "cell_id"),
        [(h, person_id_of(h), cell) for h in sorted(firsts)],
        "ON CONFLICT DO NOTHING RETURNING doc_hash",
        returning=True,
    )
    fresh = [(bytes(h), firsts[bytes(h)]) for (h,) in won]
    if fresh:
        rows = [_row(keys, h, n, cell, community, at) for h, n in fresh]
        insert("person", COLUMNS, rows, "ON CONFLICT DO NOTHING")
        phones = [
            (seals.phone_hash(keys, n.phone), cell, person_id_of(h)) for h, n in fresh if n.phone
        ]
        insert(
            "phone_key",
            ("phone_hash", "cell_id", "person_id"),
            sorted(phones),
            "ON CONFLICT DO NOTHING",
        )
        changed([(cell, community)])
    found = queries.persons_of_documents(firsts.keys())
    return [found[h] for h in hashes]


def register(newcomer: Newcomer, community: int, *, at: datetime) -> tuple[int, int]:
    """(cell, person) of somebody who came to a desk: found by the document, else written down as
    a resident of the community, no longer provisional. Raises NoSuchPlace."""
    home = places.find_area(community)
    if home is None or home.level != COMMUNITY:
        raise places.NoSuchPlace()
    ((person, cell),) = make_provisional(
        [newcomer], cell=home.cell_id, community=home.area_id, at=at
    )
    here = lock_community(cell, person) == home.area_id
    if here:
        mark(cell, person, drop=Flag.PROVISIONAL)
        if newcomer.residence:
            say_residence(cell, person, newcomer.residence, at=at)
    note("person_registered", "person", person, cell=cell)
    return cell, person


def ring() -> KeyRing:
    """The keys that seal and hash what is personal."""
    return current_app.extensions["keys"]


def identity_hash(keys: KeyRing, newcomer: Newcomer) -> bytes:
    """Of the document; of the mark or the name where there is none."""
    found = seals.doc_hash(keys, newcomer.document)
    return found if found is not None else seals.no_doc_hash(keys, newcomer.mark or newcomer.name)


def person_id_of(doc_hash: bytes) -> int:
    """The same person has the same id, whoever writes the row first."""
    return hash_id("person", doc_hash.hex())


def _row(keys: KeyRing, h: bytes, n: Newcomer, cell: int, community: int, at: datetime) -> tuple:
    born = birth_date(n.document)
    birth = n.birth or (born.isoformat() if born else None)
    details = Details(
        n.name, n.document.number, n.document.country, n.phone, n.unit, n.room, birth, n.guardian
    )
    tail = last4(n.document) if n.document.type is not DocType.NONE else ""
    return (
        cell, person_id_of(h), community, None, None, None, seals.DOC_CODES[n.document.type], h,
        seals.name_hash(keys, n.name), seals.last4_hash(keys, tail),
        seals.seal_person(keys, details), int(birth[:4]) if birth else None,
        int(Flag.PROVISIONAL) | n.flags, None, None, 0, at, None, None,
    )  # fmt: skip


# --- moves, marks, merges -------------------------------------------------------------------


def move(cell: int, person_id: int, community: int, *, by: int | None, at: datetime) -> None:
    """The person lives in another community from now on; where the row is stored stays.

    Raises NoSuchPerson."""
    old = lock_community(cell, person_id)
    if old == community:
        return
    run(
        "UPDATE person SET community_id = %s, grid_id = NULL, building_id = NULL, "
        "household_id = NULL WHERE cell_id = %s AND person_id = %s",
        (community, cell, person_id),
    )
    note_move([(cell, person_id, old, community)], by=by, at=at)
    note("person_moved", "person", person_id, cell=cell)
    changed([(cell, old), (cell, community)])


# Callbacks stand above this floor: their table is written here as it is.
_FOLLOW = {"exemption": "true", "callback": "x.state IN ('open', 'sampled')"}


def note_move(moves: Sequence[tuple[int, int, int, int]], *, by: int | None, at: datetime) -> None:
    """Write dated (cell, person, from community, to community) lines; what waits for these people
    follows them, so that the new place knows of it."""
    insert(
        "person_move",
        ("cell_id", "move_id", "person_id", "from_community", "to_community", "at", "made_by"),
        [(cell, new_id(), person, old, new, at, by) for cell, person, old, new in moves],
    )
    for cell, group in by_cell(moves):
        homes = [[m[1] for m in group], [m[3] for m in group]]
        for table, which in _FOLLOW.items():
            run(
                f"UPDATE {table} x SET community_id = m.home FROM unnest(%s::int8[], %s::int8[]) "
                f"AS m (person, home) WHERE x.cell_id = %s AND x.person_id = m.person AND {which}",
                (*homes, cell),
            )
    elsewhere = {(new, cell) for cell, _, _, new in moves if places.community_cell(new) != cell}
    insert(
        "person_elsewhere", ("community_id", "cell_id"), sorted(elsewhere), "ON CONFLICT DO NOTHING"
    )
    queries.ELSEWHERE.forget()


def settle(
    cell: int, person_id: int, building: int | None, unit: str | None, room: str | None,
    grid: int | None = None,
) -> None:  # fmt: skip
    """The person lives behind this door of the own community; the grid is the building's where that
    stands in one. Raises NoSuchPerson, NoSuchPlace."""
    home = lock_community(cell, person_id)
    node = places.find_area(building) if building else None
    if building and (node is None or not node.path.startswith(places.area_path(home))):
        raise places.NoSuchPlace()
    above = places.find_area(node.parent_id) if node and node.parent_id else None
    grid = above.area_id if above and above.level == GRID else grid
    (sealed,) = fetch(
        "SELECT sealed FROM person WHERE cell_id = %s AND person_id = %s", (cell, person_id)
    )[0]
    details = seals.open_person(ring(), sealed)._replace(unit=unit, room=room)
    run(
        "UPDATE person SET building_id = %s, grid_id = %s, sealed = %s "
        "WHERE cell_id = %s AND person_id = %s",
        (building, grid, seals.seal_person(ring(), details), cell, person_id),
    )
    changed([(cell, home)])


def mark(cell: int, person_id: int, *, add: Flag = Flag(0), drop: Flag = Flag(0)) -> None:
    """Set and clear flags; the live list of the community changes with them."""
    community = lock_community(cell, person_id)
    run(
        "UPDATE person SET flags = (flags | %s) & ~%s::bigint WHERE cell_id = %s AND person_id = %s",
        (int(add), int(drop), cell, person_id),
    )
    note("person_marked", "person", person_id, cell=cell, detail={"flags": int(add)})
    changed([(cell, community)])


def say_residence(cell: int, person_id: int, residence: Residence, *, at: datetime) -> None:
    """Registered household, long-term resident or floating, from now on. Raises NoSuchPerson."""
    community = lock_community(cell, person_id)
    if run(
        f"UPDATE person SET {RESIDENCE} WHERE cell_id = %s AND person_id = %s "
        "AND residence IS DISTINCT FROM %s",
        (*said_of(residence, at), cell, person_id, int(residence)),
    ):
        note("residence_said", "person", person_id, cell=cell, detail={"residence": int(residence)})
        changed([(cell, community)])


def merge(twin: tuple[int, int], into: tuple[int, int], *, by: int | None, at: datetime) -> int:
    """`twin` (cell, person) was the same human being as `into`: later scans find `into`.

    The twin's row stays with its specimens and is marked; the directory points to the other. The
    number of the link, a line of person_move (0: they are one row)."""
    if twin == into:
        return 0
    link = new_id()
    homes = {pair: lock_community(*pair) for pair in sorted((twin, into))}
    old, new = homes[twin], homes[into]
    run(
        "UPDATE person SET flags = flags | %s, left_at = %s WHERE cell_id = %s AND person_id = %s",
        (int(Flag.DUPLICATE), at, *twin),
    )
    # who must be swabbed alone under one number must be under the other
    run(
        "UPDATE person SET flags = flags | %s, lane = greatest(lane, %s) "
        "WHERE cell_id = %s AND person_id = %s",
        (int(Flag.HAS_TWIN), _lane(*twin), *into),
    )
    run(
        "UPDATE person_key SET person_id = %s, cell_id = %s WHERE doc_hash = "
        "(SELECT doc_hash FROM person WHERE cell_id = %s AND person_id = %s)",
        (into[1], into[0], *twin),
    )
    insert(
        "person_move",
        ("cell_id", "move_id", "person_id", "from_community", "to_community", "at", "made_by",
         "into_cell", "into_id"),
        [(twin[0], link, twin[1], old, new, at, by, *into)],
    )  # fmt: skip
    note("person_merged", "person", twin[1], cell=twin[0], detail={"into": str(into[1])})
    changed([(twin[0], old), (into[0], new)])
    return link


def _lane(cell: int, person_id: int) -> int:
    asked = (cell, person_id)
    return fetch("SELECT lane FROM person WHERE cell_id = %s AND person_id = %s", asked)[0][0]


def lock_community(cell: int, person_id: int) -> int:
    """Where a person lives; the row is locked. Raises NoSuchPerson."""
    rows = fetch(
        "SELECT community_id FROM person WHERE cell_id = %s AND person_id = %s FOR UPDATE",
        (cell, person_id),
    )
    if not rows:
        raise NoSuchPerson()
    return rows[0][0]
