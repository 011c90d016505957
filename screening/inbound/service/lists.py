"""A list on its way in: kept sealed, checked whole, matched with the register, taken over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening.accounts import audit
from screening.db import by_cell, fetch, insert, new_id, run
from screening.errors import Conflict
from screening.inbound import queries, rules
from screening.inbound.queries import AAD_FILE, Details, ListRow
from screening.inbound.readers.rows import Row, RowReader, find_columns
from screening.inbound.rules import ListState
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.readers.tables import BrokenRow, open_table
from screening.registry import queries as registry
from screening.registry import seals
from screening.registry.readers.row_faults import DuplicateRow, RowFault
from screening.registry.rules import Flag
from screening.registry.service.persons import ring


class ListGone(Conflict):
    code = "inbound_list_state"
    zh = "这份名单已经接收或作废。"
    en = "This list is taken over or thrown away already."


class Told(NamedTuple):
    """What the sender says of a list. `hours` None: the usual clock of its kind."""

    kind: str
    title: str
    source: str
    area_id: int
    received_at: datetime
    hours: int | None = None


def upload(content: bytes, told: Told, *, by: int, at: datetime) -> int:
    """Keep a list sealed and check it whole; nothing is taken over yet. The list's id; the same
    file for the same area and kind is the same list.

    Raises BadTable, Faults (columns), TooManyRows, NoSuchKind, WrongHours, NoSuchPlace."""
    hours = rules.hours_of(told.kind, told.hours)
    digest = hashlib.sha256(content).digest()
    known = queries.find_twin(digest, told.kind, told.area_id)
    if known is not None:
        return known
    good, faults, total = read(content, told.area_id, at=at)
    list_id = new_id()
    columns = (
        "list_id", "kind", "title", "source", "area_id", "hours", "received_at", "due_at", "state",
        "sealed", "file_hash", "total", "good", "faults", "made_by", "made_at",
    )  # fmt: skip
    plain = [[f.row, f.column, f.code, f.details] for f in faults]
    insert("inbound_list", columns, [(
        list_id, told.kind, told.title, told.source, told.area_id, hours, told.received_at,
        told.received_at + timedelta(hours=hours), ListState.CHECKED, ring().seal(content, AAD_FILE),
        digest, total, len(good), Jsonb(plain), by, at,
    )])  # fmt: skip
    audit.note("inbound_uploaded", "inbound_list", list_id,
               detail={"area": told.area_id, "rows": total})  # fmt: skip
    return list_id


def read(content: bytes, area_id: int, *, at: datetime) -> tuple[list[Row], list[RowFault], int]:
    """(persons, faults, rows) of a file: every fault of every row."""
    table = open_table(content)
    columns = find_columns(table.header)
    if table.total > rules.MOST_ROWS.value:
        raise rules.TooManyRows(most=rules.MOST_ROWS.value)
    tree = places.TREE.get().by_code
    reader = RowReader(
        columns, len(table.header), tree, places.place_of_area(area_id).path, at.date()
    )
    good: list[Row] = []
    faults: list[RowFault] = []
    first: dict[bytes, int] = {}
    try:
        for number, cells in enumerate(table.rows, start=2):
            found = reader.read(number, cells)
            if isinstance(found, list):
                faults += found
            elif found is not None:
                earlier = first.setdefault(mark_of(found), number)
                if earlier == number:
                    good.append(found)
                else:
                    faults.append(RowFault(number, None, DuplicateRow.code, {"first": earlier}))
    except BrokenRow as fault:
        faults.append(RowFault(fault.details["row"], None, fault.code, fault.details))
    return good, sorted(faults, key=lambda f: f.row), table.total


def mark_of(row: Row) -> bytes:
    """What tells a person of a list from the others: the document, else phone and name."""
    keys = ring()
    found = seals.doc_hash(keys, row.document) if row.document else None
    return found or keys.hash("inbound", f"{row.phone}|{row.name}")


def take_over(list_id: int, *, by: int, at: datetime) -> int:
    """The rows without faults become lines with an area that answers; how many were new. Done
    again it changes nothing. Raises ListGone."""
    held = queries.get_list(list_id)
    if not run(
        "UPDATE inbound_list SET state = %s WHERE list_id = %s AND state = %s",
        (ListState.OPEN, list_id, ListState.CHECKED),
    ):
        raise ListGone()
    good, _, _ = read(content_of(list_id), held.area_id, at=at)
    rows = list(_items(held, good))
    columns = (
        "item_id", "list_id", "mark", "row", "sealed", "matched", "person_cell", "person_id",
        "area_id", "employer", "due_at", "raise_at",
    )  # fmt: skip
    made = insert(
        "inbound_item", columns, rows, "ON CONFLICT DO NOTHING RETURNING item_id", returning=True
    )
    run("UPDATE inbound_list SET sealed = NULL WHERE list_id = %s", (list_id,))
    audit.note("inbound_taken_over", "inbound_list", list_id, detail={"lines": len(made)})
    pairs = sorted((r[6], r[7]) for r in rows if r[7] is not None)
    for cell, group in by_cell(pairs):
        audit.note_read_person(cell, [p for _, p in group], why="inbound_matched")
    return len(made)


def content_of(list_id: int) -> bytes:
    """The file as it came. Raises ListGone."""
    rows = fetch("SELECT sealed FROM inbound_list WHERE list_id = %s", (list_id,))
    if not rows or rows[0][0] is None:
        raise ListGone()
    return ring().open(bytes(rows[0][0]), AAD_FILE)


def _items(held: ListRow, good: Sequence[Row]) -> Any:
    found = match(good)
    persons = registry.persons_by_cell(pair for _, pair in found.values() if pair)
    inside = places.area_path(held.area_id)
    for row in good:
        how, pair = found[row.number]
        details = Details(
            row.name, row.document.type.value if row.document else "",
            row.document.number if row.document else "", row.phone or "", row.address, row.note,
        )  # fmt: skip
        home = _home(persons[pair]) if pair in persons else None
        if home is not None and not home.path.startswith(inside):
            home = None  # lives beyond the area that the list was sent to: its head passes it on
        area = home or row.area
        yield (
            new_id(), held.list_id, mark_of(row), row.number, queries.seal(details), how,
            pair[0] if pair else None, pair[1] if pair else None,
            area.area_id if area else held.area_id, row.employer or None, held.due_at, held.due_at,
        )  # fmt: skip


def _home(person: registry.PersonRow) -> Node | None:
    """The grid a person lives in, or the community."""
    building = places.find_area(person.building_id) if person.building_id else None
    parent = places.find_area(building.parent_id) if building and building.parent_id else None
    return parent or places.find_area(person.community_id)


def match(rows: Sequence[Row]) -> dict[int, tuple[str, tuple[int, int] | None]]:
    """{row number: (how, (cell, person))}: by document, else by phone and name together."""
    keys = ring()
    by_doc = {r.number: h for r in rows if r.document and (h := seals.doc_hash(keys, r.document))}
    known = registry.persons_of_documents(set(by_doc.values()))
    out: dict[int, tuple[str, tuple[int, int] | None]] = {}
    for r in rows:
        hit = known.get(by_doc.get(r.number, b""))
        out[r.number] = ("document", (hit[1], hit[0])) if hit else ("none", None)
    rest = [r for r in rows if out[r.number][1] is None and r.phone]
    hashes = {r.number: seals.phone_hash(keys, r.phone or "") for r in rest}
    names = {r.number: seals.name_hash(keys, r.name) for r in rest}
    holders = _by_phone(set(hashes.values()))
    for r in rest:
        same = {pair for pair, name in holders.get(hashes[r.number], ()) if name == names[r.number]}
        if len(same) == 1 and r.number not in by_doc:
            out[r.number] = ("phone", same.pop())
    return out


def _by_phone(hashes: set[bytes]) -> dict[bytes, list[tuple[tuple[int, int], bytes]]]:
    """{phone hash: [((cell, person), name hash)]} of those who stand in the register."""
    rows = fetch(
        "SELECT k.phone_hash, p.cell_id, p.person_id, p.name_hash FROM phone_key k JOIN person p "
        "ON p.cell_id = k.cell_id AND p.person_id = k.person_id "
        "WHERE k.phone_hash = ANY(%s) AND p.flags & %s = 0",
        (list(hashes), int(Flag.DUPLICATE)),
    ) if hashes else []  # fmt: skip
    out: dict[bytes, list[tuple[tuple[int, int], bytes]]] = {}
    for phone, cell, person, name in rows:
        out.setdefault(bytes(phone), []).append(((cell, person), bytes(name)))
    return out


def discard(list_id: int) -> None:
    """Throw a checked file away. Raises ListGone."""
    if not run(
        "UPDATE inbound_list SET state = %s, sealed = NULL WHERE list_id = %s AND state = %s",
        (ListState.DISCARDED, list_id, ListState.CHECKED),
    ):
        raise ListGone()
    audit.note("inbound_discarded", "inbound_list", list_id)


def forget(*, at: datetime) -> int:
    """Files that nobody took over and the personal part of lines closed long ago are removed."""
    drafts = run(
        "UPDATE inbound_list SET state = %s, sealed = NULL WHERE state = %s AND made_at < %s",
        (ListState.DISCARDED, ListState.CHECKED, at - timedelta(days=rules.DRAFT_DAYS.value)),
    )
    return drafts + run(
        "UPDATE inbound_item SET sealed = NULL WHERE sealed IS NOT NULL AND done_at < %s",
        (at - timedelta(days=rules.KEEP_DAYS.value),),
    )
