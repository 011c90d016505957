"""Interpretation: every combination of targets, controls and cohorts; plates, turns and splashes."""

from __future__ import annotations

import csv
import itertools
import math
from pathlib import Path

import msgspec
import pytest

from screening.lab import words
from screening.lab.judgement.plate_rules import (
    BadRuleSet,
    ControlRule,
    Mismatch,
    Outcome,
    PlanWell,
    RuleSet,
    TargetRule,
    adjacent_positive_runs,
    check_controls,
    compare,
    evaluate_plate,
    evaluate_well,
    from_dict,
    hints,
    to_dict,
)
from screening.lab.plates import layout
from screening.lab.readers import WellReading, read_run
from screening.lab.rules.rule_sets import BGI, CDC, DEFAULTS, GENERAL, check
from screening.lab.rules.well_rules import WellCall

NEG, POS, INC, INV = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INCONCLUSIVE, Outcome.INVALID
OPEN = Path(__file__).parents[3] / "shared/data/pcr/open"
ORACLE = OPEN / "quantstudio_xls__COVID_test.expected_interpretation.csv"


def reading(
    well: str = "A1", target: str | None = "N", ct: float | None = None, **kw
) -> WellReading:
    raw = kw.pop("raw", "Undetermined" if ct is None else str(ct))
    return WellReading(well=well, target=target, ct=ct, raw=raw, **kw)


def well(name: str = "A1", sample: str | None = None, **cts: float | None) -> list[WellReading]:
    return [reading(name, target, ct, sample=sample) for target, ct in cts.items()]


def call(rule: RuleSet, *, pooled: bool = True, cohort: object = None, **cts) -> WellCall:
    return evaluate_well(rule, well(**cts), pooled=pooled, cohort=cohort)  # type: ignore[arg-type]


def codes(made: WellCall) -> set[str]:
    return {r.code for r in made.reasons}


# --- one well, general rule -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orf", "n", "ic", "outcome", "why"),
    [
        (None, None, 27.0, NEG, set()),
        (None, None, None, INV, {"control_lost"}),
        (None, None, 41.0, INV, {"control_lost"}),
        (31.0, 30.0, 27.0, POS, set()),
        (31.0, 30.0, None, POS, {"control_lost"}),
        (31.0, None, 27.0, INC, {"single_target"}),
        (None, 31.0, 27.0, INC, {"single_target"}),
        (None, 31.0, None, INC, {"single_target", "control_lost"}),
        (39.99, 39.99, 39.99, POS, set()),
        (40.0, 40.0, 27.0, NEG, {"late"}),
        (39.0, 40.0, 27.0, INC, {"single_target", "late"}),
        (45.0, None, 27.0, NEG, {"late"}),
    ],
)
def test_the_general_rule(orf, n, ic, outcome, why) -> None:
    made = call(GENERAL, ORF1ab=orf, N=n, IC=ic)
    assert (made.outcome, codes(made)) == (outcome, why)


@pytest.mark.parametrize("bad", [363.0, 100.0, 50.01, 0.0, -1.0])
def test_an_impossible_ct_is_neither_negative_nor_positive(bad: float) -> None:
    for cts in ({"ORF1ab": bad, "N": None}, {"ORF1ab": bad, "N": bad}):
        made = call(GENERAL, IC=27.0, **cts)
        assert made.outcome is INV
        assert "impossible_ct" in codes(made)
    half = call(GENERAL, ORF1ab=bad, N=30.0, IC=27.0)
    assert half.outcome is INC
    assert {"impossible_ct", "single_target"} <= codes(half)


@pytest.mark.parametrize("bad", [363.0, 0.0, -1.0])
def test_an_impossible_internal_control_has_not_worked(bad: float) -> None:
    made = call(GENERAL, ORF1ab=None, N=None, IC=bad)
    assert (made.outcome, codes(made)) == (INV, {"impossible_ct"})


def test_a_missing_target_is_never_a_negative() -> None:
    made = call(GENERAL, ORF1ab=None, IC=27.0)
    assert (made.outcome, codes(made)) == (INV, {"missing_target"})
    assert evaluate_well(GENERAL, []).outcome is INV
    assert call(GENERAL, ORF1ab=None, N=None).outcome is INV


def test_an_empty_cell_is_never_a_negative() -> None:
    rows = [*well(ORF1ab=None, IC=27.0), reading(target="N", raw="", measured=False)]
    made = evaluate_well(GENERAL, rows)
    assert (made.outcome, codes(made)) == (INV, {"no_value"})


