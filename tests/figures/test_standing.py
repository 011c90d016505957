"""Clocks and sums of the round page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening.coverage.queries import StageRow
from screening.figures.standing import Clock, Standing, minutes_since, read_clock, stand
from screening.tube.rules import Stage

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minutes", "clock"),
    [
        ({}, None),
        ({0: 1}, Clock(1, 0, 0, 0)),
        ({7: 1}, Clock(1, 7, 7, 7)),
        ({10: 2, 20: 2}, Clock(4, 10, 20, 20)),
        ({10: 1, 20: 2}, Clock(3, 20, 20, 20)),
        ({5: 95, 600: 5}, Clock(100, 5, 5, 600)),
        ({5: 94, 600: 6}, Clock(100, 5, 600, 600)),
        ({90: 1, 30: 1, 60: 1}, Clock(3, 60, 90, 90)),
        (dict.fromkeys(range(1, 101), 1), Clock(100, 50, 95, 100)),
    ],
)
def test_a_clock_reads_the_middle_nineteen_of_twenty_and_the_slowest(minutes, clock):
    assert read_clock(minutes) == clock


def row(stage: Stage, tubes: int, *, late: int = 0, waited: int = 0) -> StageRow:
    return StageRow(1, 2, stage, tubes, 10 * tubes, late, 0, AT - timedelta(minutes=waited), AT)


def test_a_sum_takes_only_the_stages_asked_for_and_the_longest_wait():
    rows = [row(Stage.OPEN, 2, waited=5), row(Stage.CLOSED, 3, late=1, waited=90),
            row(Stage.RELEASED, 9, waited=600)]  # fmt: skip
    found = stand(rows, (Stage.OPEN, Stage.CLOSED))
    assert found == Standing(5, 50, 1, 0, AT - timedelta(minutes=90))


def test_nothing_stands_where_no_row_is():
    assert stand([], (Stage.OPEN,)) == Standing()


def test_a_row_that_emptied_has_no_oldest_tube():
    assert stand([row(Stage.OPEN, 0, waited=90)]).oldest is None


def test_a_wait_is_counted_in_whole_minutes_and_never_negative():
    assert minutes_since(AT - timedelta(seconds=119), AT) == 1
    assert minutes_since(AT + timedelta(minutes=5), AT) == 0
    assert minutes_since(None, AT) is None
