"""Load, rate, forecast, room and turnaround of a laboratory."""

from datetime import UTC, datetime, timedelta

import pytest

from screening.lab.watch.capacity import LabLoad, forecast, hours_for, load_rate, room, turnaround

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def load(**kw):
    return LabLoad(1, kw.pop("capacity", 2400), **kw)


def test_a_lab_goes_at_the_rate_it_promised_until_a_plate_shows_another():
    assert load().rate == 100 and not load().measured
    assert load(judged=93).rate == 100
    assert load(judged=600).rate == 200 and load(judged=600).measured


@pytest.mark.parametrize(
    ("given", "coming", "wanted"),
    [
        ({}, 0, 0.0),
        ({"judged_day": 1200}, 0, 0.5),
        ({"judged_day": 1200, "waiting": 600, "plated": 600}, 0, 1.0),
        ({"judged_day": 1200}, 2400, 1.5),
        ({"capacity": 0, "waiting": 5}, 0, None),
        ({"signing": 500}, 0, 0.0),  # needs no instrument any more
    ],
)
def test_the_load_is_what_is_used_and_bespoken_of_a_day(given, coming, wanted):
    assert load_rate(load(**given), coming=coming) == wanted


@pytest.mark.parametrize(
    ("given", "coming", "arriving", "hours"),
    [
        ({}, 0, True, 0.0),
        ({"waiting": 400}, 0, True, 4.0),
        ({"waiting": 400}, 200, True, 6.0),
        ({"waiting": 400, "received": 150}, 0, True, 8.0),  # 50 an hour come in
        ({"waiting": 400, "received": 300}, 0, True, None),
        ({"waiting": 400, "received": 900}, 0, True, None),
        ({"waiting": 400, "received": 900}, 0, False, 4.0),
        ({"waiting": 400, "judged": 600}, 0, True, 2.0),
        ({"capacity": 0, "waiting": 1}, 0, True, None),
    ],
)
def test_a_lab_empties_at_what_it_judges_less_what_comes_in(given, coming, arriving, hours):
    found = forecast(load(**given), NOW, coming=coming, arriving=arriving)
    assert found.hours == hours
    assert found.jams is (hours is None)
    assert found.empty_at == (None if hours is None else NOW + timedelta(hours=hours))


def test_room_is_what_still_fits_into_the_hours_and_never_less_than_nothing():
    assert room(load(waiting=100), 6) == 500
    assert room(load(waiting=100), 6, coming=300) == 200
    assert room(load(waiting=5000), 6) == 0


def test_a_box_waits_for_all_before_it():
    assert hours_for(load(waiting=300), 100, coming=100) == 5.0
    assert hours_for(load(capacity=0), 100) is None


def test_the_turnaround_is_told_by_nearest_rank():
    hours = [timedelta(hours=n) for n in range(1, 21)]
    found = turnaround(reversed(hours))
    assert (found.tubes, found.median, found.p95, found.worst) == (
        20, timedelta(hours=10), timedelta(hours=19), timedelta(hours=20)
    )  # fmt: skip
    assert turnaround([]) == (0, None, None, None)
    assert turnaround([timedelta(hours=3)]).p95 == timedelta(hours=3)
