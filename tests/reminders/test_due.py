"""Due lists on a real database: swabs of any round count, exemptions lapse, repeats write nothing."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from screening import clock
from screening.db import fetch, insert, run
from screening.registry.rules_schedule import Kind
from screening.registry.service import exemptions, persons, schedules
from screening.reminders import due
from screening.tube.queries import get_key
from screening.tube.rules import Verb
from screening.tube.service import advance
from tests.reminders.schedules import (
    CHIEF,
    keep_open,
    later,
    listed,
    schedule,
    settle,
    today,
    worker,
)


@pytest.fixture
def place(town):
    keep_open(town.city.round_id)
    return town.communities[0]


def put_in(who, cohort: str, days_ago: int = 0, until=None) -> None:
    exemptions.put_in_cohort([who[:2]], cohort, since=later(-days_ago), until=until)


def test_a_swab_in_a_mass_round_counts_for_the_schedule(town, client, place):
    a, b = worker(place), worker(place)
    schedule([place.area_id])
    town.sample(client, [a[2]])
    settle()
    found = listed()
    assert found[a[1]].done_at is not None and found[b[1]].done_at is None
    settle(1)
    assert set(listed(1)) == {b[1]}
    assert (today() + timedelta(days=1) - listed(1)[b[1]].due_on).days == 1
    settle(2)
    assert listed(2)[a[1]].due_on == today() + timedelta(days=2)


def test_a_tube_that_is_lost_brings_its_people_back(town, client, place):
    a = worker(place)
    schedule([place.area_id])
    town.sample(client, [a[2]])
    settle()
    assert listed()[a[1]].done_at
    tube = town.city.tube(0)
    key = get_key(tube)
    advance(Verb.LOSE, {tube: {}}, kind="lose", cell=key.cell_id, round_id=key.round_id, by=1,
            at=clock.now(), recorded_at=clock.now())  # fmt: skip
    settle()
    assert listed()[a[1]].done_at is None


def test_only_the_cohort_the_area_and_the_employer_are_asked(town, place):
    wanted = worker(place)
    worker(place, "market")
    worker(place, employer="蓝鸟外卖")
    worker(town.communities[1])
    gone = worker(place)
    run("UPDATE person SET left_at = %s WHERE cell_id = %s AND person_id = %s",
        (clock.now(), *gone[:2]))  # fmt: skip
    schedule([place.area_id], employers=["飞马快递"])
    settle()
    assert set(listed()) == {wanted[1]}


def test_settling_again_writes_nothing(town, client, place):
    people = [worker(place) for _ in range(5)]
    schedule([town.county])
    town.sample(client, [people[0][2]])
    assert settle().written == 5
    before = fetch("SELECT * FROM schedule_due ORDER BY person_id")
    assert settle().written == 0
    assert fetch("SELECT * FROM schedule_due ORDER BY person_id") == before


def test_who_is_excused_stands_apart_and_lapses_back_into_due(place):
    a = worker(place)
    schedule([place.area_id])
    exemptions.exempt([a[:2]], "away", until=later(3), by=None, at=clock.now())
    for days in range(3):
        settle(days)
        assert listed(days)[a[1]].excused
    settle(4)
    line = listed(4)[a[1]]
    assert not line.excused and line.due_on == today() + timedelta(days=3)


def test_being_on_a_schedule_excuses_from_rounds_and_not_from_the_schedule(place):
    a = worker(place)
    schedule([place.area_id])
    exemptions.exempt([a[:2]], "other_schedule", until=None, by=None, at=clock.now())
    settle()
    assert not listed()[a[1]].excused


def test_days_of_a_list_are_counted_from_the_own_arrival(place):
    a, b = worker(place, group=None), worker(place, group=None)
    put_in(a, "arrival", days_ago=1)
    put_in(b, "arrival", days_ago=4)
    schedule([place.area_id], cohort="arrival", kind=Kind.DAYS, days=(1, 2, 3, 5, 7))
    settle()
    found = listed()
    assert found[a[1]].due_on == today() and found[b[1]].due_on == today()
    settle(1)
    assert listed(1)[b[1]].missed == 1  # day 3 was still open when the schedule began
    settle(40)
    assert set(listed(40)) == {a[1], b[1]}  # the last day stays due


def test_who_has_no_start_of_the_own_is_not_on_a_list_of_days(place):
    worker(place, group="arrival")
    schedule([place.area_id], cohort="arrival", kind=Kind.DAYS, days=(1, 2))
    settle()
    assert listed() == {}


def test_a_new_contact_starts_the_days_again(place):
    a = worker(place, group=None)
    put_in(a, "close_contact", days_ago=20, until=later(-10))
    put_in(a, "close_contact", days_ago=2)
    schedule([place.area_id], cohort="close_contact", kind=Kind.DAYS, days=(1, 2, 3, 5, 7))
    settle()
    assert listed()[a[1]].due_on == today()


def test_swabs_of_a_number_that_was_merged_count_for_the_person(town, client, place):
    a, twin = worker(place), worker(place)
    schedule([place.area_id])
    town.sample(client, [twin[2]])
    persons.merge(twin[:2], into=a[:2], by=1, at=clock.now())
    settle()
    assert listed()[a[1]].done_at and twin[1] not in listed()


def test_a_swab_that_arrives_late_clears_the_day_it_was_taken_on(town, client, place):
    """Its phone was offline: the list of the next day shrinks when it is heard."""
    a = worker(place)
    schedule([place.area_id])
    settle(1)
    assert set(listed(1)) == {a[1]}
    town.sample(client, [a[2]])  # taken today, known only now
    settle(1)
    assert listed(1) == {}


def test_yesterday_is_settled_once_more_after_it_has_ended(town, client, place):
    a = worker(place)
    schedule([place.area_id])
    due.settle_due(at=clock.now())
    town.sample(client, [a[2]])
    due.settle_due(at=later(1))
    assert listed()[a[1]].done_at
    rows = fetch("SELECT count(*) FROM schedule_tally WHERE schedule_id = 0 AND as_of >= %s",
                 (later(1) - timedelta(minutes=1),))  # fmt: skip
    assert rows[0][0] >= 2


def test_only_what_something_happened_to_is_settled_again(town, client, place):
    worker(place)
    schedule([town.county])
    assert due.settle_due(at=clock.now()).communities == 2
    assert due.settle_due(at=clock.now()).communities == 0
    insert(
        "coverage",
        ("cell_id", "round_id", "area_id", "register", "exempt", "due", "reached", "missed",
         "delivered", "tested", "resulted", "m_resample", "m_new", "m_will_come", "m_pending",
         "m_away", "m_refused", "m_unreachable", "m_visit", "added", "exempt_added", "registered",
         "residents", "floating", "exempt_by", "as_of"),
        [(place.cell_id, town.city.round_id, place.area_id, *[0] * 21, {}, clock.now())],
        "ON CONFLICT (cell_id, round_id, area_id) DO UPDATE SET as_of = EXCLUDED.as_of",
    )  # fmt: skip
    assert due.settle_due(at=clock.now()).communities == 1
    assert due.settle_due(at=clock.now() + timedelta(hours=2)).communities == 2


def test_the_people_of_an_ended_schedule_leave_the_list(place):
    worker(place)
    made = schedule([place.area_id])
    settle(1)
    assert listed(1) and fetch("SELECT 1 FROM schedule_call WHERE ended_at IS NULL")
    schedules.end(made, by=CHIEF, at=later(1))
    due.settle_due(at=later(1))
    assert listed(1) == {}
    assert not fetch("SELECT 1 FROM schedule_call WHERE ended_at IS NULL")


def test_lateness_goes_one_level_up_each_time_and_an_answer_stays(place):
    worker(place)
    schedule([place.area_id])
    levels = "SELECT level FROM schedule_call WHERE ended_at IS NULL ORDER BY level DESC"
    for days, wanted in ((0, []), (1, [3]), (2, [3, 2]), (4, [3, 2, 1])):
        settle(days)
        assert [r[0] for r in fetch(levels)] == wanted
    run("UPDATE schedule_call SET seen_by = 1, seen_at = %s, note = '已联系' WHERE level = 3",
        (clock.now(),))  # fmt: skip
    settle(5)
    assert fetch("SELECT note FROM schedule_call WHERE level = 3") == [("已联系",)]


def test_a_new_lateness_must_be_answered_again(town, client, place):
    a = worker(place)
    schedule([place.area_id])
    settle(1)
    run("UPDATE schedule_call SET seen_by = 1, seen_at = %s", (clock.now(),))
    town.sample(client, [a[2]])
    settle(1)
    assert not fetch("SELECT 1 FROM schedule_call WHERE ended_at IS NULL")
    settle(3)
    assert fetch("SELECT seen_by FROM schedule_call WHERE ended_at IS NULL") == [(None,)]


def test_the_tally_is_what_counting_the_lines_gives(town, client):
    draw = random.Random(5)
    people = []
    for community in town.communities:
        for _ in range(12):
            group = draw.choice(["delivery", "market", "school", None])
            employer = draw.choice(["甲公司", "乙公司", ""])
            people.append(worker(community, group, employer))
    for who in draw.sample(people, 6):
        put_in(who, "arrival", days_ago=draw.randrange(6))
    for who in draw.sample(people, 5):
        exemptions.exempt([who[:2]], "medical", until=later(draw.choice([1, 3])), by=None,
                          at=clock.now())  # fmt: skip
    for cohort, every in (("delivery", 2), ("market", 1), ("school", 7)):
        schedule([town.county], cohort=cohort, every=every)
    schedule([town.county], cohort="arrival", kind=Kind.DAYS, days=(1, 2, 3, 5, 7))
    town.sample(client, [p[2] for p in draw.sample(people[:12], 5)])
    for days in (0, 1, 2, 5):
        settle(days)
        day = today() + timedelta(days=days)
        told = fetch(
            "SELECT schedule_id, community_id, employer, due, done, late, late_1, late_2, excused "
            "FROM schedule_tally WHERE day = %s AND schedule_id > 0 ORDER BY 1, 2, 3", (day,)
        )  # fmt: skip
        counted = fetch(
            "SELECT schedule_id, community_id, employer, count(*) FILTER (WHERE NOT excused), "
            "count(done_at) FILTER (WHERE NOT excused), "
            "count(*) FILTER (WHERE NOT excused AND done_at IS NULL AND due_on < day), "
            "count(*) FILTER (WHERE NOT excused AND done_at IS NULL AND due_on = day - 1), "
            "count(*) FILTER (WHERE NOT excused AND done_at IS NULL AND due_on = day - 2), "
            "count(*) FILTER (WHERE excused) FROM schedule_due WHERE day = %s "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", (day,)
        )  # fmt: skip
        assert told == counted and told


def test_old_lists_are_forgotten(place):
    worker(place)
    schedule([place.area_id])
    settle()
    assert due.forget(at=later(60)) == 0
    assert due.forget(at=later(120)) > 0 and listed() == {}


def test_a_swab_of_an_exercise_counts_for_nobody(town, client, place):
    a = worker(place)
    schedule([place.area_id])
    town.sample(client, [a[2]])
    run("UPDATE round SET drill = true WHERE round_id = %s", (town.city.round_id,))
    settle()
    assert listed()[a[1]].done_at is None
