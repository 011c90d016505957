"""Which step of a map's scale a number falls into (pure). Darker means: more to do there."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import NamedTuple

from screening.accounts.rules import Limit

STEPS = Limit(5, "ColorBrewer: more than five to seven shades of one hue are not told apart")
NOTHING = -1  # nobody is counted here, or nothing is known


class Step(NamedTuple):
    """One shade of the legend, `low` and `high` included; of rates in tenths of a percent."""

    low: int
    high: int


# of shares that should be whole, the fullest first, in tenths of a percent
RATES = (Step(1000, 1000), Step(950, 999), Step(900, 949), Step(800, 899), Step(0, 799))


def permille(n: int, d: int) -> int | None:
    """A share in tenths of a percent, cut off so that only a whole one is 1000."""
    return floor(1000 * n / d) if d else None


def step_of(value: int | None, steps: Sequence[Step]) -> int:
    """The number of the step that holds a value; NOTHING where there is none."""
    if value is None:
        return NOTHING
    return next((i for i, s in enumerate(steps) if s.low <= value <= s.high), NOTHING)


def count_steps(values: Sequence[int]) -> list[Step]:
    """None, then up to four equal stretches of round numbers up to the largest."""
    most = max(values, default=0)
    steps = [Step(0, 0)]
    if most <= 0:
        return steps
    width = _round_up(most / (STEPS.value - 1))
    low = 1
    while low <= most:
        steps.append(Step(low, low + width - 1))
        low += width
    return steps


def _round_up(n: float) -> int:
    """The next of 1, 2, 3, 4, 5, 10, 20, 25, 50, 100, …"""
    if n <= 5:
        return max(1, ceil(n))
    scale = 10 ** floor(log10(n))
    return int(next(m * scale for m in (1, 2, 2.5, 5, 10) if m * scale >= n))
