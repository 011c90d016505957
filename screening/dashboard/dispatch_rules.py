"""Which box should go to which laboratory, when a laboratory jams, when a box arrives (pure).

"不空机、不积样": no instrument idle, no tubes piled up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.accounts.roles import Role
from screening.accounts.rules import Limit
from screening.lab.watch import capacity
from screening.lab.watch.capacity import LabLoad

GAIN_HOURS = Limit(1, "house; a detour that saves a box less than this is not worth a call")
IDLE_HOURS = Limit(1, "house; a laboratory with less work than this soon stands still")
FORESEEN = Limit(24, "house; hours ahead within which a jam is named")
MOST = Limit(20, "house; what a dispatcher can call about in one go")
VIEWERS = (Role.DISPATCHER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR, Role.AUDITOR)
MOVERS = (Role.DISPATCHER, Role.DISTRICT_HEAD)
BENCH_LINKS = ("received", "plated")  # the limits of a round that a tube spends at a laboratory


class Jam(NamedTuple):
    """When tubes that arrive begin to wait longer than the limit. `state`: unknown (no capacity
    told), now, at (`at` is set), never (not within FORESEEN hours)."""

    state: str
    at: datetime | None = None


def limit_hours(limits: Mapping[str, int]) -> float:
    """How long a round lets a tube stay at a laboratory before it is tested."""
    minutes = sum(limits.get(k, 0) for k in BENCH_LINKS)
    return minutes / 60 if minutes else capacity.TURNAROUND_HOURS.value


def left_today(load: LabLoad, *, coming: int = 0) -> int | None:
    """Tubes that a laboratory may still be sent of its day's capacity: what it judged in 24 hours,
    what stands in the house and what is on the road to it are taken off."""
    if load.capacity <= 0:
        return None
    return max(0, load.capacity - load.judged_day - load.queue - coming)


def jam(load: LabLoad, at: datetime, *, coming: int, hours: float) -> Jam:
    """When a tube that arrives would wait more than `hours`. What is on the road counts as there,
    and tubes keep arriving at the rate of the last hours: rather too early than too late."""
    if load.rate <= 0:
        return Jam("unknown")
    queue, bound = load.queue + coming, load.rate * hours
    if queue > bound:
        return Jam("now", at)
    growth = load.received / capacity.WINDOW.value - load.rate
    if growth <= 0 or (bound - queue) / growth > FORESEEN.value:
        return Jam("never")
    return Jam("at", at + timedelta(hours=(bound - queue) / growth))


# --- which box to which laboratory ----------------------------------------------------------------


class BoxAt(NamedTuple):
    """A box that has not arrived: `lab_id` where it goes (None: nobody said), `tubes` in it,
    `road` whether a courier has it, `since` when its oldest tube was closed or it was opened."""

    wire: str
    tubes: int
    lab_id: int | None
    road: bool
    since: datetime


class Proposal(NamedTuple):
    """Send this box there: `now` and `then` are the hours until its last result, here and there.

    `reason`: jam, idle, closed (nobody works there), none (it had no destination)."""

    wire: str
    from_lab: int | None
    to_lab: int
    reason: str
    now: float | None
    then: float


def propose(loads: Mapping[int, LabLoad], boxes: Iterable[BoxAt], *, hours: float,
            most: int = MOST.value) -> list[Proposal]:  # fmt: skip
    """Boxes better sent elsewhere, those that wait longest first. Each proposal counts for the next
    one: a laboratory is not offered more than it can take within `hours`."""
    ordered = sorted((b for b in boxes if b.tubes), key=lambda b: (b.since, b.wire))
    coming: dict[int, int] = dict.fromkeys(loads, 0)
    for b in ordered:
        if b.lab_id in coming:
            coming[b.lab_id] += b.tubes
    out: list[Proposal] = []
    for b in ordered:
        found = _better(b, loads, coming, hours)
        if found is None:
            continue
        if found.from_lab in coming:
            coming[found.from_lab] -= b.tubes
        coming[found.to_lab] += b.tubes
        out.append(found)
        if len(out) == most:
            break
    return out


def waits(loads: Mapping[int, LabLoad], coming: Mapping[int, int], tubes: int) -> dict[int, float]:
    """{laboratory: hours until the last result of so many more tubes}, those that work."""
    found = {
        i: capacity.hours_for(load, tubes, coming=coming.get(i, 0)) for i, load in loads.items()
    }
    return {i: h for i, h in found.items() if h is not None}


def _better(
    box: BoxAt, loads: Mapping[int, LabLoad], coming: Mapping[int, int], hours: float
) -> Proposal | None:
    there = {i: h for i, h in waits(loads, coming, box.tubes).items() if i != box.lab_id}
    if not there:
        return None
    to = min(there, key=lambda i: (there[i], i))
    if box.lab_id is None:
        return Proposal(box.wire, None, to, "none", None, there[to])
    own = loads.get(box.lab_id)
    now = capacity.hours_for(own, 0, coming=coming[box.lab_id]) if own else None
    if own is not None and now is None:
        return Proposal(box.wire, box.lab_id, to, "closed", None, there[to])
    if now is None or now - there[to] < GAIN_HOURS.value or there[to] > hours:
        return None
    idle = (loads[to].queue + coming[to]) / loads[to].rate < IDLE_HOURS.value
    reason = "jam" if now > hours else "idle" if idle and not box.road else ""
    return Proposal(box.wire, box.lab_id, to, reason, now, there[to]) if reason else None


# --- when a box arrives ---------------------------------------------------------------------------


class Road(NamedTuple):
    """How long boxes took from a site to a laboratory in this round."""

    boxes: int
    median: timedelta
    p90: timedelta


class Arrival(NamedTuple):
    """`expected` None: no box has told yet how long the way takes. `late`: it will miss its limit,
    `overdue`: it has."""

    expected: datetime | None
    late: bool
    overdue: bool


def arrival(
    handed_at: datetime | None, due_at: datetime | None, roads: Sequence[Road | None], at: datetime
) -> Arrival:
    """When a box will be there, from the first of `roads` that is known (its own way, then all)."""
    road = next((r for r in roads if r is not None and r.boxes), None)
    overdue = due_at is not None and due_at < at
    if handed_at is None or road is None:
        return Arrival(None, overdue, overdue)
    expected = handed_at + road.median
    if expected < at:
        expected = max(at, handed_at + road.p90)
    late = overdue or (due_at is not None and expected > due_at)
    return Arrival(expected, late, overdue)
