"""The command page of an area: what it shows, to whom, and that it is asked for again cheaply."""

from __future__ import annotations

import gzip
import re

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service as coverage
from screening.db import db, fetch, run
from screening.figures import service
from tests import make
from tests.ledger.day import Day
from tests.reporting import bench as made


def count() -> None:
    coverage.mark_new()
    while coverage.take_marks(at=clock.now()):
        pass
    service.take_rollups(at=clock.now())
    db.session.commit()


@pytest.fixture
def day(app, client, db_session):
    with app.test_request_context():
        found = Day(made.set_up(client))
        count()
        yield found


class Viewer:
    def __init__(self, client, role: Role = Role.DISTRICT_HEAD, at=None) -> None:
        self.client, self.head = client, make.sign_in(client, make.staff(role, at))
        db.session.commit()

    def get(self, path: str, status: int = 200, **more: str):
        r = self.client.get(path, headers={**self.head, "Accept": "text/html", **more})
        assert r.status_code == status, r.text
        return r


def county(day: Day) -> int:
    return int(day.city.sites[0].area.path.strip("/").split("/")[-3])


def area_of(area_id: int) -> make.MadeArea:
    from screening.places.queries import find_area

    node = find_area(area_id)
    return make.MadeArea(*(getattr(node, f) for f in make.MadeArea._fields))


def test_command_leads_to_the_own_area(client, day):
    seen = Viewer(client, at=area_of(county(day))).get("/command", 302)
    assert f"/command/{county(day)}" in seen.headers["Location"]


def test_the_headline_says_what_leaders_say_and_each_number_is_a_door(client, day):
    page = Viewer(client).get(f"/command/{county(day)}").text
    told = dict(re.findall(r'aria-label="(应检|已采|已出|初筛) ([\d,]+) ', page))
    assert told == {"应检": "80", "已采": "17", "已出": "14", "初筛": "0"}
    assert page.count('class="headline-part"') == 4


def test_every_number_of_the_head_opens_the_rows_behind_it(client, day):
    viewer = Viewer(client)
    page = viewer.get(f"/command/{county(day)}").text
    doors = re.findall(
        r'(?:headline-label.*?<a|class="fig-value"><a|funnel-count") href="([^"]+)"', page, re.S
    )
    assert len(doors) >= 10
    for href in {d.replace("&amp;", "&") for d in doors}:
        viewer.get(href)


def test_below_stands_each_part_with_a_door_down_to_its_own_page(client, day):
    viewer = Viewer(client)
    page = viewer.get(f"/command/{county(day)}").text
    below = re.findall(r'<td[^>]*>\s*<a href="(/command/\d+\?round=\d+)"', page)
    assert len(below) == 2
    node = viewer.get(below[0]).text
    assert f'href="/command/{county(day)}?round=' in node


def test_who_lags_has_somebody_to_call_with_one_tap(client, day):
    street = area_of(day.city.sites[0].cell_id)
    make.staff(Role.DISTRICT_HEAD, street, name="严街长", phone="13900001234")
    db.session.commit()
    page = Viewer(client).get(f"/command/{county(day)}").text
    assert 'href="tel:13900001234"' in page and "严街长" in page


def test_a_straggler_names_its_site_and_who_answers_there(client, day):
    site = day.city.sites[0]
    keeper = make.staff(Role.SITE_SUPERVISOR, site, phone="13900005678")
    run("UPDATE site SET responsible_id = %s WHERE site_id = %s", (keeper.staff_id, site.site_id))
    db.session.commit()
    page = Viewer(client).get(f"/command/{county(day)}").text
    row = re.search(rf"{day.waiting}.*?</tr>", page, re.S)
    assert row and site.name in row[0] and "tel:13900005678" in row[0] and "封管" in row[0]


def test_a_laboratory_in_which_nothing_waits_has_somebody_to_call_too(client, day):
    lab = day.city.lab
    head = make.staff(Role.LAB_REVIEWER, lab, name="钟主任", phone="13900004321")
    run("UPDATE lab SET responsible_id = %s WHERE lab_id = %s", (head.staff_id, lab.lab_id))
    db.session.commit()
    page = Viewer(client).get(f"/command/{county(day)}").text
    table = re.search(r'<table class="grid" id="command-labs".*?</table>', page, re.S)
    assert table and "tel:13900004321" in table[0]


def test_an_alert_that_nobody_acknowledged_stands_at_the_head(client, day):
    day.bench.test(day.waiting, outcome=made.POS)
    count()
    page = Viewer(client).get(f"/command/{county(day)}").text
    assert page.index("预警无人确认") < page.index('class="headline"')
    assert 'aria-label="初筛 1 管"' in page


