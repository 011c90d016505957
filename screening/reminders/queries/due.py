"""Reading due lists: sums by employer and by area, people of a community, calls one level up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from screening.coverage.equation import FAR
from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, COMMUNITY, GRID, Place
from screening.registry import seals
from screening.registry.queries import stores_of
from screening.registry.schedule_queries import ScheduleRow, list_schedules
from screening.registry.service.persons import ring
from screening.reminders.queries.missed import communities_of


class NoSuchCall(NotFound):
    code = "no_such_due_call"
    zh = "没有这条逾期上报。"
    en = "There is no such call."


class Sums(NamedTuple):
    """Persons by schedule added up: who is on two schedules counts in both. `due` without the
    excused; `late` due before that day and not done, of these one day, two days and longer."""

    due: int = 0
    done: int = 0
    late: int = 0
    late_1: int = 0
    late_2: int = 0
    excused: int = 0

    @property
    def longer(self) -> int:
        return self.late - self.late_1 - self.late_2

    def plus(self, other: Sums) -> Sums:
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))


class GroupRow(NamedTuple):
    """One employer ("" for none) under one schedule in an area."""

    schedule: ScheduleRow
    employer: str
    sums: Sums
    oldest: date | None


_SUMS = "sum(due), sum(done), sum(late), sum(late_1), sum(late_2), sum(excused)"


def _where(node: Node, day: date, schedule: int | None) -> tuple[str, list[Any]]:
    stores = stores_of(communities_of(node))
    text = "WHERE cell_id = ANY(%s) AND day = %s AND community_id = ANY(%s) AND schedule_id "
    args: list[Any] = [sorted({c for c, _ in stores}), day, sorted({c for _, c in stores})]
    if schedule is None:
        return text + "> 0", args
    return text + "= %s", [*args, schedule]


def list_groups(node: Node, day: date, *, schedule: int | None = None) -> list[GroupRow]:
    """The due of an area by schedule and employer, those with the most overdue first."""
    where, args = _where(node, day, schedule)
    rows = fetch(
        f"SELECT schedule_id, employer, min(oldest), {_SUMS} FROM schedule_tally {where} "
        "GROUP BY schedule_id, employer",
        args,
    )
    known = {s.schedule_id: s for s in list_schedules()}
    found = [GroupRow(known[r[0]], r[1], Sums(*map(int, r[3:])), r[2]) for r in rows]
    return sorted(
        found, key=lambda g: (-g.sums.late, -g.sums.due, g.employer, g.schedule.schedule_id)
    )


def sum_of(node: Node, day: date, *, schedule: int | None = None) -> Sums:
    """The sums of one area (a community at the least)."""
    return add(g.sums for g in list_groups(node, day, schedule=schedule))


def add(parts: Iterable[Sums]) -> Sums:
    out = Sums()
    for part in parts:
        out = out.plus(part)
    return out


def list_areas(node: Node, day: date, *, schedule: int | None = None) -> list[tuple[Node, Sums]]:
    """The areas directly below one, those with the most overdue first; all of them."""
    where, args = _where(node, day, schedule)
    sums = {
        community: Sums(*map(int, rest))
        for community, *rest in fetch(
            f"SELECT community_id, {_SUMS} FROM schedule_tally {where} GROUP BY community_id", args
        )
    }
    below = [n for n in places.TREE.get().by_id.values() if n.parent_id == node.area_id]
    out: dict[int, Sums] = defaultdict(Sums)
    for community, part in sums.items():
        path = places.find_path(community) or "/"
        for child in below:
            if path.startswith(child.path):
                out[child.area_id] = out[child.area_id].plus(part)
    rows = [(n, out[n.area_id]) for n in below]
    return sorted(rows, key=lambda r: (-r[1].late, -r[1].due, r[0].code))


def settled_at(node: Node, day: date) -> datetime | None:
    """When the oldest part of an area's list was worked out; None: some part never was."""
    where, args = _where(node, day, 0)
    ((n, oldest),) = fetch(
        f"SELECT count(DISTINCT community_id), min(as_of) FROM schedule_tally {where}", args
    )
    return oldest if n else None


# --- people ---------------------------------------------------------------------------------

DUE, LATE, DONE, EXCUSED = "due", "late", "done", "excused"
STATES = (LATE, DUE, DONE, EXCUSED)


class DueRow(NamedTuple):
    """One person due by one schedule on one day."""

    cell_id: int
    person_id: int
    schedule_id: int
    employer: str
    due_on: date
    missed: int
    done_at: datetime | None
    excused: bool
    grid_id: int | None
    building_id: int | None
    household_id: int | None
    sealed: bytes

    def late(self, day: date) -> int:
        return (day - self.due_on).days

    def state(self, day: date) -> str:
        if self.excused:
            return EXCUSED
        if self.done_at is not None:
            return DONE
        return LATE if self.late(day) > 0 else DUE

    def door(self) -> tuple[int, int, int, int, int]:
        return (self.building_id or FAR, self.household_id or FAR, self.cell_id, self.person_id,
                self.schedule_id)  # fmt: skip


