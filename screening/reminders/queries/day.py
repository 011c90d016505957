"""A community worker's day: who is to be called now, who waits, which doors come when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.coverage.missed_queries import Picked
from screening.coverage.missed_rules import Wanted
from screening.db import by_cell
from screening.places import queries as places
from screening.places.queries import Node
from screening.reminders.queries import missed as reading
from screening.reminders.queries.missed import Opened
from screening.reminders.rules.contacts import TO_CALL, State, to_visit
from screening.reminders.rules.doors import natural


class Day(NamedTuple):
    """The missed of a place, parted: to be called, to be visited, left in peace for now. Nobody of
    them is opened yet."""

    calls: list[Picked]
    visits: list[Picked]
    waiting: Counter[str]

    @property
    def again(self) -> int:
        """Those who need a new swab."""
        return sum(p.missed.state == State.RESAMPLE for p in self.calls)


def list_day(community: Node, round_id: int, *, at: datetime, within: Node) -> Day:
    """Who is to be called and visited now; who asked to be left in peace until later waits."""
    found = reading.pick_missed(community, round_id, Wanted(), at=at, within=within)
    snoozed = _all_snoozed(found, round_id, at)
    calls, waiting = [], Counter[str]()
    for p in found:
        pair = (p.missed.cell_id, p.missed.person_id)
        later = p.missed.until and p.missed.until > at
        if p.missed.state in TO_CALL and not later and pair not in snoozed:
            calls.append(p)
        elif pair in snoozed:
            waiting["later"] += 1
        else:
            waiting[p.missed.state] += 1
    visits = [p for p in found if to_visit(p.missed.state, p.missed.flags)
              and (p.missed.cell_id, p.missed.person_id) not in snoozed]  # fmt: skip
    return Day(sorted(calls, key=Picked.place), visits, waiting)


def _all_snoozed(found: Sequence[Picked], round_id: int, at: datetime) -> set[tuple[int, int]]:
    out: set[tuple[int, int]] = set()
    pairs = sorted((p.missed.cell_id, p.missed.person_id) for p in found)
    for cell, group in by_cell(pairs):
        late = reading.snoozed_of(cell, round_id, [p for _, p in group], at)
        out |= {(cell, p) for p in late}
    return out


def buildings_of(picked: Sequence[Picked]) -> list[tuple[int, str, int]]:
    """(building or 0, name, people) in the order of the way."""
    count = Counter(p.missed.building_id or 0 for p in picked)
    named = [(b, _name(b), n) for b, n in count.items()]
    return sorted(named, key=lambda x: (natural(x[1]), x[0]))


def _name(building_id: int) -> str:
    node = places.find_area(building_id) if building_id else None
    return node.name if node else ""


def open_doors(
    community: Node, round_id: int, picked: Sequence[Picked], *, at: datetime, down: bool
) -> list[Opened]:
    """The people of one building with their names and rooms, door by door."""
    return reading.by_way(reading.open_these(community, round_id, picked, at=at), down=down)
