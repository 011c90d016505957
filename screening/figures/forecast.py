"""The pace of an hour, when everybody will be done at it, and how long a queue is (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import sqrt
from statistics import mean, stdev
from typing import NamedTuple

from screening.accounts.rules import Limit

SLOT = timedelta(minutes=10)
PACE_SLOTS = Limit(
    6, "house; one hour: shorter jumps with every box, longer sleeps through a change"
)
RELEASE_SLOTS = Limit(
    18, "house; three hours: results come by the plate, an hour may hold none of them or all"
)
LEAST_SLOTS = Limit(3, "house; half an hour of work before anything is foretold")
LEAST_PERSONS = Limit(30, "house; three tubes of ten")
BANDS = {
    slots.value: Limit(
        t, f"thousandths; Student's t, {slots.value - 1:.0f} degrees, 80 % two-sided"
    )
    for slots, t in ((PACE_SLOTS, 1_476), (RELEASE_SLOTS, 1_333))
}
FARTHEST = Limit(72, "house; hours: nobody plans a round further by its pace")
TABLE_RATE = Limit(200, "persons an hour and table; domain 4: Liaoning 2020, 200+ per group")
LONGEST_QUEUE = Limit(180, "house; minutes: beyond, only that it grows is known")


def slot_of(at: datetime) -> int:
    """The number of the stretch of ten minutes that holds `at`."""
    return int(at.timestamp() // SLOT.total_seconds())


def slot_start(slot: int, like: datetime) -> datetime:
    return datetime.fromtimestamp(slot * SLOT.total_seconds(), like.tzinfo)


class Pace(NamedTuple):
    """Persons an hour over the last full slots: the mean and a band that holds 4 times of 5.

    `enough` False: too little has happened to say anything."""

    hour: float = 0.0
    low: float = 0.0
    high: float = 0.0
    enough: bool = False


def pace(
    slots: Mapping[int, int],
    at: datetime,
    *,
    since: datetime | None = None,
    over: Limit = PACE_SLOTS,
) -> Pace:
    """The pace of the last hour, or of `over` so many stretches. `slots` {slot: persons}; the
    slot that is running is left out, and so are slots before `since`, when work began."""
    last = slot_of(at)
    start = first = last - int(over.value)
    if since is not None:
        first = max(first, slot_of(since))
    told = [slots.get(s, 0) for s in range(first, last)]
    begun = next((i for i, n in enumerate(told) if n), len(told))
    if first == start and any(n for s, n in slots.items() if s < first):
        begun = 0  # work began before: a standstill inside counts
    told = told[begun:]
    if len(told) < LEAST_SLOTS.value:
        return Pace()
    each_hour = 3600 / SLOT.total_seconds()
    hour = mean(told) * each_hour
    spread = BANDS[over.value].value / 1000 * stdev(told) / sqrt(len(told)) * each_hour
    enough = sum(told) >= LEAST_PERSONS.value or begun == 0
    return Pace(hour, max(0.0, hour - spread), hour + spread, enough)


class Forecast(NamedTuple):
    """When the rest is done at this pace. `state`: done, too_early, standing, far, running.

    `expected`, `earliest`, `latest` are times (None: not to be said; for `latest`: no end)."""

    state: str
    left: int
    pace: Pace
    expected: datetime | None = None
    earliest: datetime | None = None
    latest: datetime | None = None


def forecast(left: int, found: Pace, at: datetime) -> Forecast:
    """When `left` persons are done if the pace goes on."""
    if left <= 0:
        return Forecast("done", 0, found)
    if not found.enough:
        return Forecast("too_early", left, found)
    if found.hour <= 0:
        return Forecast("standing", left, found)
    if left / found.hour > FARTHEST.value:
        return Forecast("far", left, found)
    slowest = left / found.low if found.low > 0 else None
    return Forecast(
        "running", left, found,
        expected=at + timedelta(hours=left / found.hour),
        earliest=at + timedelta(hours=left / found.high),
        latest=at + timedelta(hours=slowest)
        if slowest is not None and slowest <= FARTHEST.value else None,
    )  # fmt: skip


class Queue(NamedTuple):
    """How many minutes people are likely to wait; `grows`: more come than the tables take.

    None: nothing can be said (no table is open, or nobody came)."""

    minutes: int | None = None
    grows: bool = False


def queue(hour: float, tables: int, *, best: float = 0.0) -> Queue:
    """The mean wait at a site by Erlang's formula: `hour` persons came through in the last hour,
    `tables` are open, `best` is the most persons an hour that one table ever reached here.

    Nobody counts the people in the street: this is what such a load does to a queue."""
    if tables <= 0 or hour <= 0:
        return Queue()
    served = max(best, float(TABLE_RATE.value))
    load = hour / served
    if load >= tables:
        return Queue(None, True)
    wait = _erlang_c(load, tables) / (tables * served - hour) * 60
    if wait > LONGEST_QUEUE.value:
        return Queue(None, True)
    return Queue(round(wait))


def _erlang_c(load: float, tables: int) -> float:
    """The chance that all tables are taken when somebody comes."""
    lost = 1.0
    for k in range(1, tables + 1):  # Erlang B by its recursion, which does not overflow
        lost = load * lost / (k + load * lost)
    return lost / (1 - load / tables * (1 - lost))
