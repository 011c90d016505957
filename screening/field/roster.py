"""The catchment's people in columns, packed for the wire: masked, and small for fifty thousand."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.accounts.rules import Limit
from screening.collection.checks import RESULT_LANE
from screening.collection.persons import community_of, ring
from screening.collection.queries import SiteRow
from screening.db import by_cell, fetch
from screening.places import queries as places
from screening.registry import queries as registry
from screening.registry import seals
from screening.registry.documents import Document, mask
from screening.registry.names import mask_name
from screening.registry.queries import RoundPolicy
from screening.registry.rules import GONE, Mode

MOST = Limit(50_000, "issue 3: a slice of 50,000 persons in 1.5 MB; architecture 5: usually 5,000")
DOC_BYTES = 5  # of the salted hash: two of 50,000 meet by chance once in a thousand rosters
_NO_DOCUMENT = bytes(DOC_BYTES)


class Person(NamedTuple):
    cell_id: int
    person_id: int
    household_id: int | None
    building_id: int | None
    lane: int
    key_group: str | None
    doc_type: int
    sealed: bytes


def list_people(site: SiteRow) -> list[Person]:
    """Everybody of the site's community who stands in the register, by id, wherever stored."""
    found = [
        Person(cell, *r)
        for cell, community in _stores(site)
        for r in fetch(
            "SELECT person_id, household_id, building_id, lane, key_group, doc_type, sealed "
            "FROM person WHERE cell_id = %s AND community_id = %s AND flags & %s = 0 "
            "ORDER BY person_id LIMIT %s",
            (cell, community, int(GONE), MOST.value),
        )
    ]
    return sorted(found, key=lambda p: p.person_id)[: MOST.value]


def _stores(site: SiteRow) -> list[tuple[int, int]]:
    """(cell, community) of those who live there; of a site without a community its own cell."""
    community = places.find_area(community_of(site))
    return registry.stores_of([community]) if community else [(site.cell_id, community_of(site))]


def revision_of(people: Sequence[Person]) -> str:
    """Changes when anybody comes, goes, or is written anew."""
    sha = hashlib.sha256(b"roster-3\n")
    for p in people:
        home = (p.cell_id, p.person_id, p.household_id or 0, p.building_id or 0)
        sha.update(b"%d,%d,%d,%d\n" % home)
        sha.update(bytes(p.sealed)[:29])
    return sha.hexdigest()[:16]


def pack(cell: int, people: Sequence[Person]) -> dict[str, Any]:
    """The roster as the contract of the slice has it (docs/field-slice.md)."""
    keys, salt = ring(), secrets.token_bytes(16)
    names, tails, docs, rooms = [], [], [], []
    for p in people:
        details = seals.open_person(keys, p.sealed)
        document = Document(seals.DOC_TYPES[p.doc_type], details.number)
        names.append(mask_name(details.name).replace("\n", " "))
        tails.append(tail_of(document))
        docs.append(doc_mark(salt, document))
        rooms.append(_room(details.unit, details.room))
    buildings = _Numbered()
    homes = _Numbered()
    return {
        "cell": cell,
        "count": len(people),
        "person": u64s(p.person_id for p in people),
        "stored": [[i, p.cell_id] for i, p in enumerate(people) if p.cell_id != cell],
        "names": "\n".join(names),
        "tails": "\n".join(tails),
        "doc_salt": b64(salt),
        "docs": b64(b"".join(docs)),
        "household": [homes.of(p.household_id) for p in people],
        "building": [buildings.of(p.building_id) for p in people],
        "buildings": ["", *(_name_of(b) for b in buildings.seen)],
        "rooms": "\n".join(rooms),
    }


class _Numbered:
    """1, 2, 3 … in the order of first sight; 0 for none."""

    def __init__(self) -> None:
        self.seen: dict[int, int] = {}

    def of(self, value: int | None) -> int:
        if value is None:
            return 0
        return self.seen.setdefault(value, len(self.seen) + 1)


