"""Writing entries of a register into the cells: set by set, the same twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from screening.crypto import KeyRing, hash_id
from screening.db import by_cell, fetch, insert, raw, run
from screening.errors import Conflict
from screening.places import service as places_service
from screening.places.rules import BUILDING, GRID
from screening.registry import queries, seals
from screening.registry.documents import DocType, last4
from screening.registry.readers.register import Entry
from screening.registry.rules import Flag
from screening.registry.seals import Details
from screening.registry.service.changes import changed
from screening.registry.service.persons import (
    COLUMNS,
    RESIDENCE,
    note_move,
    person_id_of,
    said_of,
)

# What a register says anew each time; all other flags belong to people here and stay.
SAID = (
    Flag.CANNOT_WALK | Flag.RENTAL | Flag.DORMITORY | Flag.KEY_GROUP | Flag.PROVISIONAL | Flag.LEFT
)
LOADED = (*COLUMNS, "residence", "residence_since")
TYPES = (
    "int8", "int8", "int8", "int8", "int8", "int8", "int2", "bytea", "bytea", "bytea", "bytea",
    "int2", "int8", "text", "text", "int2", "timestamptz", "timestamptz", "bytea",
    "int2", "timestamptz",
)  # fmt: skip


class CameMeanwhile(Conflict):
    """Somebody else wrote one of these persons while the set was on its way; try it again."""

    code = "came_meanwhile"
    zh = "同一批人员正被另一处写入，请稍后重试。"
    en = "The same persons are being written elsewhere; try again."


class Loaded(NamedTuple):
    added: int = 0
    changed: int = 0
    same: int = 0

    def plus(self, other: Loaded) -> Loaded:
        return Loaded(*(a + b for a, b in zip(self, other, strict=True)))


class Loader:
    """Loads sets of entries; holds what neighbours share (houses, households) between sets."""

    def __init__(self, keys: KeyRing, *, on: date, by: int | None) -> None:
        self._keys = keys
        self._on = on
        self._by = by
        self._houses: dict[tuple[str, str, str], tuple[int | None, int | None]] = {}

    def forget(self) -> None:
        """After a rollback: houses made in it are gone."""
        self._houses.clear()

    def load(self, entries: Sequence[Entry], *, at: datetime) -> Loaded:
        """Write a set in the caller's transaction. No two entries may name one document.

        Raises CameMeanwhile: roll back and load the same set again."""
        hashes = {identity(self._keys, e): e for e in entries}
        known = queries.persons_of_documents(hashes.keys())
        self._make_houses(entries)
        fresh = [(h, e) for h, e in hashes.items() if h not in known]
        self._add(fresh, at)
        held = _contents(known.values())
        old = [(h, hashes[h], *known[h]) for h in hashes if h in known]
        moved = [
            (h, e, person, cell, held[cell, person])
            for h, e, person, cell in old
            if (cell, person) in held and held[cell, person].content != self._content(e)
        ]
        self._change(moved, at)
        homes = {(e.home.cell_id, e.home.area_id) for _, e in fresh}
        homes |= {(cell, e.home.area_id) for _, e, _, cell, _ in moved}
        homes |= {(cell, was.community) for *_, cell, was in moved}
        changed(homes)
        return Loaded(len(fresh), len(moved), len(old) - len(moved))

    # --- houses and households ------------------------------------------------------------

    def _make_houses(self, entries: Sequence[Entry]) -> None:
        """Grids and buildings that the file names are made below their community."""
        new = {(e.home.code, e.grid, e.building): e.home for e in entries if e.grid or e.building}
        missing = {key: home for key, home in new.items() if key not in self._houses}
        if not missing:
            return
        on = self._on
        grids = places_service.ensure_below(
            GRID, {(home, grid) for (_, grid, _), home in missing.items() if grid}, on=on
        )
        above = {key: grids[home.code, key[1]] if key[1] else home for key, home in missing.items()}
        houses = places_service.ensure_below(
            BUILDING, {(above[key], key[2]) for key in missing if key[2]}, on=on
        )
        for key, parent in above.items():
            house = houses[parent.code, key[2]].area_id if key[2] else None
            self._houses[key] = (parent.area_id if key[1] else None, house)

    def _house(self, e: Entry) -> tuple[int | None, int | None]:
        return self._houses.get((e.home.code, e.grid, e.building), (None, None))

    # --- new people -----------------------------------------------------------------------

    def _add(self, fresh: Sequence[tuple[bytes, Entry]], at: datetime) -> None:
        if not fresh:
            return
        ids = [(h, person_id_of(h), e) for h, e in sorted(fresh, key=lambda pair: pair[0])]
        won = run(
            "INSERT INTO person_key (doc_hash, person_id, cell_id) "
            "SELECT * FROM unnest(%s::bytea[], %s::int8[], %s::int8[]) ON CONFLICT DO NOTHING",
            ([h for h, _, _ in ids], [p for _, p, _ in ids], [e.home.cell_id for _, _, e in ids]),
        )
        if won < len(ids):
            raise CameMeanwhile()
        # The directory made these persons ours alone, so COPY can meet no row of another.
        copy("person", LOADED, TYPES, [self._row(h, p, e, at) for h, p, e in ids])
        phones = [
            (seals.phone_hash(self._keys, e.phone), e.home.cell_id, p) for _, p, e in ids if e.phone
        ]
        copy(
            "phone_key",
            ("phone_hash", "cell_id", "person_id"),
            ("bytea", "int8", "int8"),
            sorted(phones),
        )
        self._add_households(e for _, _, e in ids)

    def _add_households(self, entries: Iterable[Entry]) -> None:
        rows = {
            household_id(e): (
                e.home.cell_id, household_id(e), e.home.area_id, self._house(e)[1],
                self._keys.hash("household", e.household),
            )
            for e in entries
            if e.household
        }  # fmt: skip
        for _, group in by_cell(rows.values()):
            insert(
                "household",
                ("cell_id", "household_id", "community_id", "building_id", "code_hash"),
                sorted(group),
                "ON CONFLICT DO NOTHING",
            )

    def _row(self, h: bytes, person: int, e: Entry, at: datetime) -> tuple:
        return (e.home.cell_id, person, *self._values(e), h, *self._sealed(e), e.flags,
                e.key_group, e.employer, 0, at, None, self._content(e),
                int(e.residence) if e.residence else None, at if e.residence else None)  # fmt: skip

    def _values(self, e: Entry) -> tuple:
        home = household_id(e) if e.household else None
        return (e.home.area_id, *self._house(e), home, seals.DOC_CODES[e.document.type])

    def _sealed(self, e: Entry) -> tuple:
        keys, doc = self._keys, e.document
        tail = last4(doc) if doc.type is not DocType.NONE else ""
        details = Details(
            e.name, doc.number, doc.country, e.phone, e.unit, e.room, e.birth, e.guardian
        )
        return (
            seals.name_hash(keys, e.name),
            seals.last4_hash(keys, tail),
            seals.seal_person(keys, details),
            int(e.birth[:4]) if e.birth else None,
        )

    def _content(self, e: Entry) -> bytes:
        """Keyed digest of all that the file says of a person."""
        said = (
            e.document.key or "", e.name, e.phone or "", e.home.code, e.grid, e.building, e.unit,
            e.room, e.household, e.guardian, e.birth or "", e.key_group or "", e.employer or "",
            str(e.flags), *((f"residence {int(e.residence)}",) if e.residence else ()),
        )  # fmt: skip
        return self._keys.hash("entry", "\0".join(said))

    # --- people already here --------------------------------------------------------------

    def _change(self, moved: Sequence[tuple[bytes, Entry, int, int, Held]], at: datetime) -> None:
        moves = []
        for _, e, person, cell, was in sorted(moved, key=lambda m: (m[3], m[2])):
            community, grid, house, home, doc_type = self._values(e)
            run(
                "UPDATE person SET community_id = %s, grid_id = %s, building_id = %s, "
                "household_id = %s, doc_type = %s, name_hash = %s, last4_hash = %s, sealed = %s, "
                "birth_year = %s, flags = (flags & ~%s::int8) | %s, key_group = %s, "
                "employer = %s, left_at = NULL, content = %s, "
                f"{RESIDENCE} "
                "WHERE cell_id = %s AND person_id = %s",
                (community, grid, house, home, doc_type, *self._sealed(e), int(SAID), e.flags,
                 e.key_group, e.employer, self._content(e), *said_of(e.residence, at), cell,
                 person),
            )  # fmt: skip
            self._change_phone(cell, person, was, e.phone)
            if was.community != community:
                moves.append((cell, person, was.community, community))
        note_move(moves, by=self._by, at=at)
        self._add_households(e for _, e, *_ in moved)

    def _change_phone(self, cell: int, person: int, was: Held, phone: str | None) -> None:
        old = seals.open_person(self._keys, was.sealed).phone
        if old == phone:
            return
        if old:
            run(
                "DELETE FROM phone_key WHERE phone_hash = %s AND cell_id = %s AND person_id = %s",
                (seals.phone_hash(self._keys, old), cell, person),
            )
        if phone:
            insert(
                "phone_key",
                ("phone_hash", "cell_id", "person_id"),
                [(seals.phone_hash(self._keys, phone), cell, person)],
                "ON CONFLICT DO NOTHING",
            )


class Held(NamedTuple):
    content: bytes | None
    community: int
    sealed: bytes


def _contents(known: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Held]:
    out: dict[tuple[int, int], Held] = {}
    for cell, group in by_cell(sorted((cell, person) for person, cell in known)):
        rows = fetch(
            "SELECT person_id, content, community_id, sealed FROM person "
            "WHERE cell_id = %s AND person_id = ANY(%s)",
            (cell, [person for _, person in group]),
        )
        out |= {(cell, p): Held(c and bytes(c), home, bytes(s)) for p, c, home, s in rows}
    return out


def identity(keys: KeyRing, e: Entry) -> bytes:
    """The hash in the directory; people without a document are told apart by home and birth."""
    found = seals.doc_hash(keys, e.document)
    if found is not None:
        return found
    where = (e.home.code, e.grid, e.building, e.unit, e.room, e.name, e.birth or "")
    return seals.no_doc_hash(keys, "\0".join(where))


def household_id(e: Entry) -> int:
    """The same household of the same home has the same id in every file."""
    return hash_id("household", e.home.area_id, e.household)


def copy(table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[tuple]) -> None:
    """Binary COPY of rows that can meet no other: the fastest way in."""
    statement = f"COPY {table} ({','.join(columns)}) FROM STDIN WITH (FORMAT BINARY)"
    with raw().cursor().copy(statement.encode()) as out:
        out.set_types(types)
        for row in rows:
            out.write_row(row)
