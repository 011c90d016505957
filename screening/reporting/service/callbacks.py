"""Calling members back, following their re-check, closing and withdrawing: always in sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.accounts.audit import note
from screening.crypto import hash_id
from screening.db import by_cell, fetch, insert, run
from screening.errors import Problem
from screening.lab.rules.well_rules import Outcome
from screening.registry.queries import find_policy
from screening.registry.rules import default_limits
from screening.registry.service import await_recheck, end_await_recheck
from screening.registry.twins import owners_of
from screening.reporting import rules
from screening.reporting.queries import NoSuchCallback
from screening.reporting.service.visits import met_after_all
from screening.tube.queries import Key
from screening.tube.rules import Bind

_COLUMNS = (
    "cell_id", "callback_id", "person_id", "community_id", "round_id", "tube_cell", "barcode",
    "reason", "state", "opened_at", "due_at",
)  # fmt: skip
# A callback that had been withdrawn runs again; one that runs or is closed stays what it is.
_AGAIN = (
    "ON CONFLICT (cell_id, callback_id) DO UPDATE SET reason = EXCLUDED.reason, "
    "state = CASE WHEN callback.state <> 'withdrawn' THEN callback.state "
    "WHEN callback.single_barcode IS NULL THEN 'open' ELSE 'sampled' END, "
    "due_at = CASE WHEN callback.state = 'withdrawn' THEN EXCLUDED.due_at "
    "ELSE callback.due_at END, "
    "closed_at = CASE WHEN callback.state = 'withdrawn' THEN NULL ELSE callback.closed_at END, "
    "closed_why = CASE WHEN callback.state = 'withdrawn' THEN NULL ELSE callback.closed_why END "
    "RETURNING cell_id, callback_id, person_id, community_id, state"
)


class UnknownAttempt(Problem):
    status = 422
    code = "unknown_attempt"
    zh = "不认识这个联系结果。"
    en = "This outcome of a contact is not known."


class Called(NamedTuple):
    """A tube whose members must be swabbed again, each alone."""

    key: Key
    binds: Sequence[Bind]
    outcome: int


def callback_id(key: Key, person_id: int) -> int:
    """The same person, tube and round: the same callback, whatever made it."""
    return hash_id("callback", key.round_id, key.barcode, person_id)


def call_back(tubes: Iterable[Called], *, at: datetime) -> int:
    """Make the callbacks of all members of these tubes; returns how many now run.

    With each goes lane 2 (single tube only) and the exemption "awaiting re-check"."""
    rows: dict[tuple[int, int], tuple] = {}
    for key, binds, outcome in tubes:
        due = at + timedelta(minutes=_minutes(key.round_id))
        alone = len({b.person_id for b in binds}) == 1
        for b in binds:
            number = callback_id(key, b.person_id)
            rows[b.home_cell, number] = (
                b.home_cell, number, b.person_id, b.community_id, key.round_id, key.cell_id,
                key.barcode, _reason(outcome, alone), rules.OPEN, at, due,
            )  # fmt: skip
    running = []
    for _, group in by_cell(sorted(rows.values())):
        running += insert("callback", _COLUMNS, group, _AGAIN, returning=True)
    running = [r for r in running if r[4] in rules.RUNNING]
    await_recheck([(cell, person, home, 0, cb) for cell, cb, person, home, _ in running], at=at)
    set_lanes((cell, person) for cell, _, person, _, _ in running)
    return len(running)


def _minutes(round_id: int) -> int:
    policy = find_policy(round_id)
    return (policy.limits if policy is not None else default_limits())["callback"]


def _reason(outcome: int, alone: bool) -> str:
    if outcome == Outcome.INCONCLUSIVE:
        return "inconclusive"
    return "single_positive" if alone else "pool_positive"


_SINGLE = "(c.state IN ('open', 'sampled') OR (c.state = 'closed' AND c.outcome = %s))"


def set_lanes(persons: Iterable[tuple[int, int]]) -> None:
    """Lane 2 for (cell, person) pairs with a running callback or a positive re-check; else none."""
    pairs = {*persons}
    for cell, group in by_cell(sorted(pairs)):
        run(
            f"UPDATE person p SET lane = CASE WHEN EXISTS (SELECT 1 FROM callback c "
            f"WHERE c.cell_id = p.cell_id AND c.person_id = p.person_id AND {_SINGLE}) THEN 2 "
            "WHEN p.lane = 2 THEN 0 ELSE p.lane END "
            "WHERE p.cell_id = %s AND p.person_id = ANY(%s)",
            (int(Outcome.POSITIVE), cell, [person for _, person in group]),
        )
    owners = owners_of(pairs)
    for cell, group in by_cell(sorted(owners)):
        found = fetch(
            f"SELECT DISTINCT person_id FROM callback c WHERE cell_id = %s "
            f"AND person_id = ANY(%s) AND {_SINGLE}",
            (cell, [person for _, person in group], int(Outcome.POSITIVE)),
        )
        for home, person in sorted({owners[cell, r[0]] for r in found}):
            run("UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s", (home, person))


def withdraw(callbacks: Iterable[tuple[int, int]], why: str, *, at: datetime) -> int:
    """(cell, callback) pairs that still run are withdrawn; returns how many were."""
    gone: list[tuple] = []
    for cell, group in by_cell(sorted(set(callbacks))):
        gone += fetch(
            "UPDATE callback SET state = 'withdrawn', closed_at = %s, closed_why = %s "
            "WHERE cell_id = %s AND callback_id = ANY(%s) AND state IN ('open', 'sampled') "
            "RETURNING cell_id, callback_id, person_id",
            (at, why, cell, [c for _, c in group]),
        )
    end_await_recheck([(cell, cb) for cell, cb, _ in gone], at=at)
    set_lanes((cell, person) for cell, _, person in gone)
    if gone:
        met_after_all([(cell, person) for cell, _, person in gone], at=at)
    return len(gone)


def withdraw_tube(key: Key, home_cells: Collection[int], why: str, *, at: datetime) -> int:
    """Withdraw all callbacks of one tube that still run."""
    found = fetch(
        "SELECT cell_id, callback_id FROM callback WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND barcode = %s AND state IN ('open', 'sampled')",
        (sorted(home_cells), key.round_id, key.barcode),
    )
    return withdraw(found, why, at=at)


def withdraw_removed(key: Key, home_cells: Collection[int], binds: Sequence[Bind], *,
                     at: datetime) -> int:  # fmt: skip
    """Withdraw the callbacks of those who are not among `binds` any more: two persons said so."""
    still = [b.person_id for b in binds]
    found = fetch(
        "SELECT cell_id, callback_id FROM callback WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND barcode = %s AND state IN ('open', 'sampled') AND person_id <> ALL(%s)",
        (sorted(home_cells), key.round_id, key.barcode, still),
    )
    return withdraw(found, "removed", at=at)


# --- the re-check's own swab ------------------------------------------------------------------


_LATER_IN_POOL = (
    "EXISTS (SELECT FROM specimen s WHERE s.cell_id = c.cell_id AND s.round_id = c.round_id "
    "AND s.person_id = c.person_id AND s.barcode = c.barcode AND s.at > %s)"
)


def sampled(barcode: str, bind: Bind, *, early: bool) -> None:
    """A person called back was swabbed alone in `barcode`. A swab that says it is a re-check
    (`early`) answers the callback even when clocks put it before; none that was taken before the
    swab in the pool does, from a phone that comes back late."""
    own = (bind.home_cell, bind.person_id)
    for cell, person in (own, *owners_of([own])):
        answered = run(
            "UPDATE callback c SET state = 'sampled', sampled_at = %s, single_barcode = %s "
            "WHERE cell_id = %s AND person_id = %s AND state = 'open' AND barcode <> %s "
            f"AND (%s OR opened_at <= %s) AND NOT {_LATER_IN_POOL}",
            (bind.at, barcode, cell, person, barcode, early, bind.at, bind.at),
        )
        if answered:
            met_after_all([(cell, person)], at=bind.at)


def not_sampled(barcode: str, binds: Iterable[Bind]) -> None:
    """The re-check's swab was taken out again: the callback waits as before."""
    pairs = {(b.home_cell, b.person_id) for b in binds}
    for cell, group in by_cell(sorted(pairs | owners_of(pairs).keys())):
        run(
            "UPDATE callback SET state = 'open', sampled_at = NULL, single_barcode = NULL "
            "WHERE cell_id = %s AND person_id = ANY(%s) AND single_barcode = %s "
            "AND state = 'sampled'",
            (cell, [p for _, p in group], barcode),
        )


