"""The equation by industry (key group) and employer: the same statement, cut another way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import NamedTuple

from screening.coverage import equation
from screening.coverage.missed_rules import Limit
from screening.coverage.queries import communities_under
from screening.coverage.rules import CoverageRow, total
from screening.coverage.swabs import hashed
from screening.db import by_cell, fetch
from screening.errors import Problem
from screening.places.queries import Node
from screening.places.rules import BUILDING, GRID
from screening.registry.queries import get_policy, stores_of

MOST = Limit(60, "house; communities counted within one request, some hundred milliseconds each")

# the place of a person is here what he or she belongs to, as [industry, employer]
_CUT = """, cut AS (
  SELECT jsonb_build_array(coalesce(told.key_group, ''), coalesce(p.employer, '')) AS place,
    told.state, told.stage, told.code, told.late, told.added,
    told.residence
  FROM told JOIN person p ON p.cell_id = %(cell)s AND p.person_id = told.person_id
)"""
_COUNTED = equation.COUNTED.replace("FROM told", "FROM cut")


class AreaTooLarge(Problem):
    status = 422
    code = "coverage_area_too_large"
    zh = "这个区域有 {n} 个社区，按单位统计一次最多 {most} 个；请选下一级区域。"
    en = "This area has {n} communities; by employer at most {most} at a time. Choose one below it."


class Groups(NamedTuple):
    """The whole, by industry, and by (industry, employer); "" is no industry, no employer."""

    whole: CoverageRow
    industries: list[tuple[str, CoverageRow]]
    employers: list[tuple[str, str, CoverageRow]]


def count_groups(node: Node, round_id: int, *, at: datetime) -> Groups:
    """The equation of an area counted now, by industry and employer; who lags comes first.

    Raises AreaTooLarge, NoSuchRound."""
    communities = communities_under(node)
    if len(communities) > MOST.value:
        communities = _peopled(communities)
    if len(communities) > MOST.value:
        raise AreaTooLarge(n=len(communities), most=MOST.value)
    rows = rows_of_groups(node, communities, round_id, at=at)
    industries: dict[str, list[CoverageRow]] = defaultdict(list)
    for (group, _employer), row in rows.items():
        industries[group].append(row)
    return Groups(
        total(node.area_id, rows.values()),
        sorted(((g, total(0, r)) for g, r in industries.items()), key=lambda x: _lag(x[1], x[0])),
        sorted(((g, e, r) for (g, e), r in rows.items() if e),
               key=lambda x: _lag(x[2], x[0] + x[1])),
    )  # fmt: skip


def _peopled(communities: list[Node]) -> list[Node]:
    """Those in which anybody is registered: a round of three streets counts three streets."""
    found = {
        r[0]
        for cell, own in by_cell(stores_of(communities))
        for r in fetch(
            "SELECT c.id FROM unnest(%s::int8[]) AS c (id) WHERE EXISTS (SELECT FROM person "
            "WHERE cell_id = %s AND community_id = c.id)", ([c for _, c in own], cell),
        )
    }  # fmt: skip
    return [n for n in communities if n.area_id in found]


def rows_of_groups(
    node: Node, communities: Iterable[Node], round_id: int, *, at: datetime
) -> dict[tuple[str, str], CoverageRow]:
    """{(industry, employer): row} of these communities, as far as they lie within the area."""
    found: dict[tuple[str, str], list[CoverageRow]] = defaultdict(list)
    cells: dict[int, list[int]] = defaultdict(list)
    for cell, community in stores_of(communities):
        cells[cell].append(community)
    for cell, own in sorted(cells.items()):
        for key, row in _count(cell, own, node, round_id, at):
            found[key].append(row)
    return {key: total(0, parts) for key, parts in found.items()}


def _lag(row: CoverageRow, name: str) -> tuple:
    return (-row.behind, -row.missed, name)


def _count(
    cell: int, communities: list[int], node: Node, round_id: int, at: datetime
) -> list[tuple[tuple[str, str], CoverageRow]]:
    args = equation.arguments(cell, get_policy(round_id), communities, at=at)
    inside = {GRID: "grid_id", BUILDING: "building_id"}.get(node.level)
    args["within"] = node.area_id if inside else None
    head = equation.PERSONS.format(place="community_id", inside=inside or "community_id")
    with hashed() if cell == node.cell_id or not inside else nullcontext():
        rows = fetch(f"WITH {head}{_CUT}{_COUNTED} {equation.select('counted x')}", args)
    return [((r[0][0], r[0][1]), CoverageRow._make((0, *r[1:], at))) for r in rows]