def test_an_omitted_reading_is_never_a_result() -> None:
    rows = [*well(ORF1ab=None, IC=27.0), reading(target="N", ct=30.0, omitted=True)]
    made = evaluate_well(GENERAL, rows)
    assert (made.outcome, codes(made)) == (INV, {"omitted"})


def test_a_signal_in_a_target_nobody_knows_spoils_a_negative() -> None:
    made = call(GENERAL, ORF1ab=None, N=None, IC=27.0, S=25.0)
    assert (made.outcome, codes(made)) == (INV, {"unknown_target"})
    assert call(GENERAL, ORF1ab=None, N=None, IC=27.0, S=None).outcome is NEG
    assert call(GENERAL, ORF1ab=30.0, N=31.0, IC=27.0, S=25.0).outcome is POS


def test_an_instrument_that_says_positive_makes_a_negative_a_question() -> None:
    rows = [*well(ORF1ab=None, IC=27.0), reading(target="N", call="POSITIVE")]
    made = evaluate_well(GENERAL, rows)
    assert (made.outcome, codes(made)) == (INC, {"instrument_positive"})


@pytest.mark.parametrize(
    ("said", "outcome"), [("POSITIVE", INC), ("NEGATIVE", INV), ("INVALID", INV), ("WARNING", INV)]
)
def test_a_call_without_ct_is_a_question_or_nothing_but_never_a_negative(said, outcome) -> None:
    rows = [reading(target=None, raw=None, call=said, measured=False)]
    assert evaluate_well(GENERAL, rows).outcome is outcome


def test_of_repeated_readings_the_strongest_counts() -> None:
    rows = [*well(ORF1ab=None, N=None, IC=27.0), *well(ORF1ab=33.0, N=34.0)]
    assert evaluate_well(GENERAL, rows).outcome is POS


@pytest.mark.parametrize(
    ("n", "orf", "ic"),
    [
        ("N", "ORF1ab", "IC"),
        ("n gene", "ORF1a/b", "RNase P"),
        ("VIC", "FAM", "CY5"),
        ("HEX", "orf1AB", "内标"),
    ],
)
def test_targets_are_found_by_name_alias_or_channel(n: str, orf: str, ic: str) -> None:
    rows = [reading(target=n, ct=30.0), reading(target=orf, ct=31.0), reading(target=ic, ct=27.0)]
    made = evaluate_well(GENERAL, rows)
    assert made.outcome is POS
    assert made.cts == {"ORF1ab": 31.0, "N": 30.0, "IC": 27.0}


def test_a_file_without_targets_is_read_by_channel() -> None:
    rows = [
        reading(target=None, dye=d, ct=ct) for d, ct in (("FAM", 30.0), ("VIC", 31), ("Cy5", 27))
    ]
    assert evaluate_well(GENERAL, rows).outcome is POS


# --- every combination of every default set ----------------------------------------------------------

SHOWN = {"early": 20.0, "late": 41.0, "none": None, "impossible": 99.0}


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=lambda r: r.name)
def test_over_all_combinations_doubt_is_never_negative_and_signal_never_hidden(rule) -> None:
    names = [t.name for t in rule.targets]
    assert rule.internal_control
    for shown in itertools.product([*SHOWN, "absent"], repeat=len(names) + 1):
        states = dict(zip([*names, rule.internal_control.name], shown, strict=True))
        cts = {name: SHOWN[s] for name, s in states.items() if s != "absent"}
        outcome = call(rule, **cts).outcome
        signals = [states[n] for n in names].count("early")
        control = states[rule.internal_control.name]
        if outcome is NEG:
            assert signals == 0
            assert control == "early"
            assert {states[n] for n in names} <= {"none", "late"}
        if signals:
            assert outcome in (POS, INC), states
        if outcome is POS:
            assert signals >= min(2, len(names)), states
        if not signals and control in ("none", "absent", "impossible"):
            assert outcome is not NEG


