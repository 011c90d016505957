"""Somebody who stood in the register twice: what either row's swabs say is said of the one person."""

from __future__ import annotations

import pytest

from screening import clock
from screening.db import db, fetch
from screening.interop import queries as proof_queries
from screening.interop import service as proofs
from screening.interop.service import NoProofNow
from screening.lab.queries import get_alert, members
from screening.registry.service import persons
from screening.reporting import lookup
from screening.reporting.rules import PersonState
from screening.reporting.service import issue_codes
from tests.reporting.bench import NEG, POS


def pair(bench, i: int) -> tuple[int, int]:
    return bench.city.people[i][:2]


def merge(bench, twin: int, into: int) -> None:
    persons.merge(pair(bench, twin), pair(bench, into), by=1, at=clock.now())
    db.session.commit()


def code(bench, i: int) -> str:
    made = issue_codes([pair(bench, i)], by=None, at=clock.now())[0][0]
    db.session.commit()
    return made


def seen(bench, i: int) -> PersonState:
    return lookup.look_up(code(bench, i), address="192.0.2.1", at=clock.now()).state


def acted(bench, i: int) -> PersonState:
    return lookup.person_results(*pair(bench, i)).state


def hear(bench) -> None:
    """Somebody acknowledges whatever alerts there are."""
    db.session.execute(db.text(
        f"UPDATE alert SET seen_by = 1, seen_at = now() WHERE cell_id = {pair(bench, 0)[0]}"
    ))  # fmt: skip
    db.session.commit()


@pytest.fixture
def twice(bench):
    """Person 0 lies in a positive pool, person 5 in a negative one; then they are found to be one."""
    bad, good = bench.fill(0, 3), bench.fill(5, 2)
    bench.through(bad, outcome=POS)
    bench.through(good, outcome=NEG)
    hear(bench)
    merge(bench, 0, 5)
    return bench


@pytest.mark.parametrize("i", [0, 5])
def test_a_positive_pool_of_the_other_row_stands_against_the_negative(twice, i):
    assert (seen(twice, i), acted(twice, i)) == (PersonState.PENDING_RECHECK,) * 2
    with pytest.raises(NoProofNow):
        proofs.issue(code(twice, i), address="192.0.2.1", at=clock.now())


def test_over_two_merges_as_well(twice):
    merge(twice, 5, 6)
    assert seen(twice, 6) == PersonState.PENDING_RECHECK


def test_who_was_merged_is_swabbed_alone_at_the_next_table(twice):
    assert twice.lanes(5, 1) == [2]


def test_a_swab_alone_under_the_other_row_answers_the_call(twice):
    single = twice.fill(5, 1, mode="single", purpose="recheck")
    mine = [c for c in twice.callbacks() if c[0] == pair(twice, 0)[1]]
    assert [c[2] for c in mine] == ["sampled"]
    twice.through(single, outcome=NEG)
    mine = [c for c in twice.callbacks() if c[0] == pair(twice, 0)[1]]
    assert [(c[2], c[4]) for c in mine] == [("closed", int(NEG))]
    assert twice.lanes(5, 1) == [0]
    assert seen(twice, 5) == PersonState.NEGATIVE


def test_a_positive_swab_alone_under_the_other_row_is_told_and_calls_nobody_again(twice):
    single = twice.fill(5, 1, mode="single", purpose="recheck")
    twice.through(single, outcome=POS)
    hear(twice)
    assert twice.callbacks(single) == []
    assert (seen(twice, 5), twice.lanes(5, 1)) == (PersonState.RECHECK_POSITIVE, [2])


def test_a_swab_that_was_taken_out_again_leaves_the_call_open(twice):
    single = twice.fill(5, 1, mode="single", purpose="recheck")
    twice.take_out(single, 0)
    mine = [c for c in twice.callbacks() if c[0] == pair(twice, 0)[1]]
    assert [c[2] for c in mine] == ["open"]


def test_a_proof_from_the_other_row_s_swab_ends_with_its_tube_s_correction(bench):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=NEG)
    merge(bench, 0, 5)
    made = proofs.issue(code(bench, 5), address="192.0.2.1", at=clock.now())
    db.session.commit()
    bench.correct(tube, POS)
    assert made.row.proof_id in proof_queries.withdrawn_numbers(clock.now())


def test_the_alert_counts_the_swab_of_the_other_row_as_the_member_s_own(twice):
    cell = twice.city.sites[0].cell_id
    ((alert_id,),) = fetch("SELECT alert_id FROM alert WHERE cell_id = %s", (cell,))
    found = get_alert(cell, alert_id)
    before = members.singles_of(found)
    assert before[pair(twice, 0)[1]] == "none"
    single = twice.fill(5, 1, mode="single", purpose="recheck")
    twice.through(single, outcome=NEG)
    assert members.singles_of(found)[pair(twice, 0)[1]] == "known"
