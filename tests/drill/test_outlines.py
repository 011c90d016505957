"""The made outlines of a drill: every area has one, and together they fill the one above."""

from __future__ import annotations

from collections import defaultdict

import pytest

from screening.drill.outlines import outlines
from screening.places.queries import Node
from screening.places.shapes import area_of


def tree():
    nodes = [Node(1, "1", "市", 1, None, "/1/", 0)]
    for i in range(2, 9):
        nodes.append(Node(i, f"1{i}", f"区{i}", 2, 1, f"/1/{i}/", 0))
        for j in range(i % 4):
            own = i * 10 + j
            nodes.append(Node(own, f"1{i}{j}", f"街{own}", 3, i, f"/1/{i}/{own}/", own))
    return nodes


def test_every_area_below_the_city_has_an_outline():
    assert {b.code for b in outlines(tree())} == {n.code for n in tree() if n.level > 1}


def test_what_lies_below_fills_what_is_above():
    shape = {b.code: b.shape for b in outlines(tree())}
    parts = defaultdict(list)
    by_id = {n.area_id: n for n in tree()}
    for n in tree():
        if n.level == 3:
            parts[by_id[n.parent_id].code].append(area_of(shape[n.code][0][0]))
    for code, found in parts.items():
        assert sum(found) == pytest.approx(area_of(shape[code][0][0]))
