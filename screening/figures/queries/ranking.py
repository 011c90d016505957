"""What lies directly below an area, those who lag first, with who answers for it and what was last
done about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from screening.accounts.roles import Role
from screening.accounts.rules import Limit
from screening.coverage.queries import children_of
from screening.coverage.rules import CoverageRow
from screening.db import fetch
from screening.figures.queries.scene import Scene
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY

MOST = Limit(200, "house; no area has more parts directly below it but a community its buildings")
# who answers for an area where nobody owns it as a grid, the first that is found
ANSWERS = (Role.DISTRICT_HEAD, Role.COMMUNITY_WORKER)


class LastAction(NamedTuple):
    """What was last done about the missed: a kind of contact and its outcome."""

    kind: str
    outcome: str
    by: int | None
    at: datetime


class Ranked(NamedTuple):
    node: Node
    row: CoverageRow
    responsible: int | None
    last: LastAction | None


def list_ranked(scene: Scene) -> list[Ranked]:
    """Direct sub-areas, the largest share of missed first."""
    below = children_of(scene.area_id, scene.round_id, at=scene.at)[: MOST.value]
    who = responsible_for([n.area_id for n, _ in below])
    last = _last_actions(scene)
    return [Ranked(n, r, who.get(n.area_id), last.get(n.area_id)) for n, r in below]


def responsible_for(areas: Collection[int]) -> dict[int, int]:
    """{area: staff}: its owner, else whoever holds a role over exactly this area."""
    rows = fetch(
        "SELECT a.area_id, coalesce(a.owner_id, (SELECT g.staff_id FROM grant_role g "
        "JOIN staff s ON s.staff_id = g.staff_id AND s.active WHERE g.scope = 'area' "
        "AND g.scope_id = a.area_id AND g.role = ANY(%s) AND (g.until IS NULL OR g.until > now()) "
        "ORDER BY array_position(%s, g.role), g.grant_id LIMIT 1)) "
        "FROM area a WHERE a.area_id = ANY(%s)",
        ([r.value for r in ANSWERS], [r.value for r in ANSWERS], sorted(areas)),
    )
    return {area: staff for area, staff in rows if staff is not None}


def _last_actions(scene: Scene) -> dict[int, LastAction]:
    """{area directly below: the last contact with one of its people}."""
    if scene.node.level >= COMMUNITY:
        return _newest(scene, _last_at_home(scene))
    rows = fetch(
        "SELECT DISTINCT ON (community_id) community_id, kind, outcome, made_by, at FROM contact "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND community_id = ANY(%s) "
        "ORDER BY community_id, at DESC /* fan-out: what was said in the area's own cells */",
        (scene.cells, scene.round_id, scene.communities),
    )
    return _newest(scene, rows)


def _last_at_home(scene: Scene) -> list[tuple]:
    """Below a community: by the building, else the grid, where its people live."""
    return fetch(
        "SELECT DISTINCT ON (1) coalesce(p.building_id, p.grid_id, 0), c.kind, c.outcome, "
        "c.made_by, c.at FROM contact c "
        "JOIN person p ON p.cell_id = c.cell_id AND p.person_id = c.person_id "
        "WHERE c.cell_id = ANY(%(cells)s) AND p.cell_id = ANY(%(cells)s) "
        "AND c.round_id = %(round)s AND c.community_id = ANY(%(communities)s) "
        "ORDER BY 1, c.at DESC /* fan-out: what was said in the community's own cells */",
        {"cells": scene.cells, "round": scene.round_id, "communities": scene.communities},
    )


def _newest(scene: Scene, rows: Iterable[tuple]) -> dict[int, LastAction]:
    """Rows begin with an area anywhere below; what is not below stands in nobody's line."""
    by_id, out = places.TREE.get().by_id, dict[int, LastAction]()
    for area, *told in rows:
        path = by_id[area].path if area in by_id else ""
        if not path.startswith(scene.node.path) or path == scene.node.path:
            continue
        step = int(path[len(scene.node.path) :].partition("/")[0])
        action = LastAction(*told)
        if step not in out or out[step].at < action.at:
            out[step] = action
    return out
