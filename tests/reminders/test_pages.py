"""Pages of reminders: lists by household, an outcome in two taps, a wave from draft to sent."""

from __future__ import annotations

import re

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.reminders import queries, waves, writing
from screening.reminders.pages import frame
from tests import make
from tests.reminders.town import FIELDS, person

HTML = {"Accept": "text/html"}


@pytest.fixture
def family(town):
    a = town.communities[0]
    made = [
        person(a, n, "13800000001", household=7, room="301") for n in ("张大山", "张小河", "李梅")
    ]
    db.session.commit()
    return made


@pytest.fixture
def worker(town, client):
    who = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    return make.sign_in(client, who, cookie=True)["X-CSRF-Token"]


@pytest.fixture
def head(town, client):
    who = make.staff(Role.DISTRICT_HEAD)
    return make.sign_in(client, who, cookie=True)["X-CSRF-Token"]


def see(client, url, **kw):
    r = client.get(url, headers=HTML, **kw)
    assert r.status_code == 200, (r.status_code, r.headers.get("Location"))
    return r.text


def test_a_community_worker_is_led_straight_to_the_own_list(town, client, family, worker):
    r = client.get("/missed", headers=HTML)
    assert r.status_code == 303
    page = see(client, r.headers["Location"])
    assert page.count("张*") >= 2 and 'href="tel:13800000001"' in page and "1-301" in page
    assert "张大山" not in page
    noted = fetch("SELECT count(*) FROM audit WHERE action = 'missed_list' /* fan-out: test */")
    assert noted[0][0] == 3


def test_an_outcome_takes_two_taps_and_changes_the_state(town, client, family, worker):
    area = town.communities[0].area_id
    page = see(client, f"/missed/{area}?round={town.city.round_id}")
    assert page.count('name="do" value="unreachable"') == 3
    cell, who, _ = family[0]
    form = {
        "csrf_token": worker, "cell_id": cell, "person_id": who, "round_id": town.city.round_id,
        "do": "away", "back": f"/missed/{area}?round={town.city.round_id}",
    }  # fmt: skip
    r = client.post("/missed/contact", data=form, headers=HTML)
    assert (r.status_code, r.headers["Location"]) == (303, form["back"])
    assert "外出" in see(client, form["back"] + "&state=away")
    client.post("/missed/contact", data={**form, "do": "opt_out"}, headers=HTML)
    assert fetch("SELECT count(*) FROM opt_out")[0][0] == 1
    r = client.post("/missed/contact", data={**form, "back": "//elsewhere"}, headers=HTML)
    assert r.headers["Location"] == "/missed"


def test_a_long_list_is_paged_by_building_and_household(town, client, worker, monkeypatch):
    monkeypatch.setattr(frame, "PAGE", 2)
    a = town.communities[0]
    for n in range(5):
        person(a, f"王第{n}", None, household=100 - n)
    db.session.commit()
    url, seen = f"/missed/{a.area_id}?round={town.city.round_id}", []
    while url:
        page = see(client, url)
        seen += re.findall(r'name="person_id" value="(\d+)"', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        url = more[1].replace("&amp;", "&") if more else None
    assert len(seen) == len(set(seen)) == 5


def test_a_head_sees_numbers_above_the_community_and_follows_them_down(town, client, family, head):
    from screening.coverage import service as coverage

    coverage.mark_new()
    coverage.take_marks(at=clock.now())
    db.session.commit()
    page = see(client, f"/missed/{town.county}?round={town.city.round_id}")
    streets = re.findall(r'href="(/missed/\d+\?round=\d+)"', page)
    assert streets and "format=xlsx" in page
    page = see(client, f"/missed/{town.communities[0].area_id}?round={town.city.round_id}")
    assert "138****0001" in page and "tel:" not in page


def test_a_wave_goes_from_form_to_preview_to_sent(town, client, family, head):
    page = see(client, f"/waves/new/{town.county}")
    assert "如已采样请忽略" in page
    form = {**FIELDS, "csrf_token": head, "area_id": town.county, "round_id": town.city.round_id,
            "template": "missed"}  # fmt: skip
    r = client.post("/waves", data={**form, "rule": "阳性者请来", "place": ""}, headers=HTML)
    assert r.status_code == 422 and "阳性" in r.text and "这一项必须填写" in r.text
    r = client.post("/waves", data=form, headers=HTML)
    assert r.status_code == 303
    url = r.headers["Location"]
    page = see(client, url)
    assert "张*、李*：" in page and "开始发送" in page
    r = client.post(f"{url}/start", data={"csrf_token": head}, headers=HTML)
    assert r.status_code == 303
    wave_id = int(url.rsplit("/", 1)[1])
    db.session.rollback()
    writing.write_out(wave_id, now=clock.now)
    assert "等待发送" in see(client, url)
    assert see(client, "/waves").count("已生成") == 1
    r = client.post(f"{url}/start", data={"csrf_token": head}, headers=HTML)
    assert r.status_code == 303 and "已不在这个状态" in see(client, url)
    client.post(f"{url}/cancel", data={"csrf_token": head}, headers=HTML)
    db.session.rollback()
    assert queries.get_wave(wave_id).state == "cancelled"


def test_the_page_of_a_wave_names_the_silent_communities_and_asks_who_decides(
    town, client, family, head
):
    town.city.phone(0)
    wave_id = town.draft()
    waves.preview(wave_id, at=clock.now())
    db.session.commit()
    page = see(client, f"/waves/{wave_id}")
    assert town.communities[0].name in page and "连同未回传的社区发送" in page
    data = {"csrf_token": head, "include_silent": "1"}
    client.post(f"/waves/{wave_id}/start", data=data, headers=HTML)
    assert "决定：设备未回传的社区也发送" in see(client, f"/waves/{wave_id}")


def test_the_visit_list_is_read_at_the_door(town, client, family, worker):
    form = {"csrf_token": worker, "cell_id": family[0][0], "person_id": family[0][1],
            "round_id": town.city.round_id, "do": "visit"}  # fmt: skip
    client.post("/missed/contact", data=form, headers=HTML)
    r = client.get("/visits", headers=HTML)
    page = see(client, r.headers["Location"])
    assert "1-301" in page and "待上门" in page and 'name="kind" value="visit"' in page


def test_the_pages_speak_english(town, client, family, head):
    area, english = town.communities[0].area_id, {**HTML, "Accept-Language": "en"}
    for url in (f"/missed/{area}", "/waves", f"/waves/new/{area}", f"/visits/{area}"):
        page = client.get(f"{url}?round={town.city.round_id}", headers=english).text
        text = re.sub(r"<[^>]+>", "", page.split("<main", 1)[1])
        text = text.replace("采送检报", "")
        chinese = set(re.findall(r"[一-鿿]{2,}", text))
        assert chinese <= {"如已采样请忽略", "职员"}, (url, chinese)
