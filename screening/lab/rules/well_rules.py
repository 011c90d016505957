"""One specimen's readings to its call, pure; doubt is never a negative."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

import msgspec

from screening.lab.readers.run import WellReading
from screening.lab.rules.instrument_words import Said, said, unlike
from screening.lab.rules.rule_sets import RuleSet, TargetRule

# the instrument's own call and ours are not the same: a named person decides before a release
DIFFERS = frozenset(
    ("instrument_positive", "instrument_negative", "instrument_doubt", "well_positive")
)


class Outcome(IntEnum):
    """What a well says of its tube. INCONCLUSIVE: rerun, then sample the persons again, single."""

    NEGATIVE = 1
    POSITIVE = 2
    INCONCLUSIVE = 3
    INVALID = 4


# a negative that rests on one person's looser limit, and on that person being alone in the tube
LOOSENED = "cohort_limit"


def is_alert(outcome: Outcome) -> bool:
    """Positive and inconclusive calls raise the alert at import, before any release."""
    return outcome in (Outcome.POSITIVE, Outcome.INCONCLUSIVE)


class Reason(msgspec.Struct, frozen=True):
    """Why a call is what it is; `code` is explained in lab.words."""

    code: str
    target: str = ""
    ct: float | None = None


class WellCall(msgspec.Struct, frozen=True):
    """`cts`: target of the rule set → Ct as read (None: nothing detected or nothing measured)."""

    outcome: Outcome
    reasons: list[Reason] = []
    cts: dict[str, float | None] = {}

    @property
    def differs(self) -> bool:
        """Whether the instrument said something else of this specimen than we do."""
        return any(r.code in DIFFERS for r in self.reasons)


class _Seen(msgspec.Struct, frozen=True):
    """What one target shows: positive, grey, disputed, impossible, missing or negative."""

    state: str
    reason: Reason | None = None
    ct: float | None = None


# from the strongest claim on our attention to the weakest
_ORDER = ("positive", "grey", "disputed", "impossible", "missing", "negative")


def evaluate_well(
    rule: RuleSet,
    readings: Sequence[WellReading],
    *,
    pooled: bool = True,
    cohort: str | Iterable[str] | None = None,
) -> WellCall:
    """The call of one specimen from its readings (all wells of it, for uniplex kits).

    A pooled tube is judged by the strictest limit among the general one and its members'.
    """
    seen = {
        t.name: _target(rule, t, readings, _limits(rule, t, pooled, cohort)) for t in rule.targets
    }
    control = _control(rule, readings)
    stray = [_stray(r) for r in readings if _unknown(rule, r)]
    found = Counter(s.state for s in seen.values())
    outcome = _outcome(rule, found, control.state == "positive")
    outcome = _with_strays(outcome, stray)
    reasons = [s.reason for s in seen.values() if s.reason] + stray
    if 0 < found["positive"] < rule.enough:
        reasons += [
            Reason("single_target", n, s.ct) for n, s in seen.items() if s.state == "positive"
        ]
    if control.reason:
        reasons.append(control.reason)
    if outcome is Outcome.POSITIVE:
        reasons = [r for r in reasons if r.code != "well_positive"]  # that is what we say too
    reasons += _unlike(rule, readings, seen, control, outcome)
    cts = {name: s.ct for name, s in seen.items()}
    if rule.internal_control:
        cts[rule.internal_control.name] = control.ct
    return WellCall(outcome, reasons, cts)


def _outcome(rule: RuleSet, found: Counter[str], control_works: bool) -> Outcome:
    if found["positive"]:
        sure = found["positive"] >= rule.enough or rule.single_target == "positive"
        trusted = control_works or rule.control_lost == "positive"
        return Outcome.POSITIVE if sure and trusted else Outcome.INCONCLUSIVE
    if found["grey"] or found["disputed"]:
        return Outcome.INCONCLUSIVE
    if found["impossible"] or found["missing"] or not control_works:
        return Outcome.INVALID
    return Outcome.NEGATIVE


def _with_strays(outcome: Outcome, stray: list[Reason]) -> Outcome:
    """A signal the rule set has no name for spoils a negative; a whole well called positive by
    the instrument is at least a question."""
    codes = {r.code for r in stray}
    if outcome in (Outcome.INVALID, Outcome.NEGATIVE) and "well_positive" in codes:
        return Outcome.INCONCLUSIVE
    if outcome is Outcome.NEGATIVE and "unknown_target" in codes:
        return Outcome.INVALID
    return outcome


# what our states and outcomes come to in an instrument's words; a dispute is told already
_OURS: dict[str, Said] = {"positive": "positive", "grey": "doubt", "negative": "negative"}
_WHOLE: dict[Outcome, Said] = {Outcome.NEGATIVE: "negative", Outcome.POSITIVE: "positive"}


def _unlike(
    rule: RuleSet,
    readings: Sequence[WellReading],
    seen: Mapping[str, _Seen],
    control: _Seen,
    outcome: Outcome,
) -> list[Reason]:
    """Where the instrument's own calls are not ours. An invalid specimen is no result to differ
    from; only that an instrument saw something in it counts, and that is told by its targets."""
    if outcome is Outcome.INVALID:
        return []
    found = []
    for target in rule.every_target:
        s = seen.get(target.name, control)
        words = [
            w for r in readings if target.answers_to(r.target or r.dye) and (w := said(r.call))
        ]
        if s.state in _OURS and (code := unlike(_OURS[s.state], words)):
            found.append(Reason(code, target.name, s.ct))
    whole = [w for r in readings if not (r.target or r.dye) and (w := said(r.call))]
    ours = _WHOLE.get(outcome, "doubt")
    if code := unlike(ours, [w for w in whole if w != "positive"]):  # `well_positive` tells those
        found.append(Reason(code))
    return found


def _limits(
    rule: RuleSet, target: TargetRule, pooled: bool, cohort: str | Iterable[str] | None
) -> tuple[float, float | None, bool]:
    """(positive below, grey below, loosened for a cohort)."""
    cohorts = [cohort] if isinstance(cohort, str) else list(cohort or ())
    own = [rule.cohort_cutoffs[c] for c in cohorts if c in rule.cohort_cutoffs]
    general, grey = target.positive_below, target.grey_below
    if not own:
        return general, grey, False
    limit = max([general, *own]) if pooled else max(own)
    if limit < general:
        return limit, None, True  # one number for that cohort; its grey zone goes with the rest
    return limit, grey if grey is not None and grey > limit else None, False


def _target(
    rule: RuleSet,
    target: TargetRule,
    readings: Sequence[WellReading],
    limits: tuple[float, float | None, bool],
) -> _Seen:
    """The strongest of the target's readings; none at all is missing."""
    seen = [_one(rule, target, r, limits) for r in readings if target.answers_to(r.target or r.dye)]
    if not seen:
        return _Seen("missing", Reason("missing_target", target.name))
    return min(seen, key=lambda s: _ORDER.index(s.state))


