"""Sums and clocks of the links of the chain, from rows that are counted elsewhere (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from screening.tube.rules import Stage

# what stands between two links, by the link it has reached
HELD: dict[str, tuple[Stage, ...]] = {
    "collect": (Stage.OPEN, Stage.CLOSED, Stage.PACKED, Stage.IN_TRANSIT),
    "deliver": (Stage.RECEIVED, Stage.PLATED),
    "test": (Stage.TESTED, Stage.REVIEWED),
}
# the limits of a round that add up to the time of one clock
LIMITS_OF: dict[str, tuple[str, ...]] = {
    "collect": ("open",),
    "deliver": ("closed", "packed", "in_transit"),
    "test": ("received", "plated", "tested", "reviewed"),
}
LINKS = ("collect", "deliver", "test", "all")  # the clocks, by their number in tube_clock


class Clock(NamedTuple):
    """How long tubes took, in minutes: the middle one, 19 of 20, the slowest."""

    n: int
    median: int
    p95: int
    worst: int


def read_clock(minutes: Mapping[int, int]) -> Clock | None:
    """The clock of a histogram {minutes: tubes}; None when no tube came so far."""
    n = sum(minutes.values())
    if not n:
        return None
    return Clock(n, _at(minutes, n, 0.5), _at(minutes, n, 0.95), max(minutes))


def _at(minutes: Mapping[int, int], n: int, share: float) -> int:
    """The smallest time within which `share` of the tubes were done."""
    seen = 0
    for minute, tubes in sorted(minutes.items()):
        seen += tubes
        if seen >= share * n:
            return minute
    return 0


class Standing(NamedTuple):
    """Tubes that stand somewhere, the persons in them, the late, the held, the longest wait."""

    tubes: int = 0
    persons: int = 0
    late: int = 0
    held: int = 0
    oldest: datetime | None = None


def stand(rows: Iterable[Any], stages: Iterable[int] | None = None) -> Standing:
    """The sum of rows of the rollup, of these stages only."""
    wanted = None if stages is None else frozenset(stages)
    found = [r for r in rows if wanted is None or r.stage in wanted]
    return Standing(
        sum(r.tubes for r in found),
        sum(r.persons for r in found),
        sum(r.late for r in found),
        sum(r.held for r in found),
        min((r.oldest for r in found if r.oldest and r.tubes), default=None),
    )


def minutes_since(then: datetime | None, now: datetime) -> int | None:
    return None if then is None else max(0, int((now - then).total_seconds() // 60))
