"""When a zone may be released: enough clean rounds in a row, and nothing open in the newest."""

from __future__ import annotations

import pytest

from screening.dashboard.zone_rules import ZoneRound, faults_of, standing

CLEAN = ZoneRound(1, "第一轮", True, 1000, 1000, 1000)


def rounds(*changes):
    """Rounds, the newest first, each as CLEAN but for what it says."""
    return [CLEAN._replace(round_id=9 - i, **c) for i, c in enumerate(changes)]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, []),
        ({"reached": 990, "resulted": 990}, []),
        ({"reached": 989, "resulted": 989}, ["coverage"]),
        ({"due": 0, "reached": 0, "resulted": 0}, ["coverage"]),
        ({"resulted": 999}, ["result"]),
        ({"signed": False}, ["unsigned"]),
        ({"positives": 1}, ["positive"]),
        ({"open": 1}, ["callback"]),
        ({"positives": 1, "open": 2, "signed": False}, ["positive", "callback", "unsigned"]),
    ],
)
def test_a_round_is_clean_when_signed_covered_resulted_and_without_positives(change, fault):
    assert faults_of(CLEAN._replace(**change)) == fault


def test_three_clean_rounds_in_a_row_release():
    found = standing(rounds({}, {}, {}))
    assert (found.clean, found.lacks, found.may_release) == (3, [], True)


def test_two_are_not_three():
    found = standing(rounds({}, {}))
    assert (found.clean, found.lacks) == (2, ["rounds"])


def test_a_positive_breaks_the_row_and_older_rounds_do_not_count():
    found = standing(rounds({}, {"positives": 1}, {}, {}, {}))
    assert (found.clean, found.lacks) == (1, ["rounds"])


def test_a_round_that_runs_neither_counts_nor_breaks_the_row():
    found = standing(rounds({"signed": False, "resulted": 400, "reached": 600}, {}, {}, {}))
    assert found.clean == 3
    assert found.lacks == ["coverage", "result", "unsigned"]
    assert not found.may_release


def test_a_running_round_that_found_somebody_ends_the_row_at_once():
    assert standing(rounds({"signed": False, "positives": 2}, {}, {}, {})).clean == 0
    assert standing(rounds({"signed": False, "open": 1}, {}, {}, {})).clean == 0


def test_only_the_newest_round_may_be_unsigned():
    assert standing(rounds({}, {"signed": False}, {}, {})).clean == 1


def test_a_zone_without_any_round_lacks_them_all():
    found = standing([])
    assert (found.clean, found.lacks) == (0, ["rounds"])


def test_how_many_are_needed_can_be_said():
    assert standing(rounds({}, {}), needed=2).may_release
