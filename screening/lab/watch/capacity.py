"""How full a laboratory is and when it will be empty, pure: load, rate, turnaround, forecast."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from screening.lab.watch.positivity import Limit

WINDOW = Limit(3, "house; hours of judged tubes from which the present rate is taken")
DAY_LAG = Limit(
    30, "house; seconds a page may lag behind in what a day came to; pictures hold as long"
)
LEAST_TUBES = Limit(94, "house; one full plate of 96 less two controls, before a rate is believed")
FULL = Limit(0.9, "house; from here on a laboratory waits for nothing and has no room for a rerun")
TURNAROUND_HOURS = Limit(6, "house; a lab has a quarter of a round's 24 h (domain 2, guideline 3rd ed.)")  # fmt: skip
DAY = 24.0


class Turnaround(NamedTuple):
    """From receipt to release, of the tubes released in the last day."""

    tubes: int = 0
    median: timedelta | None = None
    p95: timedelta | None = None
    worst: timedelta | None = None


class LabLoad(NamedTuple):
    """A laboratory at a moment, counted in tubes.

    `capacity` a day; `waiting` received, `plated` on plates, `signing` tested and not released,
    `judged_day` and `received_day` in the last 24 hours, `judged` and `received` in the last
    WINDOW hours; `overdue` past their limit; `oldest` since when the oldest stands."""

    lab_id: int
    capacity: int
    waiting: int = 0
    plated: int = 0
    signing: int = 0
    overdue: int = 0
    judged_day: int = 0
    received_day: int = 0
    judged: int = 0
    received: int = 0
    oldest: datetime | None = None
    turnaround: Turnaround = Turnaround()

    @property
    def queue(self) -> int:
        """Tubes that still need an instrument."""
        return self.waiting + self.plated

    @property
    def rate(self) -> float:
        """Tubes an hour: as measured, or as the laboratory promised while too few were judged."""
        if self.judged >= LEAST_TUBES.value:
            return self.judged / WINDOW.value
        return self.capacity / DAY

    @property
    def measured(self) -> bool:
        return self.judged >= LEAST_TUBES.value


def load_rate(load: LabLoad, *, coming: int = 0) -> float | None:
    """The share of a day's capacity that is used or bespoken: judged in the last day, in the
    house, and `coming` on the road. None when nobody has said what the laboratory can do."""
    if load.capacity <= 0:
        return None
    return (load.judged_day + load.queue + coming) / load.capacity


class Forecast(NamedTuple):
    """When nothing waits any more. `hours` None: it grows, or nothing moves."""

    hours: float | None
    empty_at: datetime | None

    @property
    def jams(self) -> bool:
        return self.hours is None


def forecast(load: LabLoad, at: datetime, *, coming: int = 0, arriving: bool = True) -> Forecast:
    """When the laboratory is empty if it goes on at its rate.

    `coming`: tubes on the road to it, taken as there already. `arriving`: tubes keep coming in at
    the rate of the last WINDOW hours; False for "if nothing more came"."""
    queue = load.queue + coming
    if queue <= 0:
        return Forecast(0.0, at)
    net = load.rate - (load.received / WINDOW.value if arriving else 0.0)
    if net <= 0:
        return Forecast(None, None)
    hours = queue / net
    return Forecast(hours, at + timedelta(hours=hours))


def room(load: LabLoad, hours: float, *, coming: int = 0) -> int:
    """How many more tubes the laboratory can judge within so many hours: what a dispatcher may
    send there ("不空机、不积样")."""
    return max(0, int(load.rate * hours + 1e-9) - load.queue - coming)


def hours_for(load: LabLoad, tubes: int, *, coming: int = 0) -> float | None:
    """How long a box of so many tubes would wait for its last result here."""
    if load.rate <= 0:
        return None
    return (load.queue + coming + tubes) / load.rate


def turnaround(waits: Iterable[timedelta]) -> Turnaround:
    """Median, 95th percentile (nearest rank) and the worst."""
    found = sorted(waits)
    if not found:
        return Turnaround()

    def rank(share: float) -> timedelta:
        return found[max(0, ceil(share * len(found)) - 1)]

    return Turnaround(len(found), rank(0.5), rank(0.95), found[-1])
