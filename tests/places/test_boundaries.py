"""Boundaries of areas: read with every fault at once, matched by code then name, thinned without gaps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from screening import clock
from screening.errors import Faults
from screening.places import boundaries, service
from screening.places.queries import TREE, Node
from screening.places.readers import boundaries as reader
from screening.places.readers.areas import read_area_file
from screening.places.readers.boundaries import BadBoundaries, Boundary, OtherGrid, read_boundaries
from screening.places.shapes import area_of, bounds, draw, points_of, simplified, wound

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "divisions"
BOX = [[112.0, 37.0], [113.0, 37.0], [113.0, 38.0], [112.0, 38.0], [112.0, 37.0]]
HOLE = [[112.4, 37.4], [112.4, 37.6], [112.6, 37.6], [112.6, 37.4], [112.4, 37.4]]


def feature(*rings, kind="Polygon", name="小店区", **more):
    given = list(rings) or [BOX]
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": {"type": kind, "coordinates": given},
        **more,
    }


def file(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}).encode()


def faults_of(*features):
    with pytest.raises(Faults) as e:
        read_boundaries(file(*features))
    return [(f.row, f.problem.code) for f in e.value.faults]


# --- reading ----------------------------------------------------------------------------------


def test_a_code_is_read_from_the_id_or_the_properties_and_filled_up():
    (one,) = read_boundaries(file(feature(id="140105")))
    assert (one.number, one.code, one.name, one.points) == (1, "140105000000", "小店区", 5)
    (two,) = read_boundaries(file(feature(id=7, properties={"adcode": 140105, "name": "x"})))
    assert two.code == "140105000000"


def test_a_number_that_is_no_code_leaves_the_name():
    (one,) = read_boundaries(file(feature(id="f-12")))
    assert (one.code, one.name) == ("", "小店区")


def test_outlines_run_against_the_clock_and_holes_with_it_whatever_the_file_did():
    for outline in (BOX, BOX[::-1]):
        for hole in (HOLE, HOLE[::-1]):
            (one,) = read_boundaries(file(feature(outline, hole)))
            assert [area_of(r) > 0 for r in one.shape[0]] == [True, False]


def test_every_island_of_a_multipolygon_is_kept():
    far = [[x + 5, y] for x, y in BOX]
    (one,) = read_boundaries(file(feature([BOX, HOLE], [far], kind="MultiPolygon")))
    assert [len(p) for p in one.shape] == [2, 1]


def test_a_third_coordinate_is_height_and_is_left_out():
    (one,) = read_boundaries(file(feature([[x, y, 700.5] for x, y in BOX])))
    assert one.shape[0][0][0] == (112.0, 37.0)


def test_every_fault_of_every_shape_is_told_at_once():
    flat = [[1, 1], [2, 2], [3, 3], [1, 1]]
    assert faults_of(
        feature([*BOX[:-1], [112.0, 37.1]]),
        feature(BOX[:2], name="二"),
        feature([[200, 1], *BOX], name="三"),
        feature(flat, name="四"),
        feature(BOX, [[x + 9, y] for x, y in HOLE], name="五"),
        feature(name=""),
        {"type": "Feature", "properties": {"name": "七"}, "geometry": None},
        feature(kind="Point", name="八"),
        feature(),
    ) == [
        (1, "boundary_open_ring"), (2, "boundary_short_ring"), (3, "boundary_bad_point"),
        (4, "boundary_flat_ring"), (5, "boundary_hole_outside"), (6, "boundary_nameless"),
        (7, "boundary_no_polygon"), (8, "boundary_no_polygon"), (9, "boundary_twice"),
    ]  # fmt: skip


def test_a_fault_says_where_in_the_shape_it_is():
    with pytest.raises(Faults) as e:
        read_boundaries(file(feature([BOX], [[*BOX[:2], ["x", 1], BOX[0]]], kind="MultiPolygon")))
    assert [(f.row, f.column) for f in e.value.faults] == [(1, "[1][0][2]")]


def test_an_island_that_rounding_pressed_flat_is_left_out_and_counted():
    flat = [[1, 1], [1, 1], [2, 1], [1, 1]]
    (one,) = read_boundaries(file(feature([flat], [BOX, flat], kind="MultiPolygon")))
    assert (len(one.shape), one.slivers) == (1, 2)


@pytest.mark.parametrize("given", [
    b"", b"{", b"[]", b"null", b'{"type": "Topology"}', b'{"type": "FeatureCollection"}',
    b'{"type": "FeatureCollection", "features": []}', b"\xff\xfe{", b"[" * 5000,
    b'{"type":"FeatureCollection","features":[{"geometry":NaN}]}',
])  # fmt: skip
def test_what_is_no_geojson_is_refused_with_a_sentence(given):
    with pytest.raises(BadBoundaries):
        read_boundaries(given)


@pytest.mark.parametrize(
    "odd", [1, "x", None, [], {"geometry": []}, {"geometry": {"type": "Polygon"}}]
)
def test_a_shape_that_is_none_is_a_fault_and_no_accident(odd):
    assert faults_of(odd)


def test_encoded_coordinates_of_other_programs_are_no_points():
    odd = feature()
    odd["geometry"]["coordinates"] = ["@@ALBT@@XTDRR"]
    assert faults_of(odd) == [(1, "boundary_short_ring")]


def test_another_grid_is_refused_and_wgs84_by_its_old_name_is_not():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490x"}}
    with pytest.raises(OtherGrid):
        read_boundaries(file(feature(), crs=crs))
    crs["properties"]["name"] = "urn:ogc:def:crs:OGC:1.3:CRS84"
    assert read_boundaries(file(feature(), crs=crs))


def test_a_file_beyond_the_limits_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MOST_POINTS", reader.MOST_POINTS._replace(value=9))
    with pytest.raises(reader.TooManyShapes):
        read_boundaries(file(feature(), feature(name="二")))


# --- thinning and drawing ---------------------------------------------------------------------


def wave(n, x=0.0):
    """A jagged border from south to north."""
    return [(x + 0.0004 * ((i * 7) % 5 - 2), i / n) for i in range(n + 1)]


def neighbours(n=400):
    """Two areas on both sides of one jagged border, each drawn its own way round."""
    border = wave(n)
    west = [[(-1.0, 0.0), *border, (-1.0, 1.0)]]
    east = [[(1.0, 1.0), *border[::-1], (1.0, 0.0)]]
    return [[wound(west)], [wound(east)]]


def test_a_border_that_two_areas_share_stays_shared():
    west, east = simplified(neighbours())
    one, two = (set(points_of(s)) for s in (west, east))
    assert len(one) < 100
    assert one - {(-1.0, 0.0), (-1.0, 1.0)} == two - {(1.0, 0.0), (1.0, 1.0)}


def test_thinning_keeps_the_area():
    given, thin = neighbours(), simplified(neighbours())
    for a, b in zip(given, thin, strict=True):
        assert area_of(b[0][0]) == pytest.approx(area_of(a[0][0]), rel=0.01)


def test_a_tiny_area_keeps_a_shape():
    tiny = [[[(0.0, 0.0), (0.00004, 0.0), (0.00004, 0.00004), (0.0, 0.00004)]]]
    big = [[[(x * 1.0, y * 1.0) for x, y in ((0, 0), (9, 0), (9, 9), (0, 9))]]]
    assert all(len(s[0][0]) >= 3 for s in simplified([tiny, big, big]))


def test_an_island_without_neighbours_keeps_its_farthest_corners():
    circle = [(round(5 + 4 * x, 4), round(5 + 4 * y, 4)) for x, y in
              ((0, -1), (0.7, -0.7), (1, 0), (0.7, 0.7), (0, 1), (-0.7, 0.7), (-1, 0), (-0.7, -0.7))]  # fmt: skip
    (thin,) = simplified([[[circle]]])
    assert set(thin[0][0]) == set(circle)


def test_a_drawing_fits_its_frame_and_north_is_up():
    shape = [[[(112.0, 37.0), (113.0, 37.0), (113.0, 38.0), (112.0, 38.0)]]]
    drawn = draw([shape], width=1000, tallest=900)
    assert drawn.height == 900 and drawn.width == pytest.approx(715, abs=5)  # cos 37.5°
    assert drawn.paths == ["M0 900L714 900L714 0L0 0Z"]


def test_a_name_stands_inside_a_crescent_and_outside_a_hole():
    ring = [[(0, 0), (9, 0), (9, 9), (0, 9)], [(1, 1), (1, 8), (8, 8), (8, 1)]]
    ((x, _y, room),) = draw([[[[(float(a), float(b)) for a, b in r] for r in ring]]]).labels
    assert not 110 < x < 790 and room < 120


# --- whose is it ------------------------------------------------------------------------------


def node(i, code, name, path="/1/"):
    return Node(i, code, name, 2, 1, f"{path}{i}/", 0)


def shape(code="", name="", number=1):
    return Boundary(number, code, name, [], 4)


ROOT = Node(1, "140100000000", "太原市", 1, None, "/1/", 0)
TOWN, HILL = node(2, "140105000000", "小店区"), node(3, "140106000000", "迎泽区")
AWAY = node(9, "150202000000", "东河区", "/8/")


def test_the_code_decides_before_the_name():
    matched, left = boundaries.match([shape("140105000000", "迎泽区")], ROOT, [TOWN, HILL])
    assert [(m.node, m.by_code) for m in matched] == [(TOWN, True)] and not left


def test_a_name_is_taken_where_only_one_area_bears_it():
    matched, left = boundaries.match([shape("", "迎泽区")], ROOT, [TOWN, HILL])
    assert [(m.node, m.by_code) for m in matched] == [(HILL, False)] and not left
    matched, left = boundaries.match(
        [shape("", "小店区")], ROOT, [TOWN, HILL._replace(name="小店区")]
    )
    assert not matched and left[0].why == "several"


def test_a_name_goes_to_nobody_who_has_a_shape_by_code():
    found = [shape("140105000000", "甲"), shape("", "小店区", 2)]
    matched, left = boundaries.match(found, ROOT, [TOWN, HILL])
    assert len(matched) == 1 and [(u.number, u.why) for u in left] == [(2, "unknown")]


def test_an_area_outside_of_the_own_place_gets_no_shape():
    matched, left = boundaries.match([shape("150202000000", "东河区")], ROOT, [TOWN, HILL, AWAY])
    assert not matched and left[0].why == "outside"


# --- kept ---------------------------------------------------------------------------------------


def real(name):
    path = DATA / "geojson" / f"{name}.geojson"
    if not path.exists():
        pytest.skip("the boundaries of real cities are not there (../shared/data)")
    rows = {}
    for r in read_area_file((DATA / f"{name}.csv").read_bytes()):
        rows.setdefault(r.code, r)  # a city without counties stands in the file as its own county
    service.import_areas(rows.values(), on=clock.now().date())
    return read_boundaries(path.read_bytes())


# development zones have a statistical code and people, and no line on any map
@pytest.mark.parametrize(
    ("name", "areas", "without"),
    [
        ("1401_taiyuan", 10, ["山西转型综合改革示范区"]),
        ("1502_baotou", 9, ["包头稀土高新技术产业开发区"]),
        ("3708_jining", 11, ["济宁高新技术产业开发区"]),
        ("5101_chengdu", 19, ["新津区"]),  # drawn before it became a district with a new code
        ("4419_dongguan", 1, []),
    ],
)
def test_real_cities_are_matched_whole_and_thinned(db_session, name, areas, without):
    report = boundaries.save(real(name), None, by=None, at=clock.now())
    assert len(report.by_code) + len(report.by_name) == areas
    assert [u.name for u in report.unmatched] == [
        n.replace("区", "县") for n in without if "新津" in n
    ]
    assert [n.name for n in report.without] == without
    assert report.kept < report.given
    ids = [n.area_id for n in (*report.by_code, *report.by_name)]
    shapes = boundaries.list_shapes(ids)
    assert set(shapes) == set(ids) == boundaries.with_shape(ids)
    drawn = draw([shapes[i] for i in ids])
    assert all(drawn.paths) and sum(map(len, drawn.paths)) < 400_000
    for polygon in (p for s in shapes.values() for p in s):
        assert area_of(polygon[0]) > 0


def test_an_area_without_a_shape_is_named(db_session):
    found = real("1401_taiyuan")
    report = boundaries.save(found[1:], None, by=None, at=clock.now())
    assert found[0].name in [n.name for n in report.without]


def test_a_second_file_replaces_the_first(db_session):
    found = real("1401_taiyuan")
    boundaries.save(found, None, by=None, at=clock.now())
    again = boundaries.save([found[0]._replace(shape=[[[(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)]]])],
                            None, by=None, at=clock.now())  # fmt: skip
    (one,) = again.by_code
    assert bounds(points_of(boundaries.list_shapes([one.area_id])[one.area_id])).east == 2.0
    assert len(again.without) == 1  # those of the first file are kept


def test_the_tree_in_memory_is_the_one_of_today(db_session):
    real("1401_taiyuan")
    assert len(TREE.fresh().by_code) > 1000