def test_the_page_says_what_it_has_heard(client, day):
    page = Viewer(client).get(f"/command/{county(day)}").text
    devices, heard = fetch(
        "SELECT count(*), count(heard_at) FROM device WHERE kind = 'phone' AND site_id IS NOT NULL"
    )[0]
    assert f"已收到 {heard} / {devices} 台设备的数据" in page and "沉默最久" in page


def test_a_fresh_round_says_that_it_is_too_early_to_foretell(client, day):
    assert "数据还不够" in Viewer(client).get(f"/command/{county(day)}").text


def test_results_are_foretold_for_who_is_sampled_and_the_last_tube_said_beside(client, day):
    page = Viewer(client).get(f"/command/{county(day)}").text
    assert "已采的出完" in page and re.search(r"采完后通常再过 .{1,12}出完", page)


def test_the_moving_part_answers_304_until_something_moves(client, day):
    viewer = Viewer(client)
    path = f"/command/{county(day)}/now?round={day.city.round_id}"
    first = viewer.get(path)
    assert 'id="command-now"' in first.text and "no-cache" in first.headers["Cache-Control"]
    tag = first.headers["ETag"]
    assert viewer.get(path, 304, **{"If-None-Match": tag}).data == b""
    day.bench.fill(30, 5)
    count()
    run("UPDATE area_picture SET real_at = real_at - interval '15 seconds'")
    assert service.refresh(at=clock.now()) >= 1
    db.session.commit()
    again = viewer.get(path, 200, **{"If-None-Match": tag})
    assert 'aria-label="已采 22 人"' in again.text


def test_the_moving_part_is_packed_for_who_can_read_it(client, day):
    viewer = Viewer(client)
    path = f"/command/{county(day)}/now?round={day.city.round_id}"
    plain, packed = viewer.get(path), viewer.get(path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data


def test_another_language_and_another_role_have_tags_of_their_own(client, day):
    head, auditor = Viewer(client), Viewer(client, Role.AUDITOR)
    path = f"/command/{county(day)}/now?round={day.city.round_id}"
    tags = {head.get(path).headers["ETag"], auditor.get(path).headers["ETag"],
            head.get(path, **{"Accept-Language": "en"}).headers["ETag"]}  # fmt: skip
    assert len(tags) == 3


def test_the_look_of_a_304_is_one_small_read(client, day):
    viewer = Viewer(client)
    path = f"/command/{county(day)}/now?round={day.city.round_id}"
    tag = viewer.get(path).headers["ETag"]
    version = fetch("SELECT version FROM area_picture")[0][0]
    viewer.get(path, 304, **{"If-None-Match": tag})
    assert fetch("SELECT version FROM area_picture")[0][0] == version


@pytest.mark.parametrize("what", [
    "tubes_open", "tubes_collected", "tubes_delivered", "tubes_tested", "tubes_released",
    "tubes_gone", "tubes_late", "tubes_held", "positive_tubes",
])  # fmt: skip
def test_a_list_has_as_many_rows_as_its_number(client, day, what):
    day.bench.test(day.waiting, outcome=made.POS)
    coverage.mark([(day.cell, day.city.round_id, coverage.TUBES)])
    count()
    viewer = Viewer(client)
    page = viewer.get(f"/command/{county(day)}/tubes/{what}?round={day.city.round_id}").text
    body = service.write(day.city.round_id, county(day), at=clock.now()).body
    assert page.count('href="/tubes/') == body["figures"][what][0]


def test_a_bulge_of_the_funnel_opens_the_tubes_that_stand_there(client, day):
    viewer = Viewer(client)
    page = viewer.get(f"/command/{county(day)}").text
    stuck = re.search(r'href="(/command/\d+/tubes/tubes_undelivered[^"]*)"', page)
    assert stuck and day.waiting in viewer.get(stuck[1].replace("&amp;", "&")).text


def test_a_list_that_does_not_exist_is_not_found(client, day):
    Viewer(client).get(f"/command/{county(day)}/tubes/everything", 404)


def test_an_area_of_others_is_refused(client, day):
    elsewhere = make.area("county")
    db.session.commit()
    Viewer(client, at=elsewhere).get(f"/command/{county(day)}", 403)


def test_the_page_is_there_in_english(client, day):
    viewer = Viewer(client)
    page = viewer.get(f"/command/{county(day)}", **{"Accept-Language": "en"}).text
    assert "Who waits longest at each link" in page and not re.search(r">[^<]*采样点[^<]*<", page)


def test_a_long_list_goes_on_where_the_page_ended(client, day, monkeypatch):
    monkeypatch.setattr("screening.dashboard.pages.command_lists.PAGE", 2)
    viewer = Viewer(client)
    path = f"/command/{county(day)}/tubes/tubes_collected?round={day.city.round_id}"
    first = viewer.get(path).text
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert first.count('href="/tubes/') == 2 and following
    assert viewer.get(following[1].replace("&amp;", "&")).text.count('href="/tubes/') == 1
