"""Reading coverage: what the rollups keep, by area; below the community it is counted now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.coverage import equation
from screening.coverage.equation import COLUMNS, Missed
from screening.coverage.rules import CoverageRow, total
from screening.db import fetch
from screening.places import queries as places
from screening.places import rules as levels
from screening.places.queries import Node
from screening.registry.queries import RoundPolicy, stores_of


def _stored(round_id: int, node: Node) -> list[CoverageRow]:
    rows = fetch(
        f"SELECT area_id, {', '.join(COLUMNS)}, exempt_by, as_of FROM coverage "
        "WHERE cell_id = ANY(%s) AND round_id = %s "
        "/* fan-out: a district's sum reads one small row a community */",
        (cells_of(node), round_id),
    )
    by_id = places.TREE.get().by_id
    return [
        CoverageRow(*r) for r in rows if r[0] in by_id and by_id[r[0]].path.startswith(node.path)
    ]


def cells_of(node: Node) -> list[int]:
    """Cells in which people of an area are stored, and with them its rollups."""
    own = [node.cell_id] if node.cell_id else places.cells_under(node.path)
    return sorted({*own, *(cell for cell, _ in stores_of(communities_under(node)))})


def communities_under(node: Node) -> list[Node]:
    """The communities of an area; the own one of a grid or building."""
    if node.level > levels.COMMUNITY:
        return [n for n in places.line_above(node) if n.level == levels.COMMUNITY]
    nodes = places.TREE.get().by_id.values()
    return [n for n in nodes if n.level == levels.COMMUNITY and n.path.startswith(node.path)]


def get_node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def coverage_of(area_id: int, round_id: int, *, at: datetime) -> CoverageRow:
    """The equation of any area: from the rollup down to the community, counted now below it."""
    node = get_node(area_id)
    if node.level > levels.COMMUNITY:
        by = "grid_id" if node.level == levels.GRID else "building_id"
        return total(area_id, count_below(node, round_id, by, at=at))
    return total(area_id, _stored(round_id, node))


def children_of(area_id: int, round_id: int, *, at: datetime) -> list[tuple[Node, CoverageRow]]:
    """What lies directly below an area, each with its equation, those who lag first.

    Areas without anybody in the round are left out; below a community people whose grid or
    building is not known stand in the community's own name."""
    node = get_node(area_id)
    if node.level >= levels.BUILDING:
        return []
    if node.level >= levels.COMMUNITY:
        found = _below(node, round_id, at)
    else:
        groups: dict[int, list[CoverageRow]] = defaultdict(list)
        by_id = places.TREE.get().by_id
        for row in _stored(round_id, node):
            step = by_id[row.area_id].path[len(node.path) :].partition("/")[0]
            groups[int(step)].append(row)
        found = [(by_id[i], total(i, rows)) for i, rows in groups.items() if i in by_id]
    found = [(n, r) for n, r in found if r.register]
    return sorted(found, key=lambda f: (-f[1].behind, -f[1].missed, f[0].code))


def compare(
    node: Node, round_ids: Sequence[int]
) -> tuple[dict[int, CoverageRow], dict[int, dict[int, CoverageRow]]]:
    """An area over several rounds: {round: its row} and {area below: {round: row}}, from what the
    rollups keep. Grids and buildings have no rollup; for them it is the community alone."""
    rows = fetch(
        f"SELECT round_id, area_id, {', '.join(COLUMNS)}, exempt_by, as_of FROM coverage "
        "WHERE cell_id = ANY(%s) AND round_id = ANY(%s) "
        "/* fan-out: a small row a community and round */",
        (cells_of(node), list(round_ids)),
    )
    by_id = places.TREE.get().by_id
    own: dict[int, list[CoverageRow]] = defaultdict(list)
    below: dict[int, dict[int, list[CoverageRow]]] = defaultdict(lambda: defaultdict(list))
    for round_id, *rest in rows:
        row = CoverageRow(*rest)
        if row.area_id in by_id and (path := by_id[row.area_id].path).startswith(node.path):
            own[round_id].append(row)
            if step := path[len(node.path) :].partition("/")[0]:
                below[int(step)][round_id].append(row)
    return (
        {r: total(node.area_id, found) for r, found in own.items()},
        {
            i: {r: total(i, found) for r, found in by_round.items()}
            for i, by_round in below.items()
            if i in by_id
        },
    )


