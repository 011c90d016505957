"""The whole table of interpretation: every target call x internal control x control state x default
rule set, and every mixture of cohorts, against answers written out here by hand."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from screening.lab.judgement import dry_run
from screening.lab.judgement.plate_rules import PlanWell, PlateCall, evaluate_plate, evaluate_well
from screening.lab.readers import WellReading
from screening.lab.rules.rule_sets import BGI, CDC, DEFAULTS, GENERAL, RuleSet, TargetRule
from screening.lab.rules.well_rules import Outcome

NEG, POS, INC, INV = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INCONCLUSIVE, Outcome.INVALID
ALERTS = (POS, INC)

# what a target or an internal control shows: (Ct, whether anything was measured)
SHOWS: dict[str, tuple[float | None, bool]] = {
    "signal": (22.0, True),
    "after the cycles that count": (45.0, True),
    "nothing": (None, True),
    "impossible": (88.0, True),
    "below zero": (-1.0, True),
    "unread": (None, False),
}
QUIET = ("nothing", "after the cycles that count")
WORKS = ("signal",)


def two_targets(targets: tuple[str, ...], control: str) -> Outcome:
    """CDC's table, which the general rule follows: both targets, one, none; then the control."""
    if targets.count("signal") == 2:
        return POS
    if targets.count("signal") == 1:
        return INC
    if all(t in QUIET for t in targets) and control in WORKS:
        return NEG
    return INV


def one_target(targets: tuple[str, ...], control: str) -> Outcome:
    """The Huo-Yan table: FAM by VIC; a FAM later than its limit is always retested."""
    (fam,) = targets
    return {
        "signal": POS if control in WORKS else INC,
        "after the cycles that count": INC,
        "nothing": NEG if control in WORKS else INV,
    }.get(fam, INV)


ANSWERS = {"general-ct40": two_targets, "cdc-n1-n2-rp": two_targets, "bgi-fam-vic": one_target}

# control state → (negative control: targets, control; positive control: targets, control)
GOOD = {"general-ct40": "signal", "cdc-n1-n2-rp": "nothing", "bgi-fam-vic": "signal"}
CONTROLS: dict[str, tuple[str, str, str, str]] = {
    "good": ("nothing", "as it should", "signal", "signal"),
    "negative amplified": ("signal", "as it should", "signal", "signal"),
    "negative impossible": ("impossible", "as it should", "signal", "signal"),
    "negative unread": ("unread", "as it should", "signal", "signal"),
    "negative without internal control": ("nothing", "nothing", "signal", "signal"),
    "negative with human material": ("nothing", "signal", "signal", "signal"),
    "positive silent": ("nothing", "as it should", "nothing", "signal"),
    "positive late": ("nothing", "as it should", "after the cycles that count", "signal"),
    "positive impossible": ("nothing", "as it should", "impossible", "signal"),
    "positive unread": ("nothing", "as it should", "unread", "signal"),
    "no negative": ("", "", "signal", "signal"),
    "no positive": ("nothing", "as it should", "", ""),
    "controls exchanged": ("signal", "signal", "nothing", "as it should"),
}
# the only states besides "good" in which a plate may stand, and why
STANDS = {
    ("cdc-n1-n2-rp", "negative without internal control"): "CDC's negative control holds no RNA",
    ("general-ct40", "negative with human material"): "an extracted negative carries the control",
    ("bgi-fam-vic", "negative without internal control"): "its blank is judged by FAM alone",
    ("bgi-fam-vic", "negative with human material"): "its blank is judged by FAM alone",
}