@pytest.mark.parametrize(
    ("fam", "vic", "outcome"),
    [
        (None, 28.0, NEG),
        (None, 32.0, NEG),
        (None, 32.1, INV),
        (None, None, INV),
        (33.0, 28.0, POS),
        (34.0, 32.0, POS),
        (34.1, 28.0, INC),
        (38.0, 28.0, INC),
        (38.1, 28.0, INC),
        (45.0, 28.0, INC),
        (33.0, 33.0, INC),
        (33.0, None, INC),
        (36.0, None, INC),
        (60.0, 28.0, INV),
    ],
)
def test_the_bgi_style_rule(fam, vic, outcome) -> None:
    assert call(BGI, FAM=fam, VIC=vic).outcome is outcome


@pytest.mark.parametrize(
    ("n1", "n2", "rp", "outcome"),
    [
        (30, 30, 30, POS), (30, 30, None, POS), (30, None, 30, INC), (30, None, None, INC),
        (None, 30, 30, INC), (None, 30, None, INC), (None, None, 30, NEG), (None, None, None, INV),
        (40, 40, 30, NEG), (39.99, 39.99, 30, POS), (30, 40, 30, INC),
    ],
)  # fmt: skip
def test_the_cdc_rule(n1, n2, rp, outcome) -> None:
    assert call(CDC, N1=n1, N2=n2, RP=rp).outcome is outcome


# --- single target, grey, kits of one or three targets ------------------------------------------------


def test_a_rule_set_may_take_a_single_target_for_positive() -> None:
    rule = msgspec.structs.replace(GENERAL, single_target="positive")
    made = call(rule, ORF1ab=31.0, N=None, IC=27.0)
    assert (made.outcome, codes(made)) == (POS, {"single_target"})


def test_two_of_three_targets_are_a_positive() -> None:
    third = TargetRule(name="S", positive_below=40)
    rule = msgspec.structs.replace(GENERAL, targets=[*GENERAL.targets, third])
    assert call(rule, ORF1ab=31.0, N=30.0, S=None, IC=27.0).outcome is POS
    assert call(rule, ORF1ab=31.0, N=None, S=None, IC=27.0).outcome is INC


GREY = msgspec.structs.replace(
    GENERAL,
    targets=[
        TargetRule(name="ORF1ab", positive_below=37, grey_below=40),
        TargetRule(name="N", positive_below=37, grey_below=40),
    ],
)


@pytest.mark.parametrize(
    ("orf", "n", "outcome"),
    [
        (36.9, 36.9, POS), (36.9, 37.0, INC), (37.0, None, INC), (39.9, 39.9, INC),
        (40.0, None, NEG), (36.9, None, INC), (None, 39.0, INC),
    ],
)  # fmt: skip
def test_grey_is_a_question_even_in_one_target(orf, n, outcome) -> None:
    assert call(GREY, ORF1ab=orf, N=n, IC=27.0).outcome is outcome


# --- cohorts ---------------------------------------------------------------------------------------

STRICT = msgspec.structs.replace(GENERAL, cohort_cutoffs={"recovered": 35, "entrant": 42})


@pytest.mark.parametrize(
    ("pooled", "cohort", "ct", "outcome"),
    [
        (False, None, 38.0, POS),
        (False, "recovered", 34.9, POS),
        (False, "recovered", 35.0, NEG),
        (False, "recovered", 39.0, NEG),
        (False, "key_group", 38.0, POS),
        (False, ["recovered", "key_group"], 38.0, NEG),
        (False, "entrant", 41.0, POS),
        (False, ["recovered", "entrant"], 41.0, POS),
        (False, None, 41.0, NEG),
        # in a pool the looser limit never applies, the stricter one of any member does
        (True, None, 38.0, POS),
        (True, "recovered", 38.0, POS),
        (True, ["recovered"], 38.0, POS),
        (True, ["recovered", "recovered"], 39.9, POS),
        (True, ["recovered", "entrant"], 41.0, POS),
        (True, ["recovered", "key_group"], 41.0, NEG),
        (True, ["entrant"], 41.9, POS),
        (True, ["entrant"], 42.0, NEG),
    ],
)
def test_a_looser_limit_holds_only_for_a_single_tube(pooled, cohort, ct, outcome) -> None:
    made = call(STRICT, pooled=pooled, cohort=cohort, ORF1ab=ct, N=ct, IC=27.0)
    assert made.outcome is outcome


