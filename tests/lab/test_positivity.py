"""Positivity out of band: how many are too many, how few are too few."""

from __future__ import annotations

import math

import pytest

from screening.lab.watch.positivity import Count, at_most, watch

CITY = Count(5000, 25)  # other laboratories: five in a thousand
NONE = Count()


def kinds(plate=NONE, before=NONE, others=CITY, adjacent=()):
    return [f.kind for f in watch(plate, before, others, adjacent)]


@pytest.mark.parametrize(
    ("signals", "found"), [(0, []), (1, []), (2, []), (3, []), (4, []), (5, ["plate_high"]), (92, ["plate_high"])]
)  # fmt: skip
def test_a_plate_with_more_signals_than_chance_brings_is_held(signals, found):
    assert kinds(Count(92, signals)) == found


def test_two_signals_on_a_small_plate_are_one_family_and_no_spill():
    assert kinds(Count(3, 2)) == []


def test_a_high_rate_is_not_out_of_band_where_the_whole_city_is_so():
    assert kinds(Count(92, 9), others=Count(5000, 500)) == []


def test_a_laboratory_that_is_high_over_the_day_is_held_though_no_plate_is():
    assert kinds(Count(92, 2), before=Count(920, 18)) == ["lab_high"]


@pytest.mark.parametrize(
    ("before", "found"), [(Count(500, 0), []), (Count(1500, 0), ["lab_low"]), (Count(3000, 2), ["lab_low"])]
)  # fmt: skip
def test_a_laboratory_without_positives_is_held_once_chance_cannot_explain_it(before, found):
    assert kinds(Count(92, 0), before) == found


def test_few_tubes_elsewhere_prove_nothing():
    assert kinds(Count(92, 0), Count(9000, 0), others=Count(100, 50)) == []


def test_a_laboratory_alone_in_its_city_is_held_against_its_own_day():
    assert kinds(Count(92, 5), Count(2000, 100), NONE) == []
    assert kinds(Count(92, 30), Count(2000, 100), NONE) == ["plate_high"]


def test_a_line_of_neighbouring_signals_is_held_and_named():
    (found,) = watch(Count(92, 3), NONE, Count(5000, 500), [["B1", "B2", "B3"]])
    assert (found.kind, found.wells) == ("adjacent", ["B1", "B2", "B3"])


@pytest.mark.parametrize(("k", "n", "p"), [(0, 10, 0.1), (3, 10, 0.5), (2, 50, 0.02), (9, 10, 0.9)])
def test_the_chance_is_the_binomial_one(k, n, p):
    exact = sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k + 1))
    assert at_most(k, n, p) == pytest.approx(exact)


def test_the_chance_of_a_citys_numbers_is_computed_too():
    assert at_most(100, 100_000, 0.005) < 1e-50
    assert at_most(100_000, 100_000, 0.5) == 1.0 and at_most(-1, 10, 0.5) == 0.0
