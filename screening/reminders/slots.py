"""Where people are asked to come: open sites near a place, and each building's own site and hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from screening.accounts import audit
from screening.accounts.roles import Actor
from screening.db import fetch, insert, run
from screening.errors import Problem
from screening.i18n import ZONE
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING
from screening.registry.queries import RoundPolicy, get_policy, stores_of
from screening.registry.rules import RoundState
from screening.reminders.queries import Opened, communities_of
from screening.reminders.rules import slots as rules
from screening.reminders.rules.slots import OpenSite, Slot


class TooLateToPlan(Problem):
    status = 409
    code = "slots_too_late"
    zh = "采样已经开始或结束，不再安排时段。"
    en = "Sampling has begun or is over; hours are no longer planned."


class WrongSlot(Problem):
    status = 422
    code = "wrong_slot"
    zh = "采样点要在本轮之内，结束要晚于开始。"
    en = "The site must belong to the round, and the end must lie after the start."


def open_sites(policy: RoundPolicy) -> list[OpenSite]:
    """The open sites of a round."""
    rows = fetch(
        "SELECT s.site_id, s.name, a.path, coalesce(s.opens, ''), s.tables FROM site s "
        "JOIN area a USING (area_id) WHERE s.valid_to IS NULL ORDER BY s.site_id"
    )
    return [
        OpenSite(*r)
        for r in rows
        if policy.at_site(r[0])
        and any(r[2].startswith(p) or p.startswith(r[2]) for p in policy.area_paths)
    ]


def near_sites(round_id: int, node: Node) -> list[OpenSite]:
    """The open sites that are nearest to an area."""
    return rules.nearest(node.path, open_sites(get_policy(round_id)))


def places_of(
    round_id: int, community: Node, people: Iterable[Opened]
) -> dict[int | None, tuple[str, str]]:
    """{building: (place, hours)} as a message says them: the planned site and hour where the
    building has one, else the nearest open sites."""
    buildings = {p.missed.building_id for p in people}
    sites = open_sites(get_policy(round_id))
    names = {s.site_id: s.name for s in sites}
    planned = slots_of(round_id, community)
    out: dict[int | None, tuple[str, str]] = {}
    for building in buildings:
        slot = planned.get(building or 0)
        if slot is not None and slot.site_id in names:
            out[building] = names[slot.site_id], rules.slot_words(slot, ZONE)
        else:
            path = (places.find_path(building) if building else None) or community.path
            out[building] = rules.place_and_hours(rules.nearest(path, sites))
    return out


def slots_of(round_id: int, community: Node) -> dict[int, Slot]:
    """{building: slot} of one community."""
    rows = fetch(
        "SELECT building_id, site_id, starts_at, ends_at FROM building_slot "
        "WHERE cell_id = %s AND round_id = %s AND community_id = %s",
        (community.cell_id, round_id, community.area_id),
    )
    return {r[0]: Slot(*r[1:]) for r in rows}


class SlotRow(NamedTuple):
    building_id: int
    building: str
    persons: int
    site_id: int | None
    site: str
    starts_at: datetime | None
    ends_at: datetime | None


def list_slots(round_id: int, node: Node) -> list[SlotRow]:
    """Each building with people under an area, by community and name, planned or not."""
    names = {s.site_id: s.name for s in open_sites(get_policy(round_id))}
    out = []
    for community in communities_of(node):
        planned, counts = slots_of(round_id, community), people_by_building(community)
        nodes = [n for b in counts if (n := places.find_area(b)) and n.path.startswith(node.path)]
        for building in sorted(nodes, key=lambda n: (n.name, n.area_id)):
            slot = planned.get(building.area_id)
            out.append(
                SlotRow(
                    building.area_id, building.name, counts[building.area_id],
                    slot.site_id if slot else None, names.get(slot.site_id, "") if slot else "",
                    slot.starts_at if slot else None, slot.ends_at if slot else None,
                )
            )  # fmt: skip
    return out


def people_by_building(community: Node) -> dict[int, int]:
    """{building: persons of the register} of one community."""
    counts: Counter[int] = Counter()
    for cell, area_id in stores_of([community]):
        rows = fetch(
            "SELECT building_id, count(*) FROM person WHERE cell_id = %s AND community_id = %s "
            "AND building_id IS NOT NULL AND left_at IS NULL GROUP BY building_id",
            (cell, area_id),
        )
        counts.update(dict(rows))
    return dict(counts)


def plan(round_id: int, node: Node, *, by: Actor, at: datetime) -> int:
    """Give each building under an area a site and an hour of the round's first day, as far as it
    has none; those that were set by hand stay. The number of new ones. Raises TooLateToPlan."""
    policy = _check(round_id)
    free: list[tuple[Node, int]] = []
    loads: Counter[int] = Counter()
    home: dict[int, Node] = {}
    for community in communities_of(node):
        kept = slots_of(round_id, community)
        for building, persons in people_by_building(community).items():
            found = places.find_area(building)
            if building in kept:
                loads[kept[building].site_id] += persons
            elif found is not None and found.path.startswith(node.path):
                free.append((found, persons))
                home[building] = community
    free.sort(key=lambda f: (home[f[0].area_id].area_id, f[0].name, f[0].area_id))
    planned = rules.spread(
        [(n.area_id, n.path, persons) for n, persons in free], open_sites(policy),
        policy.starts_at.astimezone(ZONE).date(), ZONE, not_before=policy.starts_at, loads=loads,
    )  # fmt: skip
    for community in {c.area_id: c for c in home.values()}.values():
        own = {b: s for b, s in planned.items() if home[b] == community}
        _keep(round_id, community, own, by, at)
    n = len(planned)
    audit.note("slots_planned", "area", node.area_id, detail={"round": round_id, "n": n})
    return n


def set_slot(round_id: int, building: Node, slot: Slot, *, by: Actor, at: datetime) -> None:
    """Another site or hour for one building. Raises TooLateToPlan, WrongSlot."""
    policy = _check(round_id)
    known = {s.site_id for s in open_sites(policy)}
    if slot.site_id not in known or slot.ends_at <= slot.starts_at or building.level != BUILDING:
        raise WrongSlot()
    (community,) = communities_of(building)
    run(
        "DELETE FROM building_slot WHERE cell_id = %s AND round_id = %s AND building_id = %s",
        (community.cell_id, round_id, building.area_id),
    )
    _keep(round_id, community, {building.area_id: slot}, by, at)
    audit.note("slot_set", "area", building.area_id, detail={"round": round_id})


def _check(round_id: int) -> RoundPolicy:
    policy = get_policy(round_id)
    if round_id == 0 or policy.state not in (RoundState.DRAFT, RoundState.SCHEDULED):
        raise TooLateToPlan()
    return policy


def _keep(
    round_id: int, community: Node, slots: Mapping[int, Slot], by: Actor, at: datetime
) -> None:
    insert(
        "building_slot",
        ("cell_id", "round_id", "building_id", "community_id", "site_id", "starts_at", "ends_at",
         "made_by", "made_at"),
        [
            (community.cell_id, round_id, b, community.area_id, s.site_id, s.starts_at, s.ends_at,
             by.staff_id, at)
            for b, s in slots.items()
        ],
        "ON CONFLICT DO NOTHING",
    )  # fmt: skip
