"""Levey-Jennings and the Westgard rules over a series of control values, pure.

Westgard JO, Barry PL, Hunt MR, Groth T: A multi-rule Shewhart chart for quality control in clinical
chemistry. Clin Chem 1981;27:493-501. 1-2s warns; the others reject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum, sqrt
from typing import NamedTuple

from screening.lab.watch.positivity import Limit

ENOUGH = Limit(
    20, "CLSI C24, Westgard 1981: a mean and a deviation of one's own take 20 values or more"
)
FLOOR_SD = Limit(
    0.1, "house; cyclers repeat a Ct no better than a tenth of a cycle, less is chance"
)

REJECTS = ("1-3s", "2-2s", "R-4s", "4-1s", "10-x")
WARNS = ("1-2s",)
RULES = (*WARNS, *REJECTS)


class Base(NamedTuple):
    """What a control is held against."""

    mean: float
    sd: float
    n: int

    def z(self, value: float) -> float:
        return (value - self.mean) / self.sd


class Point(NamedTuple):
    """A value with how far off it is and which rules it breaks; `z` None: nothing amplified."""

    value: float | None
    z: float | None
    broken: tuple[str, ...]

    @property
    def rejected(self) -> bool:
        return self.value is None or any(r in REJECTS for r in self.broken)


def base_of(values: Sequence[float | None]) -> Base | None:
    """Mean and deviation (n-1) of the first ENOUGH values; None while there are too few.

    The first ones, not all: a drift must not carry its own mean along."""
    found = [v for v in values if v is not None][: int(ENOUGH.value)]
    if len(found) < ENOUGH.value:
        return None
    mean = fsum(found) / len(found)
    sd = sqrt(fsum((v - mean) ** 2 for v in found) / (len(found) - 1))
    return Base(mean, max(sd, FLOOR_SD.value), len(found))


def judge(values: Sequence[float | None], base: Base) -> list[Point]:
    """Every value in its order with the rules that are broken at it. A control that did not
    amplify (None) is rejected by itself and ends every run of values."""
    out: list[Point] = []
    zs: list[float] = []
    for value in values:
        if value is None:
            zs = []
            out.append(Point(None, None, ()))
            continue
        zs.append(base.z(value))
        out.append(Point(value, zs[-1], broken(zs)))
    return out


def broken(zs: Sequence[float]) -> tuple[str, ...]:
    """The rules that the last of these deviations breaks, seen with those before it."""
    return tuple(name for name in RULES if _CHECKS[name](zs))


def _beyond(zs: Sequence[float], n: int, limit: float) -> bool:
    """The last n all lie beyond the limit, on one side."""
    last = zs[-n:]
    return len(last) == n and (all(z > limit for z in last) or all(z < -limit for z in last))


def _range(zs: Sequence[float]) -> bool:
    """One of two neighbours above +2s and the other below -2s."""
    return len(zs) >= 2 and max(zs[-2:]) > 2 and min(zs[-2:]) < -2


_CHECKS: dict[str, Callable[[Sequence[float]], bool]] = {
    "1-2s": lambda zs: _beyond(zs, 1, 2),
    "1-3s": lambda zs: _beyond(zs, 1, 3),
    "2-2s": lambda zs: _beyond(zs, 2, 2),
    "R-4s": _range,
    "4-1s": lambda zs: _beyond(zs, 4, 1),
    "10-x": lambda zs: _beyond(zs, 10, 0),
}