def test_every_mixture_of_cohorts_in_a_pool_is_at_least_as_strict_as_each_alone() -> None:
    known = [None, "recovered", "entrant", "key_group"]
    for n in (1, 2, 3):
        for mix in itertools.combinations(known, n):
            members = [c for c in mix if c]
            for ct in (34.0, 36.0, 39.0, 41.0, 43.0):
                pool = call(STRICT, cohort=members, ORF1ab=ct, N=ct, IC=27.0).outcome
                alone = [
                    call(STRICT, pooled=False, cohort=c, ORF1ab=ct, N=ct, IC=27.0).outcome
                    for c in mix
                ]
                if POS in alone:
                    assert pool is POS


def test_a_negative_by_cohort_says_so() -> None:
    made = call(GENERAL, pooled=False, cohort="recovered", ORF1ab=36.0, N=36.0, IC=27.0)
    assert (made.outcome, codes(made)) == (NEG, {"cohort_limit"})


# --- rule sets as data -------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=lambda r: r.name)
def test_a_default_rule_set_has_a_source_and_survives_storing(rule: RuleSet) -> None:
    check(rule)
    assert len(rule.source) > 40
    assert from_dict(msgspec.json.decode(msgspec.json.encode(to_dict(rule)))) == rule


@pytest.mark.parametrize(
    "change",
    [
        {"targets": []},
        {"source": " "},
        {"cohort_cutoffs": {"recovered": 0}},
        {"cohort_cutoffs": {"recovered": 400}},
        {"max_ct": "forty"},
        {"single_target": "negative"},
        {"surprise": 1},
        {"targets": [{"name": "N", "positive_below": 40}, {"name": "n", "positive_below": 38}]},
        {"targets": [{"name": "N", "positive_below": 40, "grey_below": 38}]},
        {"targets": [{"name": "N", "positive_below": -3}]},
        {"targets": [{"name": "N"}]},
        {"controls": {"positive_max_ct": 37, "negatives": 0}},
        {"controls": {"positive_max_ct": 37, "negatives": 10**30}},
        {"controls": {"positive_max_ct": 99}},
        {"controls": {"positive_max_ct": 37, "clean_from": math.nan}},
        {"max_ct": math.inf},
        {"max_ct": 1e300},
        {"targets": [{"name": "N", "positive_below": math.nan}]},
        {"targets": [{"name": "N", "positive_below": 30, "grey_below": math.inf}]},
        {"targets": [{"name": "N\0", "positive_below": 30}]},
        {"targets": [{"name": " ", "positive_below": 30}]},
        {"targets": [{"name": "N", "positive_below": 30, "aliases": ["x"] * 500}]},
        {"cohort_cutoffs": {"recovered": math.nan}},
        {"targets": [{"name": "N", "positive_below": 30, "aliases": ["RNase-P"]}]},
        {"targets": [{"name": "N", "positive_below": 30, "dye": "Cy5"}]},
        {"name": ""},
        {"name": "x" * 61},
        {"kit": "a\nb"},
        {"source": "s\0"},
        {"source": "\ud800"},
    ],
)
def test_a_rule_set_that_cannot_be_meant_is_refused(change: dict) -> None:
    with pytest.raises(BadRuleSet):
        from_dict({**to_dict(GENERAL), **change})


# --- the expert-made oracle ---------------------------------------------------------------------------

REPORTED = {
    "Positive 2019-nCoV": POS,
    "Inconclusive": INC,
    "Invalid": INV,
    "Not Detected": NEG,
}


def oracle() -> list[dict[str, str]]:
    return list(csv.DictReader(ORACLE.read_text("utf-8").splitlines()))


def oracle_calls(rule: RuleSet) -> dict[str | None, WellCall]:
    rows = read_run((OPEN / "quantstudio_xls__COVID_test.xls").read_bytes()).rows
    samples = {r.sample for r in rows}
    return {
        s: evaluate_well(rule, [r for r in rows if r.sample == s], pooled=False) for s in samples
    }


needs_oracle = pytest.mark.skipif(
    not ORACLE.exists(), reason="the open instrument files (../shared/data/pcr) are not here"
)


@needs_oracle
def test_the_cdc_rule_as_its_experts_applied_it_agrees_in_all_29_samples() -> None:
    calls = oracle_calls(msgspec.structs.replace(CDC, beyond_max="not_detected"))
    wanted = {row["Sample_ID"]: REPORTED[row["Report"]] for row in oracle()}
    assert len(wanted) == 29
    assert {s: calls[s].outcome for s in wanted} == wanted


