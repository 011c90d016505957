"""Access codes: what a resident holds in hand to see the own result; shown once, kept as a hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from screening.accounts.audit import note_many
from screening.db import by_cell, fetch, insert, run
from screening.errors import Problem
from screening.registry.person_codes import new_access_code, normalise_access_code
from screening.registry.service.persons import NoSuchPerson, ring
from screening.reporting import rules

_COLUMNS = ("code_hash", "cell_id", "person_id", "made_at", "made_by", "until")


class NotSampledHere(Problem):
    status = 403
    code = "not_sampled_here"
    zh = "此人没有在这个采样点采样，请到其社区补打查询码。"
    en = "This person was not sampled at this site; the own community prints the code again."


def code_hash(code: str) -> bytes:
    """What is stored of a code as typed. Raises WrongLength, BadAccessCode."""
    return ring().hash("access", normalise_access_code(code))


def issue_codes(
    persons: Sequence[tuple[int, int]], *, by: int | None, at: datetime
) -> list[tuple[str, datetime]]:
    """(code, until) for each (cell, person), in order; the old codes are revoked.

    The code itself is given back once, to be printed, and is stored nowhere."""
    until = at + timedelta(days=rules.ACCESS_DAYS.value)
    codes = [new_access_code(secrets.randbelow) for _ in persons]
    for cell, group in by_cell(sorted(set(persons))):
        _check_known(cell, [p for _, p in group])
        run(
            "UPDATE access_code SET revoked_at = %s WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND revoked_at IS NULL",
            (at, cell, [p for _, p in group]),
        )
        note_many("access_code_issued", "person", [p for _, p in group], cell=cell, staff_id=by)
    insert("access_code", _COLUMNS, [
        (code_hash(code), cell, person, at, by, until)
        for code, (cell, person) in zip(codes, persons, strict=True)
    ])  # fmt: skip
    return [(code, until) for code in codes]


def _check_known(cell: int, persons: list[int]) -> None:
    rows = fetch(
        "SELECT count(*) FROM person WHERE cell_id = %s AND person_id = ANY(%s)", (cell, persons)
    )
    if rows[0][0] < len(persons):
        raise NoSuchPerson()


def check_sampled_at(cell: int, person: int, site_id: int, rounds: Sequence[int]) -> None:
    """A site hands codes only to those whose swab it took: a code opens a result."""
    rows = fetch(
        "SELECT 1 FROM specimen WHERE cell_id = %s AND round_id = ANY(%s) AND person_id = %s "
        "AND site_id = %s LIMIT 1",
        (cell, list(rounds), person, site_id),
    )
    if not rows:
        raise NotSampledHere()
