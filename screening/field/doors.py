"""The list of a door team: who was called back, and who is to be visited, with name and address.

Names and telephone numbers are in the clear here: whoever stands at a door must know whom to ask
for. So a person signs in for it, the phone must be of the place, and each person read is audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from screening import clock
from screening.accounts.audit import note_read_person
from screening.accounts.roles import Role
from screening.accounts.rules import Limit
from screening.collection.persons import community_of
from screening.collection.queries import SiteRow, find_site
from screening.db import by_cell, fetch
from screening.errors import NotFound
from screening.field.near import rounds_at
from screening.field.queries import DeviceRow
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry.person_codes import make_resident_code
from screening.reminders.queries import Opened, get_node, open_visits
from screening.reporting import rules as reporting_rules
from screening.reporting.members import Member, callbacks_of_area, open_members

TEAM = (Role.SAMPLER, Role.SITE_SUPERVISOR, Role.COMMUNITY_WORKER)
MOST = Limit(500, "house; more doors than a team of two knocks at in a shift")
ALONE_LANE = 2


def list_doors(device: DeviceRow, *, at: datetime) -> dict[str, Any]:
    """Callbacks first (by deadline), then visits, of the community of the phone's site.

    Raises NotFound for a phone of no site and for one that practises."""
    site = find_site(device.site_id)
    if site is None or device.practice:
        raise NotFound()
    homes = _Numbers()
    called = _callbacks(site, homes)
    seen = {(i["cell"], i["person"]) for i in called}
    rest = [i for i in _visits(site, homes, at) if (i["cell"], i["person"]) not in seen]
    return {"made_at": clock.to_ms(at), "items": [*called, *rest][: MOST.value]}


class _Numbers:
    """Households by small numbers within one list."""

    def __init__(self) -> None:
        self._of: dict[int, int] = {}

    def of(self, household: int | None) -> int:
        return 0 if household is None else self._of.setdefault(household, len(self._of) + 1)


def _callbacks(site: SiteRow, homes: _Numbers) -> list[dict[str, Any]]:
    node = get_node(community_of(site))
    rows = callbacks_of_area(
        Place("area", node.area_id, node.path), states=(reporting_rules.OPEN,), limit=MOST.value
    )
    members = open_members(rows)  # audited there
    more = _more((m.row.cell_id, m.row.person_id) for m in members)
    tries = _tries([(m.row.cell_id, m.row.person_id) for m in members],
                   {m.row.round_id for m in members})  # fmt: skip
    found = [
        _callback(m, homes.of(more[m.row.cell_id, m.row.person_id][0]), tries) for m in members
    ]
    return sorted(found, key=lambda i: i["deadline"])


def _callback(m: Member, household: int, tries: dict[tuple[int, int], int]) -> dict[str, Any]:
    row = m.row
    unit, _, room = m.address.rpartition(" ")
    return {
        **_who(row.cell_id, row.person_id, m.name, m.phone),
        "building": m.building,
        "unit": unit,
        "room": room,
        "household": household,
        "kind": "callback",
        "single": True,
        "deadline": clock.to_ms(row.due_at),
        "callback_id": str(row.callback_id),
        "note": "",
        "tries": tries.get((row.cell_id, row.person_id), 0),
    }


def _visits(site: SiteRow, homes: _Numbers, at: datetime) -> list[dict[str, Any]]:
    rounds = rounds_at(site.site_id, site.path)
    if not rounds:
        return []
    round_id = rounds[0].round_id
    node = get_node(community_of(site))
    found = open_visits(node, round_id, at=at)
    due = [p for p in found if p.until is None or p.until <= at][: MOST.value]
    pairs = [(p.cell_id, p.person_id) for p in due]
    for cell, group in by_cell(sorted(pairs)):
        note_read_person(cell, [person for _, person in group], why="visit_list")
    tries, more = _tries(pairs, {round_id}), _more(pairs)
    return [_visit(p, homes, tries, more[p.cell_id, p.person_id][1]) for p in due]


def _visit(
    p: Opened, homes: _Numbers, tries: dict[tuple[int, int], int], lane: int
) -> dict[str, Any]:
    building = places.find_area(p.missed.building_id) if p.missed.building_id else None
    return {
        **_who(p.cell_id, p.person_id, p.details.name, p.details.phone or ""),
        "building": building.name if building else "",
        "unit": p.details.unit or "",
        "room": p.details.room or "",
        "household": homes.of(p.missed.household_id),
        "kind": "visit",
        "single": lane == ALONE_LANE,
        "deadline": clock.to_ms(p.again.due_at) if p.again else None,
        "callback_id": None,
        "note": "",
        "tries": tries.get((p.cell_id, p.person_id), 0),
    }


def _who(cell: int, person: int, name: str, phone: str) -> dict[str, Any]:
    return {"cell": cell, "person": str(person), "code": make_resident_code(cell, person),
            "name": name, "phone": phone or None}  # fmt: skip


def _tries(pairs: Sequence[tuple[int, int]], rounds: set[int]) -> dict[tuple[int, int], int]:
    """How often somebody has stood before each door in these rounds."""
    out = {}
    for cell, group in by_cell(sorted(set(pairs))):
        for person, count in fetch(
            "SELECT person_id, count(*) FROM contact WHERE cell_id = %s AND round_id = ANY(%s) "
            "AND person_id = ANY(%s) AND kind = 'visit' GROUP BY person_id",
            (cell, sorted(rounds), [p for _, p in group]),
        ):
            out[cell, person] = count
    return out


def _more(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[int | None, int]]:
    """(household, lane) of each person."""
    out = {}
    for cell, group in by_cell(sorted(set(pairs))):
        for person, household, lane in fetch(
            "SELECT person_id, household_id, lane FROM person WHERE cell_id = %s "
            "AND person_id = ANY(%s)",
            (cell, [p for _, p in group]),
        ):
            out[cell, person] = (household, lane)
    return out
