"""Boundaries of areas as GeoJSON (RFC 7946): every fault of every shape at once, nothing guessed.

Coordinates are taken as WGS 84, as the RFC has it. Maps of other programs may be shifted by some
hundred metres (GCJ-02); that cannot be seen in the numbers, and does not matter to a picture in
which only areas stand."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import Any, NamedTuple

import orjson

from screening.errors import Fault, Faults, Problem
from screening.places.shapes import Limit, Polygon, Shape, area_of, inside, wound

MOST_BYTES = Limit(
    32 * 1024 * 1024, "house; the streets of the largest city unsimplified are half of it"
)
MOST_SHAPES = Limit(20_000, "house; more communities than the largest city has")
MOST_POINTS = Limit(1_000_000, "house; thinning takes a few seconds at this size")
MOST_TURNS = Limit(10_000_000, "house; seconds that are spent on whether holes lie inside")
HOLE_POINTS = 16  # of a hole that are looked at: one on the line is no proof
MOST_FAULTS = Limit(200, "house; more of them nobody reads")
CODES = ("code", "adcode", "code12", "区划代码")
NAMES = ("name", "NAME", "名称")
WGS84 = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326", "WGS84")


class BadBoundaries(Problem):
    status = 422
    code = "bad_boundaries"
    zh = "读不懂这个文件：应为 GeoJSON 的 FeatureCollection（UTF-8）。"
    en = "This file cannot be read: a GeoJSON FeatureCollection in UTF-8 is needed."


class TooManyShapes(BadBoundaries):
    code = "boundaries_too_many"
    zh = "文件太大：最多 {shapes} 个图形、{points} 个点、{mb} MB。"
    en = "The file is too large: at most {shapes} shapes, {points} points, {mb} MB."


class OtherGrid(BadBoundaries):
    code = "boundaries_crs"
    zh = "文件用的不是 WGS84 经纬度坐标，请先转换。"
    en = "The file is not in WGS 84 degrees; convert it first."


class NoName(BadBoundaries):
    code = "boundary_nameless"
    zh = "图形既没有代码也没有名称。"
    en = "The shape has neither code nor name."


class SaidTwice(BadBoundaries):
    code = "boundary_twice"
    zh = "这个代码或名称在文件里出现了两次，第一次在第 {first} 个图形。"
    en = "This code or name stands in the file twice, first at shape {first}."


class NoPolygon(BadBoundaries):
    code = "boundary_no_polygon"
    zh = "图形应为 Polygon 或 MultiPolygon。"
    en = "The shape must be a Polygon or MultiPolygon."


class BadPoint(BadBoundaries):
    code = "boundary_bad_point"
    zh = "有不是经纬度的坐标：经度 -180 到 180，纬度 -90 到 90。"
    en = "A coordinate is no longitude and latitude (-180 to 180, -90 to 90)."


class ShortRing(BadBoundaries):
    code = "boundary_short_ring"
    zh = "一圈至少要有四个点。"
    en = "A ring has at least four points."


class OpenRing(BadBoundaries):
    code = "boundary_open_ring"
    zh = "圈没有闭合：最后一点应与第一点相同。"
    en = "A ring is not closed: its last point must be its first."


class FlatRing(BadBoundaries):
    code = "boundary_flat_ring"
    zh = "图形没有面积。"
    en = "The shape has no area."


class HoleOutside(BadBoundaries):
    code = "boundary_hole_outside"
    zh = "孔洞不在外圈之内。"
    en = "A hole does not lie within its outline."


class Boundary(NamedTuple):
    """One shape of a file; `number` from 1, `points` as given, rings closed no more."""

    number: int
    code: str
    name: str
    shape: Shape
    points: int
    slivers: int = 0  # rings without any area beside others that have one: left out


def read_boundaries(content: bytes) -> list[Boundary]:
    """Raises BadBoundaries, TooManyShapes, OtherGrid, Faults (row: the number of the shape)."""
    features = _features(content)
    faults: list[Fault] = []
    found: list[Boundary] = []
    total = turns = 0
    for number, feature in enumerate(features, start=1):
        read = _Reader(number, faults)
        shape = read.shape(feature)
        total, turns = total + read.points, turns + read.turns
        if total > MOST_POINTS.value or turns > MOST_TURNS.value:
            raise _too_many()
        code, name = _code(feature), _text(feature, NAMES)
        if not code and not name:
            read.fault(NoName(), "properties")
        found.append(Boundary(number, code, name, shape, read.points, read.slivers))
    faults += _twice(found)
    if faults:
        raise Faults(sorted(faults, key=lambda f: f.row or 0)[: MOST_FAULTS.value])
    return found


def _too_many() -> TooManyShapes:
    return TooManyShapes(
        shapes=f"{MOST_SHAPES.value:,}", points=f"{MOST_POINTS.value:,}",
        mb=MOST_BYTES.value // 1024 // 1024,
    )  # fmt: skip


def _features(content: bytes) -> list[Any]:
    if len(content) > MOST_BYTES.value:
        raise _too_many()
    try:
        read = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as fault:
        raise BadBoundaries() from fault
    if not isinstance(read, dict):
        raise BadBoundaries()
    if read.get("type") == "Feature":
        read = {"type": "FeatureCollection", "features": [read], "crs": read.get("crs")}
    features = read.get("features")
    if read.get("type") != "FeatureCollection" or not isinstance(features, list) or not features:
        raise BadBoundaries()
    if len(features) > MOST_SHAPES.value:
        raise _too_many()
    _check_grid(read.get("crs"))
    return features


def _check_grid(crs: Any) -> None:
    """Older files name their grid; RFC 7946 knows one only."""
    if crs is None:
        return
    told = crs.get("properties") if isinstance(crs, dict) else None
    name = told.get("name") if isinstance(told, dict) else crs
    if name not in WGS84:
        raise OtherGrid()


def _text(feature: Any, keys: tuple[str, ...]) -> str:
    said = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(said, dict):
        return ""
    values = (said.get(k) for k in keys)
    return next((str(v).strip() for v in values if isinstance(v, str | int) and str(v).strip()), "")


def _code(feature: Any) -> str:
    """The 12-digit code; shorter ones of the same tree are filled up ("140105" is a county)."""
    own = feature.get("id") if isinstance(feature, dict) else None
    told = _text(feature, CODES) or (str(own) if isinstance(own, str | int) else "")
    return told.ljust(12, "0") if told.isdecimal() and len(told) in (2, 4, 6, 9, 12) else ""


def _twice(found: list[Boundary]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for b in found:
        key = b.code or b.name
        if key and first.setdefault(key, b.number) != b.number:
            yield Fault(SaidTwice(first=first[key]), row=b.number, column="properties")


class _Reader:
    """Reads one shape; a kind of fault is said once, with the place of its first occurrence."""

    def __init__(self, number: int, faults: list[Fault]) -> None:
        self.number, self.faults, self.points, self.slivers = number, faults, 0, 0
        self.turns = 0
        self.said: set[str] = set()

    def fault(self, problem: Problem, where: str) -> None:
        if problem.code not in self.said:
            self.said.add(problem.code)
            self.faults.append(Fault(problem, row=self.number, column=where))

    def shape(self, feature: Any) -> Shape:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        given = geometry.get("coordinates") if isinstance(geometry, dict) else None
        polygons = [given] if kind == "Polygon" else given if kind == "MultiPolygon" else None
        if not isinstance(polygons, list) or not polygons:
            self.fault(NoPolygon(), "geometry")
            return []
        return self._whole([self._polygon(p, f"[{i}]") for i, p in enumerate(polygons)])

    def _whole(self, polygons: list[Polygon]) -> Shape:
        """What has an area. Published files hold islands and holes that rounding pressed flat."""
        read = [p for p in polygons if p]
        kept = [[p[0], *(h for h in p[1:] if area_of(h))] for p in read if area_of(p[0])]
        if read and not kept:
            self.fault(FlatRing(), "[0]")
        self.slivers = sum(map(len, read)) - sum(map(len, kept))
        return [wound(p) for p in kept]

    def _polygon(self, rings: Any, where: str) -> Polygon:
        if not isinstance(rings, list) or not rings:
            self.fault(NoPolygon(), where)
            return []
        read = [self._ring(r, f"{where}[{i}]") for i, r in enumerate(rings)]
        if not all(read):
            return []
        for i, hole in enumerate(read[1:], start=1):
            if area_of(hole) and not self._within(hole, read[0]):
                self.fault(HoleOutside(), f"{where}[{i}]")
        return read

    def _within(self, hole: list[tuple[float, float]], outline: list[tuple[float, float]]) -> bool:
        """Some of its points are looked at, as long as the work is bearable."""
        for p in hole[:: max(1, len(hole) // HOLE_POINTS)]:
            self.turns += len(outline)
            if self.turns > MOST_TURNS.value:
                raise _too_many()
            if inside(p, outline):
                return True
        return False

    def _ring(self, given: Any, where: str) -> list[tuple[float, float]]:
        if not isinstance(given, list) or len(given) < 4:
            self.fault(ShortRing(), where)
            return []
        self.points += len(given)
        ring = []
        for i, p in enumerate(given):
            if not _is_point(p):
                self.fault(BadPoint(), f"{where}[{i}]")
                return []
            ring.append((float(p[0]), float(p[1])))
        if ring[0] != ring[-1]:
            self.fault(OpenRing(), where)
        return ring[:-1]


def _is_point(p: Any) -> bool:
    if not isinstance(p, list) or len(p) < 2:
        return False
    x, y = p[0], p[1]
    if isinstance(x, bool) or isinstance(y, bool):
        return False
    if not (isinstance(x, int | float) and isinstance(y, int | float)):
        return False
    return isfinite(x) and isfinite(y) and -180 <= x <= 180 and -90 <= y <= 90
