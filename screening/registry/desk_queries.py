"""Reading the register for desks: rounds, zones, exemptions, imports and where they belong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import fetch
from screening.places import queries as places
from screening.places.rules import COMMUNITY, EVERYWHERE, Place
from screening.registry.queries import ROUNDS, RoundPolicy, get_policy, stores_of
from screening.registry.service.exemptions import NoSuchExemption
from screening.registry.service.imports import Import, get_import
from screening.registry.service.persons import NoSuchPerson
from screening.registry.service.zones import NoSuchZone

# --- where a thing belongs ------------------------------------------------------------------


def place_of_round(round_id: int) -> Place:
    """The smallest area around all areas of a round."""
    get_policy(round_id)
    rows = fetch("SELECT area_id FROM round_area WHERE round_id = %s", (round_id,))
    return places.common_place([r[0] for r in rows]) if rows else EVERYWHERE


def place_of_zone(zone_id: int) -> Place:
    rows = fetch("SELECT area_id FROM zone_area WHERE zone_id = %s", (zone_id,))
    if not rows:
        raise NoSuchZone()
    return places.common_place([r[0] for r in rows])


def place_of_import(import_id: int) -> Place:
    held = get_import(import_id)
    return places.place_of_area(held.area_id) if held.area_id else EVERYWHERE


def place_of_person(cell: int, person_id: int) -> Place:
    """Where a person lives now, wherever the row is stored: the building or grid as far as it lies
    in the community, so that a grid's worker may act for the grid's people; else the community."""
    rows = fetch(
        "SELECT community_id, grid_id, building_id FROM person WHERE cell_id = %s "
        "AND person_id = %s",
        (cell, person_id),
    )
    if not rows:
        raise NoSuchPerson()
    home, *inner = rows[0]
    place = places.place_of_area(home)
    for area_id in inner:
        node = places.find_area(area_id) if area_id else None
        if node is not None and node.path.startswith(place.path):
            place = Place("area", node.area_id, node.path)
    return place


def place_of_exemption(cell: int, exemption_id: int) -> Place:
    rows = fetch(
        "SELECT community_id FROM exemption WHERE cell_id = %s AND exemption_id = %s",
        (cell, exemption_id),
    )
    if not rows:
        raise NoSuchExemption()
    return places.place_of_area(rows[0][0])


def touches(paths: Iterable[str], held: Sequence[Place]) -> bool:
    """Whether something over `paths` concerns somebody who answers for the places `held`."""
    own = [p.path for p in held]
    if any(p.kind == "all" for p in held):
        return True
    return any(o.startswith(p) or p.startswith(o) for p in paths for o in own)


# --- rounds and zones -----------------------------------------------------------------------


def list_rounds(held: Sequence[Place]) -> list[RoundPolicy]:
    """Rounds that concern the places, newest first; round 0 is no round."""
    found = [p for p in ROUNDS.fresh().values() if p.round_id and touches(p.area_paths, held)]
    return sorted(found, key=lambda p: -p.round_id)


class RoundScope(NamedTuple):
    """What a round was set up with, by id and by name."""

    areas: list[tuple[int, str]]
    sites: list[tuple[int, str, int | None]]
    made_by: int | None
    approved_by: int | None
    cloned_from: int | None


def round_scope(round_id: int) -> RoundScope:
    areas = fetch(
        "SELECT area_id, name FROM round_area JOIN area USING (area_id) WHERE round_id = %s "
        "ORDER BY code",
        (round_id,),
    )
    sites = fetch(
        "SELECT r.site_id, s.name, r.lab_id FROM round_site r JOIN site s USING (site_id) "
        "WHERE r.round_id = %s ORDER BY s.code",
        (round_id,),
    )
    row = fetch(
        "SELECT made_by, approved_by, cloned_from FROM round WHERE round_id = %s", (round_id,)
    )[0]
    return RoundScope(areas, sites, *row)


class ZoneRow(NamedTuple):
    zone_id: int
    name: str
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    areas: list[str]


def list_zones(held: Sequence[Place], *, after: int = 0, limit: int = 200) -> list[ZoneRow]:
    """Zones all of whose areas lie within the places, by id."""
    cond, params = places.in_scope(held)
    rows = fetch(
        "SELECT z.zone_id, z.name, z.kind, z.starts_at, z.ends_at, array_agg(a.name ORDER BY a.code) "
        "FROM zone z JOIN zone_area USING (zone_id) JOIN area a USING (area_id) "
        f"WHERE z.zone_id > %s GROUP BY z.zone_id HAVING bool_and({cond}) "
        "ORDER BY z.zone_id LIMIT %s",
        (after, *params, limit),
    )
    return [ZoneRow(*r) for r in rows]


# --- exemptions and imports -----------------------------------------------------------------


class ExemptionRow(NamedTuple):
    cell_id: int
    exemption_id: int
    round_id: int
    person_id: int
    community_id: int
    code: str
    until: datetime | None
    made_by: int | None
    made_at: datetime
    ended_at: datetime | None


_EXEMPTION = ", ".join(ExemptionRow._fields)


class Asked(NamedTuple):
    """Which exemptions: of one code, by one person (0: the system), granted since; what is empty
    asks nothing. `since` shows those that ended meanwhile too."""

    reason: str | None = None
    by: int | None = None
    since: datetime | None = None


def list_exemptions(
    place: Place, *, at: datetime, after: int = 0, limit: int = 200, asked: Asked = Asked()
) -> list[ExemptionRow]:
    """Exemptions that hold at `at` for people of an area, wherever they are stored, paged by id."""
    communities = [n for n in places.TREE.get().by_id.values() if n.path.startswith(place.path)]
    stores = stores_of(n for n in communities if n.level == COMMUNITY)
    rows = fetch(
        f"SELECT {_EXEMPTION} FROM exemption e WHERE cell_id = ANY(%(cells)s) "
        "AND exemption_id > %(after)s AND (%(since)s::timestamptz IS NOT NULL OR ended_at IS NULL "
        "AND (until IS NULL OR until > %(at)s)) AND community_id = ANY(%(communities)s) "
        "AND (%(since)s::timestamptz IS NULL OR made_at > %(since)s) "
        "AND (%(reason)s::text IS NULL OR code = %(reason)s) "
        "AND (%(by)s::int8 IS NULL OR coalesce(made_by, 0) = %(by)s) "
        "ORDER BY exemption_id LIMIT %(limit)s",
        {
            "cells": sorted({cell for cell, _ in stores}),
            "communities": sorted({community for _, community in stores}),
            "after": after, "at": at, "limit": limit, **asked._asdict(),
        },
    )  # fmt: skip
    return [ExemptionRow(*r) for r in rows]


def exemptions_of(cell: int, person_id: int) -> list[ExemptionRow]:
    """All of one person's exemptions, newest first."""
    rows = fetch(
        f"SELECT {_EXEMPTION} FROM exemption WHERE cell_id = %s AND person_id = %s "
        "ORDER BY made_at DESC, exemption_id DESC LIMIT 100",
        (cell, person_id),
    )
    return [ExemptionRow(*r) for r in rows]


def list_imports(held: Sequence[Place], *, limit: int = 100) -> list[Import]:
    """Imports into areas within the places, newest first."""
    cond, params = places.in_scope(held)
    rows = fetch(
        "SELECT i.import_id, i.state, i.area_id, i.total, i.done, i.faults, i.mark, i.report, "
        "i.made_by, i.made_at, i.ended_at FROM import_run i LEFT JOIN area a USING (area_id) "
        f"WHERE {cond} ORDER BY i.import_id DESC LIMIT %s",
        (*params, limit),
    )
    return [Import(*r) for r in rows]
