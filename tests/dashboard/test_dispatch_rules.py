"""No instrument idle, no tubes piled up: which box should go where, and when a laboratory jams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening.dashboard.dispatch_rules import (
    Arrival,
    BoxAt,
    Jam,
    Road,
    arrival,
    jam,
    left_today,
    limit_hours,
    propose,
)
from screening.lab.watch.capacity import LabLoad

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def load(lab=1, capacity=2400, **values):
    return LabLoad(lab, capacity, **values)


def box(wire="a", tubes=50, lab=1, road=False, hours=1):
    return BoxAt(wire, tubes, lab, road, AT - timedelta(hours=hours))


def minutes(n):
    return timedelta(minutes=n)


# --- what is left, when it jams ---------------------------------------------------------------


def test_what_was_judged_stands_there_or_comes_is_taken_off_the_day():
    assert left_today(load(judged_day=1000, waiting=300, plated=90), coming=200) == 810


def test_a_laboratory_never_has_less_than_nothing_left():
    assert left_today(load(judged_day=2300, waiting=300)) == 0


def test_nobody_told_the_capacity_so_nothing_is_said():
    assert left_today(load(capacity=0)) is None
    assert jam(load(capacity=0), AT, coming=0, hours=5) == Jam("unknown")


def test_it_jams_now_when_the_last_in_the_queue_waits_beyond_the_limit():
    assert jam(load(waiting=450), AT, coming=60, hours=5) == Jam("now", AT)  # 100 an hour


def test_it_jams_when_more_come_than_are_judged():
    found = jam(load(waiting=100, received=450), AT, coming=0, hours=5)  # 150 an hour come
    assert found == Jam("at", AT + timedelta(hours=8))


def test_it_never_jams_while_it_keeps_up():
    assert jam(load(waiting=100, received=300), AT, coming=0, hours=5) == Jam("never")


def test_what_lies_further_than_a_day_ahead_is_not_named():
    assert jam(load(received=303), AT, coming=0, hours=25) == Jam("never")


def test_the_limit_is_that_of_the_round_for_the_laboratory():
    assert limit_hours({"received": 120, "plated": 180, "open": 60}) == 5
    assert limit_hours({}) == 6


# --- proposals ----------------------------------------------------------------------------------


def test_a_box_for_a_jammed_laboratory_goes_where_it_is_tested_soonest():
    loads = {1: load(1, waiting=700), 2: load(2, waiting=300), 3: load(3, waiting=100)}
    (found,) = propose(loads, [box()], hours=5)
    assert (found.from_lab, found.to_lab, found.reason) == (1, 3, "jam")
    assert (found.now, found.then) == (7.5, 1.5)


def test_an_idle_laboratory_gets_a_box_that_still_stands_at_its_site():
    loads = {1: load(1, waiting=300), 2: load(2)}
    (found,) = propose(loads, [box()], hours=5)
    assert (found.to_lab, found.reason) == (2, "idle")


def test_a_box_on_the_road_turns_for_a_jam_and_not_for_an_idle_instrument():
    quiet = {1: load(1, waiting=300), 2: load(2)}
    assert propose(quiet, [box(road=True)], hours=5) == []
    jammed = {1: load(1, waiting=700), 2: load(2)}
    assert [p.reason for p in propose(jammed, [box(road=True)], hours=5)] == ["jam"]


def test_a_detour_that_saves_less_than_an_hour_is_not_proposed():
    assert propose({1: load(1, waiting=80), 2: load(2)}, [box(tubes=10)], hours=5) == []


def test_a_box_stays_when_everybody_is_jammed():
    loads = {1: load(1, waiting=900), 2: load(2, waiting=700)}
    assert propose(loads, [box()], hours=5) == []


def test_a_box_without_destination_gets_one():
    (found,) = propose({1: load(1, waiting=200), 2: load(2)}, [box(lab=None)], hours=5)
    assert (found.from_lab, found.to_lab, found.reason, found.now) == (None, 2, "none", None)


def test_a_laboratory_that_works_for_nobody_any_more_sends_its_boxes_elsewhere():
    (found,) = propose({1: load(1, capacity=0), 2: load(2)}, [box()], hours=5)
    assert (found.to_lab, found.reason) == (2, "closed")


def test_one_proposal_counts_for_the_next_so_that_nobody_is_swamped():
    loads = {1: load(1, waiting=800), 2: load(2, waiting=200), 3: load(3, waiting=220)}
    found = propose(loads, [box(c, 60) for c in "abcd"], hours=5)
    assert {p.to_lab for p in found} == {2, 3}


def test_the_jam_ends_where_enough_boxes_have_turned():
    loads = {1: load(1, waiting=400), 2: load(2)}
    found = propose(loads, [box(c, 60, road=True) for c in "abcd"], hours=5)
    assert [p.wire for p in found] == ["a", "b", "c"]  # 640 tubes, of which 500 are in time


def test_the_oldest_box_comes_first():
    loads = {1: load(1, waiting=700), 2: load(2)}
    found = propose(loads, [box("young", hours=1), box("old", hours=3)], hours=5)
    assert [p.wire for p in found] == ["old", "young"]


def test_an_empty_box_is_nobodys_business():
    assert propose({1: load(1, waiting=700), 2: load(2)}, [box(tubes=0)], hours=5) == []


def test_with_one_laboratory_there_is_nothing_to_choose():
    assert propose({1: load(1, waiting=900)}, [box()], hours=5) == []


def test_a_box_for_a_laboratory_that_nobody_sees_here_is_left_alone():
    assert propose({2: load(2)}, [box(lab=9)], hours=5) == []


# --- arrival --------------------------------------------------------------------------------------

WAY = Road(12, minutes(40), minutes(70))
CITY = Road(300, minutes(60), minutes(90))


def test_a_box_arrives_after_the_usual_time_of_its_way():
    found = arrival(AT - minutes(10), AT + minutes(110), [WAY, CITY], AT)
    assert found == Arrival(AT + minutes(30), False, False)


def test_where_nobody_drove_yet_the_whole_round_tells():
    assert arrival(AT, None, [None, CITY], AT).expected == AT + minutes(60)


def test_a_box_that_will_miss_its_limit_is_late_before_it_is_overdue():
    found = arrival(AT - minutes(10), AT + minutes(20), [WAY], AT)
    assert found.late and not found.overdue


def test_a_box_beyond_the_usual_time_is_expected_as_the_slow_ones_are():
    assert arrival(AT - minutes(50), None, [WAY], AT).expected == AT + minutes(20)
    assert arrival(AT - minutes(90), None, [WAY], AT).expected == AT


@pytest.mark.parametrize(("due", "overdue"), [(AT - minutes(1), True), (AT + minutes(1), False)])
def test_without_any_drive_only_the_limit_tells(due, overdue):
    assert arrival(None, due, [None], AT) == Arrival(None, overdue, overdue)
