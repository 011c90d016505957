"""Reading the missed with names and phones, and what was tried with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.coverage.equation import Missed
from screening.coverage.queries import list_missed
from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, COMMUNITY, GRID
from screening.registry import seals
from screening.registry.service.persons import ring


class Opened(NamedTuple):
    """One missed person, opened: handle briefly, show masked."""

    cell_id: int
    community_id: int
    missed: Missed
    details: seals.Details
    snoozed: datetime | None

    @property
    def person_id(self) -> int:
        return self.missed.person_id

    @property
    def until(self) -> datetime | None:
        """Until when this person shall be left in peace."""
        times = [t for t in (self.missed.until, self.snoozed) if t is not None]
        return max(times, default=None)


def communities_of(node: Node) -> list[Node]:
    """The communities under an area, by id; the own community of a grid or building."""
    if node.level > COMMUNITY:
        return [n for n in places.line_above(node) if n.level == COMMUNITY]
    found = [
        n for n in places.TREE.get().by_id.values()
        if n.level == COMMUNITY and n.path.startswith(node.path)
    ]  # fmt: skip
    return sorted(found)


def get_node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def open_missed(
    community: Node,
    round_id: int,
    *,
    at: datetime,
    within: Node | None = None,
    states: Collection[str] = (),
) -> list[Opened]:
    """The missed of one community with their details, by building and household; of a grid or
    building only when `within` names one, of some `states` only when any are named."""
    found = list_missed(community.cell_id, round_id, community.area_id, at=at)
    wanted = {m.person_id: m for m in found if not states or m.state in states}
    stored = _sealed(community.cell_id, list(wanted))
    snoozed = _snoozed(community.cell_id, round_id, list(wanted), at)
    keys = ring()
    out = []
    for person, missed in wanted.items():
        if person not in stored:
            continue
        sealed, grid = stored[person]
        if within is None or _inside(missed, grid, within):
            details = seals.open_person(keys, sealed)
            out.append(
                Opened(community.cell_id, community.area_id, missed, details, snoozed.get(person))
            )
    return out


def _inside(missed: Missed, grid: int | None, node: Node) -> bool:
    if node.level == BUILDING:
        return missed.building_id == node.area_id
    if node.level == GRID:
        building = places.find_path(missed.building_id) if missed.building_id else None
        return grid == node.area_id or (building or "").startswith(node.path)
    return True


def _sealed(cell: int, persons: Sequence[int]) -> dict[int, tuple[bytes, int | None]]:
    rows = fetch(
        "SELECT person_id, sealed, grid_id FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
        (cell, list(persons)),
    )
    return {person: (sealed, grid) for person, sealed, grid in rows}


def _snoozed(cell: int, round_id: int, persons: Sequence[int], at: datetime) -> dict[int, datetime]:
    """Who asked, in the last word held, to be contacted later."""
    rows = fetch(
        "SELECT DISTINCT ON (person_id) person_id, outcome, until FROM contact WHERE cell_id = %s "
        "AND round_id = %s AND person_id = ANY(%s) ORDER BY person_id, at DESC, contact_id DESC",
        (cell, round_id, list(persons)),
    )
    return {p: until for p, outcome, until in rows if outcome == "later" and until and until > at}


def open_person(cell: int, person_id: int) -> tuple[int, seals.Details]:
    """(community, details) of one person. Raises NotFound."""
    rows = fetch(
        "SELECT community_id, sealed FROM person WHERE cell_id = %s AND person_id = %s",
        (cell, person_id),
    )
    if not rows:
        raise NotFound()
    return rows[0][0], seals.open_person(ring(), rows[0][1])


class ContactRow(NamedTuple):
    contact_id: int
    kind: str
    outcome: str
    until: datetime | None
    made_by: int | None
    at: datetime


def list_contacts(cell: int, round_id: int, person_id: int) -> list[ContactRow]:
    """What was tried with one person in a round, the latest first."""
    rows = fetch(
        "SELECT contact_id, kind, outcome, until, made_by, at FROM contact WHERE cell_id = %s "
        "AND round_id = %s AND person_id = %s ORDER BY at DESC, contact_id DESC LIMIT 100",
        (cell, round_id, person_id),
    )
    return [ContactRow(*r) for r in rows]


def opted_out(hashes: Collection[bytes]) -> set[bytes]:
    rows = fetch("SELECT phone_hash FROM opt_out WHERE phone_hash = ANY(%s)", (list(hashes),))
    return {bytes(r[0]) for r in rows}
