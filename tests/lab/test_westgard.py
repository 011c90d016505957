"""The Westgard rules by the dozen, over deviations and over Ct values."""

import pytest

from screening.lab.watch import westgard
from screening.lab.watch.westgard import Base, base_of, broken, judge

STEADY = [30.0 + d for d in (0.2, -0.1, 0.0, 0.1, -0.2, 0.3, -0.3, 0.1, -0.1, 0.0)] * 2

CASES = [
    ([0.0], ()),
    ([1.9], ()),
    ([2.0], ()),  # on the line is not beyond it
    ([2.1], ("1-2s",)),
    ([-2.1], ("1-2s",)),
    ([3.0], ("1-2s",)),
    ([3.1], ("1-2s", "1-3s")),
    ([-3.1], ("1-2s", "1-3s")),
    ([2.1, 2.1], ("1-2s", "2-2s")),
    ([-2.1, -2.4], ("1-2s", "2-2s")),
    ([2.1, 0.0, 2.1], ("1-2s",)),  # not neighbours
    ([2.1, -2.1], ("1-2s", "R-4s")),
    ([-2.1, 2.1], ("1-2s", "R-4s")),
    ([2.5, -1.9], ()),  # four apart, but not beyond two on either side
    ([3.1, -3.1], ("1-2s", "1-3s", "R-4s")),
    ([1.1, 1.1, 1.1], ()),
    ([1.1, 1.2, 1.3, 1.1], ("4-1s",)),
    ([-1.1, -1.2, -1.3, -1.1], ("4-1s",)),
    ([1.1, 1.2, -1.3, 1.1], ()),
    ([1.1, 1.0, 1.3, 1.1], ()),
    ([2.5, 1.2, 1.3, 2.2], ("1-2s", "4-1s")),
    ([2.5, 1.2, 2.3, 2.2], ("1-2s", "2-2s", "4-1s")),
    ([0.1] * 9, ()),
    ([0.1] * 10, ("10-x",)),
    ([-0.1] * 10, ("10-x",)),
    ([0.1] * 5 + [-0.1] + [0.1] * 5, ()),
    ([0.1] * 9 + [0.0], ()),  # on the mean is on neither side
    ([-0.1] + [0.1] * 10, ("10-x",)),
    ([1.1] * 10, ("4-1s", "10-x")),
    ([2.1] * 10, ("1-2s", "2-2s", "4-1s", "10-x")),
    ([3.2] * 10, ("1-2s", "1-3s", "2-2s", "4-1s", "10-x")),
    ([-0.5] * 8 + [-1.5, -2.5], ("1-2s", "10-x")),
    ([2.1, 2.1, 0.0], ()),  # judged at the value, not for ever after
]


@pytest.mark.parametrize(("zs", "wanted"), CASES)
def test_the_last_value_breaks_the_rules_it_breaks(zs, wanted):
    assert broken(zs) == wanted


@pytest.mark.parametrize(("zs", "wanted"), CASES)
def test_both_sides_of_the_mean_are_treated_alike(zs, wanted):
    assert broken([-z for z in zs]) == wanted


def test_only_two_deviations_alone_warn_and_everything_else_rejects():
    base = Base(30.0, 1.0, 20)
    assert [p.rejected for p in judge([30.0, 32.5, 30.0, 33.5], base)] == [
        False,
        False,
        False,
        True,
    ]
    assert set(westgard.RULES) == {"1-2s", *westgard.REJECTS}


def test_a_control_that_did_not_amplify_is_rejected_and_ends_the_run_of_values():
    points = judge([31.5, 31.5, 31.5, None, 31.5], Base(30.0, 1.0, 20))
    assert points[3].rejected and points[3].z is None
    assert points[4].broken == ()


def test_twenty_values_make_a_mean_and_nineteen_do_not():
    assert base_of(STEADY[:19]) is None
    assert base_of([None, *STEADY[:19]]) is None
    base = base_of(STEADY)
    assert base is not None
    assert base.mean == pytest.approx(30.0) and base.n == 20


def test_a_drift_does_not_carry_its_own_mean_along():
    base = base_of(STEADY)
    assert base_of(STEADY + [34.0] * 50) == base
    assert base is not None
    assert judge([*STEADY, 34.0], base)[-1].rejected


def test_values_that_repeat_too_well_do_not_make_chance_an_error():
    base = base_of([30.0] * 20)
    assert base is not None and base.sd == westgard.FLOOR_SD.value
    assert not judge([30.15], base)[0].rejected
