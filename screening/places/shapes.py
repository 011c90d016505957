"""Shapes of areas as plain rings of (longitude, latitude): winding, simplifying, drawing (pure).

A polygon is a list of rings, the outline first, then its holes; a shape is a list of polygons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import cos, hypot, radians
from statistics import median
from typing import NamedTuple

Point = tuple[float, float]
Ring = list[Point]
Polygon = list[Ring]
Shape = list[Polygon]


class Limit(NamedTuple):
    """A number that is a decision, with its source."""

    value: int
    source: str


FINE = Limit(800, "house; an area keeps bends larger than this part of its own width")
FAR = Limit(
    10, "house; areas of one map lie side by side, a province's outlier some three widths off"
)
DECIMALS = Limit(5, "about one metre in latitude; a screen shows less")


def area_of(ring: Sequence[Point]) -> float:
    """Twice the signed area; positive when it runs against the clock."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


def wound(polygon: Polygon) -> Polygon:
    """Outline against the clock, holes with it (RFC 7946, 3.1.6), whatever the file did."""
    return [
        ring if (area_of(ring) > 0) == (i == 0) else ring[::-1] for i, ring in enumerate(polygon)
    ]


class Bounds(NamedTuple):
    west: float
    south: float
    east: float
    north: float

    @property
    def width(self) -> float:
        return hypot(self.east - self.west, self.north - self.south)


def bounds(points: Iterable[Point]) -> Bounds:
    """The frame around points; there must be one."""
    found = list(points)
    xs, ys = [p[0] for p in found], [p[1] for p in found]
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def points_of(shape: Shape) -> Iterator[Point]:
    return (p for polygon in shape for ring in polygon for p in ring)


def inside(point: Point, ring: Sequence[Point]) -> bool:
    """Whether a point lies within a ring (even-odd rule)."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            odd = not odd
    return odd


# --- fewer points -----------------------------------------------------------------------------


def simplified(shapes: Sequence[Shape]) -> list[Shape]:
    """The same shapes with fewer points. A border that two areas share is thinned once and stays
    shared, so that no gap opens between them; every outline keeps at least a triangle."""
    drawn = [[[_rounded(r) for r in p] for p in shape] for shape in shapes]
    rings = [r for shape in drawn for p in shape for r in p]
    if not rings:
        return []
    tolerance = median(bounds(points_of(s)).width for s in drawn if s) / FINE.value
    joints = _joints(rings)
    return [[_thin(p, joints, tolerance) for p in shape] for shape in drawn]


def _rounded(ring: Ring) -> Ring:
    """An open ring (the first point is not said again), without points said twice in a row."""
    n = int(DECIMALS.value)
    points = [(round(x, n), round(y, n)) for x, y in ring]
    out = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
    return out[:-1] if len(out) > 1 and out[0] == out[-1] else out


def _joints(rings: Sequence[Ring]) -> set[Point]:
    """Points where borders part: they have other neighbours in one ring than in another."""
    seen: dict[Point, frozenset[Point]] = {}
    out: set[Point] = set()
    for ring in rings:
        for before, p, after in zip(
            [ring[-1], *ring[:-1]], ring, [*ring[1:], ring[0]], strict=True
        ):
            sides = frozenset((before, after))
            if seen.setdefault(p, sides) != sides:
                out.add(p)
    return out


def _thin(polygon: Polygon, joints: set[Point], tolerance: float) -> Polygon:
    outline, *holes = polygon
    kept = [r for r in (_thin_ring(h, joints, tolerance) for h in holes) if len(r) >= 3]
    thin = _thin_ring(outline, joints, tolerance)
    return wound([thin if len(thin) >= 3 and area_of(thin) else outline, *kept])


def _thin_ring(ring: Ring, joints: set[Point], tolerance: float) -> Ring:
    stops = [i for i, p in enumerate(ring) if p in joints]
    if len(stops) < 2:  # begins at the same place whoever draws it: the smallest, and the farthest
        first = stops[0] if stops else min(range(len(ring)), key=lambda i: ring[i])
        far = max(range(len(ring)), key=lambda i: (_far(ring[first], ring[i]), ring[i]))
        stops = sorted({first, far})
    out: Ring = []
    for start, end in zip(stops, [*stops[1:], stops[0] + len(ring)], strict=True):
        arc = [ring[i % len(ring)] for i in range(start, end + 1)]
        back = arc[-1] < arc[0] or (arc[-1] == arc[0] and arc[-2] < arc[1])
        thin = _fewer(arc[::-1] if back else arc, tolerance)
        out += (thin[::-1] if back else thin)[:-1]
    return out


def _far(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _fewer(line: Ring, tolerance: float) -> Ring:
    """Douglas and Peucker (1973), without recursion: ends stay, and bends beyond the tolerance."""
    keep = {0, len(line) - 1}
    open_ = [(0, len(line) - 1)]
    while open_:
        a, b = open_.pop()
        best, at = tolerance, 0
        for i in range(a + 1, b):
            if (d := _off(line[i], line[a], line[b])) > best:
                best, at = d, i
        if at:
            keep.add(at)
            open_ += [(a, at), (at, b)]
    return [line[i] for i in sorted(keep)]


def _off(p: Point, a: Point, b: Point) -> float:
    """How far a point lies from the stretch a-b."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    if not length:
        return _far(p, a)
    t = max(0.0, min(1.0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length))
    return _far(p, (a[0] + t * dx, a[1] + t * dy))


