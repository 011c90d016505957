"""The due list of a day: worked out from cohorts, swabs and exemptions, written where it differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from screening.db import by_cell, db, fetch, insert, run
from screening.places import queries as places
from screening.places.rules import COMMUNITY
from screening.registry.queries import stores_of
from screening.registry.rules_schedule import Kind, Member, Standing, phase, standing
from screening.registry.schedule_queries import ScheduleRow, list_schedules, running
from screening.reminders import due_calls as calls
from screening.reminders.queries import due_facts as facts
from screening.reminders.queries.due_facts import NONE, MemberRow, day_of, start_of
from screening.reminders.rules.due import Due, Key, Sum, SumKey, sums_of

DUE_LOCK = 720_261_126  # advisory lock: one settling at a time
AGAIN = timedelta(hours=1)  # a community that nothing marked is settled after this all the same
KEPT = timedelta(days=90)  # due lists are counted in reports of a quarter, then forgotten
A_DAY = timedelta(days=1)

DUE = (
    "cell_id", "day", "schedule_id", "person_id", "community_id", "employer", "due_on", "missed",
    "done_at", "excused",
)  # fmt: skip
TALLY = (
    "cell_id", "day", "community_id", "schedule_id", "employer", "due", "done", "late", "late_1",
    "late_2", "excused", "oldest", "as_of",
)  # fmt: skip


@dataclass
class Settled:
    """What one run came to."""

    communities: int = 0
    rows: int = 0
    written: int = 0
    calls: int = 0
    days: set[date] = field(default_factory=set)


def settle_due(
    *, at: datetime, everything: bool = False, watch: Callable[[], None] = lambda: None
) -> Settled:
    """Bring today's list up to date wherever something may have changed, and before the first run
    of a day yesterday's for the last time. Repeated, it writes nothing. `watch` runs after each
    cell; the job commits there, since every cell is whole in itself."""
    out = Settled()
    fetch("SELECT pg_advisory_xact_lock(%s)", (DUE_LOCK,))
    today = day_of(at)
    for day in (today - A_DAY, today):
        plans = running(day)
        pairs = stores([*plans, *_just_ended(day)])
        wanted = pairs if everything else _stale(pairs, day, today, plans, at)
        for cell, group in by_cell(wanted):
            settle_cell(cell, [c for _, c in group], plans, day, at=at, out=out)
            watch()
        if wanted:
            out.days.add(day)
    calls.end_stale([s.schedule_id for s in running(today)], at)
    return out


def _just_ended(day: date) -> list[ScheduleRow]:
    """Schedules ended on this day or after it: their people leave the list."""
    return [s for s in list_schedules() if s.ended_at and day_of(s.ended_at) >= day]


def stores(plans: Sequence[ScheduleRow]) -> list[tuple[int, int]]:
    """(cell, community) wherever people of these schedules may be stored."""
    paths = tuple({p for s in plans for p in s.paths})
    if not paths:
        return []
    nodes = [
        n for n in places.TREE.get().by_id.values()
        if n.level == COMMUNITY and n.path.startswith(paths)
    ]  # fmt: skip
    return stores_of(nodes)


def _stale(
    pairs: Sequence[tuple[int, int]], day: date, today: date, plans: Sequence[ScheduleRow],
    at: datetime,
) -> list[tuple[int, int]]:  # fmt: skip
    """Those never settled for that day, or before something of theirs was counted anew, or long
    ago. Yesterday is settled once more after it has ended, and then rests."""
    cells = sorted({c for c, _ in pairs})
    marks: dict[tuple[int, int], datetime] = {
        (cell, community): as_of
        for cell, community, as_of in fetch(
            "SELECT cell_id, community_id, as_of FROM schedule_tally WHERE cell_id = ANY(%s) "
            "AND day = %s AND schedule_id = 0",
            (cells, day),
        )
    }
    if day < today:
        over = start_of(today)
        return [p for p in pairs if p not in marks or marks[p] < over]
    counted: dict[tuple[int, int], datetime] = {
        (cell, area): as_of
        for cell, area, as_of in fetch(
            "SELECT cell_id, area_id, max(as_of) FROM coverage WHERE cell_id = ANY(%s) "
            "AND as_of >= %s GROUP BY cell_id, area_id",
            (cells, start_of(day)),
        )
    }
    turned = max((t for s in list_schedules() if (t := s.changed_at)), default=None)
    return [p for p in pairs if _is_stale(marks.get(p), counted.get(p), turned, at)]


def _is_stale(
    mark: datetime | None, counted: datetime | None, turned: datetime | None, at: datetime
) -> bool:
    if mark is None or mark <= at - AGAIN:
        return True
    return any(t is not None and t >= mark for t in (counted, turned))


def settle_cell(
    cell: int,
    communities: Collection[int],
    plans: Sequence[ScheduleRow],
    day: date,
    *,
    at: datetime,
    out: Settled,
) -> None:
    """The list of some communities of one cell for one day."""
    new = work_out(cell, communities, plans, day, at=min(at, start_of(day + A_DAY)))
    out.communities += len(communities)
    out.rows += len(new)
    out.written += _write(cell, communities, day, new)
    sums = sums_of(new, day)
    _write_sums(cell, communities, day, sums, at)
    if day == day_of(at):
        out.calls += calls.write(cell, communities, sums, day, at)


def work_out(
    cell: int,
    communities: Collection[int],
    plans: Sequence[ScheduleRow],
    day: date,
    *,
    at: datetime,
) -> dict[Key, Due]:
    """Who of some communities is due on `day`, as it is known at `at`; nothing is written."""
    members = facts.list_members(cell, communities, {s.cohort for s in plans}, day)
    if not members:
        return {}
    persons = {m.person_id for m in members}
    since = start_of(day - timedelta(days=max(s.rhythm.horizon for s in plans)))
    swabs = facts.list_swabs(cell, persons, facts.rounds_since(since), since, start_of(day + A_DAY))
    excuses = facts.list_excuses(cell, persons, at)
    by_cohort: dict[str, list[MemberRow]] = defaultdict(list)
    for m in members:
        by_cohort[m.cohort].append(m)
    paths = {c: places.find_path(c) or "/" for c in communities}
    taken = {p: frozenset(map(day_of, times)) for p, times in swabs.items()}
    morning = start_of(day)
    done = {p: min(on) for p, times in swabs.items() if (on := [t for t in times if t >= morning])}
    where = Standings(day)
    found: dict[Key, Due] = {}
    for plan in plans:
        for m in by_cohort[plan.cohort]:
            if not asks(plan, m, paths[m.community_id]):
                continue
            excuse = excuses.get(m.person_id, NONE)
            now = where.of(plan, m, excuse.back, taken.get(m.person_id, NO_SWABS))
            if now.due_on is not None and now.due_on <= day:
                found[plan.schedule_id, m.person_id] = Due(
                    m.community_id, m.employer, now.due_on, now.missed, done.get(m.person_id),
                    excuse.now,
                )  # fmt: skip
    return found


NO_SWABS: frozenset[date] = frozenset()


def asks(plan: ScheduleRow, m: MemberRow, path: str) -> bool:
    """Whether a schedule asks a member of its cohort: the place and employer fit, and for days of
    a list there is a start of the own to count from."""
    return (m.dated or plan.rhythm.kind is Kind.EVERY) and plan.takes(path, m.employer)


class Standings:
    """Where members stand on one day. Colleagues were mostly swabbed on the same days, so that an
    answer is looked up more often than worked out."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.known: dict[tuple[Any, ...], Standing] = {}

    def of(
        self, plan: ScheduleRow, m: MemberRow, back: date | None, taken: frozenset[date]
    ) -> Standing:
        rhythm = plan.rhythm
        number = phase(rhythm.spread, m.person_id) if rhythm.spread else 0
        key = (plan.schedule_id, m.since, back, taken, number)
        found = self.known.get(key)
        if found is None:
            member = Member(m.person_id, m.since, back)
            found = self.known[key] = standing(rhythm, member, taken, self.day)
        return found