@needs_oracle
def test_our_default_differs_only_where_an_impossible_ct_would_have_become_a_negative() -> None:
    calls = oracle_calls(CDC)
    wanted = {row["Sample_ID"]: REPORTED[row["Report"]] for row in oracle()}
    other = {s: calls[s].outcome for s in wanted if calls[s].outcome is not wanted[s]}
    assert other == {"S15": INV}  # N1 at Ct 89 and N2 at Ct 100 were reported as not detected
    assert "impossible_ct" in codes(calls["S15"])


@needs_oracle
def test_the_oracle_s_plate_is_blocked_by_its_dirty_negative_control() -> None:
    run = read_run((OPEN / "quantstudio_xls__COVID_test.xls").read_bytes())
    kinds = {"NTC": "ntc", "nCoVPC": "pc"}
    plan = {
        r.well: PlanWell(kind=kinds.get(r.sample or "", "tube"), barcode=r.sample)  # type: ignore[arg-type]
        for r in run.rows
        if r.sample != "HSC"
    }
    rows = [r for r in run.rows if r.sample != "HSC"]
    made = evaluate_plate(CDC, plan, rows)
    assert not made.valid
    assert [(f.code, f.target, f.ct) for f in made.faults] == [("negative_amplified", "N1", 20.0)]
    positive = {w for w, c in made.calls.items() if c.outcome in (POS, INC)}
    assert set(made.alerts) == positive
    assert made.calls["A10"].outcome is POS  # S22, provisional


@needs_oracle
def test_a_plate_of_381_wells_by_the_cdc_rule() -> None:
    rows = read_run((OPEN / "quantstudio_da_csv__target_call.csv").read_bytes()).rows
    by_well: dict[str, list[WellReading]] = {}
    for r in rows:
        by_well.setdefault(r.well, []).append(r)
    called = {w: evaluate_well(CDC, rs).outcome for w, rs in by_well.items()}
    assert len(called) == 381
    assert {w for w, o in called.items() if o is POS} == {"A1", "A3", "G1", "I1", "K1", "O1"}
    assert {w for w, o in called.items() if o is NEG} == {"C3", "E3", "M1"}
    assert list(called.values()).count(INV) == 372  # nothing at all, not even human RNA


# --- plates -----------------------------------------------------------------------------------------

CONTROLS = layout.default_controls(96)


def plan96(n: int = 92, **tubes: PlanWell) -> dict[str, PlanWell]:
    plan = {w: PlanWell(kind=kind) for w, kind in CONTROLS.items()}
    for i, w in enumerate(layout.tube_wells(96)[:n]):
        plan[w] = PlanWell(kind="tube", barcode=f"{10_000 + i}", pooled=True)
    return plan | tubes


def clean(plan: dict[str, PlanWell], **wells: list[WellReading]) -> list[WellReading]:
    """The readings of a plate on which nothing happened, but for the wells given."""
    rows: list[WellReading] = []
    for name, planned in plan.items():
        if name in wells:
            rows += wells[name]
        elif planned.kind == "pc":
            rows += well(name, ORF1ab=32.0, N=31.0, IC=27.0)
        else:
            rows += well(name, planned.barcode, ORF1ab=None, N=None, IC=27.0)
    return rows


def test_a_clean_plate_is_valid_and_all_negative() -> None:
    plan = plan96()
    made = evaluate_plate(GENERAL, plan, clean(plan))
    assert made.valid
    assert len(made.calls) == 92
    assert {c.outcome for c in made.calls.values()} == {NEG}
    assert (made.alerts, made.hints, made.faults) == ([], [], [])


def test_positive_and_inconclusive_tubes_alert_in_plate_order() -> None:
    plan = plan96()
    rows = clean(
        plan,
        F3=well("F3", ORF1ab=30.0, N=30.0, IC=27.0),
        B3=well("B3", ORF1ab=36.0, N=None, IC=27.0),
        C9=well("C9", ORF1ab=None, N=None, IC=None),
    )
    made = evaluate_plate(GENERAL, plan, rows)
    assert made.valid
    assert made.alerts == ["B3", "F3"]
    assert made.calls["C9"].outcome is INV


