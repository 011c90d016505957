"""The instrument's own calls beside ours: kept, compared, never believed, never in silence."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from screening.lab import words
from screening.lab.readers import WellReading, read_run
from screening.lab.rules.instrument_words import said
from screening.lab.rules.rule_sets import BGI, CDC, DEFAULTS, GENERAL
from screening.lab.rules.well_rules import DIFFERS, Outcome, WellCall, evaluate_well, is_alert

NEG, POS, INC, INV = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INCONCLUSIVE, Outcome.INVALID
OPEN = Path(__file__).parents[3] / "shared/data/pcr/open"


def reading(target: str | None, ct: float | None, call: str | None) -> WellReading:
    raw = "Undetermined" if ct is None else str(ct)
    return WellReading(well="A1", target=target, ct=ct, raw=raw, call=call)


def judged(orf, n, ic=(27.0, None), whole: str | None = None, **kw) -> WellCall:
    rows = [reading("ORF1ab", *orf), reading("N", *n), reading("IC", *ic)]
    if whole is not None:
        rows.append(reading(None, None, whole))
    return evaluate_well(GENERAL, rows, **kw)


def told(made: WellCall) -> list[tuple[str, str]]:
    return [(r.code, r.target) for r in made.reasons if r.code in DIFFERS]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("POSITIVE", "positive"), ("pdcPositive", "positive"), ("Pos", "positive"), ("+", "positive"),
        ("阳性", "positive"), ("Detected", "positive"), ("Amp", "positive"),
        ("NEGATIVE", "negative"), ("NEG", "negative"), ("Not Detected", "negative"),
        ("No Amp", "negative"), ("阴性", "negative"), ("Undetermined", "negative"),
        ("INVALID", "doubt"), ("WARNING", "doubt"), ("复检", "doubt"), ("INCONCLUSIVE", "doubt"),
        ("", None), (None, None), ("N/A", None), ("-", None), ("No Call", None), ("12.5", None),
    ],
)  # fmt: skip
def test_what_an_instrument_says(text, means) -> None:
    assert said(text) == means


SEEN = {"early": (30.0, "positive"), "late": (41.0, "negative"), "none": (None, "negative")}
CALLED = {"POSITIVE": "positive", "NEGATIVE": "negative", "INVALID": "doubt", None: None}


def test_over_all_pairs_a_call_that_is_not_ours_is_told_and_one_that_is_ours_is_not() -> None:
    for orf, n, of_orf, of_n in itertools.product(SEEN, SEEN, CALLED, CALLED):
        made = judged((SEEN[orf][0], of_orf), (SEEN[n][0], of_n))
        for name, seen, called in (("ORF1ab", orf, of_orf), ("N", n, of_n)):
            other = CALLED[called] not in (None, SEEN[seen][1])
            assert (name in {t for _, t in told(made)}) == other, (orf, n, of_orf, of_n)
        plain = judged((SEEN[orf][0], None), (SEEN[n][0], None)).outcome
        hidden = [
            c == "POSITIVE" and SEEN[s][1] != "positive" for s, c in ((orf, of_orf), (n, of_n))
        ]
        if plain is NEG:
            assert made.outcome is (INC if any(hidden) else NEG)
        else:
            assert made.outcome is plain, "an instrument's word takes nothing from our call"


@pytest.mark.parametrize(
    ("ct", "whole", "outcome", "differ"),
    [
        (None, "NEGATIVE", NEG, []),
        (None, None, NEG, []),
        (None, "POSITIVE", INC, [("well_positive", "")]),
        (None, "WARNING", NEG, [("instrument_doubt", "")]),
        (30.0, "POSITIVE", POS, []),
        (30.0, "NEGATIVE", POS, [("instrument_negative", "")]),
        (30.0, "INVALID", POS, [("instrument_doubt", "")]),
    ],
)
def test_a_call_of_the_whole_well_is_compared_with_the_outcome(ct, whole, outcome, differ) -> None:
    made = judged((ct, None), (ct, None), whole=whole)
    assert (made.outcome, told(made)) == (outcome, differ)
    assert made.differs == bool(differ)


def test_an_impossible_ct_that_the_instrument_calls_positive_is_a_question_with_an_alert() -> None:
    for ct in (-1.0, 0.0, 99.0):
        made = judged((ct, "POSITIVE"), (None, "NEGATIVE"))
        assert is_alert(made.outcome)
        assert made.differs


def test_the_limit_of_a_cohort_stands_but_the_instrument_s_positive_waits_for_a_person() -> None:
    made = judged((36.0, "POSITIVE"), (36.0, "POSITIVE"), pooled=False, cohort="recovered")
    assert (made.outcome, made.differs) == (NEG, True)
    alike = judged((36.0, None), (36.0, None), pooled=False, cohort="recovered")
    assert (alike.outcome, alike.differs) == (NEG, False)


def test_grey_agrees_with_an_instrument_that_is_in_doubt_and_with_no_other() -> None:
    for call, differs in (("INCONCLUSIVE", False), ("POSITIVE", True), ("NEGATIVE", True)):
        rows = [reading("FAM", 36.0, call), reading("VIC", 27.0, None)]
        made = evaluate_well(BGI, rows)
        assert (made.outcome, made.differs) == (INC, differs)


def test_an_internal_control_called_otherwise_is_told() -> None:
    made = judged((None, None), (None, None), ic=(27.0, "NEGATIVE"))
    assert (made.outcome, told(made)) == (NEG, [("instrument_negative", "IC")])


@pytest.mark.parametrize("rule", DEFAULTS.values(), ids=lambda r: r.name)
def test_no_word_of_an_instrument_ever_makes_a_negative(rule) -> None:
    names = [t.name for t in rule.every_target]
    for cts in itertools.product([20.0, 36.0, 45.0, 99.0, None], repeat=len(names)):
        plain = evaluate_well(
            rule, [reading(n, ct, None) for n, ct in zip(names, cts, strict=True)]
        )
        if plain.outcome is NEG:
            continue
        for word in ("NEGATIVE", "INVALID", "POSITIVE", "anything"):
            rows = [reading(n, ct, word) for n, ct in zip(names, cts, strict=True)]
            made = evaluate_well(rule, [*rows, reading(None, None, word)])
            assert made.outcome is not NEG
            assert is_alert(made.outcome) or not is_alert(plain.outcome)


def test_every_difference_has_words() -> None:
    assert words.REASONS.keys() >= DIFFERS


@pytest.mark.skipif(
    not OPEN.exists(), reason="the open instrument files (../shared/data/pcr) are not here"
)
def test_real_files_that_carry_calls_are_compared_by_them() -> None:
    """A LightCycler with 90 wells called positive and 6 negative, judged by a rule of one target."""
    rows = read_run((OPEN / "roche_lc480__raw_data_lightcycler1.txt").read_bytes()).rows
    assert {said(r.call) for r in rows} == {"positive", "negative"}
    named = [WellReading(well=r.well, target="N1", ct=r.ct, raw=r.raw, call=r.call) for r in rows]
    for r in named:
        made = evaluate_well(CDC, [r])
        ours = "positive" if r.ct is not None and r.ct < 40 else "negative"
        if made.outcome is not INV:
            assert made.differs == (said(r.call) != ours)
