"""The map of an area: every sub-area with its number, drawn where its boundary is known."""

from __future__ import annotations

import io
import json
import re

from screening.accounts.roles import Role
from screening.db import db, fetch
from tests import make
from tests.dashboard.test_command import Viewer, area_of, count, county, day  # noqa: F401


def square(x, y, **more):
    ring = [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, **more}


def streets(day):  # noqa: F811
    return [area_of(s.cell_id) for s in day.city.sites]


def send(client, day, *features, role=Role.ADMINISTRATOR, status=200):  # noqa: F811
    viewer = Viewer(client, role)
    body = json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()
    r = client.post(
        f"/command/{county(day)}/boundaries",
        data={"file": (io.BytesIO(body), "map.geojson")},
        headers={**viewer.head, "Accept": "text/html"},
    )
    assert r.status_code == status, r.text
    return r.text


def both(day):  # noqa: F811
    one, two = streets(day)
    return [
        square(112, 37, id=one.code, properties={}),
        square(113, 37, properties={"name": two.name}),
    ]


def seen(client, day, **asked):  # noqa: F811
    more = "&".join(f"{k}={v}" for k, v in asked.items())
    path = f"/command/{county(day)}/map?round={day.city.round_id}&{more}"
    return Viewer(client).get(path).text


def shapes(page):
    return re.findall(
        r'<a href="/command/(\d+)[^"]*" aria-label="([^"]*)"><path class="map-area (\S+)"', page
    )


def test_one_area_far_off_does_not_make_the_map_empty(client, day):  # noqa: F811
    one, _two = streets(day)
    make.area("street", area_of(county(day)))
    third = make.area("street", area_of(county(day)))
    db.session.commit()
    send(client, day, *both(day), square(0, 0, id=third.code, properties={}))
    page = seen(client, day)
    assert len(shapes(page)) == 2 and "离其余辖区太远" in page and third.name in page
    assert re.search(rf"{third.name}.*?离得太远", page, re.S) and one.name in page


def test_without_boundaries_every_area_stands_in_the_table(client, day):  # noqa: F811
    page = seen(client, day)
    assert '<svg class="map"' not in page and "还没有下级辖区的边界" in page
    assert page.count("没有边界") == 2
    assert all(s.name in page for s in streets(day))


def test_a_boundary_found_by_code_or_name_is_drawn_with_its_number_and_door(client, day):  # noqa: F811
    told = send(client, day, *both(day))
    assert "已收下 2 个辖区的边界（按名称认出 1 个）" in told
    found = shapes(seen(client, day))
    one, two = streets(day)
    assert {int(i) for i, _, _ in found} == {one.area_id, two.area_id}
    assert f"{one.name} 42.5% 17 / 40" in {said for _, said, _ in found}
    assert {step for _, _, step in found} == {"step-4"}


def test_an_area_without_a_shape_is_named_and_never_dropped(client, day):  # noqa: F811
    send(client, day, both(day)[0])
    page = seen(client, day)
    assert len(shapes(page)) == 1
    notice = re.search(r"没有边界、只在表里的辖区：.*?</div>", page, re.S)[0]
    assert streets(day)[1].name in notice


def test_a_count_has_its_own_scale(client, day):  # noqa: F811
    send(client, day, *both(day))
    found = shapes(seen(client, day, figure="missed"))
    one, two = streets(day)
    assert {said: step for _, said, step in found} == {
        f"{one.name} 23": "step-3", f"{two.name} 40": "step-4",
    }  # fmt: skip


def test_the_map_says_what_the_command_page_says(client, day):  # noqa: F811
    send(client, day, *both(day))
    from screening import clock
    from screening.figures.queries import figure_of

    for key in ("missed", "positive_tubes", "unaccounted"):
        told = {
            int(i): said.rsplit(" ", 1)[1] for i, said, _ in shapes(seen(client, day, figure=key))
        }
        for street in streets(day):
            value = figure_of(key, day.city.round_id, street.area_id, at=clock.now()).value
            assert told[street.area_id] == str(value)


def test_an_unknown_figure_shows_the_first(client, day):  # noqa: F811
    assert "已采 / 应检" in seen(client, day, figure="nonsense")


def test_a_shape_that_is_nobodys_is_told(client, day):  # noqa: F811
    told = send(client, day, square(1, 1, properties={"name": "无名街道"}))
    assert "无名街道" in told and "没有这个代码，也没有这个名称的辖区" in told


def test_a_shape_of_another_county_is_not_taken(client, day):  # noqa: F811
    away = make.area("street", make.area("county"))
    db.session.commit()
    told = send(client, day, square(1, 1, id=away.code, properties={}))
    assert "不在本辖区之内" in told
    assert fetch("SELECT count(*) FROM area_boundary")[0][0] == 0


def test_every_fault_of_the_file_is_told_and_nothing_is_kept(client, day):  # noqa: F811
    bad = square(500, 1, properties={"name": "x"})
    told = send(client, day, *both(day), bad, {"type": "Feature"}, status=422)
    assert "第 3 行" in told and "第 4 行" in told
    assert fetch("SELECT count(*) FROM area_boundary")[0][0] == 0


def test_no_file_is_said_beside_the_field(client, day):  # noqa: F811
    viewer = Viewer(client, Role.ADMINISTRATOR)
    r = client.post(
        f"/command/{county(day)}/boundaries",
        data={},
        headers={**viewer.head, "Accept": "text/html"},
    )
    assert r.status_code == 422 and "请选择一个 GeoJSON 文件" in r.text


def test_bringing_in_boundaries_leaves_a_line_of_audit(client, day):  # noqa: F811
    send(client, day, *both(day))
    rows = fetch("SELECT subject_id, detail FROM audit WHERE action = 'boundaries_loaded'")
    assert rows == [(str(county(day)), {"areas": 2, "left": 0})]


def test_people_without_a_building_stand_in_the_table_of_their_community(client, day):  # noqa: F811
    own = day.city.sites[0].area
    make.area("building", area_of(own.area_id), name="三号楼")
    db.session.commit()
    page = Viewer(client).get(f"/command/{own.area_id}/map?figure=positive_tubes").text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "三号楼 — 0 / 0" in words and re.search(rf"{own.name} 42.5% 17 / 40", words)
