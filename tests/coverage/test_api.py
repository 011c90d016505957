"""Coverage at its doors: numbers that add up, a table for a spreadsheet, frozen numbers."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service
from screening.db import db, run
from screening.registry.service import exemptions
from tests import make, world
from tests.coverage.test_equation import community, exempt, sample, told


@pytest.fixture
def city(db_session, client):
    made = world.city(streets=2, persons=10)
    exempt(made, 9)
    told(made, 8, "refused")
    sample(made, client, 0, 4)
    service.mark_new()
    service.take_marks(at=clock.now())
    db.session.commit()
    return made


@pytest.fixture
def ask(city, client):
    headers = make.sign_in(client, make.staff(Role.DISPATCHER))

    def get(path, **query):
        return client.get(path, query_string={"round": city.round_id, **query}, headers=headers)

    return get


def above(city) -> int:
    return int(city.sites[0].area.path.strip("/").split("/")[-3])


def test_an_area_comes_with_what_lies_below_and_both_add_up(ask, city):
    r = ask("/api/v1/coverage", area=above(city))
    assert r.status_code == 200
    whole, parts = r.json, r.json["children"]
    assert (whole["register"], whole["exempt"], whole["due"], whole["reached"]) == (20, 1, 19, 4)
    assert whole["missed"] == whole["new"] + whole["refused"] == 15
    for n in ("register", "exempt", "due", "reached", "missed", "refused"):
        assert whole[n] == sum(p[n] for p in parts)
    assert [p["missed"] for p in parts] == [10, 5]
    assert whole["area_id"] == str(above(city)) and whole["exempt_by"] == {"medical": 1}


def test_a_round_or_area_that_does_not_exist_is_not_found(ask, city):
    assert ask("/api/v1/coverage", area=above(city), round=987654).json["code"] == "no_such_round"
    assert ask("/api/v1/coverage", area=987654).status_code == 404
    assert ask("/api/v1/coverage").status_code == 404


def test_the_table_for_a_spreadsheet_ends_with_the_area_itself(ask, city):
    run("UPDATE area SET name = '=1+1' WHERE area_id = %s", (city.sites[1].area.area_id,))
    run("UPDATE area SET name = '=cmd' WHERE area_id = %s",
        (int(city.sites[0].area.path.strip("/").split("/")[-2]),))  # fmt: skip
    db.session.commit()
    r = ask("/api/v1/coverage.csv", area=above(city))
    lines = list(csv.DictReader(io.StringIO(r.data.decode("utf-8-sig"))))
    assert [x["应检"] for x in lines] == ["10", "9", "19"]
    assert lines[1]["辖区"] == "'=cmd" and lines[1]["拒检"] == "1"
    assert r.headers["Content-Disposition"].startswith("attachment")


def test_frozen_numbers_are_given_as_they_were(ask, city, client):
    headers = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    r = client.post("/api/v1/coverage/cuts", json={"round_id": str(city.round_id)}, headers=headers)
    assert r.status_code == 201
    sample(city, client, 4, 3)
    again = client.get(
        "/api/v1/coverage/cuts", query_string={"round_id": city.round_id}, headers=headers
    )
    assert again.json["rows"] == r.json["rows"] and again.json["cut_off"] == r.json["cut_off"]
    whole = next(x for x in again.json["rows"] if x["area_id"] == str(above(city)))
    assert whole["reached"] == 4


def test_a_page_names_the_area_its_numbers_and_those_who_lag(ask, city):
    page = ask(f"/coverage/{above(city)}").get_data(as_text=True)
    assert "4 / 19" in page and "落后的在前" in page and "拒检" in page
    below = ask(f"/coverage/{community(city)}").get_data(as_text=True)
    assert "未标明网格或楼栋" in below


def test_without_a_round_the_page_says_so(db_session, client):
    headers = make.sign_in(client, make.staff(Role.DISPATCHER))
    page = client.get("/coverage", headers=headers)
    assert page.status_code == 200 and "还没有开始的轮次" in page.get_data(as_text=True)


def test_a_number_of_exemptions_after_the_start_opens_those_exemptions(db_session, client):
    city = world.city(streets=1, persons=4)
    head = make.staff(Role.DISTRICT_HEAD)
    make.grant(head, Role.ADMINISTRATOR)
    ago = clock.now() - timedelta(days=1)
    exemptions.exempt([city.people[0][:2]], "infant", until=None, by=head.staff_id, at=ago)
    for p, reason in zip(city.people[1:], ("medical", "medical", "away"), strict=True):
        exemptions.exempt([p[:2]], reason, until=None, by=head.staff_id, at=clock.now())
    db.session.commit()
    area = city.sites[0].area.area_id
    headers = {**make.sign_in(client, head), "Accept": "text/html"}
    page = client.get(f"/coverage/{area}/exemptions?round={city.round_id}", headers=headers)
    assert page.status_code == 200 and "医学原因" in page.text and head.staff_no in page.text
    (door,) = re.findall(r'href="(/exemptions/[^"]+reason=medical)"', page.text)
    listed = client.get(door.replace("&amp;", "&"), headers=headers)
    assert listed.status_code == 200
    assert listed.text.count("医学原因") == 2 and "三岁以下婴幼儿" not in listed.text
