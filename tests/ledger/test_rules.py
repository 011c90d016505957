"""The table of a round adds up, and says what stands in the way of its signature."""

from __future__ import annotations

import pytest

from screening.ledger import rules
from screening.ledger.rules import Balance, Explained
from screening.tube.rules import Stage


def of(**stages: int) -> Balance:
    held = {int(Stage[k.upper()]): [n, n * 10] for k, n in stages.items()}
    return Balance(1, tubes=sum(stages.values()), stages=held, parts=rules.gather([]))


def test_every_tube_stands_in_one_place_of_the_table():
    b = of(open=2, packed=3, released=7, lost=1, rejected=1, void_empty=1)
    assert (b.released, b.in_chain, b.left) == (7, 5, 3)
    assert b.adds_up() and rules.obstacles(b) == []


@pytest.mark.parametrize("stage", list(Stage))
def test_no_stage_is_outside_the_sum(stage):
    assert of(**{stage.name.lower(): 4}).adds_up()


def test_a_table_that_does_not_add_up_stands_in_the_way():
    b = of(released=3)
    b.tubes = 4
    assert rules.obstacles(b) == ["does_not_add_up"]


@pytest.mark.parametrize("part", list(rules.PARTS))
def test_each_part_stands_in_the_way_until_two_persons_explained_it(part):
    b = of(released=1)
    b.parts[part] = Explained(items=2, coded=1, closed=1)
    assert rules.obstacles(b) == [part] and b.unaccounted == 1
    b.parts[part] = Explained(items=2, closed=2)
    assert rules.obstacles(b) == [] and b.unaccounted == 0


def test_what_stands_in_the_way_has_words_in_both_languages():
    assert set(rules.PARTS) < set(rules.OBSTACLES)
    assert all(zh and en for zh, en in (*rules.OBSTACLES.values(), *rules.WHAT.values()))


def test_a_stored_balance_names_its_stages_and_keeps_its_sums():
    body = of(open=1, released=2).to_dict()
    assert body["stages"] == {"open": [1, 10], "released": [2, 20]}
    assert (body["released"], body["in_chain"], body["unaccounted"]) == (2, 1, 0)


def test_running_re_samples_alerts_and_silent_missed_persons_are_unfinished():
    found = rules.unfinished(2, {"callback": 3, "alert": 1, "call": 2, "hold": 9}, 7)
    assert found == {"open_tubes": 2, "pools": 4, "calls": 2, "residual": 7}
    assert set(found) < set(rules.OBSTACLES)
