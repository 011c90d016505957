"""The rules of duty: one level up, who is on duty, gaps, what is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening.lab.rules.duty_rules import (
    KNOWN,
    LOOK_AHEAD,
    MINUTES,
    NOT_SAMPLED,
    SAMPLED,
    Gap,
    Shift,
    Step,
    all_known,
    city_of,
    district_of,
    due_at,
    gaps,
    is_due,
    is_stranded,
    level_of,
    on_duty,
    one_up,
)
from screening.places.rules import CITY, COMMUNITY, COUNTY, EVERYWHERE, PROVINCE, STREET, Place

T = datetime(2022, 11, 24, 8, tzinfo=UTC)
WAY = [
    Step(1, PROVINCE, "/1/"),
    Step(2, CITY, "/1/2/"),
    Step(3, COUNTY, "/1/2/3/"),
    Step(4, STREET, "/1/2/3/4/"),
    Step(5, COMMUNITY, "/1/2/3/4/5/"),
]
LAB = Place("lab", 9, "/1/2/3/4/5/")
DISTRICT, WHOLE_CITY = Place("area", 3, "/1/2/3/"), Place("area", 2, "/1/2/")


def hour(n: float) -> datetime:
    return T + timedelta(hours=n)


def shift(start: float, end: float, staff: int = 1, place: tuple = ("area", 3)) -> Shift:
    return Shift(place, staff, hour(start), hour(end))


def test_a_home_belongs_to_its_district_and_its_city():
    assert (district_of(WAY), city_of(WAY)) == (DISTRICT, WHOLE_CITY)


def test_from_the_laboratory_it_goes_to_the_district_then_the_city_and_there_it_stays():
    assert one_up(LAB, WAY) == DISTRICT
    assert one_up(DISTRICT, WAY) == WHOLE_CITY
    assert one_up(WHOLE_CITY, WAY[:2]) == WHOLE_CITY


@pytest.mark.parametrize(
    ("place", "level"), [(LAB, 1), (DISTRICT, 2), (WHOLE_CITY, 3)], ids=["lab", "district", "city"]
)
def test_levels_rise_from_laboratory_to_city(place, level):
    assert level_of(place, WAY) == level


def test_without_a_city_in_the_tree_the_whole_house_is_the_city():
    way = WAY[2:]
    assert city_of(way) == EVERYWHERE
    assert one_up(DISTRICT, way) == EVERYWHERE
    assert level_of(EVERYWHERE, ()) == 3
    assert one_up(EVERYWHERE, ()) == EVERYWHERE


def test_where_no_county_stands_the_street_is_the_district():
    assert district_of([WAY[1], *WAY[3:]]).id == 4


def test_a_place_of_which_nothing_is_known_is_the_citys():
    assert district_of(()) == EVERYWHERE


def test_duty_begins_with_its_first_minute_and_ends_before_its_last():
    rows = [shift(0, 8, 1), shift(8, 16, 2)]
    assert on_duty(rows, hour(8)) == {("area", 3): [2]}
    assert on_duty(rows, hour(7.99)) == {("area", 3): [1]}
    assert on_duty(rows, hour(16)) == {}


def test_two_persons_may_be_on_duty_and_nobody_is_called_twice():
    rows = [shift(0, 8, 1), shift(0, 8, 2), shift(4, 8, 1)]
    assert on_duty(rows, hour(5)) == {("area", 3): [1, 2]}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([], [(0, 24)]),
        ([(0, 24)], []),
        ([(-4, 30)], []),
        ([(0, 8), (8, 24)], []),
        ([(0, 8), (9, 24)], [(8, 9)]),
        ([(2, 8)], [(0, 2), (8, 24)]),
        ([(0, 20), (4, 8)], [(20, 24)]),
        ([(8, 16), (0, 8), (15, 25)], []),
        ([(30, 40)], [(0, 24)]),
        ([(-8, 0)], [(0, 24)]),
    ],
)
def test_gaps_are_the_hours_in_which_nobody_is_there(rows, found):
    shifts = [shift(*r) for r in rows]
    assert gaps(shifts, T, hour(24)) == [Gap(hour(a), hour(b)) for a, b in found]


def test_who_is_called_has_ten_minutes_and_an_empty_post_none():
    assert due_at(T, MINUTES.value, anybody=True) == T + timedelta(minutes=10)
    assert due_at(T, MINUTES.value, anybody=False) == T


def test_a_call_is_due_at_its_time_and_when_the_clock_was_set_back():
    due = T + timedelta(minutes=10)
    assert not is_due(due, T, T + timedelta(minutes=9))
    assert is_due(due, T, due)
    assert is_due(due, T, T - timedelta(hours=5))


def test_members_are_known_when_each_of_them_is():
    assert all_known({1: KNOWN, 2: KNOWN})
    assert not all_known({1: KNOWN, 2: SAMPLED})
    assert not all_known({1: KNOWN, 2: NOT_SAMPLED})
    assert not all_known({})  # a tube without a list


def test_the_numbers_have_a_source():
    assert all(n.source for n in (MINUTES, LOOK_AHEAD))


def test_a_call_is_stranded_once_nobody_who_was_rung_is_on_duty():
    assert is_stranded([1], []) and is_stranded([1, 2], [3]) and is_stranded([], [3])
    assert not is_stranded([1, 2], [2, 3]) and not is_stranded([], [])
