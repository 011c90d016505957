"""Schedules: drafted, begun, ended; the round of a day; who answers for an employer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import orjson
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.db import fetch, insert, run
from screening.errors import Conflict, Fault, Faults, Problem
from screening.i18n import ZONE
from screening.places import queries as places
from screening.places.rules import COMMUNITY
from screening.registry import seals
from screening.registry.rules import COHORTS, GENERAL
from screening.registry.rules_schedule import MOST_DAY, MOST_EVERY, Kind, State
from screening.registry.schedule_queries import CONTACT_AAD, ScheduleRow, get_schedule
from screening.registry.service import rounds
from screening.registry.service.persons import ring

SCHEDULE_LOCK = 720_261_125  # advisory lock: numbers of schedules


class BadSchedule(Problem):
    status = 422
    code = "bad_schedule"
    zh = "定期检测的设置有误。"
    en = "The settings of the schedule are not right."


class ScheduleName(BadSchedule):
    code = "schedule_name"
    zh = "请填写名称。"
    en = "The schedule needs a name."


class ScheduleCohort(BadSchedule):
    code = "schedule_cohort"
    zh = "请选择人群。"
    en = "Choose a cohort."


class ScheduleEvery(BadSchedule):
    code = "schedule_every"
    zh = "间隔应为 1 到 {most} 天。"
    en = "The interval is 1 to {most} days."


class ScheduleDays(BadSchedule):
    code = "schedule_days"
    zh = "请写出天数，如 1、2、3、5、7，最大 {most}。"
    en = "Give the days, such as 1, 2, 3, 5, 7; {most} at most."


class ScheduleDates(BadSchedule):
    code = "schedule_dates"
    zh = "结束日期要晚于开始日期。"
    en = "The last day must be later than the first."


class ScheduleAreas(BadSchedule):
    code = "schedule_areas"
    zh = "请至少选择一个区域，社区或以上。"
    en = "Choose at least one area, a community or larger."


class WrongScheduleState(Conflict):
    code = "wrong_schedule_state"
    zh = "定期检测的状态已变，不能这样做。"
    en = "The schedule has moved on; this cannot be done."


class BadContact(Problem):
    status = 422
    code = "bad_employer_contact"
    zh = "请填写单位、负责人和可用的电话。"
    en = "Give the employer, a name and a phone that works."


class Draft(NamedTuple):
    """What a schedule is made of."""

    name: str
    cohort: str
    kind: Kind
    starts_on: date
    area_ids: Sequence[int]
    every: int = 0
    days: Sequence[int] = ()
    first_day: int = 0
    ends_on: date | None = None
    employers: Collection[str] = ()


def draft(given: Draft, *, by: Actor, at: datetime) -> int:
    """A new schedule that asks nobody yet; its id. Raises Faults."""
    if faults := list(_faults(given)):
        raise Faults(faults)
    fetch("SELECT pg_advisory_xact_lock(%s)", (SCHEDULE_LOCK,))
    schedule_id = fetch("SELECT coalesce(max(schedule_id), 0) + 1 FROM cohort_schedule")[0][0]
    every = given.kind is Kind.EVERY
    insert(
        "cohort_schedule",
        ("schedule_id", "name", "cohort", "kind", "every", "days", "first_day", "starts_on",
         "ends_on", "spread", "state", "made_by", "made_at"),
        [(schedule_id, given.name.strip(), given.cohort, str(given.kind),
          given.every if every else 0, Jsonb([] if every else sorted(set(given.days))),
          given.first_day, given.starts_on, given.ends_on, Jsonb([]), str(State.DRAFT),
          by.staff_id, at)],
    )  # fmt: skip
    areas = [(schedule_id, a) for a in sorted(set(given.area_ids))]
    insert("cohort_schedule_area", ("schedule_id", "area_id"), areas)
    named = sorted({e.strip() for e in given.employers if e.strip()})
    insert("cohort_schedule_employer", ("schedule_id", "employer"),
           [(schedule_id, e) for e in named])  # fmt: skip
    note("schedule_drafted", "schedule", schedule_id)
    return schedule_id


def _faults(given: Draft) -> Iterable[Fault]:
    if not given.name.strip():
        yield Fault(ScheduleName(), field="name")
    if given.cohort not in COHORTS or given.cohort == GENERAL:
        yield Fault(ScheduleCohort(), field="cohort")
    if given.kind is Kind.EVERY and not 1 <= given.every <= MOST_EVERY:
        yield Fault(ScheduleEvery(most=MOST_EVERY), field="every")
    wrong_days = not given.days or any(not given.first_day <= d <= MOST_DAY for d in given.days)
    if given.kind is Kind.DAYS and (wrong_days or given.first_day not in (0, 1)):
        yield Fault(ScheduleDays(most=MOST_DAY), field="days")
    if given.ends_on is not None and given.ends_on < given.starts_on:
        yield Fault(ScheduleDates(), field="ends_on")
    nodes = [places.find_area(a) for a in given.area_ids]
    if not nodes or any(n is None or n.level > COMMUNITY for n in nodes):
        yield Fault(ScheduleAreas(), field="area_ids")


def begin(schedule_id: int, *, spread: Sequence[int] = (), by: Actor, at: datetime) -> None:
    """draft → on: from its first day its people are listed; a `spread` is never longer than the
    interval, so that nobody waits longer. Raises WrongScheduleState."""
    shares = list(spread)[: get_schedule(schedule_id).rhythm.every]
    if not run(
        "UPDATE cohort_schedule SET state = 'on', spread = %s, begun_by = %s, begun_at = %s "
        "WHERE schedule_id = %s AND state = 'draft'",
        (Jsonb(shares), by.staff_id, at, schedule_id),
    ):
        raise WrongScheduleState()
    note("schedule_begun", "schedule", schedule_id, detail={"spread": bool(shares)})


def end(schedule_id: int, *, by: Actor, at: datetime) -> None:
    """Nobody is asked any more; what was listed stays readable. Raises WrongScheduleState."""
    if not run(
        "UPDATE cohort_schedule SET state = 'ended', ended_by = %s, ended_at = %s "
        "WHERE schedule_id = %s AND state <> 'ended'",
        (by.staff_id, at, schedule_id),
    ):
        get_schedule(schedule_id)  # raises NoSuchSchedule
        raise WrongScheduleState()
    note("schedule_ended", "schedule", schedule_id)


def draft_round(schedule_id: int, day: date, *, by: Actor) -> int:
    """A draft of the cohort round of a day: the schedule's areas and cohort, for as long as nobody
    is asked twice; approving and starting it stay with people. Its sites, limits and pool rules
    are those of the schedule's last round. Raises WrongScheduleState, Faults."""
    schedule = get_schedule(schedule_id)
    if schedule.state is not State.ON:
        raise WrongScheduleState()
    starts = datetime.combine(day, time(), ZONE)
    given = rounds.Draft(
        f"{schedule.name} {day:%m-%d}", starts, starts + timedelta(days=_length(schedule)),
        schedule.area_ids, kind="cohort", cohorts=(schedule.cohort,),
    )  # fmt: skip
    last = _last_round(schedule)
    return rounds.clone(last, given, by=by) if last else rounds.draft(given, by=by)


