"""A run file against its plate, pure: differences, or controls and calls, and who must be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from screening.lab.judgement.plate_rules import (
    ControlFault,
    Hint,
    RuleSet,
    evaluate_plate,
    evaluate_well,
)
from screening.lab.plates.layout import Size
from screening.lab.plates.plan_rules import Difference, Mismatch, Plan
from screening.lab.readers.run import WellReading
from screening.lab.rules.well_rules import Outcome, WellCall, is_alert

# what cyclers write where nobody gave the plate a number
STRANGE = "…"  # a sample name that is no number of ours
NO_CODE = frozenset(("", "na", "n/a", "none", "-", "null", "unknown"))


class Judgement(msgspec.Struct, frozen=True):
    """`calls` by barcode, with the tube's first well; `signals` who is positive or inconclusive.

    With `differences` nothing of the file is used, and `signals` holds what it says of tubes that
    it names itself. With `faults` the plate is invalid and signals are provisional."""

    differences: list[Difference]
    faults: list[ControlFault]
    calls: dict[str, tuple[str, WellCall]]
    signals: dict[str, Outcome]
    hints: list[Hint]

    @property
    def state(self) -> str:
        """What the run becomes when it is confirmed."""
        if self.differences:
            return "quarantined"
        return "invalid" if self.faults else "evaluated"

    @property
    def counts(self) -> dict[str, int]:
        """How many tubes of each outcome, by its number as text (the form that JSON keeps)."""
        found = Counter(int(call.outcome) for _, call in self.calls.values())
        return {str(k): n for k, n in sorted(found.items())}

    def verdict(self) -> dict[str, Any]:
        """As plain values, to be kept with the run."""
        return {
            "differences": msgspec.to_builtins(self.differences),
            "faults": msgspec.to_builtins(self.faults),
            "hints": msgspec.to_builtins(self.hints),
            "counts": self.counts,
            "tubes": len(self.calls),
            "signals": {b: int(o) for b, o in self.signals.items()},
        }


def judge(
    rule: RuleSet,
    wells: Plan,
    readings: Sequence[WellReading],
    *,
    size: Size,
    code: str,
    said: str | None,
) -> Judgement:
    """`code` is the plate's own number, `said` the one that the file carries, if any."""
    other = [] if same_plate(code, said) else [Difference("other_plate", "", code, said)]
    try:
        made = evaluate_plate(rule, wells, readings, size=size)
    except Mismatch as mismatch:
        found = msgspec.convert(mismatch.details["differences"], list[Difference])
        return Judgement(other + found, [], {}, named_signals(rule, readings), [])
    if other:
        return Judgement(other, [], {}, named_signals(rule, readings), [])
    calls: dict[str, tuple[str, WellCall]] = {}
    for well, call in made.calls.items():
        barcode = wells[well].barcode
        if barcode is not None and barcode not in calls:
            calls[barcode] = (well, call)
    signals = {b: call.outcome for b, (_, call) in calls.items() if is_alert(call.outcome)}
    return Judgement([], list(made.faults), calls, signals, made.hints)


def same_plate(code: str, said: str | None) -> bool:
    """Whether the file's plate number, where it has one, is this plate's."""
    text = (said or "").strip().casefold()
    return text in NO_CODE or text == code.casefold()


def named_signals(rule: RuleSet, readings: Sequence[WellReading]) -> dict[str, Outcome]:
    """Sample names whose readings are positive or inconclusive by themselves, strictest limits.

    Which of them are tubes of ours the caller knows."""
    by_name: dict[str, list[WellReading]] = {}
    for r in readings:
        if r.sample:
            by_name.setdefault(r.sample, []).append(r)
    called = {name: evaluate_well(rule, rows).outcome for name, rows in by_name.items()}
    return {name: outcome for name, outcome in called.items() if is_alert(outcome)}


def speaks_of_unnamed(
    rule: RuleSet, readings: Sequence[WellReading], ours: Collection[str]
) -> bool:
    """A signal in a well whose sample is no tube of `ours`: it may be anybody's. Positive controls
    signal too; a second look at a file costs less than one that is lost."""
    unnamed = [
        msgspec.structs.replace(r, sample=r.well)
        for r in readings
        if r.sample is None or r.sample not in ours
    ]
    return bool(named_signals(rule, unnamed))


def keep_only(readings: Sequence[WellReading], ours: Mapping[str, str]) -> list[WellReading]:
    """Readings without sample names that are not tube numbers: some laboratories write persons'
    names there. `ours`: sample as written → tube number. A strange name stays strange ("…")."""
    return [
        r
        if r.sample is None or ours.get(r.sample) == r.sample
        else msgspec.structs.replace(r, sample=ours.get(r.sample, STRANGE))
        for r in readings
    ]
