"""Homes, the round in one view and readiness, on a small day made by real journals."""

from __future__ import annotations

import re

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service as coverage
from screening.db import db
from tests import make
from tests.ledger.day import Day
from tests.reporting import bench as made

CHAIN = re.compile(r'class="funnel-count" href="([^"]*)" aria-label="(\S+) ([\d,]+)"')
FIGURE = re.compile(r'class="fig-value">(?:<a href="([^"]*)"[^>]*>)?([\d,]+)')


@pytest.fixture
def day(app, client, db_session):
    with app.test_request_context():
        found = Day(made.set_up(client))
        coverage.mark_new()
        coverage.take_marks(at=clock.now())
        db.session.commit()
        yield found


def look(client, day, path: str, role: Role, at=None) -> str:
    who = make.sign_in(client, make.staff(role, at))
    db.session.commit()
    r = client.get(path, headers={**who, "Accept": "text/html"})
    assert r.status_code == 200, r.text
    return r.text


def test_whoever_is_not_signed_in_is_led_to_the_door(client):
    r = client.get("/", headers={"Accept": "text/html"})
    assert r.status_code == 302 and "/session" in r.headers["Location"]


def test_the_home_of_a_dispatcher_draws_the_chain_of_the_round(client, day):
    page = look(client, day, "/", Role.DISPATCHER)
    counts = {label: int(n) for _, label, n in CHAIN.findall(page)}
    assert counts == {"应检": 80, "采": 17, "送": 14, "检": 14, "报": 14}
    assert all(href.startswith("/coverage/") for href, _, _ in CHAIN.findall(page))


def test_the_home_of_a_site_supervisor_counts_the_own_tubes(client, day):
    page = look(client, day, "/", Role.SITE_SUPERVISOR, day.city.sites[0])
    assert dict(FIGURE.findall(page))["/packing"] == "1"
    other = look(client, day, "/", Role.SITE_SUPERVISOR, day.city.sites[1])
    assert dict(FIGURE.findall(other))["/packing"] == "0"


def test_a_sampler_is_not_shown_doors_that_do_not_open(client, day):
    page = look(client, day, "/", Role.SAMPLER, day.city.sites[0])
    doors = {href for href, _ in FIGURE.findall(page)}
    assert "/sampling" in doors
    assert not doors & {"/packing", "/hand-over", "/tickets", "/ledger"}


def test_the_home_of_a_laboratory_has_its_bench(client, day):
    page = look(client, day, "/", Role.LAB_REVIEWER, day.city.lab)
    assert "待审核" in page and "待上板" in page
    assert not CHAIN.findall(page)


def test_the_round_in_one_view_names_its_clocks_sites_and_laboratories(client, day):
    page = look(client, day, "/rounds/overview", Role.DISTRICT_HEAD)
    assert "开管至发布" in page
    assert day.city.sites[0].name in page and day.city.lab.name in page
    assert day.city.sites[1].name not in page  # nothing was opened there


def test_a_round_that_is_not_mine_is_not_shown(client, day):
    elsewhere = make.area("county")
    page = look(client, day, f"/rounds/overview?round={day.city.round_id}",
                Role.DISTRICT_HEAD, elsewhere)  # fmt: skip
    assert day.city.sites[0].name not in page and "还没有开始的轮次" in page


def test_readiness_says_what_a_site_lacks(client, day):
    page = look(client, day, "/readiness", Role.DISTRICT_HEAD)
    row = re.search(rf"{day.city.sites[1].name}</a>.*?</tr>", page, re.S)
    assert row and "没有设备上线" in row[0] and "没有空白标签" in row[0]
    first = re.search(rf"{day.city.sites[0].name}</a>.*?</tr>", page, re.S)
    assert first and "没有空白标签" not in first[0] and "没有负责人" in first[0]


def test_readiness_names_communities_without_a_site(client, day):
    county = made_area(int(day.city.sites[0].area.path.strip("/").split("/")[-3]))
    lonely = make.area("community", make.area("street", county), name="没有点的社区")
    db.session.commit()
    page = look(client, day, "/readiness", Role.DISPATCHER)
    assert lonely.name in page


def made_area(area_id: int) -> make.MadeArea:
    from screening.places.queries import find_area

    node = find_area(area_id)
    assert node is not None
    return make.MadeArea(*(getattr(node, f) for f in make.MadeArea._fields))
