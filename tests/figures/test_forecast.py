"""The pace of an hour, the forecast and its band, the queue of a site."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening.figures.forecast import (
    RELEASE_SLOTS,
    Pace,
    forecast,
    pace,
    queue,
    slot_of,
    slot_start,
)

NOW = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)
LAST = slot_of(NOW)


def slots(*counts: int, end: int = LAST) -> dict[int, int]:
    """Counts of the slots before `end`, the last one just finished."""
    return {end - len(counts) + i: n for i, n in enumerate(counts)}


def test_a_steady_hour_has_its_pace_and_no_band():
    found = pace(slots(50, 50, 50, 50, 50, 50), NOW)
    assert found == Pace(300.0, 300.0, 300.0, True)


def test_the_slot_that_is_running_does_not_count():
    assert pace({**slots(50, 50, 50, 50, 50, 50), LAST: 3}, NOW).hour == 300


def test_an_uneven_hour_has_a_band_around_the_same_pace():
    found = pace(slots(20, 80, 20, 80, 20, 80), NOW)
    assert found.hour == 300
    assert 150 < found.low < 200 and 400 < found.high < 450


def test_a_band_never_goes_below_zero():
    assert pace(slots(0, 0, 0, 0, 0, 300), NOW, since=NOW - timedelta(hours=3)).low == 0


def test_old_slots_do_not_make_the_pace_of_now():
    assert pace(slots(900, 900, 60, 60, 60, 60, 60, 60), NOW).hour == 360


@pytest.mark.parametrize(("counts", "enough"), [
    ((), False), ((40,), False), ((40, 40), False), ((5, 5, 5), False), ((10, 10, 10), True),
])  # fmt: skip
def test_a_pace_needs_half_an_hour_and_three_tubes(counts, enough):
    assert pace(slots(*counts), NOW).enough is enough


def test_a_round_that_began_within_the_hour_is_not_averaged_over_empty_time():
    since = slot_start(LAST - 3, NOW)
    assert pace(slots(0, 0, 0, 50, 50, 50), NOW, since=since).hour == 300


def test_results_that_come_by_the_plate_are_averaged_over_three_hours():
    plates = slots(*[0] * 5, 700, *[0] * 5, 650, *[0] * 5, 750, 0, 0)
    assert pace(plates, NOW).hour == 750
    found = pace(plates, NOW, over=RELEASE_SLOTS)
    assert 700 <= found.hour <= 970 and found.high < 2 * found.hour


def test_a_standstill_after_work_is_seen():
    found = pace(slots(90, 90, 0, 0, 0, 0, 0, 0), NOW)
    assert found.enough and found.hour == 0
    assert forecast(100, found, NOW).state == "standing"


def test_the_forecast_says_when_and_between_which_hours():
    found = forecast(600, Pace(300, 200, 400, True), NOW)
    assert found.state == "running"
    assert found.expected == NOW + timedelta(hours=2)
    assert found.earliest == NOW + timedelta(hours=1.5)
    assert found.latest == NOW + timedelta(hours=3)


def test_a_forecast_may_have_no_latest_hour():
    assert forecast(600, Pace(300, 0, 900, True), NOW).latest is None


@pytest.mark.parametrize(("left", "found", "state"), [
    (0, Pace(), "done"), (10, Pace(), "too_early"), (10, Pace(0, 0, 0, True), "standing"),
    (1_000_000, Pace(100, 90, 110, True), "far"), (10, Pace(100, 90, 110, True), "running"),
])  # fmt: skip
def test_the_state_of_a_forecast(left, found, state):
    assert forecast(left, found, NOW).state == state


def test_an_idle_site_has_no_queue_and_a_closed_one_says_nothing():
    assert queue(20, 4).minutes == 0
    assert queue(0, 4).minutes is None and queue(100, 0).minutes is None


def test_a_queue_grows_with_the_load_and_shrinks_with_tables():
    waits = [queue(n, 2).minutes for n in (200, 350, 390, 398)]
    assert waits == sorted(waits) and waits[-1] > 10
    assert queue(398, 3).minutes < waits[-1]


def test_more_people_than_the_tables_take_is_a_queue_that_grows():
    assert queue(400, 2) == (None, True) and queue(900, 2) == (None, True)


def test_a_site_that_was_faster_before_is_taken_at_its_best():
    assert not queue(500, 2, best=300).grows
