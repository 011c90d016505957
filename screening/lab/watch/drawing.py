"""Geometry of small drawings, pure: scales, ticks and paths of SVG; templates only write it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 30


class Tick(NamedTuple):
    """Where a line of the grid lies and what it says."""

    at: float
    text: str


class Scale(NamedTuple):
    """Values between `low` and `high` to pixels between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)


def across(low: float, high: float) -> Scale:
    return Scale(low, _above(low, high), LEFT, WIDTH - RIGHT)


def upward(low: float, high: float) -> Scale:
    return Scale(low, _above(low, high), HEIGHT - BOTTOM, TOP)


def _above(low: float, high: float) -> float:
    return high if high > low else low + 1.0


def ticks(scale: Scale, most: int = 6) -> list[Tick]:
    """Round numbers over a scale, at most so many."""
    step = _step((scale.high - scale.low) / most)
    first = ceil(scale.low / step - 1e-9)
    last = floor(scale.high / step + 1e-9)
    places = max(0, -floor(log10(step) + 1e-9))
    return [Tick(scale(n * step), _text(n * step, places)) for n in range(first, last + 1)]


def _text(value: float, places: int) -> str:
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value + 0.0:.{places}f}"


def _step(rough: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next((m * power for m in (1, 2, 5) if m * power >= rough * (1 - 1e-9)), 10 * power)


def path(points: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    """A line through the points; what lies outside the drawing is left at its edge."""
    out: list[str] = []
    for a, b in points:
        if isfinite(a) and isfinite(b):
            low, high = min(y.low, y.high), max(y.low, y.high)
            at = f"{x(a):g} {y(min(max(b, low), high)):g}"
            out.append(("L" if out else "M") + at)
    return "".join(out)


def spread(values: Sequence[float], margin: float = 0.05) -> tuple[float, float]:
    """The range of values with some air; (0, 1) for none."""
    found = [v for v in values if isfinite(v)]
    if not found:
        return 0.0, 1.0
    low, high = min(found), max(found)
    air = (high - low or abs(high) or 1.0) * margin
    return low - air, high + air
