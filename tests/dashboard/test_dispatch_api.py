"""The dispatch board for machines, and how a redirection reaches who drives."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from tests import make
from tests.dashboard.test_command import Viewer, county, day  # noqa: F401
from tests.dashboard.test_dispatch import Road, board, form, line, road  # noqa: F401
from tests.field.phones import ask

SLICE = "/api/v1/field/slice"


class Desk:
    """A dispatcher's program."""

    def __init__(self, client, day, road: Road) -> None:  # noqa: F811
        self.client, self.road = client, road
        self.head = make.sign_in(client, make.staff(Role.DISPATCHER))
        db.session.commit()
        self.path, self.round = f"/api/v1/dispatch/{county(day)}", day.city.round_id

    def read(self, **head):
        asked = {"round": self.round}
        return self.client.get(self.path, headers={**self.head, **head}, query_string=asked)

    def send(self, **values):
        body = form(self.road, **values) | {"round": self.round}
        path = f"{self.path}/boxes/{self.road.batch}"
        return self.client.post(path, json=body, headers=self.head)


def test_the_board_tells_what_the_page_tells(client, road, day):  # noqa: F811
    road.drive()
    told = Desk(client, day, road).read().json
    box = next(b for b in told["boxes"] if b["seal"] == road.seal)
    assert (box["stage"], box["tubes"], box["lab_id"]) == (
        "handed_over", 1, str(road.city.lab.lab_id),
    )  # fmt: skip
    lab = next(x for x in told["labs"] if x["name"] == road.city.lab.name)
    assert (lab["left"], lab["tubes_on_the_road"]) == (2399, 1)


@pytest.fixture
def clocks():
    yield
    clock.configure(None)


def test_while_nothing_moves_a_board_costs_one_small_answer(client, road, day, clocks):  # noqa: F811
    desk = Desk(client, day, road)
    page, path = Viewer(client, Role.DISPATCHER), f"/dispatch/{county(day)}/now"
    stopped = clock.now().isoformat()  # the tag holds for the minute it was given in
    clock.configure(f"{stopped}/{stopped}/0")
    tag = desk.read().headers["ETag"]
    drawn = page.get(path).headers["ETag"]
    assert desk.read(**{"If-None-Match": tag}).status_code == 304
    page.get(path, 304, **{"If-None-Match": drawn})
    assert desk.send().status_code == 200
    assert desk.read(**{"If-None-Match": tag}).status_code == 200
    page.get(path, 200, **{"If-None-Match": drawn})


def test_a_box_is_assigned_and_every_fault_is_told_at_once(client, road, day):  # noqa: F811
    desk = Desk(client, day, road)
    faulty = desk.send(reason="x", told="nobody", lab_id="5")
    assert faulty.status_code == 422 and len(faulty.json["faults"]) == 3
    done = desk.send().json
    assert (done["lab_id"], done["redirected"]) == (str(road.other.lab_id), True)
    told = desk.read().json["redirects"]
    assert [(r["batch"], r["to_lab"], r["seen_at"]) for r in told] == [
        (road.batch, str(road.other.lab_id), None)
    ]


def test_who_drives_is_told_on_the_phone_and_the_board_hears_that_it_was_read(client, road, day):  # noqa: F811
    road.drive()
    Desk(client, day, road).send()
    phone = road.city.phone()
    news = ask(client, phone, SLICE).json["redirects"]
    assert [(n["seal"], n["lab"], n["why"]["zh"], n["seen_at"]) for n in news] == [
        (road.seal, "湾东检测室", "原机构积样", None)
    ]
    seen = {
        "batch": road.batch, "redirect": news[0]["redirect"], "by": str(road.courier.staff_id),
        "at": 0,  # this phone's clock stands
    }  # fmt: skip
    other = {**seen, "redirect": "12", "batch": "x"}
    for _again in range(2):
        answer = ask(client, phone, SLICE, {"revision": "", "seen": [seen, other]})
        assert answer.json["redirects"][0]["seen_at"] == news[0]["at"]
    assert fetch("SELECT count(*) FROM command WHERE kind = 'redirect_seen'")[0][0] == 1
    assert "还没有" not in line(board(client, day), "dispatch-history", "原机构积样")


def test_a_hand_over_after_the_redirection_ends_the_news(client, road, day):  # noqa: F811
    road.drive()
    Desk(client, day, road).send()
    later = road.city.phone()
    told = {"seal": road.seal, "to": road.courier.staff_id, "to_lab": road.city.lab.lab_id}
    later.write("hand_over", **told, boxes=1)
    day.send(later)
    phone = road.city.phone()
    assert ask(client, phone, SLICE).json["redirects"] == []
