"""Exemptions and cohorts: coded, dated, granted by somebody; the automatic ones by a callback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from screening.accounts.audit import note_many
from screening.crypto import hash_id
from screening.db import by_cell, fetch, insert, new_id, run
from screening.errors import NotFound, Problem
from screening.registry.queries import get_policy
from screening.registry.rules import AWAITING_RECHECK, COHORTS, EXEMPTIONS
from screening.registry.service.changes import changed
from screening.registry.service.persons import NoSuchPerson

COLUMNS = (
    "cell_id", "exemption_id", "round_id", "person_id", "community_id", "code", "until",
    "made_by", "made_at", "callback_id",
)  # fmt: skip


class NoSuchExemption(NotFound):
    code = "no_such_exemption"
    zh = "没有这条豁免。"
    en = "There is no such exemption."


class UnknownExemption(Problem):
    status = 422
    code = "unknown_exemption_code"
    zh = "不认识这种豁免原因，或它只能由系统自动产生。"
    en = "This reason is not known, or only the system itself may give it."


class UntilPast(Problem):
    status = 422
    code = "until_past"
    zh = "截止时间已经过去。"
    en = "The end lies in the past."


class NoSuchCohort(Problem):
    status = 422
    code = "no_such_cohort"
    zh = "不认识这个人群。"
    en = "This cohort is not known."


def exempt(
    persons: Collection[tuple[int, int]],
    code: str,
    *,
    round_id: int = 0,
    until: datetime | None,
    by: int | None,
    at: datetime,
) -> list[int]:
    """Grant (cell, person) pairs an exemption, for one round or (0) for all until `until`.

    Returns the ids in the order of the pairs. Raises UnknownExemption, UntilPast, NoSuchPerson."""
    if code not in EXEMPTIONS or code == AWAITING_RECHECK:
        raise UnknownExemption()
    if until is not None and until <= at:
        raise UntilPast()
    if round_id:
        get_policy(round_id)
    homes = _communities(persons)
    ids = {pair: new_id() for pair in homes}
    rows = [
        (cell, ids[cell, person], round_id, person, home, code, until, by, at, None)
        for (cell, person), home in sorted(homes.items())
    ]
    for cell, group in by_cell(rows):
        insert("exemption", COLUMNS, group)
        note_many("exempted", "person", [r[3] for r in group], cell=cell, detail={"code": code})
    changed((cell, home) for (cell, _), home in homes.items())
    return [ids[pair] for pair in persons]


def _communities(persons: Collection[tuple[int, int]]) -> dict[tuple[int, int], int]:
    homes: dict[tuple[int, int], int] = {}
    for cell, group in by_cell(set(persons)):
        rows = fetch(
            "SELECT person_id, community_id FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
            (cell, [p for _, p in group]),
        )
        homes |= {(cell, person): home for person, home in rows}
    if len(homes) < len(set(persons)):
        raise NoSuchPerson()
    return homes


def end_exemption(cell: int, exemption_id: int, *, at: datetime) -> None:
    """The person is due again from now on. An automatic one ends with its callback only."""
    rows = fetch(
        "UPDATE exemption SET ended_at = coalesce(ended_at, %s) WHERE cell_id = %s "
        "AND exemption_id = %s AND callback_id IS NULL RETURNING person_id, community_id",
        (at, cell, exemption_id),
    )
    if not rows:
        raise NoSuchExemption()
    note_many("exemption_ended", "person", [rows[0][0]], cell=cell)
    changed([(cell, rows[0][1])])


def await_recheck(rows: Sequence[tuple[int, int, int, int, int]], *, at: datetime) -> None:
    """(cell, person, community, round, callback) of persons called back: exempt until it closes.

    The same callback makes the same row, so a repetition writes nothing."""
    for cell, group in by_cell(sorted(rows)):
        insert(
            "exemption",
            COLUMNS,
            [
                (cell, hash_id("exemption", callback), round_id, person, home, AWAITING_RECHECK,
                 None, None, at, callback)
                for _, person, home, round_id, callback in group
            ],
            "ON CONFLICT (cell_id, exemption_id) DO UPDATE SET ended_at = NULL",
        )  # fmt: skip
    changed((cell, home) for cell, _, home, _, _ in rows)


def end_await_recheck(callbacks: Sequence[tuple[int, int]], *, at: datetime) -> None:
    """(cell, callback) pairs that closed: their automatic exemptions end."""
    touched: list[tuple[int, int]] = []
    for cell, group in by_cell(sorted(callbacks)):
        touched += fetch(
            "UPDATE exemption SET ended_at = %s WHERE cell_id = %s AND exemption_id = ANY(%s) "
            "AND ended_at IS NULL RETURNING cell_id, community_id",
            (at, cell, [hash_id("exemption", callback) for _, callback in group]),
        )
    changed(touched)


def lapse(*, at: datetime) -> int:
    """End what has run out (edge case 47: the person returns to the due). Returns how many."""
    rows = fetch(
        "UPDATE exemption SET ended_at = until WHERE until <= %s AND ended_at IS NULL "
        "RETURNING cell_id, community_id /* fan-out: worker */",
        (at,),
    )
    changed(rows)
    return len(rows)


# --- cohorts --------------------------------------------------------------------------------


def put_in_cohort(
    persons: Collection[tuple[int, int]],
    cohort: str,
    *,
    since: datetime,
    until: datetime | None = None,
) -> int:
    """(cell, person) pairs belong to `cohort` from `since` on; a repetition changes the end only."""
    if cohort not in COHORTS:
        raise NoSuchCohort()
    homes = _communities(persons)
    for cell, group in by_cell(sorted(homes)):
        insert(
            "person_cohort",
            ("cell_id", "person_id", "cohort", "valid_from", "valid_to"),
            [(cell, person, cohort, since, until) for _, person in group],
            "ON CONFLICT (cell_id, person_id, cohort, valid_from) "
            "DO UPDATE SET valid_to = EXCLUDED.valid_to",
        )
        note_many("cohort_set", "person", [p for _, p in group], cell=cell,
                  detail={"cohort": cohort})  # fmt: skip
    changed((cell, home) for (cell, _), home in homes.items())
    return len(homes)


def leave_cohort(cell: int, person_id: int, cohort: str, *, at: datetime) -> None:
    """A person's membership of a cohort ends at `at`."""
    run(
        "UPDATE person_cohort SET valid_to = %s WHERE cell_id = %s AND person_id = %s "
        "AND cohort = %s AND (valid_to IS NULL OR valid_to > %s)",
        (at, cell, person_id, cohort, at),
    )
    changed([(cell, home) for home in _communities([(cell, person_id)]).values()])
    note_many("cohort_left", "person", [person_id], cell=cell, detail={"cohort": cohort})