def _one(
    rule: RuleSet, target: TargetRule, r: WellReading, limits: tuple[float, float | None, bool]
) -> _Seen:
    name, (positive, grey, loosened) = target.name, limits
    if (unusable := _unusable(rule, name, r)) is not None:
        return unusable
    if r.ct is None or r.ct > rule.max_ct:
        return _none_found(name, r)
    if target.is_below(r.ct, positive):
        return _Seen("positive", None, r.ct)
    if grey is not None and target.is_below(r.ct, grey):
        return _Seen("grey", Reason("grey", name, r.ct), r.ct)
    if loosened and target.is_below(r.ct, target.positive_below):
        return _Seen("negative", Reason(LOOSENED, name, r.ct), r.ct)
    if _called_positive(r):
        return _Seen("disputed", Reason("instrument_positive", name, r.ct), r.ct)
    return _Seen("negative", Reason("late", name, r.ct), r.ct)


def _unusable(rule: RuleSet, name: str, r: WellReading) -> _Seen | None:
    """Readings that are neither a signal nor its absence."""
    impossible = r.ct is not None and (
        r.ct <= 0 or (r.ct > rule.max_ct and rule.beyond_max == "hold")
    )
    if r.measured and not r.omitted and not impossible:
        return None
    if _called_positive(r):
        return _Seen("disputed", Reason("instrument_positive", name, r.ct), r.ct)
    if impossible:
        return _Seen("impossible", Reason("impossible_ct", name, r.ct), r.ct)
    return _Seen("missing", Reason("omitted" if r.omitted else "no_value", name, r.ct), r.ct)


def _none_found(name: str, r: WellReading) -> _Seen:
    if _called_positive(r):
        return _Seen("disputed", Reason("instrument_positive", name, r.ct), r.ct)
    return _Seen("negative", Reason("beyond_max", name, r.ct) if r.ct else None, r.ct)


def _control(rule: RuleSet, readings: Sequence[WellReading]) -> _Seen:
    """The internal control; 'positive' when it worked or the kit has none."""
    control = rule.internal_control
    if control is None:
        return _Seen("positive")
    seen = _target(rule, control, readings, (control.positive_below, None, False))
    if seen.state == "positive":
        return seen
    code = {"impossible": "impossible_ct", "missing": "control_unread"}.get(
        seen.state, "control_lost"
    )
    return _Seen(seen.state, Reason(code, control.name, seen.ct), seen.ct)


def _stray(r: WellReading) -> Reason:
    name = r.target or r.dye or ""
    if not name and _called_positive(r):
        return Reason("well_positive", "", r.ct)
    signal = r.ct is not None or _called_positive(r)
    return Reason("unknown_target" if signal else "unknown_silent", name, r.ct)


def _unknown(rule: RuleSet, r: WellReading) -> bool:
    return not any(t.answers_to(r.target or r.dye) for t in rule.every_target)


def _called_positive(r: WellReading) -> bool:
    return said(r.call) == "positive"
