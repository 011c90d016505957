"""What is done with one line of a list. An act told twice is one; an act undone leaves its trace."""

from __future__ import annotations

from datetime import datetime

from screening.accounts import audit
from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.inbound import queries, rules
from screening.inbound.queries import NoSuchInbound
from screening.places import queries as places
from screening.registry.documents import DocType, Document
from screening.registry.service import persons

_ACT = ("act_id", "item_id", "act", "outcome", "area_id", "made_by", "at")


def act_id(key: str | None, by: int) -> int:
    """The number of an act that a browser named `key`; nobody can meet another's."""
    return hash_id("inbound_act", by, key) if key else new_id()


def take(item_id: int, *, by: int, at: datetime, key: str | None = None) -> None:
    """Receive a line: whoever answers for it has seen it. Raises NoSuchInbound."""
    _keep(item_id, "take", by=by, at=at, key=key)


def dispose(item_id: int, outcome: str, *, by: int, at: datetime, key: str | None = None) -> None:
    """What came of the person. Raises WrongInboundOutcome, NoSuchInbound."""
    rules.closes(outcome)
    _keep(item_id, "outcome", outcome=outcome, by=by, at=at, key=key)


def undo(item_id: int, key: str, *, by: int, at: datetime) -> None:
    """Take back the own act of that key, also when it is still on its way."""
    _lock(item_id)
    run(
        "INSERT INTO inbound_act (act_id, item_id, act, made_by, at) VALUES (%s, %s, 'undo', %s, %s) "
        "ON CONFLICT (act_id) DO UPDATE SET act = 'undo' WHERE inbound_act.item_id = %s",
        (act_id(key, by), item_id, by, at, item_id),
    )
    _settle(item_id)
    audit.note("inbound_undo", "inbound_item", item_id)


def assign(item_id: int, area_id: int, *, employer: str | None, by: int, at: datetime) -> None:
    """Another area answers for a line from now on, perhaps through an employer; it is to be
    received anew, the clock runs on. Raises NoSuchPlace, NoSuchInbound."""
    places.place_of_area(area_id)
    due_at = _lock(item_id)[0]
    run(
        "UPDATE inbound_item SET area_id = %s, employer = %s, raised_to = NULL, raise_at = %s "
        "WHERE item_id = %s",
        (area_id, employer or None, rules.next_raise(due_at, at), item_id),
    )
    _keep(item_id, "assign", area_id=area_id, by=by, at=at)


def register(item_id: int, community: int, *, by: int, at: datetime) -> tuple[int, int]:
    """Write an unmatched person down in a community; (cell, person). Raises NoSuchPlace,
    BadDocument, NoSuchInbound."""
    _lock(item_id)
    d = queries.get_item(item_id).details
    if not d.name:
        raise NoSuchInbound()
    document = Document(DocType(d.doc_type or "none"), d.number)
    newcomer = persons.Newcomer(
        name=d.name, document=document, phone=d.phone or None, mark=f"inbound|{item_id}"
    )
    cell, person = persons.register(newcomer, community, at=at)
    run(
        "UPDATE inbound_item SET matched = 'registered', person_cell = %s, person_id = %s "
        "WHERE item_id = %s",
        (cell, person, item_id),
    )
    _keep(item_id, "register", area_id=community, by=by, at=at)
    return cell, person


def raise_overdue(*, at: datetime, limit: int = 1000) -> int:
    """Lines past their clock become known one level further up; how many."""
    rows = fetch(
        "SELECT i.item_id, a.path, i.raised_to, l.area_id FROM inbound_item i "
        "JOIN inbound_list l USING (list_id) JOIN area a ON a.area_id = i.area_id "
        "WHERE i.done_at IS NULL AND i.raise_at <= %s ORDER BY i.item_id LIMIT %s "
        "FOR UPDATE OF i SKIP LOCKED",
        (at, limit),
    )
    acts = []
    for item_id, path, so_far, top in rows:
        up = rules.raised_to(path, so_far, top)
        later = rules.next_raise(at, at) if up else None
        run(
            "UPDATE inbound_item SET raised_to = coalesce(%s, raised_to), raise_at = %s "
            "WHERE item_id = %s",
            (up, later, item_id),
        )
        if up:
            acts.append((new_id(), item_id, "raise", None, up, None, at))
    insert("inbound_act", _ACT, acts)
    return len(acts)


def _keep(
    item_id: int,
    act: str,
    *,
    outcome: str | None = None,
    area_id: int | None = None,
    by: int,
    at: datetime,
    key: str | None = None,
) -> None:
    _lock(item_id)
    row = (act_id(key, by), item_id, act, outcome, area_id, by, at)
    insert("inbound_act", _ACT, [row], "ON CONFLICT DO NOTHING")
    _settle(item_id)
    audit.note(f"inbound_{act}", "inbound_item", item_id, detail={"outcome": outcome}
               if outcome else None)  # fmt: skip


def _lock(item_id: int) -> tuple:
    rows = fetch("SELECT due_at FROM inbound_item WHERE item_id = %s FOR UPDATE", (item_id,))
    if not rows:
        raise NoSuchInbound()
    return rows[0]


def _settle(item_id: int) -> None:
    """The standing of a line is a function of its acts, in whatever order they came."""
    acts = [rules.Act(a.act, a.outcome, a.made_by, a.at) for a in queries.list_acts(item_id)]
    s = rules.fold(acts)
    run(
        "UPDATE inbound_item SET taken_by = %s, taken_at = %s, outcome = %s, done_by = %s, "
        "done_at = %s WHERE item_id = %s",
        (*s, item_id),
    )