class Answer(NamedTuple):
    """A released tube whose members may have been called back before."""

    key: Key
    binds: Sequence[Bind]
    outcome: int


def answer(tubes: Sequence[Answer], *, at: datetime) -> set[tuple[int, int, str]]:
    """Close or reopen the callbacks that these results answer: (cell, person, barcode) of each.

    Alone in the tube: negative and positive close it, all else opens it again. A result that is
    shared with others answers nothing and opens it again too."""
    touched: dict[str, list[tuple]] = defaultdict(list)
    done: set[tuple[int, int, str]] = set()
    asking = set()
    for tube, cell, number, person, home, state, pair in _asked(tubes):
        alone = len({b.person_id for b in tube.binds}) == 1
        closes = alone and tube.outcome in (Outcome.NEGATIVE, Outcome.POSITIVE)
        if not closes and state == rules.OPEN:
            continue
        to = f"close {int(tube.outcome)}" if closes else "reopen"
        touched[to].append((cell, number, person, home, tube.key))
        done |= {(cell, person, tube.key.barcode), (*pair, tube.key.barcode)}
        asking.add(pair)
    for to, rows in sorted(touched.items()):
        if to == "reopen":
            _reopen(rows, at)
        else:
            _close(rows, int(to[6:]), at)
    set_lanes(asking | {(r[0], r[2]) for rows in touched.values() for r in rows})
    return done


