"""What door teams said of people who were called back: the attempt, and the dispatcher's ticket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from screening.db import by_cell, fetch, run
from screening.reporting import rules
from screening.tickets import service as tickets
from screening.tickets.service import Finding, Subject

NOT_MET = "callback_not_met"
# what a visit's outcome is as an attempt (rules.ATTEMPTS); a swab speaks for itself
_ATTEMPT = {"absent": "absent", "moved": "moved", "refused": "refused", "later": "will_come",
            "visit": "will_come"}  # fmt: skip
_NOT_MET = ("absent", "moved")

Pair = tuple[int, int]  # cell, person


class LastVisit(NamedTuple):
    """The last visit of a person that stands; `outcome` as the contact has it."""

    outcome: str
    at: datetime
    by: int | None


class _Open(NamedTuple):
    callback_id: int
    round_id: int
    opened_at: datetime


def rounds_called(persons: Collection[Pair]) -> set[int]:
    """The rounds of the running callbacks of these people."""
    return {c.round_id for found in _open_callbacks(persons).values() for c in found}


def after_visits(
    last: Mapping[Pair, LastVisit | None],
    taken_back: Iterable[tuple[int, int, datetime]],
    *,
    site_id: int | None,
    at: datetime,
) -> None:
    """`last`: for every person somebody visited, the last visit that stands, if any. `taken_back`:
    (cell, person, time) of visits that were undone. Callbacks and tickets agree afterwards."""
    for cell, person, when in taken_back:
        run(
            "UPDATE callback SET attempt = NULL, attempt_at = NULL, attempt_by = NULL "
            "WHERE cell_id = %s AND person_id = %s AND attempt_at = %s",
            (cell, person, when),
        )
    called = _open_callbacks(last)
    found = []
    for (cell, person), callbacks in called.items():
        visit = last[cell, person]
        for c in callbacks:
            if visit is None or visit.at < c.opened_at:
                continue
            _note_attempt(cell, c.callback_id, visit)
            if visit.outcome in _NOT_MET:
                sides = {"outcome": visit.outcome, "callback": str(c.callback_id)}
                found.append(Finding(cell, c.round_id, NOT_MET, str(person), visit.at, site_id,
                                     None, sides))  # fmt: skip
    examined = [Subject(cell, str(person)) for cell, person in last]
    tickets.settle(found, examined, (NOT_MET,), at=at)


def _open_callbacks(persons: Iterable[Pair]) -> dict[Pair, list[_Open]]:
    out: dict[Pair, list[_Open]] = {}
    for cell, group in by_cell(sorted(set(persons))):
        for person, *rest in fetch(
            "SELECT person_id, callback_id, round_id, opened_at FROM callback "
            "WHERE cell_id = %s AND person_id = ANY(%s) AND state = 'open' ORDER BY callback_id",
            (cell, [p for _, p in group]),
        ):
            out.setdefault((cell, person), []).append(_Open(*rest))
    return out


def _note_attempt(cell: int, callback_id: int, visit: LastVisit) -> None:
    attempt = _ATTEMPT.get(visit.outcome)
    if attempt is None:
        return
    assert attempt in rules.ATTEMPTS
    run(
        "UPDATE callback SET attempt = %s, attempt_at = %s, attempt_by = %s WHERE cell_id = %s "
        "AND callback_id = %s AND (attempt_at IS NULL OR attempt_at <= %s)",
        (attempt, visit.at, visit.by, cell, callback_id, visit.at),
    )


def met_after_all(persons: Iterable[Pair], *, at: datetime) -> None:
    """Somebody who was called back was swabbed, or need not come any more: nobody looks for them."""
    subjects = [Subject(cell, str(person)) for cell, person in persons]
    tickets.settle([], subjects, (NOT_MET,), at=at)