class Table:
    """A plate with one tube under a rule; each target in its own well where the kit wants that."""

    def __init__(self, rule: RuleSet) -> None:
        self.rule = rule
        self.plan: dict[str, PlanWell] = {}
        self.rows: list[WellReading] = []

    def put(self, row: str, kind: str, name: str, targets: tuple[str, ...], control: str) -> None:
        names = [t.name for t in self.rule.every_target]
        for i, (target, shown) in enumerate(zip(names, (*targets, control), strict=True), 1):
            well = f"{row}{i if self.rule.uniplex else 1}"
            self.plan[well] = PlanWell(kind, name)  # type: ignore[arg-type]
            ct, measured = SHOWS[shown]
            raw = None if not measured else "Undetermined" if ct is None else str(ct)
            self.rows.append(
                WellReading(well=well, target=target, ct=ct, raw=raw, measured=measured)
            )

    def controls(self, state: str) -> None:
        negative, in_negative, positive, in_positive = CONTROLS[state]
        n, usual = len(self.rule.targets), GOOD[self.rule.name]
        if negative:
            control = usual if in_negative == "as it should" else in_negative
            self.put("A", "ntc", "ntc:1", (negative,) * n, control)
        if positive:
            control = usual if in_positive == "as it should" else in_positive
            self.put("C", "pc", "pc:1", (positive,) * n, control)

    def judged(self) -> PlateCall:
        return evaluate_plate(self.rule, self.plan, self.rows)


@pytest.mark.parametrize("state", CONTROLS)
@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=lambda r: r.name)
def test_every_target_call_by_internal_control_by_control_state(rule: RuleSet, state: str) -> None:
    answer = ANSWERS[rule.name]
    may_stand = state == "good" or (rule.name, state) in STANDS
    seen = 0
    for *targets, control in itertools.product(SHOWS, repeat=len(rule.targets) + 1):
        table = Table(rule)
        table.put("E", "tube", "7001", tuple(targets), control)
        table.controls(state)
        made = table.judged()
        said = {c.outcome for c in made.calls.values()}
        expected = answer(tuple(targets), control)
        assert said == {expected}, (targets, control)
        assert made.valid == may_stand, (targets, control, made.faults)
        assert bool(made.alerts) == (expected in ALERTS), "a failed control hides no signal"
        seen += 1
    assert seen == len(SHOWS) ** (len(rule.targets) + 1)


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=lambda r: r.name)
def test_each_answer_says_why_unless_it_is_a_plain_one(rule: RuleSet) -> None:
    for *targets, control in itertools.product(SHOWS, repeat=len(rule.targets) + 1):
        table = Table(rule)
        table.put("E", "tube", "7001", tuple(targets), control)
        made = evaluate_well(rule, table.rows)
        if made.outcome in (INC, INV):
            assert made.reasons, (targets, control)


# --- limits by the hundredth --------------------------------------------------------------------

STEP = 0.01


@pytest.mark.parametrize(
    ("rule", "target", "limit", "inclusive"),
    [
        (GENERAL, "ORF1ab", 40.0, False), (GENERAL, "N", 40.0, False), (GENERAL, "IC", 40.0, False),
        (CDC, "N1", 40.0, False), (CDC, "N2", 40.0, False), (CDC, "RP", 40.0, False),
        (BGI, "ORF1ab", 34.0, True), (BGI, "IC", 32.0, True),
    ],
)  # fmt: skip
def test_each_documented_limit_turns_where_its_source_says(rule, target, limit, inclusive) -> None:
    def at(ct: float) -> Outcome:
        cts: dict[str, float] = {t.name: 22.0 for t in rule.every_target} | {target: ct}
        silent = rule.internal_control and target == rule.internal_control.name
        rows = [
            WellReading(well="A1", target=n, ct=None if silent and n != target else v, raw="x")
            for n, v in cts.items()
        ]
        return evaluate_well(rule, rows).outcome

    inside, outside = at(limit - STEP), at(limit + STEP)
    assert inside is not outside
    assert at(limit) is (inside if inclusive else outside)


# --- every mixture of cohorts -------------------------------------------------------------------

OWN = {"recovered": 35.0, "hospital": 38.0, "port": 42.0}
MIXED = msgspec.structs.replace(GENERAL, cohort_cutoffs=OWN)
COHORTS = ("general", "recovered", "hospital", "port", "school", "close_contact")
MIXTURES = [m for n in range(len(COHORTS) + 1) for m in itertools.combinations(COHORTS, n)]
CTS = (30.0, 34.99, 35.0, 37.99, 38.0, 39.99, 40.0, 41.99, 42.0, 43.0)


