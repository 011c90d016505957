"""What came of a contact, and who wants no messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from screening.accounts import audit
from screening.coverage.service import mark
from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.errors import Problem
from screening.registry import seals
from screening.registry.queries import get_policy
from screening.registry.rules import OPEN_STATES
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.queries import open_person
from screening.reminders.rules.contacts import UNDONE


class RoundNotOpen(Problem):
    status = 409
    code = "reminder_round_not_open"
    zh = "这一轮不在进行中，不能再提醒。"
    en = "This round is not under way; nobody is reminded of it."


class NoPhone(Problem):
    status = 409
    code = "person_without_phone"
    zh = "此人没有登记电话。"
    en = "No telephone is recorded for this person."


_CONTACT = (
    "cell_id", "contact_id", "round_id", "person_id", "community_id", "kind", "outcome", "until",
    "made_by", "at",
)  # fmt: skip


def check_round(round_id: int) -> None:
    """Raises NoSuchRound, RoundNotOpen."""
    if round_id == 0 or get_policy(round_id).state not in OPEN_STATES:
        raise RoundNotOpen()


def note_contact(
    cell: int,
    person_id: int,
    round_id: int,
    outcome: str,
    *,
    kind: str = "call",
    until: datetime | None = None,
    by: int,
    at: datetime,
    key: str | None = None,
) -> int:
    """Keep what came of one attempt to reach a missed person; coverage counts it. The contact's id.

    `key` is the browser's own name of this contact: told twice it is one.
    Raises WrongOutcome, UntilNeeded, NoUntil, RoundNotOpen, NotFound."""
    rules.check_outcome(outcome, until, at=at)
    check_round(round_id)
    community, _ = open_person(cell, person_id)
    row = (cell, contact_id(key, by), round_id, person_id, community, kind, outcome, until, by, at)
    fresh = insert("contact", _CONTACT, [row], _ONCE, returning=True)
    if fresh:
        mark([(cell, round_id, community)])
        audit.note("contact", "person", person_id, cell=cell, detail={"outcome": outcome})
    return row[1]


_ONCE = "ON CONFLICT DO NOTHING RETURNING contact_id"


def contact_id(key: str | None, by: int) -> int:
    """The number of a contact that a browser named `key`; nobody can meet another person's."""
    return hash_id("contact", by, key) if key else new_id()


def undo_contact(cell: int, person_id: int, key: str, *, by: int, at: datetime) -> None:
    """Take the own contact of this key back, also one that is still on its way.

    Raises NotFound."""
    community, _ = open_person(cell, person_id)
    number = contact_id(key, by)
    gone = fetch(
        "DELETE FROM contact WHERE cell_id = %s AND contact_id = %s AND person_id = %s "
        "RETURNING round_id, community_id",
        (cell, number, person_id),
    )
    nobody = (cell, number, 0, 0, community, "call", UNDONE, None, by, at)
    insert("contact", _CONTACT, [nobody], "ON CONFLICT DO NOTHING")
    mark((cell, round_id, home) for round_id, home in gone)
    audit.note("contact_undone", "person", person_id, cell=cell)


def note_bounced(round_id: int, people: Sequence[tuple[int, int, int]], *, at: datetime) -> None:
    """(cell, person, community) whose number no gateway takes: a task for whoever goes there."""
    for cell, person, community in people:
        row = (cell, new_id(), round_id, person, community, "sms", "unreachable", None, None, at)
        insert("contact", _CONTACT, [row])
    mark((cell, round_id, community) for cell, _, community in people)


def opt_out(cell: int, person_id: int, *, out: bool = True, at: datetime) -> None:
    """No more messages to this person's phone (and so to whoever shares it), or again.

    Raises NoPhone."""
    _, details = open_person(cell, person_id)
    if not details.phone:
        raise NoPhone()
    phone = seals.phone_hash(ring(), details.phone)
    if out:
        run("INSERT INTO opt_out (phone_hash, at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (phone, at))  # fmt: skip
    else:
        run("DELETE FROM opt_out WHERE phone_hash = %s", (phone,))
    audit.note("opted_out" if out else "opted_in", "person", person_id, cell=cell)
