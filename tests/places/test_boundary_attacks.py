"""Files of boundaries made to hold the server up."""

from __future__ import annotations

import math
import time

import orjson
import pytest

from screening.errors import Faults
from screening.places.readers.boundaries import BadBoundaries, read_boundaries


def ring(n: int, x: float = 0, y: float = 0, size: float = 1) -> list[list[float]]:
    turn = [2 * math.pi * i / n for i in range(n)]
    points = [[x + size * math.cos(t), y + size * math.sin(t)] for t in turn]
    return [*points, points[0]]


def file(*rings: list) -> bytes:
    shape = {"type": "Polygon", "coordinates": list(rings)}
    feature = {"type": "Feature", "properties": {"code": "140105"}, "geometry": shape}
    return orjson.dumps({"type": "FeatureCollection", "features": [feature]})


@pytest.mark.parametrize(
    "rings",
    [
        [ring(100_000), ring(100_000, x=5)],
        [ring(100_000), *(ring(3, x=0.5, size=0.001) for _ in range(20_000))],
        [ring(100_000), *(ring(3, x=5, size=0.001) for _ in range(20_000))],
    ],
    ids=["one long hole outside", "many holes inside", "many holes outside"],
)
def test_holes_without_end_are_refused_in_seconds(rings):
    data = file(*rings)
    begun = time.process_time()
    with pytest.raises((BadBoundaries, Faults)):
        read_boundaries(data)
    assert time.process_time() - begun < 20


@pytest.mark.parametrize("crs", ["x", 5, [], {"properties": "x"}, {"properties": {"name": []}}])
def test_a_grid_of_another_shape_is_refused_in_words(crs):
    data = orjson.loads(file(ring(8)))
    with pytest.raises(BadBoundaries):
        read_boundaries(orjson.dumps(data | {"crs": crs}))


def test_deep_nesting_is_refused_in_words():
    with pytest.raises(BadBoundaries):
        read_boundaries(b'{"type":"FeatureCollection","features":' + b"[" * 500_000)


def test_a_hole_inside_is_still_a_hole():
    (found,) = read_boundaries(file(ring(50), ring(40, size=0.5)))
    assert len(found.shape[0]) == 2
