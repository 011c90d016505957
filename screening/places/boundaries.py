"""Boundaries of areas: which shape is whose, what is kept, and what of it a map asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from screening.db import fetch, insert
from screening.places.queries import TREE, Node
from screening.places.readers.boundaries import Boundary
from screening.places.shapes import Shape, points_of, simplified

_COLUMNS = ("area_id", "shape", "given", "kept", "made_by", "made_at")
_UPSERT = "ON CONFLICT (area_id) DO UPDATE SET " + ", ".join(
    f"{c} = EXCLUDED.{c}" for c in _COLUMNS[1:]
)


class Unmatched(NamedTuple):
    """A shape of a file that is nobody's: `why` unknown, outside (of the root) or several."""

    number: int
    code: str
    name: str
    why: str


class Report(NamedTuple):
    """What came of a file: areas by how they were found, shapes left over, areas left without;
    `slivers` parts without any area, which are left out."""

    by_code: list[Node]
    by_name: list[Node]
    unmatched: list[Unmatched]
    without: list[Node]
    given: int
    kept: int
    slivers: int


class Matched(NamedTuple):
    boundary: Boundary
    node: Node
    by_code: bool


def match(
    found: Sequence[Boundary], root: Node | None, nodes: Collection[Node]
) -> tuple[list[Matched], list[Unmatched]]:
    """Give each shape to the area under `root` (None: anywhere) with its code, else with its name
    where only one bears it and no other shape has it already."""
    inside = [n for n in nodes if root is None or n.path.startswith(root.path)]
    codes, names = {n.code: n for n in nodes}, defaultdict(list)
    for n in inside:
        names[n.name].append(n)
    ids = {n.area_id for n in inside}
    matched: list[Matched] = []
    rest: list[Boundary] = []
    left: list[Unmatched] = []
    for b in found:
        node = codes.get(b.code)
        if node is None:
            rest.append(b)
        elif node.area_id in ids:
            matched.append(Matched(b, node, True))
        else:
            left.append(Unmatched(b.number, b.code, b.name, "outside"))
    taken = {m.node.area_id for m in matched}
    for b in rest:
        free = [n for n in names.get(b.name, ()) if n.area_id not in taken]
        if b.name and len(free) == 1:
            matched.append(Matched(b, free[0], False))
            taken.add(free[0].area_id)
        else:
            why = "several" if len(free) > 1 else "unknown"
            left.append(Unmatched(b.number, b.code, b.name, why))
    return matched, sorted(left)


def save(found: Sequence[Boundary], root: Node | None, *, by: int | None, at: datetime) -> Report:
    """Keep the shapes of areas under `root`, thinned; an area that had one gets the new one."""
    nodes = list(TREE.fresh().by_id.values())
    matched, left = match(found, root, nodes)
    thin = simplified([m.boundary.shape for m in matched])
    kept = [sum(1 for _ in points_of(s)) for s in thin]
    insert("area_boundary", _COLUMNS, [
        (m.node.area_id, Jsonb(shape), m.boundary.points, n, by, at)
        for m, shape, n in zip(matched, thin, kept, strict=True)
    ], _UPSERT)  # fmt: skip
    return Report(
        [m.node for m in matched if m.by_code], [m.node for m in matched if not m.by_code], left,
        _without(matched, root, nodes), sum(m.boundary.points for m in matched), sum(kept),
        sum(m.boundary.slivers for m in matched),
    )  # fmt: skip


def _without(matched: Sequence[Matched], root: Node | None, nodes: list[Node]) -> list[Node]:
    """Areas beside the matched ones (of the same level, under the root) that have no shape yet."""
    levels = {m.node.level for m in matched}
    beside = [
        n for n in nodes if n.level in levels and (root is None or n.path.startswith(root.path))
    ]
    held = with_shape([n.area_id for n in beside])
    return sorted((n for n in beside if n.area_id not in held), key=lambda n: n.code)


def with_shape(areas: Collection[int]) -> set[int]:
    """Of these areas, those whose boundary is known."""
    rows = fetch("SELECT area_id FROM area_boundary WHERE area_id = ANY(%s)", (sorted(areas),))
    return {r[0] for r in rows}


def list_shapes(areas: Collection[int]) -> dict[int, Shape]:
    """{area: its shape} of those whose boundary is known."""
    rows = fetch(
        "SELECT area_id, shape FROM area_boundary WHERE area_id = ANY(%s)", (sorted(areas),)
    )
    return dict(rows)


def newest(areas: Collection[int]) -> datetime | None:
    """When a boundary of these areas was last brought in."""
    rows = fetch("SELECT max(made_at) FROM area_boundary WHERE area_id = ANY(%s)", (sorted(areas),))
    return rows[0][0]
