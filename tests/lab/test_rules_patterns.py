"""Contamination patterns as data: a line of neighbours, a hot well or positive control that splashed."""

from __future__ import annotations

import msgspec
import pytest

from screening.lab.judgement.plate_rules import Hint, PlanWell, evaluate_plate
from screening.lab.plates import layout
from screening.lab.readers import WellReading
from screening.lab.rules.rule_sets import (
    GENERAL,
    BadRuleSet,
    PatternRule,
    RuleSet,
    from_dict,
    to_dict,
)
from screening.lab.rules.well_rules import Outcome

CONTROLS = layout.default_controls(96)  # A1, D6, G12 negative, H11 positive


def plate(rule: RuleSet = GENERAL, positive: float = 32.0, **tubes: float) -> list[Hint]:
    """The hints of a full plate whose tubes are clean but for these (well=Ct of both targets)."""
    plan = {w: PlanWell(kind=kind) for w, kind in CONTROLS.items()}
    plan |= {w: PlanWell("tube", w, True) for w in layout.tube_wells(96)}
    shown = {w: positive for w, kind in CONTROLS.items() if kind == "pc"} | tubes
    rows = [
        WellReading(well=w, target=t, ct=27.0 if t == "IC" else shown.get(w), raw="x")
        for w in plan
        for t in ("ORF1ab", "N", "IC")
    ]
    made = evaluate_plate(rule, plan, rows)
    assert all(made.calls[w].outcome is Outcome.POSITIVE for w in tubes)
    return made.hints


def patterned(**numbers: float) -> RuleSet:
    return msgspec.structs.replace(GENERAL, patterns=PatternRule(**numbers))  # type: ignore[arg-type]


def test_three_neighbours_in_a_line_are_told_and_nothing_is_changed() -> None:
    assert plate(C3=30, C4=31, C5=30) == [Hint("adjacent_run", ["C3", "C4", "C5"])]
    assert plate(C3=30, C4=31, C6=30) == []


def test_how_many_neighbours_make_a_line_is_the_rule_set_s() -> None:
    assert plate(patterned(adjacent=4), C3=30, C4=31, C5=30) == []
    assert plate(patterned(adjacent=2), C3=30, C4=31) == [Hint("adjacent_run", ["C3", "C4"])]


def test_a_hot_well_names_its_weak_neighbours_on_all_eight_sides() -> None:
    (hint,) = plate(C3=15, B2=34, D4=23, E8=36)
    assert hint == Hint("hot_well", ["C3", "B2", "D4"])


def test_how_much_later_a_splash_comes_is_the_rule_set_s() -> None:
    assert plate(patterned(splash_cycles=12.0), C3=20, C4=30) == []
    assert plate(patterned(splash_cycles=9.5), C3=20, C4=30) == [Hint("hot_well", ["C3", "C4"])]


def test_a_positive_control_splashes_like_any_other_well() -> None:
    assert plate(positive=25, G10=36) == [Hint("hot_well", ["H11", "G10"])]
    assert plate(positive=32, G10=36) == []


@pytest.mark.parametrize("bad", [{"adjacent": 1}, {"splash_cycles": 0}, {"adjacent": "three"}])
def test_a_pattern_that_cannot_be_meant_is_refused(bad) -> None:
    with pytest.raises(BadRuleSet):
        from_dict({**to_dict(GENERAL), "patterns": bad})


def test_a_version_stored_before_there_were_patterns_has_the_usual_ones() -> None:
    body = to_dict(GENERAL)
    del body["patterns"]
    assert from_dict(body) == GENERAL
