"""Made outlines for a drill's areas, so that its map can be drawn: plain rectangles, nobody's land.

They lie in the sea at 0° N 0° E: nobody can take them for the borders of a real place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import ceil, sqrt

from screening.places.queries import Node
from screening.places.readers.boundaries import Boundary
from screening.places.rules import COMMUNITY, COUNTY
from screening.places.shapes import Bounds

SEA = Bounds(0.0, 0.0, 1.2, 1.0)


def outlines(nodes: Iterable[Node]) -> list[Boundary]:
    """One rectangle for each county, street and community; what lies below an area fills it."""
    below: dict[int | None, list[Node]] = defaultdict(list)
    for n in sorted(nodes, key=lambda n: n.code):
        if n.level <= COMMUNITY:
            below[n.parent_id].append(n)
    found = [pair for root in below[None] for pair in _fill(root, SEA, below)]
    return [
        Boundary(i, n.code, n.name, [[_ring(frame)]], 4)
        for i, (n, frame) in enumerate(found, start=1)
        if n.level >= COUNTY
    ]


def _fill(node: Node, frame: Bounds, below: dict) -> Iterator[tuple[Node, Bounds]]:
    yield node, frame
    parts = below[node.area_id]
    if not parts:
        return
    rows = max(1, round(sqrt(len(parts))))
    each = ceil(len(parts) / rows)
    lines = [parts[i : i + each] for i in range(0, len(parts), each)]
    height = (frame.north - frame.south) / len(lines)
    for r, line in enumerate(lines):
        width = (frame.east - frame.west) / len(line)
        south = frame.south + r * height
        for c, part in enumerate(line):
            west = frame.west + c * width
            yield from _fill(part, Bounds(west, south, west + width, south + height), below)


def _ring(b: Bounds) -> list[tuple[float, float]]:
    return [(b.west, b.south), (b.east, b.south), (b.east, b.north), (b.west, b.north)]