@pytest.mark.parametrize(
    ("spoilt", "fault"),
    [
        ({"A1": {"ORF1ab": 35.0, "N": None, "IC": 27.0}}, "negative_amplified"),
        ({"D6": {"ORF1ab": None, "N": 39.9, "IC": 27.0}}, "negative_amplified"),
        ({"D6": {"ORF1ab": None, "N": 99.0, "IC": 27.0}}, "negative_amplified"),
        ({"G12": {"ORF1ab": None, "N": None, "IC": None}}, "internal_control_lost"),
        ({"G12": {"ORF1ab": None, "N": None}}, "internal_control_lost"),
        ({"G12": {"ORF1ab": None, "IC": 27.0}}, "control_unread"),
        ({"G12": {"ORF1ab": None, "N": None, "IC": 27.0, "S": 22.0}}, "negative_amplified"),
        ({"H11": {"ORF1ab": None, "N": None, "IC": 27.0}}, "positive_missing"),
        ({"H11": {"ORF1ab": 32.0, "N": None, "IC": 27.0}}, "positive_missing"),
        ({"H11": {"ORF1ab": 32.0, "N": 38.0, "IC": 27.0}}, "positive_late"),
    ],
)
def test_a_failed_control_blocks_the_plate_and_positives_still_alert(spoilt, fault) -> None:
    plan = plan96()
    wells = {w: well(w, **cts) for w, cts in spoilt.items()}
    rows = clean(plan, F3=well("F3", ORF1ab=30.0, N=30.0, IC=27.0), **wells)
    made = evaluate_plate(GENERAL, plan, rows)
    assert not made.valid
    assert fault in {f.code for f in made.faults}
    assert made.alerts == ["F3"]


def test_a_late_signal_in_a_negative_control_is_judged_by_the_rule() -> None:
    plan = plan96()
    rows = clean(plan, A1=well("A1", ORF1ab=41.0, N=None, IC=27.0))
    assert evaluate_plate(GENERAL, plan, rows).valid
    any_signal = msgspec.structs.replace(
        GENERAL, controls=ControlRule(positive_max_ct=37, clean_from=None)
    )
    assert not evaluate_plate(any_signal, plan, rows).valid


@pytest.mark.parametrize("left_out", [["H11"], ["A1", "D6", "G12"], list(CONTROLS)])
def test_a_plate_without_its_controls_is_not_valid(left_out: list[str]) -> None:
    plan = {w: p for w, p in plan96().items() if w not in left_out}
    made = evaluate_plate(GENERAL, plan, clean(plan))
    assert not made.valid
    assert {f.code for f in made.faults} <= {"too_few_negatives", "too_few_positives"}


def bgi_plate(first: float | None, second: float | None, blank: float | None = None):
    plan = {
        "A1": PlanWell(kind="ntc"),
        "B1": PlanWell(kind="pc"),
        "C1": PlanWell(kind="pc"),
        "D1": PlanWell(kind="tube", barcode="1"),
    }
    cts = {"A1": blank, "B1": first, "C1": second, "D1": None}
    rows = [r for w, ct in cts.items() for r in well(w, FAM=ct, VIC=28.0)]
    return check_controls(BGI, plan, rows)


@pytest.mark.parametrize(
    ("first", "second", "blank", "faults"),
    [
        (26.0, 27.0, None, []),
        (26.0, 31.0, None, []),
        (31.0, 30.0, None, ["positive_late", "positive_late"]),
        (None, None, None, ["positive_missing", "positive_missing"]),
        (26.0, 27.0, 37.9, ["negative_amplified"]),
        (26.0, 27.0, 38.0, []),
    ],
)
def test_the_bgi_style_controls(first, second, blank, faults) -> None:
    assert [f.code for f in bgi_plate(first, second, blank)] == faults


def test_an_empty_position_needs_no_reading_but_may_not_amplify() -> None:
    plan = plan96(40) | {"H12": PlanWell(kind="blank")}
    rows = [r for r in clean(plan) if r.well != "H12"]
    assert evaluate_plate(GENERAL, plan, rows).valid
    dirty = [*rows, *well("H12", ORF1ab=30.0, N=30.0, IC=None)]
    assert not evaluate_plate(GENERAL, plan, dirty).valid


# --- file against plan ---------------------------------------------------------------------------------


