"""Plan and readings to the verdict on a plate, pure: differences, controls, alerts, patterns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from screening.lab.judgement.patterns import Hint, adjacent_positive_runs, hints
from screening.lab.plates import layout
from screening.lab.plates.layout import Size
from screening.lab.plates.plan_rules import Difference, Mismatch, Plan, PlanWell, compare
from screening.lab.readers.run import WellReading
from screening.lab.rules.rule_sets import (
    DEFAULTS,
    BadRuleSet,
    ControlRule,
    RuleSet,
    TargetRule,
    from_dict,
    to_dict,
)
from screening.lab.rules.well_rules import Outcome, Reason, WellCall, evaluate_well, is_alert

__all__ = [
    "DEFAULTS", "BadRuleSet", "ControlFault", "ControlRule", "Difference", "Hint", "Mismatch",
    "Outcome", "PlanWell", "PlateCall", "Reason", "RuleSet", "TargetRule", "WellCall",
    "adjacent_positive_runs", "check_controls", "compare", "evaluate_plate", "evaluate_well",
    "from_dict", "hints", "is_alert", "to_dict",
]  # fmt: skip


class ControlFault(msgspec.Struct, frozen=True):
    code: str
    well: str = ""
    target: str = ""
    ct: float | None = None
    looks_like: list[str] = []


class PlateCall(msgspec.Struct, frozen=True):
    """The verdict on a plate. Not `valid`: no result of it may go out, alerts are provisional."""

    valid: bool
    faults: list[ControlFault]
    calls: dict[str, WellCall]
    alerts: list[str]
    hints: list[Hint] = []


# --- controls -----------------------------------------------------------------------------------


def check_controls(
    rule: RuleSet, wells: Plan, readings: Sequence[WellReading]
) -> list[ControlFault]:
    """Every control of the plate that is missing or does not show what it must."""
    return _control_faults(rule, _specimens(rule, wells, readings))


class _Specimen(msgspec.Struct, frozen=True):
    """What is judged together: one well, or for uniplex kits all wells of one barcode."""

    plan: PlanWell
    wells: list[str]
    readings: list[WellReading]
    call: WellCall


def _specimens(rule: RuleSet, wells: Plan, readings: Sequence[WellReading]) -> list[_Specimen]:
    by_well: dict[str, list[WellReading]] = {}
    for r in readings:
        by_well.setdefault(r.well, []).append(r)
    groups: dict[tuple[str, str], list[str]] = {}
    for well, plan in wells.items():
        together = plan.barcode if rule.uniplex and plan.barcode else well
        groups.setdefault((plan.kind, together), []).append(well)
    made = []
    for names in groups.values():
        plan, rows = wells[names[0]], [r for w in names for r in by_well.get(w, [])]
        call = evaluate_well(rule, rows, pooled=plan.pooled, cohort=plan.cohort)
        made.append(_Specimen(plan, names, rows, call))
    return made


def _control_faults(rule: RuleSet, specimens: list[_Specimen]) -> list[ControlFault]:
    negatives = [s for s in specimens if s.plan.kind == "ntc"]
    blanks = [s for s in specimens if s.plan.kind == "blank" and s.readings]
    positives = [s for s in specimens if s.plan.kind == "pc"]
    marks = [s for s in specimens if s.plan.kind == "mark"]
    faults = []
    if len(negatives) < rule.controls.negatives:
        faults.append(ControlFault("too_few_negatives"))
    if len(positives) < rule.controls.positives:
        faults.append(ControlFault("too_few_positives"))
    faults += [f for s in negatives + blanks for f in _signals(rule, s)]
    faults += [f for s in negatives for f in _negative_control(rule, s)]
    faults += [f for s in marks for f in _mark(rule, s)]
    return faults + _positive_controls(rule, positives)


def _signals(rule: RuleSet, s: _Specimen) -> Iterator[ControlFault]:
    """Anything that amplified where nothing may."""
    names = [t.name for t in rule.targets]
    for name in names:
        ct = s.call.cts.get(name)
        if ct is not None and _dirty(rule, ct):
            yield ControlFault("negative_amplified", s.wells[0], name, ct)
    for reason in s.call.reasons:
        if reason.code in ("unknown_target", "instrument_positive", "well_positive"):
            yield ControlFault("negative_amplified", s.wells[0], reason.target, reason.ct)


def _dirty(rule: RuleSet, ct: float) -> bool:
    if ct > rule.max_ct and rule.beyond_max == "not_detected":
        return False
    limit = rule.controls.clean_from
    return limit is None or not limit <= ct <= rule.max_ct


def _negative_control(rule: RuleSet, s: _Specimen) -> Iterator[ControlFault]:
    for reason in s.call.reasons:
        if reason.code in ("missing_target", "no_value", "omitted"):
            yield ControlFault("control_unread", s.wells[0], reason.target)
    control, wanted = rule.internal_control, rule.controls.ic_in_negative
    if control is None or wanted == "ignored":
        return
    ct = s.call.cts.get(control.name)
    lost = {r.code for r in s.call.reasons if r.target == control.name}
    if wanted == "required" and lost:
        yield ControlFault("internal_control_lost", s.wells[0], control.name, ct)
    if wanted == "absent" and ct is not None and _dirty(rule, ct):
        yield ControlFault("negative_amplified", s.wells[0], control.name, ct)


def _mark(rule: RuleSet, s: _Specimen) -> Iterator[ControlFault]:
    """An empty well that shows anything, the internal control too, is another well."""
    for target in rule.every_target:
        ct = s.call.cts.get(target.name)
        if ct is not None and _dirty(rule, ct):
            yield ControlFault("mark_amplified", s.wells[0], target.name, ct)
            return


def _positive_controls(rule: RuleSet, positives: list[_Specimen]) -> list[ControlFault]:
    faults = [_positive_control(rule, s) for s in positives]
    failed = [f for f in faults if f is not None]
    if rule.controls.positive_wells == "one" and len(failed) < len(positives):
        return []
    return failed


def _positive_control(rule: RuleSet, s: _Specimen) -> ControlFault | None:
    limit = rule.controls.positive_max_ct
    cts = {t.name: s.call.cts.get(t.name) for t in rule.targets}
    bad = {n: ct for n, ct in cts.items() if ct is None or not 0 < ct <= limit}
    if not bad or (rule.controls.positive_needs == "any" and len(bad) < len(cts)):
        return None
    name, ct = next(iter(bad.items()))
    return ControlFault("positive_late" if ct else "positive_missing", s.wells[0], name, ct)


# --- the plate ----------------------------------------------------------------------------------


def evaluate_plate(
    rule: RuleSet, wells: Plan, readings: Sequence[WellReading], *, size: Size = 96
) -> PlateCall:
    """The verdict on a plate. Raises Mismatch with every difference between file and plan.

    A failed control makes the whole plate invalid, its positives too; `alerts` still names every
    tube's well that is positive or inconclusive, so that people are told before a rerun.
    """
    if different := compare(rule, wells, readings, size=size):
        raise Mismatch(
            count=len(different), differences=[msgspec.to_builtins(d) for d in different]
        )
    specimens = _specimens(rule, wells, readings)
    faults = _control_faults(rule, specimens)
    if not rule.uniplex:
        faults += _map_faults(rule, wells, specimens, size)
    calls = {w: s.call for s in specimens if s.plan.kind == "tube" for w in s.wells}
    alerts = [w for w in layout.wells_by_row(size) if w in calls and is_alert(calls[w].outcome)]
    positives = {w: s.call for s in specimens if s.plan.kind == "pc" for w in s.wells}
    names = [t.name for t in rule.targets]
    patterns = hints(calls, targets=names, size=size, rule=rule.patterns, controls=positives)
    return PlateCall(not faults, faults, calls, alerts, patterns)


def _map_faults(
    rule: RuleSet, wells: Plan, specimens: list[_Specimen], size: Size
) -> Iterator[ControlFault]:
    """Controls that would all be right if the plate had been turned or shifted."""
    controls = {w: p.kind for w, p in wells.items() if p.kind in ("ntc", "pc")}
    amplified = {s.wells[0]: _amplified(rule, s.call) for s in specimens}
    for fault in layout.check_map(controls, amplified, size):
        if fault.looks_like:
            yield ControlFault("plate_moved", fault.well, looks_like=fault.looks_like)
    if any(p.kind == "mark" for p in wells.values()):
        kinds: dict[str, str] = {w: p.kind for w, p in wells.items() if p.kind != "blank"}
        shows = {s.wells[0]: _shows(rule, s.call) for s in specimens}
        for a, b in layout.swapped_columns(kinds, shows, size):
            yield ControlFault("columns_swapped", looks_like=[f"{a} ↔ {b}"])


def _shows(rule: RuleSet, call: WellCall) -> str:
    control = rule.internal_control
    if _amplified(rule, call):
        return "target"
    ct = call.cts.get(control.name) if control else None
    return "control" if ct is not None and 0 < ct <= rule.max_ct else "nothing"


def _amplified(rule: RuleSet, call: WellCall) -> bool:
    cts = [call.cts.get(t.name) for t in rule.targets]
    return any(
        ct is not None and 0 < ct < t.positive_below
        for ct, t in zip(cts, rule.targets, strict=True)
    )
