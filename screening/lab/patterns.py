"""Patterns on a plate that look like contamination; a person decides, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from screening.lab import layout
from screening.lab.layout import Size
from screening.lab.well_rules import WellCall, is_alert

# How many neighbouring signals in a line make a person look (domain.md 9, case 44; our default).
RUN_OF_NEIGHBOURS = 3
# A neighbour later than a hot well by this many cycles may be its splash (2^8 = 1/256; derived).
SPLASH_CYCLES = 8.0


class Hint(msgspec.Struct, frozen=True):
    """A pattern that looks like contamination; a person decides, nothing is changed."""

    code: str
    wells: list[str]


def hints(
    calls: Mapping[str, WellCall],
    *,
    targets: Iterable[str] | None = None,
    size: Size = 96,
    run: int = RUN_OF_NEIGHBOURS,
    splash: float = SPLASH_CYCLES,
) -> list[Hint]:
    """Lines of adjacent signals, and hot wells with late neighbours.

    `targets`: the names whose Ct counts (without the internal control); None: all.
    """
    earliest = _earliest(calls, None if targets is None else set(targets))
    lines = [Hint("adjacent_run", r) for r in adjacent_positive_runs(calls, size=size, run=run)]
    return lines + [Hint("hot_well", [w, *late]) for w, late in _splashes(earliest, size, splash)]


def adjacent_positive_runs(
    calls: Mapping[str, WellCall], *, size: Size = 96, run: int = RUN_OF_NEIGHBOURS
) -> list[list[str]]:
    """Unbroken lines of positive or inconclusive wells along a row or a column."""
    return layout.runs((w for w, c in calls.items() if is_alert(c.outcome)), size, at_least=run)


def _splashes(
    earliest: Mapping[str, float], size: Size, splash: float
) -> Iterator[tuple[str, list[str]]]:
    for well, ct in earliest.items():
        near = [w for w in layout.neighbours(well, size) if w in earliest]
        if late := [w for w in near if earliest[w] - ct >= splash]:
            yield well, late


def _earliest(calls: Mapping[str, WellCall], targets: set[str] | None) -> dict[str, float]:
    """Well → Ct of its strongest target, of the wells that raise an alert."""
    found = {}
    for well, call in calls.items():
        cts = [
            ct
            for name, ct in call.cts.items()
            if ct is not None and ct > 0 and (targets is None or name in targets)
        ]
        if cts and is_alert(call.outcome):
            found[well] = min(cts)
    return found
