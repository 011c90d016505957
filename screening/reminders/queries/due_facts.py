"""What decides who is due: members of cohorts, their swabs and exemptions, as sets (a hot path)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from screening.coverage.swabs import twins_of
from screening.db import fetch
from screening.i18n import ZONE
from screening.registry.rules import AWAITING_RECHECK, GONE

# an exemption that only says "tested on a schedule" excuses from rounds, never from the schedule
ON_SCHEDULE = "other_schedule"


class MemberRow(NamedTuple):
    """A person in a cohort; `since` when the membership began, `dated` when that is its start."""

    person_id: int
    community_id: int
    employer: str
    cohort: str
    since: date
    dated: bool


def day_of(at: datetime) -> date:
    """The day in Shanghai: holidays and weekends are days like others."""
    return at.astimezone(ZONE).date()


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)


def list_members(
    cell: int, communities: Collection[int], cohorts: Collection[str], day: date
) -> list[MemberRow]:
    """Everybody of some communities of one cell who is in one of `cohorts` on `day`: by a list
    with dates (of several memberships the latest counts), else by the register's industry."""
    args = {
        "cell": cell, "homes": sorted(communities), "cohorts": sorted(cohorts), "gone": int(GONE),
        "from": start_of(day), "to": start_of(day + timedelta(days=1)),
    }  # fmt: skip
    rows = fetch(
        "SELECT p.person_id, p.community_id, coalesce(p.employer, ''), p.key_group, p.created_at, "
        "false FROM person p WHERE p.cell_id = %(cell)s AND p.community_id = ANY(%(homes)s) "
        "AND p.key_group = ANY(%(cohorts)s) AND p.left_at IS NULL AND p.flags & %(gone)s = 0 "
        "AND p.created_at < %(to)s "
        "UNION ALL SELECT p.person_id, p.community_id, coalesce(p.employer, ''), k.cohort, "
        "k.valid_from, true FROM person_cohort k JOIN person p ON p.cell_id = k.cell_id "
        "AND p.person_id = k.person_id WHERE k.cell_id = %(cell)s AND k.cohort = ANY(%(cohorts)s) "
        "AND k.valid_from < %(to)s AND (k.valid_to IS NULL OR k.valid_to > %(from)s) "
        "AND p.cell_id = %(cell)s AND p.community_id = ANY(%(homes)s) "
        "AND p.left_at IS NULL AND p.flags & %(gone)s = 0",
        args,
    )
    best: dict[tuple[int, str], MemberRow] = {}
    for person, home, employer, cohort, since, dated in rows:
        row = MemberRow(person, home, employer, cohort, day_of(since), dated)
        known = best.get((person, cohort))
        if known is None or (row.dated, row.since) > (known.dated, known.since):
            best[person, cohort] = row
    return list(best.values())


def rounds_since(at: datetime) -> list[int]:
    """Rounds in which a swab since `at` may lie: any but drills; 0 too, since a swab of which
    nobody knows the round was still taken."""
    rows = fetch(
        "SELECT round_id FROM round WHERE NOT drill AND state NOT IN "
        "('draft', 'scheduled', 'cancelled') AND coalesce(signed_at, %s) >= %s",
        (at, at),
    )
    return sorted(r[0] for r in rows)


def list_swabs(
    cell: int, persons: Collection[int], rounds: Collection[int], since: datetime, until: datetime
) -> dict[int, list[datetime]]:
    """When these persons were swabbed from `since` until before `until`, in whatever round and for
    whatever purpose: every swab that counts, by the time it was taken. Swabs under another number
    of the same person are theirs."""
    found: dict[int, list[datetime]] = defaultdict(list)
    wanted = set(persons)
    by_home: dict[int, dict[int, int]] = {cell: {p: p for p in wanted}}
    for (home, twin), person in twins_of(cell).items():
        if person in wanted:
            by_home.setdefault(home, {})[twin] = person
    for home, numbers in sorted(by_home.items()):
        args = (home, list(rounds), list(numbers), since, until)
        for condition in ("of_record", "NOT of_record AND void = 0"):  # one index each
            for number, at in fetch(
                "SELECT person_id, at FROM specimen WHERE cell_id = %s AND round_id = ANY(%s) "
                f"AND person_id = ANY(%s) AND at >= %s AND at < %s AND {condition}",
                args,
            ):
                found[numbers[number]].append(at)
    return found


class Excuse(NamedTuple):
    """Whether somebody is excused now, and the day on which the last excuse ended."""

    now: bool
    back: date | None


NONE = Excuse(False, None)


def list_excuses(cell: int, persons: Collection[int], at: datetime) -> dict[int, Excuse]:
    """Exemptions for all rounds, and re-checks that are awaited in any; the rest excuse nobody
    from a schedule."""
    rows = fetch(
        "SELECT person_id, coalesce(least(ended_at, until), 'infinity'::timestamptz) > %s, "
        "least(ended_at, until) FROM exemption WHERE cell_id = %s AND person_id = ANY(%s) "
        "AND (round_id = 0 OR code = %s) AND code <> %s AND made_at <= %s",
        (at, cell, list(persons), AWAITING_RECHECK, ON_SCHEDULE, at),
    )
    return _fold(rows)


def _fold(rows: Iterable[tuple[int, bool, datetime | None]]) -> dict[int, Excuse]:
    out: dict[int, Excuse] = {}
    for person, now, ended in rows:
        old = out.get(person, NONE)
        back = old.back
        if not now and ended is not None:
            back = max(day_of(ended), back) if back else day_of(ended)
        out[person] = Excuse(old.now or now, back)
    return out