def _asked(tubes: Sequence[Answer]) -> Iterable[tuple]:
    """Callbacks that these tubes' swabs stand for, or answer without having been noted so."""
    by: dict[tuple[int, int], list[tuple[Answer, Bind]]] = defaultdict(list)
    for tube in tubes:
        for b in tube.binds:
            by[b.home_cell, b.person_id].append((tube, b))
    for twin, pair in owners_of(by).items():
        by[twin] += by[pair]
    for cell, group in by_cell(sorted(by)):
        for number, person, home, state, single, opened_at, barcode in fetch(
            "SELECT callback_id, person_id, community_id, state, single_barcode, opened_at, barcode "
            "FROM callback WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND state IN ('open', 'sampled', 'closed') ORDER BY callback_id FOR UPDATE",
            (cell, [p for _, p in group]),
        ):
            for tube, b in by[cell, person]:
                own = tube.key.barcode
                later = state == rules.OPEN and opened_at <= b.at and barcode != own
                if single == own or later:
                    yield tube, cell, number, person, home, state, (b.home_cell, b.person_id)


def _close(rows: Sequence[tuple], outcome: int, at: datetime) -> None:
    for cell, group in by_cell(rows):
        for _, number, _, _, key in group:
            run(
                "UPDATE callback SET state = 'closed', closed_at = %s, outcome = %s, "
                "closed_why = 'recheck', single_barcode = %s WHERE cell_id = %s "
                "AND callback_id = %s",
                (at, outcome, key.barcode, cell, number),
            )
    end_await_recheck([(r[0], r[1]) for r in rows], at=at)


def _reopen(rows: Sequence[tuple], at: datetime) -> None:
    for cell, group in by_cell(rows):
        for _, number, _, _, key in group:
            run(
                "UPDATE callback SET state = 'open', due_at = %s, outcome = NULL, "
                "closed_at = NULL, closed_why = NULL, sampled_at = NULL, single_barcode = NULL "
                "WHERE cell_id = %s AND callback_id = %s",
                (at + timedelta(minutes=_minutes(key.round_id)), cell, number),
            )
    await_recheck([(cell, person, home, 0, cb) for cell, cb, person, home, _ in rows], at=at)


# --- reaching people --------------------------------------------------------------------------


def tell_attempt(
    cell: int, number: int, outcome: str, *, by: int, at: datetime
) -> Mapping[str, object]:
    """Note what came of a try to reach somebody called back (rules.ATTEMPTS)."""
    if outcome not in rules.ATTEMPTS:
        raise UnknownAttempt()
    rows = fetch(
        "UPDATE callback SET attempt = %s, attempt_at = %s, attempt_by = %s "
        "WHERE cell_id = %s AND callback_id = %s RETURNING state, person_id",
        (outcome, at, by, cell, number),
    )
    if not rows:
        raise NoSuchCallback()
    note("callback_attempt", "person", rows[0][1], cell=cell, detail={"outcome": outcome})
    return {"state": rows[0][0], "attempt": outcome, "attempt_at": at}
