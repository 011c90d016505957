"""Pure rules of the register: who shares a tube with whom, what a round may do, who belongs to it."""

import pytest

from screening.registry import rules
from screening.registry.rules import Mode, Pool, PoolRule, RoundState

GUIDE = rules.DEFAULT_POOL_RULES


@pytest.mark.parametrize(
    ("zones", "cohorts", "site", "expected"),
    [
        ((), (), "community", Pool(Mode.POOLED, 20)),
        (("prevent",), (), "community", Pool(Mode.POOLED, 20)),
        (("control",), (), "community", Pool(Mode.POOLED, 10)),
        (("mid",), (), "community", Pool(Mode.POOLED, 5)),
        (("lock",), (), "locked", Pool(Mode.HOUSEHOLD, 10)),
        (("lock", "control"), (), "community", Pool(Mode.HOUSEHOLD, 10)),
        (("control", "prevent"), (), "community", Pool(Mode.POOLED, 10)),
        (("isolation",), (), "community", Pool(Mode.SINGLE, 1)),
        (("prevent",), ("close_contact",), "community", Pool(Mode.SINGLE, 1)),
        (("prevent",), ("market",), "community", Pool(Mode.POOLED, 20)),
        (("prevent",), (), "checkpoint", Pool(Mode.SINGLE, 1)),
        (("lock",), (), "abnormal", Pool(Mode.SINGLE, 1)),
        (("unheard",), (), None, Pool(Mode.POOLED, 20)),
    ],
)
def test_the_strictest_rule_that_applies_wins(zones, cohorts, site, expected):
    assert rules.pool_rule(GUIDE, zones, cohorts, site) == expected


def test_a_rounds_own_rule_takes_the_place_of_the_zones_default():
    own = (PoolRule(Mode.SINGLE, 1, "本市通知", zone="lock"),)
    assert rules.pool_rule(own, ["lock"]) == Pool(Mode.SINGLE, 1)


def test_a_zone_that_the_round_does_not_name_keeps_its_default():
    assert rules.pool_rule((), ["control"]) == Pool(Mode.POOLED, 10)


def test_pool_rules_survive_being_stored():
    assert rules.read_pool_rules(rules.write_pool_rules(GUIDE)) == GUIDE


def test_every_figure_of_the_field_names_its_source():
    assert all(limit.source for limit in rules.LIMITS.values())
    assert all(rule.source for rule in GUIDE)
    assert all(zone.source for zone in rules.ZONE_KINDS.values())
    assert all(code.source for code in rules.EXEMPTIONS.values())


@pytest.mark.parametrize(
    ("state", "act", "to"),
    [
        ("draft", "approve", "scheduled"),
        ("scheduled", "start", "sampling"),
        ("sampling", "stop", "finishing"),
        ("sampling", "extend", "sampling"),
        ("finishing", "sign_off", "closed"),
        ("draft", "cancel", "cancelled"),
        ("scheduled", "cancel", "cancelled"),
    ],
)
def test_a_round_moves_along_its_table(state, act, to):
    assert rules.check_act(state, act) == RoundState(to)


@pytest.mark.parametrize(
    ("state", "act"),
    [
        ("draft", "start"),
        ("sampling", "cancel"),
        ("sampling", "sign_off"),
        ("closed", "start"),
        ("cancelled", "approve"),
        ("unassigned", "start"),
        ("finishing", "extend"),
    ],
)
def test_a_round_makes_no_other_move(state, act):
    with pytest.raises(rules.WrongRoundState):
        rules.check_act(state, act)


@pytest.mark.parametrize(
    ("path", "cohorts", "round_cohorts", "inside"),
    [
        ("/1/2/3/", (), (), True),
        ("/1/9/3/", (), (), False),
        ("/1/2/3/", ("market",), ("market", "port"), True),
        ("/1/2/3/", (), ("market",), False),
        ("/1/2/3/", (), ("general",), True),
        ("/1/2/3/", ("market",), ("general",), False),
    ],
)
def test_who_belongs_to_a_round(path, cohorts, round_cohorts, inside):
    assert rules.round_scope(path, cohorts, ["/1/2/"], round_cohorts) is inside


@pytest.mark.parametrize(
    ("a", "b", "meet"),
    [
        ((["/1/2/"], []), (["/1/2/3/"], []), True),
        ((["/1/2/"], []), (["/1/3/"], []), False),
        ((["/1/2/"], []), (["/1/2/"], ["market"]), True),
        ((["/1/2/"], ["general"]), (["/1/2/"], ["market"]), False),
        ((["/1/2/"], ["port"]), (["/1/"], ["market", "port"]), True),
    ],
)
def test_two_rounds_meet_where_area_and_cohort_do(a, b, meet):
    assert rules.scopes_meet(*a, *b) is meet
