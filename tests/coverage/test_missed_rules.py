"""Choosing among the missed, and hours in which far too many were excused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening.coverage.missed_rules import (
    AGE_BANDS,
    JUMP_LEAST,
    JUMP_TIMES,
    MOST_ROUNDS,
    UNKNOWN_AGE,
    WHYS,
    Candidate,
    NoSuchFilter,
    Wanted,
    fits,
    in_band,
    jumps,
    new_swab,
    why_of,
)
from screening.registry.rules import Flag
from screening.tube.rules import RESAMPLE, Void

AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
ANYBODY = Candidate("new", 0, 1980, frozenset({"market"}), False, None, 1)


@pytest.mark.parametrize("void", sorted(RESAMPLE))
def test_every_void_that_asks_for_a_new_swab_has_its_words(void):
    assert why_of(void, None) in WHYS


def test_a_tube_that_a_laboratory_rejects_for_a_leak_is_told_as_leaked():
    assert why_of(Void.REJECTED, "leak") == "leaked"
    assert why_of(Void.REJECTED, "late") == "rejected"


def test_a_new_swab_is_due_so_many_minutes_after_the_old_one_was_lost():
    again = new_swab(Void.LOST, None, AT, 60)
    assert again.due_at == AT + timedelta(hours=1)
    assert again.late(AT + timedelta(hours=1)) and not again.late(AT + timedelta(minutes=59))


def test_every_age_belongs_to_one_band():
    for year in range(1900, 2027):
        assert sum(in_band(b, year, 2026) for b in AGE_BANDS) == 1
    assert in_band(UNKNOWN_AGE, None, 2026) and not in_band("0-2", None, 2026)


@pytest.mark.parametrize(
    ("wanted", "who", "fit"),
    [
        (Wanted(), ANYBODY, True),
        (Wanted(frozenset({"resample"})), ANYBODY, False),
        (Wanted(cohort="market"), ANYBODY, True),
        (Wanted(cohort="school"), ANYBODY, False),
        (Wanted(age="18-59"), ANYBODY, True),
        (Wanted(age="80+"), ANYBODY, False),
        (Wanted(cannot_walk=True), ANYBODY, False),
        (Wanted(cannot_walk=True), ANYBODY._replace(flags=int(Flag.CANNOT_WALK)), True),
        (Wanted(rounds=2), ANYBODY, False),
        (Wanted(residence="floating"), ANYBODY, False),
        (Wanted(residence="floating"), ANYBODY._replace(residence=3), True),
        (Wanted(residence="unsaid"), ANYBODY, True),
        (Wanted(residence="unsaid"), ANYBODY._replace(residence=1), False),
        (Wanted(rounds=2), ANYBODY._replace(rounds=3), True),
        (Wanted(added=True), ANYBODY, False),
        (Wanted(late=True), ANYBODY._replace(due_at=AT), True),
        (Wanted(late=True), ANYBODY._replace(due_at=AT + timedelta(minutes=1)), False),
    ],
)
def test_a_filter_keeps_whom_it_names(wanted, who, fit):
    assert fits(who, wanted, at=AT) is fit


@pytest.mark.parametrize(
    "wanted",
    [Wanted(frozenset({"x"})), Wanted(cohort="x"), Wanted(age="x"),
     Wanted(rounds=MOST_ROUNDS.value + 1), Wanted(rounds=-1)],
)  # fmt: skip
def test_a_filter_that_nobody_can_ask_is_refused(wanted):
    with pytest.raises(NoSuchFilter):
        wanted.check(["new"], ["market"])


def hours(*counts: int) -> dict[datetime, int]:
    return {AT + timedelta(hours=i): n for i, n in enumerate(counts)}


def test_an_hour_jumps_when_it_has_many_and_far_more_than_the_usual_hour():
    least, times = JUMP_LEAST.value, JUMP_TIMES.value
    assert jumps({}) == set()
    assert jumps(hours(least - 1)) == set()
    assert jumps(hours(least)) == {AT}, "all at once, and nothing before to compare with"
    assert jumps(hours(least, least, least)) == set(), "every hour alike is a steady desk"
    assert jumps(hours(4, 4, 4 * times)) == {AT + timedelta(hours=2)}
    assert jumps(hours(4, 4, 4 * times - 1)) == set()