# --- drawing ----------------------------------------------------------------------------------


class Drawing(NamedTuple):
    """Paths for an SVG of this width and height; `label` the point where each name may stand and
    the room that it has there, in the same units."""

    width: float
    height: float
    paths: list[str]
    labels: list[tuple[float, float, float]]


def astray(shapes: Sequence[Shape]) -> set[int]:
    """Which shapes lie so far from the rest that nothing else could be seen beside them: those of
    another place or of a wrong file. Of two nobody can say which."""
    if len(shapes) < 3:
        return set()
    frames = [bounds(points_of(s)) for s in shapes]
    xs = [(f.west + f.east) / 2 for f in frames]
    ys = [(f.south + f.north) / 2 for f in frames]
    x, y = median(xs), median(ys)
    off = [hypot(a - x, b - y) for a, b in zip(xs, ys, strict=True)]
    usual = median(off) + median(f.width for f in frames)
    return {
        i for i, (d, f) in enumerate(zip(off, frames, strict=True))
        if d > FAR.value * max(usual, f.width)
    }  # fmt: skip


def draw(shapes: Sequence[Shape], *, width: int = 1000, tallest: int = 900) -> Drawing:
    """Shapes side by side on one plane: longitudes shortened by the cosine of the middle latitude,
    which is true enough for a province."""
    frame = bounds(p for s in shapes for p in points_of(s))
    squeeze = cos(radians((frame.south + frame.north) / 2))
    across = max((frame.east - frame.west) * squeeze, 1e-9)
    up = max(frame.north - frame.south, 1e-9)
    scale = min(width / across, tallest / up)

    def place(p: Point) -> Point:
        x, y = (p[0] - frame.west) * squeeze * scale, (frame.north - p[1]) * scale
        return round(x, 1), round(y, 1)

    placed = [[[[place(p) for p in ring] for ring in polygon] for polygon in s] for s in shapes]
    return Drawing(
        round(across * scale, 1), round(up * scale, 1),
        [_path(s) for s in placed], [_label(s) for s in placed],
    )  # fmt: skip


def _path(shape: Shape) -> str:
    return "".join(
        "M" + "L".join(f"{x:g} {y:g}" for x, y in ring) + "Z"
        for polygon in shape
        for ring in polygon
    )


def _label(shape: Shape) -> tuple[float, float, float]:
    """The middle of the widest stretch through the largest polygon: it lies inside, also of a
    crescent, and outside its holes."""
    polygon = max(shape, key=lambda p: abs(area_of(p[0])))
    frame = bounds(polygon[0])
    best = (0.0, 0.0, 0.0)
    for share in (0.5, 0.4, 0.6, 0.3, 0.7):
        y = frame.south + (frame.north - frame.south) * share
        cuts = sorted(_cuts(polygon, y))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False):
            if b - a > best[2] * 1.15:
                best = (round((a + b) / 2, 1), round(y, 1), round(b - a, 1))
    return best


def _cuts(polygon: Polygon, y: float) -> Iterator[float]:
    for ring in polygon:
        for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (ay > y) != (by > y):
                yield (bx - ax) * (y - ay) / (by - ay) + ax