def tail_of(document: Document) -> str:
    """What a screen shows of a document's end: at most its last four, as `mask` leaves them."""
    shown = mask(document).rpartition("*")[2]
    return shown[-4:]


def doc_mark(salt: bytes, document: Document) -> bytes:
    """The salted mark by which a phone finds the document it was given; zeros for none."""
    if document.key is None:
        return _NO_DOCUMENT
    return hmac.digest(salt, document.key.encode(), "sha256")[:DOC_BYTES]


def _room(unit: str | None, room: str | None) -> str:
    return "-".join(part for part in (unit, room) if part).replace("\n", " ")


def _name_of(area_id: int) -> str:
    node = places.find_area(area_id)
    return node.name if node else ""


# --- who was swabbed, who must be alone ---------------------------------------------------------


def pack_sampled(site: SiteRow, round_id: int, people: Sequence[Person]) -> dict[str, Any]:
    """Index, minute and site of everybody in the roster who has a swab of record: exact, as of
    this transaction."""
    held = {
        person: (at, where)
        for cell, _ in _stores(site)
        for person, at, where in fetch(
            "SELECT person_id, at, site_id FROM specimen WHERE cell_id = %s AND round_id = %s "
            "AND of_record AND (%s OR person_id = ANY(%s))",
            (cell, round_id, cell == site.cell_id,
             [p.person_id for p in people if p.cell_id == cell != site.cell_id]),
        )
    }  # fmt: skip
    found = [(i, *held[p.person_id]) for i, p in enumerate(people) if p.person_id in held]
    sites = SiteNames()
    return {
        "sampled": {
            "index": u32s(i for i, _, _ in found),
            "at": u32s(minute(at) for _, at, _ in found),
            "site": u16s(sites.of(where) for _, _, where in found),
        },
        "sites": sites.names(),
    }


class SiteNames(_Numbered):
    """Names of sites by small numbers; 0 is an unknown one."""

    def names(self) -> list[str]:
        if not self.seen:
            return [""]
        rows = fetch("SELECT site_id, name FROM site WHERE site_id = ANY(%s)", (list(self.seen),))
        known = dict(rows)
        return ["", *(known.get(s, "") for s in self.seen)]


def pack_single(
    policy: RoundPolicy, site: SiteRow, zones: Collection[str], people: Sequence[Person],
    cohorts: dict[int, frozenset[str]],
) -> str:  # fmt: skip
    """A bitmap over the roster: who needs a tube of their own. No reason goes along: a called-back
    person, a contact and a hospital's nurse look alike."""
    bits = bytearray((len(people) + 7) // 8)
    alone: dict[frozenset[str], bool] = {}
    for i, p in enumerate(people):
        groups = cohorts.get(p.person_id, frozenset())
        if p.key_group:
            groups |= {p.key_group}
        if groups and groups not in alone:
            alone[groups] = policy.pool(zones, groups, site.kind).mode is Mode.SINGLE
        if p.lane == RESULT_LANE or (groups and alone[groups]):
            bits[i >> 3] |= 0x80 >> (i & 7)
    return b64(bits)


def cohorts_of(people: Sequence[Person], at: datetime) -> dict[int, frozenset[str]]:
    """The dated cohorts of the roster's people."""
    out: dict[int, frozenset[str]] = {}
    for cell, group in by_cell(sorted((p.cell_id, p.person_id) for p in people)):
        out |= registry.cohorts_of(cell, [person for _, person in group], at)
    return out


# --- numbers on the wire ------------------------------------------------------------------------


def b64(data: bytes | bytearray) -> str:
    """Plain base64 with padding: what `atob` reads."""
    return b64encode(data).decode()


def minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def u16s(values: Iterable[int]) -> str:
    return _packed("H", values)


def u32s(values: Iterable[int]) -> str:
    return _packed("I", values)


def u64s(values: Iterable[int]) -> str:
    return _packed("Q", values)


def _packed(form: str, values: Iterable[int]) -> str:
    held = list(values)
    return b64(struct.pack(f">{len(held)}{form}", *held))
