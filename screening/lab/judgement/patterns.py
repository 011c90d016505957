"""Patterns on a plate that look like contamination; a person decides, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from screening.lab.plates import layout
from screening.lab.plates.layout import Size
from screening.lab.rules.rule_sets import PatternRule
from screening.lab.rules.well_rules import WellCall, is_alert

DEFAULT = PatternRule()


class Hint(msgspec.Struct, frozen=True):
    """A pattern that looks like contamination; a person decides, nothing is changed."""

    code: str
    wells: list[str]


def hints(
    calls: Mapping[str, WellCall],
    *,
    targets: Iterable[str] | None = None,
    size: Size = 96,
    rule: PatternRule = DEFAULT,
    controls: Mapping[str, WellCall] | None = None,
) -> list[Hint]:
    """Lines of adjacent signals, and hot wells with late neighbours.

    `targets`: the names whose Ct counts (without the internal control); None: all. `controls`:
    the positive controls, which splash like any other well.
    """
    named = None if targets is None else set(targets)
    tubes = _earliest({w: c for w, c in calls.items() if is_alert(c.outcome)}, named)
    hot = {**_earliest(controls or {}, named), **tubes}
    lines = adjacent_positive_runs(calls, size=size, run=rule.adjacent)
    return [Hint("adjacent_run", r) for r in lines] + [
        Hint("hot_well", [w, *late]) for w, late in _splashes(hot, tubes, size, rule.splash_cycles)
    ]


def adjacent_positive_runs(
    calls: Mapping[str, WellCall], *, size: Size = 96, run: int = DEFAULT.adjacent
) -> list[list[str]]:
    """Unbroken lines of positive or inconclusive wells along a row or a column."""
    return layout.runs((w for w, c in calls.items() if is_alert(c.outcome)), size, at_least=run)


def _splashes(
    hot: Mapping[str, float], tubes: Mapping[str, float], size: Size, splash: float
) -> Iterator[tuple[str, list[str]]]:
    for well, ct in hot.items():
        near = [w for w in layout.neighbours(well, size) if w in tubes]
        if late := [w for w in near if tubes[w] - ct >= splash]:
            yield well, late


def _earliest(calls: Mapping[str, WellCall], targets: set[str] | None) -> dict[str, float]:
    """Well → Ct of its strongest target."""
    found = {}
    for well, call in calls.items():
        cts = [
            ct
            for name, ct in call.cts.items()
            if ct is not None and ct > 0 and (targets is None or name in targets)
        ]
        if cts:
            found[well] = min(cts)
    return found
