"""What was counted a moment ago and is counted alike for many: held in memory, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

V = TypeVar("V")


class Recent(Generic[V]):
    """Values by number, each with the moment it was counted for. None outlives its lag by the clock
    of the day, nor by the machine's, whose days are never played faster."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._held: dict[int, tuple[datetime, float, V]] = {}

    def get(
        self,
        keys: Collection[int],
        at: datetime,
        lag: timedelta,
        count: Callable[[list[int]], Mapping[int, V]],
    ) -> dict[int, V]:
        """The value of each key; those not held, or too old at `at`, are counted together."""
        found = {
            k: held[2] for k in keys if (held := self._held.get(k)) and self._fit(held, at, lag)
        }
        lacking = [k for k in keys if k not in found]
        if lacking:
            now, counted = self._ticks(), count(lacking)
            self._held |= {k: (at, now, v) for k, v in counted.items()}
            found |= counted
        return found

    def _fit(self, held: tuple[datetime, float, V], at: datetime, lag: timedelta) -> bool:
        fresh = self._ticks() - held[1] <= lag.total_seconds()
        return fresh and timedelta(0) <= at - held[0] <= lag
