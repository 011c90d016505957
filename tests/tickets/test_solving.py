"""Which solution fits which ticket, and what it orders."""

from __future__ import annotations

import pytest

from screening.tickets import solving
from screening.tickets.rules import KINDS, SOLUTIONS, Weight
from screening.tube.findings import HOLD_OF
from screening.tube.rules import Verb


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_ticket_can_be_solved_somehow(kind):
    found = solving.choices(kind)
    assert found and set(found) <= set(SOLUTIONS)


@pytest.mark.parametrize("kind", ["list_incomplete", "no_persons", "unknown_tube"])
def test_what_the_fold_insists_on_cannot_be_accepted_away(kind):
    with pytest.raises(solving.WrongSolution):
        solving.check_solution(kind, "accepted", "", None)


@pytest.mark.parametrize("kind", [k for k in HOLD_OF if k not in solving.ONLY_ENDS])
def test_a_hold_that_is_accepted_is_settled_on_the_tube(kind):
    assert solving.order_of(kind, "accepted") is Verb.SETTLE


def test_each_end_of_a_tube_is_its_own_command():
    ends = {s: solving.order_of("list_incomplete", s) for s in solving.ONLY_ENDS["list_incomplete"]}
    assert ends == {
        "list_completed": Verb.COMPLETE, "resample": Verb.REJECT, "declared_lost": Verb.LOSE,
    }  # fmt: skip
    assert solving.order_of("declared_lost", "found") is Verb.FIND
    assert solving.order_of("declared_lost", "resample") is None


def test_what_is_not_about_a_tube_orders_nothing():
    about = {k for k, v in KINDS.items() if v.subject != "tube"}
    assert {solving.order_of(k, s) for k in about for s in SOLUTIONS} == {None}


def test_an_asking_ticket_moves_no_tube_when_it_is_accepted():
    asking = [k for k, v in KINDS.items() if v.weight is Weight.ASK and v.subject == "tube"]
    assert {solving.order_of(k, "accepted") for k in asking} == {None}


@pytest.mark.parametrize(
    "note",
    [
        "身份证 110101199003070134",
        "打 13800000001 找他",
        "138 0000 0001",
        "a@b.cn",
        "11010119900307011X",
    ],
)
def test_a_note_with_a_personal_number_is_refused(note):
    with pytest.raises(solving.PersonalNote):
        solving.check_note(note)


@pytest.mark.parametrize("note", ["试管 10000000000123 在冰箱", "第 3 箱，7 管", ""])
def test_a_note_may_name_tubes_and_counts(note):
    solving.check_note(note)


def test_other_needs_a_note_and_a_list_needs_its_count():
    with pytest.raises(solving.NoteNeeded):
        solving.check_solution("leak", "other", " ", None)
    with pytest.raises(solving.CountNeeded):
        solving.check_solution("list_incomplete", "list_completed", "", None)