def limit_of(mixture: tuple[str, ...], pooled: bool) -> float:
    """Written out: in a pool 42 with somebody of a port, else 40, whoever else is in it; alone the
    person's own cohort, the stricter of several, and 40 for everybody without one."""
    if "port" in mixture:
        return 42.0
    if pooled:
        return 40.0
    if "hospital" in mixture:
        return 38.0
    return 35.0 if "recovered" in mixture else 40.0


def outcome_at(rule: RuleSet, ct: float, pooled: bool, mixture: tuple[str, ...]) -> Outcome:
    cts: Mapping[str, float] = {"ORF1ab": ct, "N": ct, "IC": 27.0}
    rows = [WellReading(well="A1", target=n, ct=v, raw=str(v)) for n, v in cts.items()]
    return evaluate_well(rule, rows, pooled=pooled, cohort=mixture).outcome


@pytest.mark.parametrize("pooled", [True, False], ids=["pooled", "single"])
def test_every_mixture_of_cohorts_is_judged_by_the_strictest_limit(pooled: bool) -> None:
    assert len(MIXTURES) == 64
    for mixture, ct in itertools.product(MIXTURES, CTS):
        expected = POS if ct < limit_of(mixture, pooled) else NEG
        assert outcome_at(MIXED, ct, pooled, mixture) is expected, (mixture, ct)


def test_the_shipped_general_rule_keeps_40_in_every_pool_and_35_for_one_recovered_person() -> None:
    for mixture, ct in itertools.product(MIXTURES, CTS):
        assert outcome_at(GENERAL, ct, True, mixture) is (POS if ct < 40 else NEG)
        alone = 35 if "recovered" in mixture else 40
        assert outcome_at(GENERAL, ct, False, mixture) is (POS if ct < alone else NEG)


@pytest.mark.parametrize("rule", [CDC, BGI], ids=lambda r: r.name)
def test_a_kit_without_cohort_limits_is_the_same_for_everybody(rule: RuleSet) -> None:
    for mixture, ct, pooled in itertools.product(MIXTURES, CTS, (True, False)):
        rows = [
            WellReading(well="A1", target=t.name, ct=ct if t in rule.targets else 27.0, raw="x")
            for t in rule.every_target
        ]
        assert (
            evaluate_well(rule, rows, pooled=pooled, cohort=mixture).outcome
            is evaluate_well(rule, rows).outcome
        )


def test_a_grey_zone_stays_in_every_pool_and_goes_with_a_person_s_own_limit() -> None:
    grey = msgspec.structs.replace(
        MIXED,
        targets=[
            TargetRule(name=n, positive_below=37, grey_below=40) for n in ("ORF1ab", "N")
        ],
    )  # fmt: skip
    for mixture, ct in itertools.product(MIXTURES, CTS):
        pool = outcome_at(grey, ct, True, mixture)
        top = max([37.0, *(OWN[c] for c in mixture if c in OWN)])
        assert pool is (POS if ct < top else INC if ct < 40 else NEG), (mixture, ct)
        alone = outcome_at(grey, ct, False, mixture)
        if mixture == ("recovered",):
            assert alone is (POS if ct < 35 else NEG)
        if pool is NEG:
            assert alone is NEG, "nobody alone is judged more strictly than in a pool"


# --- the page that documents them ----------------------------------------------------------------


def test_the_documented_numbers_are_those_of_the_sets() -> None:
    page = (Path(__file__).parents[2] / "docs/interpretation.md").read_text("utf-8")
    lines = {name: ln for name in DEFAULTS for ln in page.splitlines() if f"| `{name}` |" in ln}
    for name, rule in DEFAULTS.items():
        numbers = set(re.findall(r"(?:<|≤|below|>) (\d+)", lines[name]))
        said = {f"{t.positive_below:g}" for t in rule.every_target}
        said |= {f"{rule.controls.positive_max_ct:g}"}
        assert said <= numbers, name
    assert f"limit {GENERAL.cohort_cutoffs['recovered']:g}" in page
    assert f"in a line ({GENERAL.patterns.adjacent})" in page
    for limit in (dry_run.DAYS, dry_run.MOST_DAYS, dry_run.MOST_RUNS):
        assert f"{limit.value}" in page