def test_every_difference_between_file_and_plan_is_listed() -> None:
    plan = plan96(20) | {"H1": PlanWell(kind="tube", barcode="10000")}
    rows = [r for r in clean(plan) if r.well not in ("B1", "H11")]
    rows += well("E10", ORF1ab=None, N=None, IC=27.0) + well("C1", N=None)
    with pytest.raises(Mismatch) as refused:
        evaluate_plate(GENERAL, plan, rows)
    found = {(d["code"], d["well"]) for d in refused.value.details["differences"]}
    assert found == {
        ("missing_well", "B1"),
        ("missing_well", "H11"),
        ("extra_well", "E10"),
        ("read_twice", "C1"),
        ("planned_twice", "H1"),
        ("planned_twice", "B1"),
    }
    assert refused.value.details["count"] == 6


def test_an_extra_well_is_a_difference_even_when_nothing_grew_in_it() -> None:
    plan = plan96(20)
    rows = clean(plan) + well("E10", ORF1ab=None, N=None, IC=None)
    assert [(d.code, d.well) for d in compare(GENERAL, plan, rows)] == [("extra_well", "E10")]


def test_a_file_with_our_barcodes_must_have_each_in_its_well() -> None:
    plan = plan96(20)
    swapped = {"B1": "10001", "C1": "10000"}
    rows = [msgspec.structs.replace(r, sample=swapped.get(r.well, r.sample)) for r in clean(plan)]
    found = compare(GENERAL, plan, rows)
    assert {(d.code, d.well, d.found) for d in found} == {
        ("other_sample", "B1", "10001"),
        ("other_sample", "C1", "10000"),
    }


def test_a_file_with_names_of_its_own_says_nothing_about_the_order() -> None:
    plan = plan96(20)
    rows = [msgspec.structs.replace(r, sample=f"Sample {r.well}") for r in clean(plan)]
    assert compare(GENERAL, plan, rows) == []


def test_a_strange_name_among_our_barcodes_is_a_difference_but_is_not_repeated() -> None:
    plan = plan96(20)
    rows = [msgspec.structs.replace(r, sample="李四") if r.well == "B1" else r for r in clean(plan)]
    (found,) = compare(GENERAL, plan, rows)
    assert (found.code, found.found) == ("other_sample", "…")


def test_a_384_plan_does_not_fit_a_96_plate() -> None:
    plan = {"P24": PlanWell(kind="tube", barcode="1")}
    assert {d.code for d in compare(GENERAL, plan, [reading("P24")], size=96)} == {"outside_plate"}
    assert compare(GENERAL, plan, [reading("P24")], size=384) == []


# --- layout -------------------------------------------------------------------------------------------


def test_the_two_orders_of_a_plate() -> None:
    assert layout.wells_by_row(96)[:13] == [*(f"A{i}" for i in range(1, 13)), "B1"]
    assert layout.wells_by_column(96)[:9] == [*(f"{c}1" for c in "ABCDEFGH"), "A2"]
    assert layout.wells_by_row(384)[-1] == layout.wells_by_column(384)[-1] == "P24"
    for size in (96, 384):
        assert set(layout.wells_by_row(size)) == set(layout.wells_by_column(size))
        assert len(set(layout.wells_by_row(size))) == size


def test_the_tubes_go_where_no_control_stands() -> None:
    assert len(layout.tube_wells(96)) == 92
    assert len(layout.tube_wells(384)) == 368
    assert not set(layout.tube_wells(96, order="row")) & set(CONTROLS)
    assert layout.tube_wells(96)[:2] == ["B1", "C1"]
    assert layout.tube_wells(96, controls={})[0] == "A1"


@pytest.mark.parametrize(
    ("name", "size", "around"),
    [
        ("A1", 96, {"A2", "B1", "B2"}),
        ("H12", 96, {"H11", "G12", "G11"}),
        ("B2", 96, {"A1", "A2", "A3", "B1", "B3", "C1", "C2", "C3"}),
        ("H12", 384, {"G11", "G12", "G13", "H11", "H13", "I11", "I12", "I13"}),
    ],
)
def test_a_well_has_its_neighbours(name: str, size: int, around: set[str]) -> None:
    assert set(layout.neighbours(name, size)) == around


@pytest.mark.parametrize("size", [96, 384])
@pytest.mark.parametrize("move", layout.MOVES)
def test_no_move_of_the_plate_puts_the_positive_controls_onto_themselves(move, size) -> None:
    controls = layout.default_controls(size)
    positives = {w for w, kind in controls.items() if kind == "pc"}
    assert {layout.moved(w, move, size) for w in positives} != positives
    assert sorted(layout.moved(w, move, size) for w in layout.wells_by_row(size)) == sorted(
        layout.wells_by_row(size)
    ), "a move is a permutation"


