"""Versions of rule sets: seeded, proposed, approved by another person, in force by date."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.lab.rule_sets import GENERAL, BadRuleSet, to_dict
from screening.lab.service import rule_sets


@pytest.fixture
def at(app, db_session):
    now = clock.now()
    with app.test_request_context():
        rule_sets.ensure_defaults(at=now)
        yield now


def general(at):
    return [v for v in rule_sets.list_versions() if v.name == "general-ct40"]


def test_the_three_documented_sets_are_in_force_from_the_start(at):
    found = rule_sets.list_in_force(at=at)
    assert [v.name for v in found] == ["bgi-fam-vic", "cdc-n1-n2-rp", "general-ct40"]
    assert all(v.rule.source for v in found)


def test_seeding_again_changes_nothing(at):
    before = rule_sets.list_versions()
    rule_sets.ensure_defaults(at=at + timedelta(hours=1))
    assert rule_sets.list_versions() == before


def test_a_proposal_is_the_next_version_and_does_nothing_yet(at):
    made = rule_sets.propose(to_dict(GENERAL) | {"version": 77}, by=1, at=at)
    assert (made.version, made.valid_from) == (2, None)
    assert [v.version for v in rule_sets.list_in_force(at=at) if v.name == made.name] == [1]


def test_nobody_approves_the_own_proposal(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    with pytest.raises(rule_sets.OwnProposal):
        rule_sets.approve(made.rule_id, by=1, at=at)


def test_an_approved_version_takes_the_place_of_the_one_before(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    rule_sets.approve(made.rule_id, by=2, at=at)
    new, old = general(at)
    assert (new.approved_by, new.in_force(at), old.in_force(at)) == (2, True, False)
    assert old.valid_to == at


def test_a_version_can_take_effect_later_and_the_old_one_holds_until_then(at):
    later = at + timedelta(hours=6)
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    rule_sets.approve(made.rule_id, by=2, at=at, valid_from=later)
    new, old = general(at)
    assert (new.in_force(at), old.in_force(at)) == (False, True)
    assert (new.in_force(later), old.in_force(later)) == (True, False)


def test_a_version_is_approved_once_and_never_for_the_past(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    with pytest.raises(rule_sets.StartsInThePast):
        rule_sets.approve(made.rule_id, by=2, at=at, valid_from=at - timedelta(minutes=1))
    rule_sets.approve(made.rule_id, by=2, at=at)
    with pytest.raises(rule_sets.AlreadyApproved):
        rule_sets.approve(made.rule_id, by=3, at=at)


@pytest.mark.parametrize("spoil", [{"targets": []}, {"source": " "}, {"kit": 5}, {"extra": 1}])
def test_a_rule_set_that_cannot_be_meant_is_refused(at, spoil):
    with pytest.raises(BadRuleSet):
        rule_sets.propose(to_dict(GENERAL) | spoil, by=1, at=at)
