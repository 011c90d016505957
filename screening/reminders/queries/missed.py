"""Reading the missed with names and phones, and what was tried with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.coverage.equation import Missed
from screening.coverage.missed_queries import Never, Picked, pick
from screening.coverage.missed_rules import NewSwab, Wanted
from screening.db import by_cell, fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, COMMUNITY, GRID
from screening.registry import seals
from screening.registry.service.persons import ring
from screening.reminders.rules.contacts import to_visit
from screening.reminders.rules.doors import door_key


class Opened(NamedTuple):
    """One missed person, opened: handle briefly, show masked."""

    cell_id: int
    community_id: int
    missed: Missed
    details: seals.Details
    snoozed: datetime | None
    again: NewSwab | None = None

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


def innermost(node: Node, community: Node) -> Node:
    """The grid or building that is looked at, of its community; else the community itself."""
    return node if node.level > COMMUNITY else community


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
    found = pick_missed(community, round_id, Wanted(frozenset(states)), at=at, within=within)
    return open_these(community, round_id, in_order_of_doors(found), at=at)


def open_visits(
    community: Node, round_id: int, *, at: datetime, within: Node | None = None
) -> list[Opened]:
    """Whom to visit at home (rules.to_visit), in the order of the way: building, unit, floor."""
    found = [
        p for p in pick_missed(community, round_id, Wanted(), at=at, within=within)
        if to_visit(p.missed.state, p.missed.flags)
    ]  # fmt: skip
    return by_way(open_these(community, round_id, found, at=at))


def by_way(opened: Iterable[Opened], *, down: bool = False) -> list[Opened]:
    """People in the order in which their doors are passed, floors from the top if `down`."""

    def way(p: Opened) -> tuple:
        building = places.find_area(p.missed.building_id) if p.missed.building_id else None
        name = building.name if building else ""
        key = door_key(name, p.details.unit, p.details.room, down=down)
        return (key[0], p.missed.building_id or 0, *key[1:], p.person_id)

    return sorted(opened, key=way)


def pick_missed(
    community: Node, round_id: int, wanted: Wanted, *, at: datetime, within: Node | None = None
) -> list[Picked]:
    """Those who fit `wanted`, none of them opened; who needs a new swab comes first."""
    where = None if within is None else lambda m: inside(m, within)
    return pick(community, round_id, wanted, at=at, inside=where)


def in_order_of_doors(found: Iterable[Picked]) -> list[Picked]:
    return sorted(found, key=lambda p: p.missed.door())


def inside(missed: Missed | Never, node: Node) -> bool:
    """Whether somebody of the community lives in this grid or building of it."""
    if node.level == BUILDING:
        return missed.building_id == node.area_id
    if node.level == GRID:
        building = places.find_path(missed.building_id) if missed.building_id else None
        return missed.grid_id == node.area_id or (building or "").startswith(node.path)
    return True


def open_these(
    community: Node, round_id: int, picked: Collection[Picked], *, at: datetime
) -> list[Opened]:
    """Names, phones and rooms of these people of one community, in their order."""
    pairs = [(p.missed.cell_id, p.missed.person_id) for p in picked]
    details = open_pairs(pairs)
    snoozed: dict[tuple[int, int], datetime] = {}
    for cell, group in by_cell(sorted(pairs)):
        persons = [p for _, p in group]
        snoozed |= {(cell, p): t for p, t in snoozed_of(cell, round_id, persons, at).items()}
    return [
        Opened(
            p.missed.cell_id, community.area_id, p.missed, details[pair], snoozed.get(pair),
            p.again,
        )
        for p in picked
        if (pair := (p.missed.cell_id, p.missed.person_id)) in details
    ]  # fmt: skip


def open_pairs(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], seals.Details]:
    """What the register says of (cell, person): handle briefly, show masked."""
    keys = ring()
    out: dict[tuple[int, int], seals.Details] = {}
    for cell, group in by_cell(sorted(pairs)):
        rows = fetch(
            "SELECT person_id, sealed FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
            (cell, [p for _, p in group]),
        )
        out |= {(cell, p): seals.open_person(keys, sealed) for p, sealed in rows}
    return out


def snoozed_of(
    cell: int, round_id: int, persons: Sequence[int], at: datetime
) -> dict[int, datetime]:
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
