"""The rules of inbound lists: clocks, where an overdue line is raised to, what acts add up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from screening.inbound import rules
from screening.inbound.rules import Act, Standing, fold

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return AT + timedelta(minutes=minutes)


def test_co_presence_has_24_hours_and_stays_have_48():
    assert (rules.hours_of("companion", None), rules.hours_of("stay", None)) == (24, 48)


@pytest.mark.parametrize("hours", [0, -1, 24 * 14 + 1])
def test_a_clock_of_no_time_or_of_weeks_is_refused(hours):
    with pytest.raises(rules.WrongHours):
        rules.hours_of("stay", hours)


def test_an_unknown_kind_is_refused():
    with pytest.raises(rules.NoSuchKind):
        rules.hours_of("made up", None)


def test_an_overdue_line_goes_up_one_level_at_a_time_to_the_area_of_the_list():
    path = "/1/2/3/4/5/"  # city, county, street, community, grid; the list was sent to the county
    steps, so_far = [], None
    while (so_far := rules.raised_to(path, so_far, top=2)) is not None:
        steps.append(so_far)
    assert steps == [4, 3, 2]


def test_a_line_that_lies_with_the_area_of_the_list_goes_no_further():
    assert rules.raised_to("/1/2/", None, top=2) is None


def test_a_line_is_raised_at_its_due_time_and_then_every_few_hours():
    due = at(0)
    assert rules.next_raise(due, at(-60)) == due
    assert rules.next_raise(due, at(5)) == at(5) + timedelta(hours=rules.STEP_HOURS.value)


def test_an_outcome_is_a_receipt_too():
    told = fold([Act("outcome", "told", 7, at(3))])
    assert told == Standing(7, at(3), "told", 7, at(3))


def test_an_outcome_that_does_not_close_leaves_the_clock_running():
    told = fold([Act("take", None, 7, at(1)), Act("outcome", "not_reached", 7, at(2))])
    assert (told.taken_at, told.outcome, told.done_at) == (at(1), "not_reached", None)


def test_who_is_assigned_anew_has_received_nothing():
    told = fold([Act("outcome", "told", 7, at(1)), Act("assign", None, 8, at(2))])
    assert told == Standing()


def test_what_was_undone_does_not_count():
    told = fold([Act("take", None, 7, at(1)), Act("undo", "told", 7, at(2))])
    assert (told.taken_by, told.done_at) == (7, None)


def test_the_standing_does_not_depend_on_the_order_of_arrival():
    acts = [Act("take", None, 1, at(1)), Act("outcome", "refused", 2, at(2)),
            Act("outcome", "told", 3, at(3)), Act("raise", None, None, at(4))]  # fmt: skip
    assert {fold(p) for p in permutations(acts)} == {fold(acts)}
