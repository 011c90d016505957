"""Positivity out of band, pure: a plate or a laboratory that sees too much, or too little (edge 44).

The expectation comes from the other laboratories of the last day; a count is out of band when
chance alone would bring it less often than once in so many plates."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, log1p
from typing import NamedTuple

import msgspec


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: float
    source: str


FLOOR = Limit(0.002, "house; the least rate that is expected, two tubes in a thousand")
CHANCE = Limit(0.001, "house; a false hold in a thousand plates")
LEAST = Limit(3, "domain 9, case 44: fewer signals are one family, not a spill")
ENOUGH = Limit(300, "house; tubes of the other laboratories before a low rate is believed")
HOURS = Limit(24, "house; one day of the round")

KINDS = {
    "adjacent": ("相邻孔连续阳性", "positives in adjacent wells"),
    "plate_high": ("整板阳性率偏高", "too many positives on the plate"),
    "lab_high": ("实验室阳性率偏高", "too many positives at the laboratory"),
    "lab_low": ("实验室阳性率偏低", "too few positives at the laboratory"),
}


class Count(msgspec.Struct, frozen=True):
    """So many of the tubes gave a signal."""

    tubes: int = 0
    signals: int = 0

    @property
    def rate(self) -> float:
        return self.signals / self.tubes if self.tubes else 0.0


class Found(msgspec.Struct, frozen=True):
    """Something out of band, with what was counted and what would have been expected."""

    kind: str
    tubes: int
    signals: int
    expected: float
    wells: list[str] = []


def at_most(k: int, n: int, p: float) -> float:
    """The chance of k or fewer among n at rate p (binomial), by logarithms: n may be a city's."""
    if k >= n or p <= 0:
        return 1.0
    if k < 0 or p >= 1:
        return 0.0
    whole = lgamma(n + 1)
    terms = (
        exp(whole - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log1p(-p))
        for i in range(k + 1)
    )
    return min(1.0, sum(terms))


def watch(
    plate: Count, before: Count, others: Count, adjacent: Sequence[Sequence[str]] = ()
) -> list[Found]:
    """What is out of band about a run. `before`: its laboratory's last day without this plate,
    `others`: the other laboratories' last day; `adjacent`: lines of neighbouring signals."""
    own = Count(before.tubes + plate.tubes, before.signals + plate.signals)
    trusted = others.tubes >= ENOUGH.value
    # a laboratory alone in its city is held against itself
    base = others if trusted else Count(before.tubes, before.signals)
    rate = max(base.rate if base.tubes >= ENOUGH.value else 0.0, FLOOR.value)
    found = [
        Found("adjacent", plate.tubes, plate.signals, rate, list(line)) for line in adjacent[:1]
    ]
    if _high(plate, rate):
        found.append(Found("plate_high", plate.tubes, plate.signals, rate))
    elif trusted and before.tubes and _high(own, rate):
        found.append(Found("lab_high", own.tubes, own.signals, rate))
    if trusted and at_most(own.signals, own.tubes, others.rate) < CHANCE.value:
        found.append(Found("lab_low", own.tubes, own.signals, others.rate))
    return found


def _high(seen: Count, rate: float) -> bool:
    return seen.signals >= LEAST.value and 1 - at_most(seen.signals - 1, seen.tubes, rate) < (
        CHANCE.value
    )


def band(tubes: int, rate: float) -> tuple[int, int]:
    """(fewest, most) signals among so many tubes that are within the band at this rate."""
    low = high = 0
    while low < tubes and at_most(low, tubes, rate) < CHANCE.value:
        low += 1
    while high < tubes and 1 - at_most(high, tubes, rate) >= CHANCE.value:
        high += 1
    return low, max(high, int(LEAST.value) - 1)


def expected(before: Count, others: Count) -> float:
    """The rate that a laboratory is held against: the others', or its own where it is alone."""
    base = others if others.tubes >= ENOUGH.value else before
    return max(base.rate if base.tubes >= ENOUGH.value else 0.0, FLOOR.value)


def side(c: Count, rate: float) -> str:
    """On which side of the band these signals lie: high, low, or within."""
    low, high = band(c.tubes, rate)
    if c.signals > high:
        return "high"
    return "low" if c.signals < low else "within"