def list_due(
    community: Node,
    day: date,
    *,
    within: Node | None = None,
    schedule: int | None = None,
    employer: str | None = None,
    states: Sequence[str] = STATES,
) -> list[DueRow]:
    """Who of a community is listed on a day, by building and household; details stay sealed."""
    out = []
    for cell, home in stores_of([community]):
        rows = fetch(
            "SELECT d.cell_id, d.person_id, d.schedule_id, d.employer, d.due_on, d.missed, "
            "d.done_at, d.excused, p.grid_id, p.building_id, p.household_id, p.sealed "
            "FROM schedule_due d JOIN person p ON p.cell_id = d.cell_id "
            "AND p.person_id = d.person_id WHERE d.cell_id = %s AND p.cell_id = %s AND d.day = %s "
            "AND d.community_id = %s AND (%s::int8 IS NULL OR d.schedule_id = %s) "
            "AND (%s::text IS NULL OR d.employer = %s)",
            (cell, cell, day, home, schedule, schedule, employer, employer),
        )
        out += [DueRow(*r) for r in rows]
    chosen = [r for r in out if r.state(day) in states and (within is None or inside(r, within))]
    return sorted(chosen, key=DueRow.door)


def inside(row: DueRow, node: Node) -> bool:
    """Whether somebody of the community lives in this grid or building of it."""
    if node.level == BUILDING:
        return row.building_id == node.area_id
    if node.level == GRID:
        building = places.find_path(row.building_id) if row.building_id else None
        return row.grid_id == node.area_id or (building or "").startswith(node.path)
    return True


def details_of(row: DueRow) -> seals.Details:
    return seals.open_person(ring(), row.sealed)


def community_of(node: Node) -> Node | None:
    """The community of a grid or building, or the area itself if it is one; None above."""
    if node.level < COMMUNITY:
        return None
    return communities_of(node)[0]


# --- one level up ---------------------------------------------------------------------------


class CallRow(NamedTuple):
    cell_id: int
    call_id: int
    schedule_id: int
    community_id: int
    employer: str
    level: int
    late: int
    oldest: date
    raised_at: datetime
    ended_at: datetime | None
    seen_by: int | None
    seen_at: datetime | None
    note: str | None


_CALL = "SELECT " + ", ".join(CallRow._fields) + " FROM schedule_call "


def list_calls(node: Node, *, waiting: bool = False) -> list[CallRow]:
    """Lateness of an area that levels above the community must answer for, the unanswered first,
    then the highest level and the longest."""
    stores = stores_of(communities_of(node))
    rows = fetch(
        _CALL + "WHERE cell_id = ANY(%s) AND community_id = ANY(%s) AND ended_at IS NULL "
        "AND (NOT %s OR seen_at IS NULL) ORDER BY seen_at IS NOT NULL, level, oldest, call_id",
        (sorted({c for c, _ in stores}), sorted({c for _, c in stores}), waiting),
    )
    return [CallRow(*r) for r in rows]


class Called(NamedTuple):
    """The calls of one employer under one schedule that one area must answer for: one answer.

    `cell_id` and `call_id` are those of any of them."""

    area: Node
    schedule_id: int
    employer: str
    communities: tuple[int, ...]
    late: int
    oldest: date
    raised_at: datetime
    seen_by: int | None
    seen_at: datetime | None
    note: str | None
    cell_id: int
    call_id: int


def list_called(node: Node, *, waiting: bool = False) -> list[Called]:
    """The calls of an area as they are answered, in the order of `list_calls`."""
    groups: dict[tuple[Any, ...], list[CallRow]] = {}
    for c in list_calls(node, waiting=waiting):
        key = (area_of_call(c).area_id, c.schedule_id, c.employer, c.seen_at, c.note)
        groups.setdefault(key, []).append(c)
    return [
        Called(
            area_of_call(some[0]), some[0].schedule_id, some[0].employer,
            tuple(c.community_id for c in some), sum(c.late for c in some),
            min(c.oldest for c in some), min(c.raised_at for c in some), some[0].seen_by,
            some[0].seen_at, some[0].note, some[0].cell_id, some[0].call_id,
        )
        for some in groups.values()
    ]  # fmt: skip


def get_call(cell: int, call_id: int) -> CallRow:
    rows = fetch(_CALL + "WHERE cell_id = %s AND call_id = %s", (cell, call_id))
    if not rows:
        raise NoSuchCall()
    return CallRow(*rows[0])


def area_of_call(call: CallRow) -> Node:
    """The area of the level that must answer, around the community."""
    community = places.find_area(call.community_id)
    if community is None:
        raise places.NoSuchPlace()
    line = [*places.line_above(community), community]
    return next((n for n in line if n.level == call.level), community)


def place_of_call(cell: int, call_id: int) -> Place:
    return places.place_of_area(area_of_call(get_call(cell, call_id)).area_id)
