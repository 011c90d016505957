"""Interpretation rules as data: kit and cohort to cut-offs, with three documented defaults."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import msgspec

from screening.errors import Problem
from screening.lab.readers.columns import key


class BadRuleSet(Problem):
    status = 422
    code = "bad_rule_set"
    zh = "判读规则有误：{why}"
    en = "The rule set is not right: {why}"


# a plate asks thousands of times for the same few words
_plain = lru_cache(maxsize=1024)(key)


@lru_cache(maxsize=256)
def _known(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_plain(n) for n in names) - {""}


class TargetRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One target, found by name or alias, else by dye. Limits are in cycles (Ct).

    A Ct below `positive_below` is a signal; from there to `grey_below` it is grey; with
    `inclusive` a Ct equal to a limit still counts as below it. For the internal control
    `positive_below` is the latest Ct at which it has worked.
    """

    name: str
    positive_below: float
    grey_below: float | None = None
    inclusive: bool = False
    dye: str | None = None
    aliases: list[str] = []

    def answers_to(self, word: str | None) -> bool:
        """By name or alias; some laboratories name their targets by channel."""
        return _plain(word or "") in self.words

    @property
    def words(self) -> frozenset[str]:
        return _known((self.name, *self.aliases, self.dye or ""))

    def is_below(self, ct: float, limit: float) -> bool:
        return ct <= limit if self.inclusive else ct < limit


class ControlRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the control wells of a plate must show before any result of it may go out.

    A negative control is clean when no target shows below `clean_from` (None: no signal at all).
    A positive control works when `positive_needs` of its targets come at `positive_max_ct` or
    before; `positive_wells` says whether each or one of several must.
    """

    positive_max_ct: float
    positive_needs: Literal["all", "any"] = "all"
    positive_wells: Literal["each", "one"] = "each"
    clean_from: float | None = None
    ic_in_negative: Literal["required", "absent", "ignored"] = "required"
    negatives: int = 1
    positives: int = 1


class PatternRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What on a plate looks like contamination, for a person to judge.

    `adjacent`: so many neighbouring signals in a line (domain.md 9, case 44; our default).
    `splash_cycles`: a signal beside a well or positive control so much earlier may be its splash
    (2^8 = 1/256; derived)."""

    adjacent: int = 3
    splash_cycles: float = 8.0


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A versioned rule set; `source` says where its numbers come from.

    `cohort_cutoffs`: cohort → its own `positive_below` for every target; a looser one holds only
    for a single tube of that person. `control_lost`: what becomes of a positive whose internal
    control failed. `beyond_max`: a Ct above `max_ct` is impossible; 'hold' never reads it as
    anything, 'not_detected' follows laboratories whose software writes such numbers for nothing.
    `uniplex`: each target has its own well, a specimen is all wells of its barcode.
    """

    name: str
    version: int
    kit: str
    targets: list[TargetRule]
    internal_control: TargetRule | None
    controls: ControlRule
    source: str
    cohort_cutoffs: dict[str, float] = {}
    single_target: Literal["inconclusive", "positive"] = "inconclusive"
    control_lost: Literal["positive", "inconclusive"] = "positive"
    max_ct: float = 50.0
    beyond_max: Literal["hold", "not_detected"] = "hold"
    uniplex: bool = False
    patterns: PatternRule = PatternRule()

    @property
    def every_target(self) -> list[TargetRule]:
        """The targets, and the internal control where the kit has one."""
        return [*self.targets, *([self.internal_control] if self.internal_control else [])]

    @property
    def enough(self) -> int:
        """How many targets make a positive: two, or the only one (domain.md 2.6, recalled)."""
        return min(2, len(self.targets))


def to_dict(rule: RuleSet) -> dict[str, Any]:
    """The rule set as plain JSON values, for storing a version."""
    return msgspec.to_builtins(rule)


def from_dict(body: dict[str, Any]) -> RuleSet:
    """The rule set that `to_dict` wrote. Raises BadRuleSet."""
    try:
        rule = msgspec.convert(body, RuleSet)
    except msgspec.ValidationError as why:
        raise BadRuleSet(why=str(why)) from why
    check(rule)
    return rule


def check(rule: RuleSet) -> None:
    """Raises BadRuleSet for a rule set that could not be meant."""
    limits = rule.every_target
    names = [t.name.casefold() for t in limits]
    clean = rule.controls.clean_from
    for bad, why in (
        (not _plain_words(rule), "名称、试剂盒、依据或靶标的文字 / words"),
        (not 0 < rule.max_ct <= MOST_CYCLES, "最大循环数 / cycles"),
        (not rule.targets, "没有靶标 / no target"),
        (len(set(names)) < len(names), "靶标重名 / a target twice"),
        (_shared_word(limits), "两个靶标用同一名称或通道 / two targets by one word"),
        (any(not 0 < t.positive_below <= rule.max_ct for t in limits), "Ct 界值 / Ct limit"),
        (any(t.grey_below is not None and not t.positive_below < t.grey_below <= rule.max_ct
             for t in limits), "灰区界值 / grey limit"),
        (any(not 0 < c <= rule.max_ct for c in rule.cohort_cutoffs.values()),
         "人群界值 / cohort limit"),
        (not (1 <= rule.controls.negatives <= MOST_CONTROLS
              and 1 <= rule.controls.positives <= MOST_CONTROLS), "对照 / controls"),
        (clean is not None and not 0 < clean <= rule.max_ct, "阴性对照界值 / negative control"),
        (not 0 < rule.controls.positive_max_ct <= rule.max_ct, "阳性对照界值 / positive control"),
        (not (2 <= rule.patterns.adjacent <= 24 and 0 < rule.patterns.splash_cycles <= rule.max_ct),
         "污染提示 / patterns"),
    ):  # fmt: skip
        if bad:
            raise BadRuleSet(why=why)


def _shared_word(targets: list[TargetRule]) -> bool:
    """Whether one reading would count for two targets, say an internal control for a gene."""
    words = [w for t in targets for w in t.words]
    return len(set(words)) < len(words)


MOST_CYCLES = 100.0  # house; no cycler runs more
MOST_CONTROLS = 24  # house; more would leave no plate for tubes
_LENGTHS = {"name": 60, "kit": 120, "source": 4_000}


def _plain_words(rule: RuleSet) -> bool:
    """Short enough for a page, and nothing in them that a database cannot keep."""
    words = [getattr(rule, field) for field in _LENGTHS]
    marks = [w for t in rule.every_target for w in (t.name, t.dye or "-", *t.aliases)]
    marks += list(rule.cohort_cutoffs)
    sizes = zip(words, _LENGTHS.values(), strict=True)
    fits = all(w.strip() and len(w) <= most for w, most in sizes)
    short = len(marks) <= 200 and all(w.strip() and len(w) <= 60 for w in marks)
    lines = rule.source.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    return fits and short and all(w.isprintable() for w in (rule.name, rule.kit, lines, *marks))


GENERAL = RuleSet(
    name="general-ct40",
    version=1,
    kit="ORF1ab/N + IC",
    targets=[
        TargetRule(name="ORF1ab", positive_below=40, dye="FAM", aliases=["ORF1a/b", "ORF"]),
        TargetRule(name="N", positive_below=40, dye="VIC", aliases=["N gene", "HEX", "NP"]),
    ],
    internal_control=TargetRule(
        name="IC", positive_below=40, dye="CY5", aliases=["内标", "RNase P", "RNP", "RP", "IPC"]
    ),
    cohort_cutoffs={"recovered": 35},
    controls=ControlRule(positive_max_ct=37, clean_from=40),
    source=(
        "domain.md 2.6: general public Ct 40; discharged within 3 months Ct >= 35 on both genes is "
        "the release criterion. Positive control limit and placing recalled, to be set by the kit."
    ),
)

CDC = RuleSet(
    name="cdc-n1-n2-rp",
    version=1,
    kit="CDC 2019-nCoV N1/N2/RP",
    targets=[
        TargetRule(name="N1", positive_below=40, aliases=["2019-nCoV_N1"]),
        TargetRule(name="N2", positive_below=40, aliases=["2019-nCoV_N2"]),
    ],
    internal_control=TargetRule(
        name="RP", positive_below=40, aliases=["RNase P", "RNaseP", "RPP30"]
    ),
    controls=ControlRule(positive_max_ct=40, clean_from=40, ic_in_negative="absent"),
    uniplex=True,
    source=(
        "CDC 2019-nCoV Real-Time RT-PCR Diagnostic Panel, instructions for use: a target is "
        "positive when its curve crosses the threshold within 40.00 cycles (< 40.00 Ct); both N "
        "targets: detected whatever RP shows; one: inconclusive; none: RP must be positive."
    ),
)

BGI = RuleSet(
    name="bgi-fam-vic",
    version=1,
    kit="ORF1ab (FAM) + internal control (VIC)",
    targets=[
        TargetRule(
            name="ORF1ab", positive_below=34, grey_below=50, inclusive=True, dye="FAM",
            aliases=["ORF1a/b", "ORF"],
        ),
    ],
    internal_control=TargetRule(
        name="IC", positive_below=32, inclusive=True, dye="VIC", aliases=["内标", "HEX"]
    ),
    controls=ControlRule(
        positive_max_ct=29, positive_wells="one", clean_from=38, ic_in_negative="ignored"
    ),
    control_lost="inconclusive",
    source=(
        "Default rules in public Huo-Yan laboratory code (data README 1): blank FAM < 38 is "
        "contamination; both positive controls FAM > 29 too high; FAM none and VIC <= 32 negative; "
        "FAM <= 34 and VIC <= 32 positive; FAM above 34 retest; VIC > 32 or none: internal control "
        "lost, retest; neither: invalid. Applies to kits of that layout only."
    ),
)  # fmt: skip

DEFAULTS = {rule.name: rule for rule in (GENERAL, CDC, BGI)}
