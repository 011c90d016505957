"""The scale of a map: every number has a shade, and only a whole share has the lightest."""

from __future__ import annotations

import itertools

import pytest

from screening.dashboard.map_rules import (
    NOTHING,
    RATES,
    Step,
    count_steps,
    permille,
    step_of,
)


@pytest.mark.parametrize(
    ("n", "d", "step"),
    [(100, 100, 0), (99_999, 100_000, 1), (95, 100, 1), (949, 1000, 2), (8, 10, 3), (0, 10, 4)],
)
def test_only_everybody_is_everybody(n, d, step):
    assert step_of(permille(n, d), RATES) == step


def test_where_nobody_is_due_there_is_no_shade():
    assert step_of(permille(0, 0), RATES) == NOTHING


def test_the_steps_of_shares_leave_no_gap():
    told = sorted(RATES)
    assert [b.low - a.high for a, b in itertools.pairwise(told)] == [1] * 4
    assert (told[0].low, told[-1].high) == (0, 1000)


@pytest.mark.parametrize("most", [1, 2, 4, 5, 7, 19, 20, 21, 99, 100, 101, 1234, 98_765, 10**7])
def test_every_count_falls_into_one_of_at_most_five_steps(most):
    steps = count_steps([0, most // 2, most])
    assert len(steps) <= 5 and steps[0] == Step(0, 0)
    for value in {0, 1, most // 2, most}:
        assert steps[step_of(value, steps)].low <= value
    assert [b.low - a.high for a, b in itertools.pairwise(steps)] == [1] * (len(steps) - 1)


def test_steps_are_round_numbers():
    assert count_steps([0, 830]) == [
        Step(0, 0), Step(1, 250), Step(251, 500), Step(501, 750), Step(751, 1000),
    ]  # fmt: skip


def test_nothing_anywhere_is_one_step():
    assert count_steps([0, 0]) == [Step(0, 0)]
    assert count_steps([]) == [Step(0, 0)]