@pytest.mark.parametrize("size", [96, 384])
@pytest.mark.parametrize("move", layout.MOVES)
def test_a_moved_plate_fails_the_map_check_and_the_move_is_named(move: str, size: int) -> None:
    controls = layout.default_controls(size)
    amplified = {layout.moved(w, move, size): k == "pc" for w, k in controls.items()}
    faults = layout.check_map(controls, amplified, size)
    assert faults
    assert all(move in f.looks_like for f in faults)


def test_every_swap_of_two_columns_that_moves_the_positive_control_is_seen() -> None:
    column = layout.place("H11")[1]
    for other in set(range(12)) - {column}:
        amplified = {layout.well(7, other): True}
        assert layout.check_map(CONTROLS, amplified), f"column {other + 1} and {column + 1}"


def test_controls_in_their_places_pass_the_map_check() -> None:
    assert layout.check_map(CONTROLS, {"H11": True, "B7": True, "A1": False}) == []


def test_a_plate_turned_by_180_degrees_is_quarantined_and_says_so() -> None:
    plan = plan96()
    straight = clean(plan, F3=well("F3", ORF1ab=30.0, N=30.0, IC=27.0))
    turned = [
        msgspec.structs.replace(r, well=layout.moved(r.well, "rotated_180"), sample=None)
        for r in straight
    ]
    made = evaluate_plate(GENERAL, plan, turned)
    assert not made.valid
    moved = [f for f in made.faults if f.code == "plate_moved"]
    assert moved
    assert "rotated_180" in moved[0].looks_like


# --- patterns -----------------------------------------------------------------------------------------


def signals(**cts: float) -> dict[str, WellCall]:
    return {w: WellCall(POS, [], {"N": ct, "IC": 20.0}) for w, ct in cts.items()}


@pytest.mark.parametrize(
    ("wells", "runs"),
    [
        (["B2", "B3", "B4"], [["B2", "B3", "B4"]]),
        (["B2", "C2", "D2", "E2"], [["B2", "C2", "D2", "E2"]]),
        (["B2", "B3", "B5"], []),
        (["A11", "A12", "B1"], []),
        (["F8", "G8", "H8", "A9"], [["F8", "G8", "H8"]]),
        (["B2", "C3", "D4"], []),
    ],
)
def test_adjacent_signals_in_a_line_are_a_pattern(wells: list[str], runs: list) -> None:
    assert adjacent_positive_runs(signals(**dict.fromkeys(wells, 30.0))) == runs


def test_a_hot_well_with_late_neighbours_is_a_pattern() -> None:
    found = hints(signals(C3=15.0, C4=33.0, B2=36.0, H9=34.0), targets=["N"])
    assert [(h.code, h.wells) for h in found] == [("hot_well", ["C3", "B2", "C4"])]


def test_neighbours_of_like_strength_are_no_splash() -> None:
    assert hints(signals(C3=25.0, C4=27.0), targets=["N"]) == []


def test_negative_wells_make_no_pattern() -> None:
    calls = {w: WellCall(NEG, [], {"N": None, "IC": 27.0}) for w in ("A1", "A2", "A3")}
    assert hints(calls) == []


# --- words --------------------------------------------------------------------------------------------


def test_every_code_the_rules_can_give_has_words_in_two_languages() -> None:
    lab = Path(words.__file__).parent
    source = "".join(p.read_text("utf-8") for p in lab.rglob("*.py") if p.name != "words.py")
    tables = (words.REASONS, words.CONTROL_FAULTS, words.DIFFERENCES, words.HINTS)
    for table in tables:
        for code, (zh, en) in table.items():
            assert f'"{code}"' in source, f"nothing gives {code}"
            assert zh
            assert en
    assert set(words.MOVES) == set(layout.MOVES)
    assert words.word(words.OUTCOMES, Outcome.POSITIVE, "en") == "positive"
    assert words.word(words.REASONS, "from_a_newer_version") == "from_a_newer_version"


def test_every_reason_seen_over_all_combinations_has_words() -> None:
    for rule in DEFAULTS.values():
        names = [t.name for t in rule.targets] + ["IC", "RP", "S"]
        for shown in itertools.product([30.0, 36.0, 45.0, 99.0, None], repeat=len(names)):
            made = call(rule, **dict(zip(names, shown, strict=True)))
            assert codes(made) <= words.REASONS.keys()
