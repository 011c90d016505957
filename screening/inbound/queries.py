"""Reading inbound lists: what came in, whom it names, who answers for it, sums by area and kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from flask import current_app

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import Place

AAD_FILE, AAD_ITEM = "inbound_list.sealed", "inbound_item.sealed"


class NoSuchInbound(NotFound):
    code = "no_such_inbound"
    zh = "没有这份名单，或者没有这一条。"
    en = "There is no such list, or no such line of it."


class ListRow(NamedTuple):
    list_id: int
    kind: str
    title: str
    source: str
    area_id: int
    hours: int
    received_at: datetime
    due_at: datetime
    state: str
    total: int
    good: int
    faults: list[list]
    made_by: int
    made_at: datetime


_LIST = ", ".join(ListRow._fields)


def get_list(list_id: int) -> ListRow:
    """Raises NoSuchInbound."""
    rows = fetch(f"SELECT {_LIST} FROM inbound_list WHERE list_id = %s", (list_id,))
    if not rows:
        raise NoSuchInbound()
    return ListRow(*rows[0])


def find_twin(file_hash: bytes, kind: str, area_id: int) -> int | None:
    """The list that the same file made before, unless it was thrown away. Two desks that bring the
    same file at the same moment take turns."""
    fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"inbound.{file_hash.hex()}",))
    rows = fetch(
        "SELECT list_id FROM inbound_list WHERE file_hash = %s AND kind = %s AND area_id = %s "
        "AND state <> 'discarded' ORDER BY list_id LIMIT 1",
        (file_hash, kind, area_id),
    )
    return rows[0][0] if rows else None


def list_lists(held: Sequence[Place], *, before: int = 0, limit: int = 100) -> list[ListRow]:
    """Lists for areas within the places, newest first."""
    cond, params = places.in_scope(held)
    names = ", ".join(f"l.{f}" for f in ListRow._fields)
    rows = fetch(
        f"SELECT {names} FROM inbound_list l JOIN area a USING (area_id) WHERE {cond} "
        "AND (%s = 0 OR list_id < %s) AND state <> 'discarded' ORDER BY list_id DESC LIMIT %s",
        (*params, before, before, limit),
    )
    return [ListRow(*r) for r in rows]


def place_of_list(list_id: int) -> Place:
    return places.place_of_area(get_list(list_id).area_id)


# --- items ----------------------------------------------------------------------------------------


class Details(NamedTuple):
    """The personal part of an item, in the clear: handle briefly, show masked."""

    name: str = ""
    doc_type: str = ""
    number: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""


class ItemRow(NamedTuple):
    item_id: int
    list_id: int
    kind: str
    title: str
    row: int
    details: Details
    matched: str
    person_cell: int | None
    person_id: int | None
    area_id: int
    employer: str | None
    due_at: datetime
    taken_by: int | None
    taken_at: datetime | None
    outcome: str | None
    done_by: int | None
    done_at: datetime | None
    raised_to: int | None

    def late(self, at: datetime) -> bool:
        """Past the clock: still open then, or closed after it."""
        return (self.done_at or at) > self.due_at


_ITEM = (
    "i.item_id, i.list_id, l.kind, l.title, i.row, i.sealed, i.matched, i.person_cell, "
    "i.person_id, i.area_id, i.employer, i.due_at, i.taken_by, i.taken_at, i.outcome, i.done_by, "
    "i.done_at, i.raised_to"
)


def seal(details: Details) -> bytes:
    body = msgspec.json.encode({k: v for k, v in details._asdict().items() if v})
    return current_app.extensions["keys"].seal(body, AAD_ITEM)


def _opened(row: tuple) -> ItemRow:
    found: dict[str, str] = {}
    if row[5] is not None:
        found = msgspec.json.decode(current_app.extensions["keys"].open(bytes(row[5]), AAD_ITEM))
    return ItemRow._make((*row[:5], Details(**found), *row[6:]))


def get_item(item_id: int) -> ItemRow:
    """Raises NoSuchInbound."""
    rows = fetch(
        f"SELECT {_ITEM} FROM inbound_item i JOIN inbound_list l USING (list_id) "
        "WHERE i.item_id = %s",
        (item_id,),
    )
    if not rows:
        raise NoSuchInbound()
    return _opened(rows[0])


def place_of_item(item_id: int) -> Place:
    """The area that answers for a line."""
    rows = fetch("SELECT area_id FROM inbound_item WHERE item_id = %s", (item_id,))
    if not rows:
        raise NoSuchInbound()
    return places.place_of_area(rows[0][0])


class Asked(NamedTuple):
    """Which lines: of one list, kind, employer; in which state ("" all, untaken, open, late,
    raised, unmatched, done)."""

    list_id: int = 0
    kind: str = ""
    employer: str = ""
    state: str = ""


STATES = {
    "": "TRUE",
    "untaken": "i.taken_at IS NULL AND i.done_at IS NULL",
    "open": "i.done_at IS NULL",
    "late": "i.done_at IS NULL AND i.due_at <= %(at)s",
    "raised": "i.done_at IS NULL AND i.raised_to IS NOT NULL",
    "unmatched": "i.person_id IS NULL AND i.done_at IS NULL",
    "done": "i.done_at IS NOT NULL",
}


def list_items(
    node: Node, asked: Asked, *, at: datetime, after: int = 0, limit: int = 100
) -> list[ItemRow]:
    """The lines for which an area, or one below it, answers, by id. Raises NoSuchInbound."""
    if asked.state not in STATES:
        raise NoSuchInbound()
    rows = fetch(
        f"SELECT {_ITEM} FROM inbound_item i JOIN inbound_list l USING (list_id) "
        "JOIN area a ON a.area_id = i.area_id WHERE a.path LIKE %(path)s AND i.item_id > %(after)s "
        "AND (%(list_id)s = 0 OR i.list_id = %(list_id)s) AND (%(kind)s = '' OR l.kind = %(kind)s) "
        f"AND (%(employer)s = '' OR i.employer = %(employer)s) AND {STATES[asked.state]} "
        "ORDER BY i.item_id LIMIT %(limit)s",
        {"path": node.path + "%", "after": after, "limit": limit, "at": at, **asked._asdict()},
    )
    return [_opened(r) for r in rows]


class ActRow(NamedTuple):
    act: str
    outcome: str | None
    area_id: int | None
    made_by: int | None
    at: datetime


def list_acts(item_id: int) -> list[ActRow]:
    """What was done with a line, oldest first."""
    rows = fetch(
        "SELECT act, outcome, area_id, made_by, at FROM inbound_act WHERE item_id = %s "
        "ORDER BY at, act_id",
        (item_id,),
    )
    return [ActRow(*r) for r in rows]


# --- sums -----------------------------------------------------------------------------------------


class Sum(NamedTuple):
    """Lines of an area or employer: all, not received, open, overdue now, closed too late."""

    total: int = 0
    untaken: int = 0
    open: int = 0
    late: int = 0
    done: int = 0
    done_late: int = 0


def _add(rows: Sequence[tuple]) -> Sum:
    return Sum(*map(sum, zip(*rows, strict=True))) if rows else Sum()


_SUMS = (
    "count(*), count(*) FILTER (WHERE i.taken_at IS NULL AND i.done_at IS NULL), "
    "count(*) FILTER (WHERE i.done_at IS NULL), "
    "count(*) FILTER (WHERE i.done_at IS NULL AND i.due_at <= %(at)s), "
    "count(i.done_at), count(*) FILTER (WHERE i.done_at > i.due_at)"
)


class RollUp(NamedTuple):
    """Sums of an area: whole, by kind, by the areas below (the area itself: not passed on), by
    employer."""

    whole: Sum
    by_kind: dict[str, Sum]
    below: list[tuple[Node, Sum]]
    by_employer: list[tuple[str, Sum]]


def roll_up(node: Node, *, at: datetime, kind: str = "") -> RollUp:
    """All lines of an area counted by one statement, so that every sum adds up."""
    rows = fetch(
        f"SELECT a.path, l.kind, coalesce(i.employer, ''), {_SUMS} FROM inbound_item i "
        "JOIN inbound_list l USING (list_id) JOIN area a ON a.area_id = i.area_id "
        "WHERE a.path LIKE %(path)s AND (%(kind)s = '' OR l.kind = %(kind)s) GROUP BY 1, 2, 3",
        {"path": node.path + "%", "at": at, "kind": kind},
    )
    by_id = places.TREE.get().by_id
    groups: dict[str, dict[Any, list[tuple]]] = {"kind": {}, "area": {}, "employer": {}}
    for path, of_kind, employer, *numbers in rows:
        step = path[len(node.path) :].partition("/")[0]
        below = int(step) if step else node.area_id
        for name, key in (("kind", of_kind), ("area", below), ("employer", employer)):
            groups[name].setdefault(key, []).append(tuple(numbers))
    sums = {name: {k: _add(v) for k, v in g.items()} for name, g in groups.items()}
    areas = [(by_id.get(i, node), s) for i, s in sums["area"].items()]
    return RollUp(
        _add([tuple(r[3:]) for r in rows]), sums["kind"],
        sorted(areas, key=lambda f: (-f[1].late, -f[1].open, f[0].code)),
        sorted(((e, s) for e, s in sums["employer"].items() if e),
               key=lambda f: (-f[1].late, -f[1].open, f[0])),
    )  # fmt: skip
