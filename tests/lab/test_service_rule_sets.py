"""Versions of rule sets: seeded, proposed, approved by another person, in force by date."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.lab.plates.plate_plan import BadLayout
from screening.lab.rules.rule_sets import GENERAL, BadRuleSet, to_dict
from screening.lab.rules.well_rules import Outcome
from screening.lab.service import dry_runs, plates, rule_sets, runs


@pytest.fixture
def at(app, db_session):
    now = clock.now()
    with app.test_request_context():
        rule_sets.ensure_defaults(at=now)
        yield now


def general(at):
    return [v for v in rule_sets.list_versions() if v.name == "general-ct40"]


def approve(made, *, by, at, **kw):
    tried = dry_runs.make(made.rule_id, by=1, at=at)
    return rule_sets.approve(made.rule_id, by=by, at=at, trial_id=tried.trial_id, **kw)


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
        approve(made, by=1, at=at)


def test_an_approved_version_takes_the_place_of_the_one_before(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    approve(made, by=2, at=at)
    new, old = general(at)
    assert (new.approved_by, new.in_force(at), old.in_force(at)) == (2, True, False)
    assert old.valid_to == at


def test_a_version_can_take_effect_later_and_the_old_one_holds_until_then(at):
    later = at + timedelta(hours=6)
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    approve(made, by=2, at=at, valid_from=later)
    new, old = general(at)
    assert (new.in_force(at), old.in_force(at)) == (False, True)
    assert (new.in_force(later), old.in_force(later)) == (True, False)


def test_a_version_is_approved_once_and_never_for_the_past(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    with pytest.raises(rule_sets.StartsInThePast):
        approve(made, by=2, at=at, valid_from=at - timedelta(minutes=1))
    approve(made, by=2, at=at)
    with pytest.raises(rule_sets.AlreadyApproved):
        rule_sets.approve(made.rule_id, by=3, at=at, trial_id=None)


def test_without_a_dry_run_of_this_very_version_nobody_approves(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    other = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    elsewhere = dry_runs.make(other.rule_id, by=1, at=at).trial_id
    for trial in (None, 5, elsewhere):
        with pytest.raises(rule_sets.DryRunFirst):
            rule_sets.approve(made.rule_id, by=2, at=at, trial_id=trial)


def test_an_approval_rests_on_the_newest_dry_run_of_the_day(at):
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    first = dry_runs.make(made.rule_id, by=1, at=at).trial_id
    second = dry_runs.make(made.rule_id, by=1, at=at).trial_id
    with pytest.raises(rule_sets.DryRunStale):
        rule_sets.approve(made.rule_id, by=2, at=at, trial_id=first)
    with pytest.raises(rule_sets.DryRunStale):
        rule_sets.approve(made.rule_id, by=2, at=at + timedelta(hours=25), trial_id=second)
    rule_sets.approve(made.rule_id, by=2, at=at + timedelta(hours=23), trial_id=second)


def test_a_version_approved_in_between_makes_a_dry_run_out_of_date(at):
    one = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    two = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    trial = dry_runs.make(two.rule_id, by=1, at=at).trial_id
    approve(one, by=2, at=at)
    with pytest.raises(rule_sets.DryRunStale):
        rule_sets.approve(two.rule_id, by=2, at=at, trial_id=trial)


def test_what_is_approved_needs_no_dry_run_and_gets_none(at):
    with pytest.raises(rule_sets.AlreadyApproved):
        dry_runs.make(general(at)[0].rule_id, by=1, at=at)


def test_the_version_that_holds_at_the_start_is_found_by_time(at):
    old, later = general(at)[0], at + timedelta(hours=6)
    made = rule_sets.propose(to_dict(GENERAL), by=1, at=at)
    approve(made, by=2, at=at, valid_from=later)
    for when, version in ((at, 1), (later - timedelta(seconds=1), 1), (later, 2)):
        assert rule_sets.at_start(old.rule_id, when).version == version
    assert rule_sets.at_start(old.rule_id, at - timedelta(days=900)).version == 1


def changed(at, **change):
    made = rule_sets.propose(to_dict(GENERAL) | change, by=1, at=at)
    return approve(made, by=2, at=at)


def started(bench, plate):
    lab = bench.lab.lab_id
    return plates.start(lab, plate.plate_id, by=1, at=clock.now())


def test_a_plate_is_judged_by_the_version_in_force_when_it_starts_and_by_no_later_one(bench):
    plate, tubes = bench.plate(), bench.received(1)
    bench.load(plate, tubes)
    limits = [t | {"positive_below": 37} for t in to_dict(GENERAL)["targets"]]
    strict = changed(clock.now(), targets=limits)
    assert started(bench, plate).rule_id == strict.rule_id
    changed(clock.now())
    shown = bench.run(plate, bench.file(plate, {tubes[0]: (38.0, 38.0, 28.0)}))
    assert shown.run.rule_id == strict.rule_id
    assert shown.calls[0]["outcome"] == Outcome.NEGATIVE


def test_an_adopted_run_keeps_its_verdict_when_a_newer_version_takes_over(bench):
    plate, tubes = bench.plate(), bench.received(1)
    bench.load(plate, tubes)
    shown = bench.run(plate, bench.file(plate, {tubes[0]: (38.0, 38.0, 28.0)}))
    limits = [t | {"positive_below": 37} for t in to_dict(GENERAL)["targets"]]
    changed(clock.now(), targets=limits)
    again = runs.show(bench.lab.lab_id, shown.run.run_id, at=clock.now())
    assert (again.run.rule_id, again.calls) == (shown.run.rule_id, shown.calls)


def test_a_plate_with_too_few_controls_for_the_version_of_its_start_does_not_start(bench):
    plate = bench.plate()
    bench.load(plate, bench.received(1))
    changed(clock.now(), controls=to_dict(GENERAL)["controls"] | {"negatives": 4})
    with pytest.raises(BadLayout):
        started(bench, plate)


def test_a_version_for_other_wells_needs_another_name(at):
    with pytest.raises(rule_sets.AnotherKit):
        rule_sets.propose(to_dict(GENERAL) | {"uniplex": True}, by=1, at=at)
    rule_sets.propose(to_dict(GENERAL) | {"uniplex": True, "name": "other"}, by=1, at=at)


def test_a_limit_for_a_cohort_that_nobody_can_be_in_is_refused(at):
    with pytest.raises(BadRuleSet):
        rule_sets.propose(to_dict(GENERAL) | {"cohort_cutoffs": {"recoverd": 35}}, by=1, at=at)


@pytest.mark.parametrize("spoil", [{"targets": []}, {"source": " "}, {"kit": 5}, {"extra": 1}])
def test_a_rule_set_that_cannot_be_meant_is_refused(at, spoil):
    with pytest.raises(BadRuleSet):
        rule_sets.propose(to_dict(GENERAL) | spoil, by=1, at=at)
