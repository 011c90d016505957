"""The dispatch board: what laboratories can take, which boxes wait, and sending one elsewhere."""

from __future__ import annotations

import re

import pytest

from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.tube.codes import Kind, make_code
from tests import make
from tests.dashboard.test_command import Viewer, count, county, day  # noqa: F401
from tests.transport.test_boxes import BOX


class Road:
    """A box of the day's first site that has left for the city's laboratory."""

    def __init__(self, day) -> None:  # noqa: F811
        self.city, self.day = day.city, day
        self.other = make.lab(day.city.sites[1].area, name="湾东检测室")
        self.courier = make.staff(
            Role.COURIER, day.city.sites[0], phone="13900002345", name="马师傅"
        )
        self.seal = make_code(Kind.SEAL, make.number())
        self.batch = f"{day.cell}-{2 * make.number():016x}"
        run("UPDATE lab SET capacity = 2400")
        db.session.commit()
        phone = day.city.phone()
        phone.write("box_open", batch=self.batch, box=BOX)
        phone.write("pack", batch=self.batch, box=BOX, tube=day.waiting)
        phone.write("seal", batch=self.batch, box=BOX, seal=self.seal, n=1)
        day.send(phone)
        count()

    def drive(self) -> None:
        phone = self.city.phone()
        lab = self.city.lab.lab_id
        phone.write("hand_over", seal=self.seal, to=self.courier.staff_id, to_lab=lab, boxes=1)
        self.day.send(phone)
        count()


@pytest.fixture
def road(day):  # noqa: F811
    return Road(day)


def board(client, day, **kw):  # noqa: F811
    return Viewer(client, Role.DISPATCHER).get(f"/dispatch/{county(day)}", **kw).text


def line(page: str, id: str, word: str) -> str:
    table = re.search(rf'<table class="grid" id="{id}".*?</table>', page, re.S)
    assert table, f"{id} is not on the page"
    found = [r for r in re.findall(r"<tr.*?</tr>", table[0], re.S) if word in r]
    assert len(found) == 1, found
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))


def test_the_board_of_the_own_area_is_one_press_away(client, day):  # noqa: F811
    seen = Viewer(client, Role.DISPATCHER, area(day)).get("/dispatch", 302)
    assert f"/dispatch/{county(day)}" in seen.headers["Location"]


def area(day):  # noqa: F811
    from tests.dashboard.test_command import area_of

    return area_of(county(day))


def test_a_laboratory_tells_what_is_left_on_the_road_and_expected(client, road, day):  # noqa: F811
    row = line(board(client, day), "dispatch-labs", road.city.lab.name)
    assert "2,400" in row and "待送 1" in row and "每天 2,400 管" in row
    road.drive()
    row = line(board(client, day), "dispatch-labs", road.city.lab.name)
    assert "2,399" in row and "1 箱" in row and "待送" not in row


def test_a_box_tells_who_has_it_and_can_be_called_about(client, road, day):  # noqa: F811
    road.drive()
    page = board(client, day)
    row = line(page, "dispatch-boxes", road.seal)
    assert "在途" in row and "马师傅" in row and road.city.lab.name in row and "交接" in row
    assert 'href="tel:13900002345"' in page


def test_an_arrived_box_leaves_the_board(client, road, day):  # noqa: F811
    road.drive()
    day.door.write("arrive", seal=road.seal, intact=True)
    day.send(day.door)
    assert road.seal not in board(client, day)


def test_a_box_is_proposed_for_an_idle_laboratory_that_is_an_hour_faster(client, road, day):  # noqa: F811
    run("UPDATE lab SET capacity = 12 WHERE lab_id = %s", (road.city.lab.lab_id,))
    db.session.commit()
    page = board(client, day)
    section = re.search(r'<section class="panel proposals">.*?</section>', page, re.S)[0]
    assert road.seal in section and "湾东检测室" in section and "新机构快要空机" in section


def form(road, **values):
    return {"lab_id": road.other.lab_id, "reason": "jam", "told": road.courier.staff_no, **values}


def post(client, day, road, status, **values):  # noqa: F811
    viewer = Viewer(client, Role.DISPATCHER)
    path = f"/dispatch/{county(day)}/boxes/{road.batch}"
    r = client.post(path, data=form(road, **values), headers={**viewer.head, "Accept": "text/html"})
    assert r.status_code == status, r.text
    return r


def test_a_redirect_is_written_with_both_names_and_seen_on_the_board(client, road, day):  # noqa: F811
    road.drive()
    post(client, day, road, 303)
    page = board(client, day)
    assert "改送" in line(page, "dispatch-boxes", road.seal)
    row = line(page, "dispatch-history", "原机构积样")
    assert "湾东检测室" in row and road.city.lab.name in row and "马师傅" in row
    assert "1 箱" in line(page, "dispatch-labs", "湾东检测室")


def test_everything_that_is_missing_is_said_at_once_and_nothing_is_kept(client, road, day):  # noqa: F811
    r = post(client, day, road, 422, lab_id="", reason="", told="nobody")
    assert r.text.count('class="fault"') == 3
    assert fetch("SELECT count(*) FROM command WHERE kind = 'redirect'")[0][0] == 0


def test_the_form_is_filled_with_what_was_proposed_and_who_has_the_box(client, road, day):  # noqa: F811
    road.drive()
    path = f"/dispatch/{county(day)}/boxes/{road.batch}?lab={road.other.lab_id}"
    page = Viewer(client, Role.DISPATCHER).get(path).text
    assert f'<option value="{road.other.lab_id}" selected>' in page
    assert f'value="{road.courier.staff_no}"' in page


def test_a_box_that_arrived_meanwhile_is_refused_with_a_sentence(client, road, day):  # noqa: F811
    road.drive()
    day.door.write("arrive", seal=road.seal, intact=True)
    day.send(day.door)
    assert "已经到达实验室" in post(client, day, road, 409).text


def test_an_intention_before_the_courier_moves_what_is_expected(client, road, day):  # noqa: F811
    post(client, day, road, 303)
    page = board(client, day)
    assert "待送 1" in line(page, "dispatch-labs", "湾东检测室")
    assert "待送" not in line(page, "dispatch-labs", road.city.lab.name)


def test_who_may_only_look_finds_no_button(client, road, day):  # noqa: F811
    page = Viewer(client, Role.AUDITOR).get(f"/dispatch/{county(day)}").text
    assert f"/dispatch/{county(day)}/boxes/" not in page


def test_a_box_of_another_place_is_not_found(client, road, day):  # noqa: F811
    elsewhere = make.area("county")
    db.session.commit()
    viewer = Viewer(client, Role.DISPATCHER)
    viewer.get(f"/dispatch/{elsewhere.area_id}/boxes/{road.batch}", 404)
    viewer.get(f"/dispatch/{county(day)}/boxes/no-such", 404)


def test_an_area_without_sites_and_laboratories_has_a_board_that_says_so(client, day):  # noqa: F811
    elsewhere = make.area("county")
    db.session.commit()
    page = Viewer(client, Role.DISPATCHER).get(f"/dispatch/{elsewhere.area_id}").text
    assert "没有实验室" in page and "没有未到的箱子" in page


def test_a_street_sees_the_laboratories_of_its_county(client, road, day):  # noqa: F811
    page = Viewer(client, Role.DISPATCHER).get(f"/dispatch/{day.city.sites[0].cell_id}").text
    assert "湾东检测室" in page and road.seal in page