def _length(schedule: ScheduleRow) -> int:
    """Days that a round of it may last: within one, a person counts once only."""
    rhythm = schedule.rhythm
    if rhythm.kind is Kind.EVERY:
        return rhythm.every
    return 1


def _last_round(schedule: ScheduleRow) -> int | None:
    """The latest round over the same areas for the same cohort alone."""
    rows = fetch(
        "SELECT max(r.round_id) FROM round r WHERE r.kind = 'cohort' AND NOT r.drill "
        "AND r.state <> 'cancelled' "
        "AND ARRAY(SELECT cohort FROM round_cohort c WHERE c.round_id = r.round_id) = %s::text[] "
        "AND ARRAY(SELECT area_id FROM round_area a WHERE a.round_id = r.round_id "
        "ORDER BY area_id) = %s::int8[]",
        ([schedule.cohort], sorted(schedule.area_ids)),
    )
    return rows[0][0]


# --- employers ------------------------------------------------------------------------------


def put_contact(
    area_id: int, employer: str, name: str, phone: str, *, by: Actor, at: datetime
) -> None:
    """Who answers for an employer's people in an area, instead of who did before.

    Raises Faults, NoSuchPlace."""
    places.place_of_area(area_id)
    number = None
    try:
        number = seals.normalise_phone(phone)
    except seals.BadPhone:
        number = None
    wrong = [
        f for f, bad in (("employer", not employer.strip()), ("contact_name", not name.strip()),
                         ("contact_phone", number is None)) if bad
    ]  # fmt: skip
    if wrong:
        raise Faults([Fault(BadContact(), field=f) for f in wrong])
    told = orjson.dumps({"n": name.strip(), "p": number})
    insert(
        "employer_contact",
        ("area_id", "employer", "sealed", "made_by", "made_at"),
        [(area_id, employer.strip(), ring().seal(told, CONTACT_AAD), by.staff_id, at)],
        "ON CONFLICT (area_id, employer) DO UPDATE SET sealed = EXCLUDED.sealed, "
        "made_by = EXCLUDED.made_by, made_at = EXCLUDED.made_at",
    )
    note("employer_contact_set", "area", area_id)