def count_below(node: Node, round_id: int, by: str, *, at: datetime) -> list[CoverageRow]:
    """The equation within a community, grid or building, counted now, by grid or building
    (0: not known), wherever its people are stored."""
    groups: dict[int, list[CoverageRow]] = defaultdict(list)
    for cell, community in stores_of(communities_under(node)):
        own = cell == node.cell_id
        for row in equation.count_places(cell, community, node, round_id, by, own=own, at=at):
            groups[row.area_id].append(row)
    return [total(i, rows)._replace(as_of=at) for i, rows in sorted(groups.items())]


def list_missed(community: Node, round_id: int, *, at: datetime) -> list[Missed]:
    """The missed of one community, by building and household: the same persons that its coverage
    counts as missed, wherever they are stored."""
    found = [
        m
        for cell, area_id in stores_of([community])
        for m in equation.list_missed(cell, round_id, area_id, own=cell == community.cell_id, at=at)
    ]
    return sorted(found, key=Missed.door)


def _below(node: Node, round_id: int, at: datetime) -> list[tuple[Node, CoverageRow]]:
    grids = node.level == levels.COMMUNITY and any(
        n.parent_id == node.area_id and n.level == levels.GRID
        for n in places.TREE.get().by_id.values()
    )
    by_id = places.TREE.get().by_id
    rows = count_below(node, round_id, "grid_id" if grids else "building_id", at=at)
    return [(by_id.get(r.area_id, node), r) for r in rows]


def list_stored(round_id: int) -> dict[tuple[int, int], CoverageRow]:
    """{(cell, community): row} of a whole round."""
    rows = fetch(
        f"SELECT cell_id, area_id, {', '.join(COLUMNS)}, exempt_by, as_of FROM coverage "
        "WHERE cell_id = ANY(%s) AND round_id = %s /* fan-out: the whole round, in the worker */",
        (places.cells_under("/"), round_id),
    )
    return {(r[0], r[1]): CoverageRow(*r[1:]) for r in rows}


def communities_of(policy: RoundPolicy) -> list[tuple[int, int]]:
    """(cell, community) of every community that a round touches, in whole or in part."""
    nodes = places.TREE.get().by_id.values()
    return sorted(
        (n.cell_id, n.area_id)
        for n in nodes
        if n.level == levels.COMMUNITY
        and any(n.path.startswith(p) or p.startswith(n.path) for p in policy.area_paths)
    )


# --- tubes by stage ---------------------------------------------------------------------------


class StageRow(NamedTuple):
    """Tubes of one site and laboratory in one stage; `late` past their limit, `held` not to be
    released; `oldest`: since when the longest stands there."""

    site_id: int
    lab_id: int
    stage: int
    tubes: int
    persons: int
    late: int
    held: int
    oldest: datetime | None
    as_of: datetime


def list_stages(
    round_id: int,
    cells: Sequence[int] | None = None,
    *,
    site_id: int | None = None,
    lab_id: int | None = None,
) -> list[StageRow]:
    """The rollup of tubes of a round, in the given cells (None: all), at one site or laboratory."""
    rows = fetch(
        "SELECT site_id, lab_id, stage, tubes, persons, late, held, oldest, as_of "
        "FROM stage_count WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND (%s::int8 IS NULL OR site_id = %s) AND (%s::int8 IS NULL OR lab_id = %s) "
        "ORDER BY site_id, lab_id, stage /* fan-out: a few small rows a cell */",
        (
            places.cells_under("/") if cells is None else list(cells), round_id,
            site_id, site_id, lab_id, lab_id,
        ),
    )  # fmt: skip
    return [StageRow(*r) for r in rows]


def find_cut(round_id: int, cut_off: datetime | None = None) -> tuple[datetime, list[dict]] | None:
    """The frozen numbers of a cut-off, or of the latest one."""
    rows = fetch(
        "SELECT cut_off, body FROM coverage_cut WHERE round_id = %s "
        "AND (%s::timestamptz IS NULL OR cut_off = %s) ORDER BY cut_off DESC LIMIT 1",
        (round_id, cut_off, cut_off),
    )
    return (rows[0][0], rows[0][1]) if rows else None
