"""Reading schedules: what runs where, and who answers for an employer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import Place
from screening.registry.rules_schedule import Kind, Rhythm, State
from screening.registry.service.persons import ring

CONTACT_AAD = "employer_contact.sealed"


class NoSuchSchedule(NotFound):
    code = "no_such_schedule"
    zh = "没有这个定期检测安排。"
    en = "There is no such schedule."


class ScheduleRow(NamedTuple):
    """A schedule with its scope. No employers: those of all."""

    schedule_id: int
    name: str
    cohort: str
    rhythm: Rhythm
    state: State
    area_ids: tuple[int, ...]
    paths: tuple[str, ...]
    employers: frozenset[str]
    made_by: int
    made_at: datetime
    begun_by: int | None
    begun_at: datetime | None
    ended_at: datetime | None

    def takes(self, path: str, employer: str | None) -> bool:
        """Whether somebody of this community and employer is asked, once in the cohort."""
        return path.startswith(self.paths) and (not self.employers or employer in self.employers)

    def runs_on(self, day: date) -> bool:
        r = self.rhythm
        return (
            self.state is State.ON
            and r.starts_on <= day
            and (r.ends_on is None or day <= r.ends_on)
        )

    @property
    def changed_at(self) -> datetime | None:
        return max((t for t in (self.begun_at, self.ended_at) if t), default=None)


_ROWS = (
    "SELECT s.schedule_id, s.name, s.cohort, s.kind, s.every, s.days, s.first_day, s.starts_on, "
    "s.ends_on, s.spread, s.state, s.made_by, s.made_at, s.begun_by, s.begun_at, s.ended_at, "
    "ARRAY(SELECT a.area_id FROM cohort_schedule_area x JOIN area a USING (area_id) "
    "WHERE x.schedule_id = s.schedule_id ORDER BY a.path), "
    "ARRAY(SELECT a.path FROM cohort_schedule_area x JOIN area a USING (area_id) "
    "WHERE x.schedule_id = s.schedule_id ORDER BY a.path), "
    "ARRAY(SELECT employer FROM cohort_schedule_employer e WHERE e.schedule_id = s.schedule_id) "
    "FROM cohort_schedule s "
)


def _row(r: Sequence[Any]) -> ScheduleRow:
    rhythm = Rhythm(Kind(r[3]), r[4], tuple(r[5]), r[6], r[7], r[8], tuple(r[9]))
    return ScheduleRow(
        r[0], r[1], r[2], rhythm, State(r[10]), tuple(r[16]), tuple(r[17]), frozenset(r[18]),
        r[11], r[12], r[13], r[14], r[15],
    )  # fmt: skip


def get_schedule(schedule_id: int) -> ScheduleRow:
    rows = fetch(_ROWS + "WHERE s.schedule_id = %s", (schedule_id,))
    if not rows:
        raise NoSuchSchedule()
    return _row(rows[0])


def list_schedules(held: Sequence[Place] | None = None) -> list[ScheduleRow]:
    """All schedules, or those that concern somebody who answers for `held`; newest first."""
    found = [_row(r) for r in fetch(_ROWS + "ORDER BY s.schedule_id DESC")]
    if held is None or any(p.kind == "all" for p in held):
        return found
    own = [p.path for p in held]
    return [
        s for s in found
        if any(o.startswith(p) or p.startswith(o) for p in s.paths for o in own)
    ]  # fmt: skip


def running(day: date) -> list[ScheduleRow]:
    """The schedules that ask for swabs on this day."""
    return [s for s in list_schedules() if s.runs_on(day)]


def place_of_schedule(schedule_id: int) -> Place:
    """The smallest area around all areas of a schedule."""
    return places.common_place(get_schedule(schedule_id).area_ids)


# --- employers ------------------------------------------------------------------------------


class Contact(NamedTuple):
    """Who answers for an employer's people."""

    area_id: int
    employer: str
    name: str
    phone: str


def contacts_of(employers: Collection[str]) -> dict[str, list[Contact]]:
    """Who answers for these employers, in whichever areas."""
    rows = fetch(
        "SELECT area_id, employer, sealed FROM employer_contact WHERE employer = ANY(%s)",
        (sorted(employers),),
    )
    out: dict[str, list[Contact]] = {}
    for area_id, employer, sealed in rows:
        told = orjson.loads(ring().open(bytes(sealed), CONTACT_AAD))
        out.setdefault(employer, []).append(Contact(area_id, employer, told["n"], told["p"]))
    return out


def nearest(found: Collection[Contact], node: Node) -> Contact | None:
    """Of an employer's contacts the one for the smallest area around `node`; otherwise one inside
    it, when there is no other."""
    above = {n.area_id: n.level for n in [*places.line_above(node), node]}
    around = [c for c in found if c.area_id in above]
    if around:
        return max(around, key=lambda c: above[c.area_id])
    inside = [
        c for c in found
        if (place := places.find_path(c.area_id)) and place.startswith(node.path)
    ]  # fmt: skip
    return inside[0] if len(inside) == 1 else None


class EmployerRow(NamedTuple):
    employer: str
    key_group: str
    persons: int


def list_employers(node: Node, *, limit: int = 500) -> list[EmployerRow]:
    """Employers of key groups whose people live in an area, the largest first."""
    rows = fetch(
        "SELECT p.employer, min(p.key_group), count(*) FROM person p JOIN area a "
        "ON a.area_id = p.community_id WHERE p.cell_id = ANY(%s) AND a.path LIKE %s "
        "AND p.employer <> '' AND p.key_group IS NOT NULL AND p.left_at IS NULL "
        "GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT %s",
        (places.cells_under(node.path), node.path + "%", limit),
    )
    return [EmployerRow(*r) for r in rows]