# --- writing only what differs --------------------------------------------------------------


def _write(cell: int, communities: Collection[int], day: date, new: dict[Key, Due]) -> int:
    old = {
        (schedule, person): Due(*rest)
        for schedule, person, *rest in fetch(
            "SELECT schedule_id, person_id, community_id, employer, due_on, missed, done_at, "
            "excused FROM schedule_due WHERE cell_id = %s AND day = %s AND community_id = ANY(%s)",
            (cell, day, sorted(communities)),
        )
    }
    gone = [key for key in old if key not in new]
    if gone:
        run(
            "DELETE FROM schedule_due d USING unnest(%s::int8[], %s::int8[]) AS t (schedule, person) "
            "WHERE d.cell_id = %s AND d.day = %s AND d.schedule_id = t.schedule "
            "AND d.person_id = t.person",
            ([s for s, _ in gone], [p for _, p in gone], cell, day),
        )
    rows = [(cell, day, *key, *row) for key, row in new.items() if old.get(key) != row]
    for first in range(0, len(rows), 20_000):
        insert(
            "schedule_due", DUE, rows[first : first + 20_000],
            "ON CONFLICT (cell_id, day, schedule_id, person_id) DO UPDATE SET "
            "community_id = EXCLUDED.community_id, employer = EXCLUDED.employer, "
            "due_on = EXCLUDED.due_on, missed = EXCLUDED.missed, done_at = EXCLUDED.done_at, "
            "excused = EXCLUDED.excused",
        )  # fmt: skip
    return len(gone) + len(rows)


def _write_sums(
    cell: int, communities: Collection[int], day: date, sums: dict[SumKey, Sum], at: datetime
) -> None:
    run(
        "DELETE FROM schedule_tally WHERE cell_id = %s AND day = %s AND community_id = ANY(%s)",
        (cell, day, sorted(communities)),
    )
    rows: list[tuple[Any, ...]] = [
        (cell, day, *key, s.due, s.done, s.late, s.late_1, s.late_2, s.excused, s.oldest, at)
        for key, s in sums.items()
    ]
    rows += [(cell, day, c, 0, "", 0, 0, 0, 0, 0, 0, None, at) for c in communities]
    insert("schedule_tally", TALLY, rows)


def forget(*, at: datetime) -> int:
    """Due lists of days long past go; figures that were reported stand in the reports."""
    before = day_of(at - KEPT)
    return sum(
        run(f"DELETE FROM {table} WHERE day < %s /* fan-out: worker */", (before,))
        for table in ("schedule_due", "schedule_tally")
    )


def commit() -> None:
    """After each cell of a long run: what is written is whole."""
    db.session.commit()
    fetch("SELECT pg_advisory_xact_lock(%s)", (DUE_LOCK,))
