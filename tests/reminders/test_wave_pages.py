"""Pages of waves: what became of messages, hours of buildings, the notice before the start."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.i18n import ZONE
from screening.registry.queries import ROUNDS
from screening.reminders import queries, receipts, rules, sender, waves
from screening.reminders.channels import Answer, Fate
from tests import make
from tests.reminders.test_notice import NOTICE, ahead, house
from tests.reminders.test_waves import states
from tests.reminders.town import FIELDS, Box, person

__all__ = ["ahead", "house"]  # fixtures
HTML = {"Accept": "text/html"}


@pytest.fixture
def head(town, client):
    return make.sign_in(client, make.staff(Role.DISTRICT_HEAD), cookie=True)["X-CSRF-Token"]


def see(client, url):
    r = client.get(url, headers=HTML)
    assert r.status_code == 200, r.text
    return r.text


def in_doubt(town):
    person(town.communities[0], "王小五", "13800000002")
    wave_id = town.wave()
    sender.send_due(Box(honours_keys=False, answer=Answer(Fate.UNKNOWN, "timeout")))
    return wave_id


def test_a_message_in_doubt_stands_on_the_page_with_two_buttons(town, client, head):
    wave_id = in_doubt(town)
    page = see(client, f"/waves/{wave_id}")
    assert "结果不明" in page and "王*五" in page and "138****0002" in page
    assert "对方已收到" in page and "再发一次" in page and "13800000002" not in page
    assert fetch("SELECT 1 FROM audit WHERE action = 'message_unknown' /* fan-out: test */")
    act = dict(re.findall(r'name="(cell_id|message_id)" value="(\d+)"', page))
    form = {**act, "csrf_token": head, "do": "arrived"}
    r = client.post(f"/waves/{wave_id}/unknown", data=form, headers=HTML)
    assert r.status_code == 303
    db.session.rollback()
    assert states(wave_id) == {"delivered": 1}
    assert "对方已收到" not in see(client, f"/waves/{wave_id}")
    r = client.post(f"/waves/{wave_id}/unknown", data=form, headers=HTML)
    assert r.status_code == 409
    r = client.post(f"/waves/{wave_id}/unknown", data={**form, "do": "x"}, headers=HTML)
    assert r.status_code == 404


def test_who_works_in_the_community_sees_the_number_calls_and_decides(town, client):
    a = town.communities[0]
    person(a, "王小五", "13800000002")
    wave_id = town.wave(area=a.area_id)
    sender.send_due(Box(honours_keys=False, answer=Answer(Fate.UNKNOWN, "timeout")))
    token = make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, a), cookie=True)["X-CSRF-Token"]
    page = see(client, f"/waves/{wave_id}")
    assert 'href="tel:13800000002"' in page and "开始发送" not in page
    act = dict(re.findall(r'name="(cell_id|message_id)" value="(\d+)"', page))
    form = {**act, "csrf_token": token, "do": "again"}
    assert client.post(f"/waves/{wave_id}/unknown", data=form, headers=HTML).status_code == 303
    db.session.rollback()
    assert states(wave_id) == {"waiting": 1}


def test_the_list_of_waves_counts_messages_in_doubt(town, client, head):
    wave_id = in_doubt(town)
    (wave,) = [w for w in queries.list_waves([make.place_of(None)]) if w.wave_id == wave_id]
    assert queries.count_unknown([wave]) == {wave_id: 1}
    assert "结果不明" in see(client, "/waves")


def test_at_night_the_page_says_from_when_messages_leave(town, client, head):
    person(town.communities[0], "王小五", "13800000002")
    wave_id = town.draft()
    db.session.commit()
    assert "安静时段，短信从" not in see(client, f"/waves/{wave_id}")
    real = clock.real_now()
    night = clock.now().astimezone(ZONE).replace(hour=23)
    clock.configure(f"{night.isoformat()}/{real.isoformat()}/1")
    assert "现在是安静时段，短信从" in see(client, f"/waves/{wave_id}")


def test_a_draft_whose_sampling_has_stopped_says_so_and_offers_no_start(town, client, head):
    wave_id = town.draft()
    db.session.commit()
    assert "开始发送" in see(client, f"/waves/{wave_id}")
    run("UPDATE round SET state = 'finishing' WHERE round_id = %s", (town.city.round_id,))
    db.session.commit()
    ROUNDS.forget()
    page = see(client, f"/waves/{wave_id}")
    assert "不能发送提醒" in page and "开始发送" not in page


def test_the_api_lists_and_settles_messages_in_doubt(town, client):
    wave_id = in_doubt(town)
    who = {"Authorization": f"Bearer {make.token(make.staff(Role.DISTRICT_HEAD))}"}
    (m,) = client.get(f"/api/v1/waves/{wave_id}/unknown", headers=who).json
    said = {"cell_id": m["cell_id"], "message_id": m["message_id"], "verdict": "again"}
    r = client.post(f"/api/v1/waves/{wave_id}/unknown", json=said, headers=who)
    assert r.status_code == 204
    db.session.rollback()
    assert states(wave_id) == {"waiting": 1}
    found = client.get(f"/api/v1/waves/{wave_id}", headers=who).json
    assert found["messages"] == {"waiting": 1} and found["named"] == 0


def test_too_late_to_send_again_the_button_leaves_it_to_a_visit(town, client, head):
    wave_id = in_doubt(town)
    at = clock.now() - rules.MESSAGE_LIFE - timedelta(minutes=5)
    run("UPDATE outbox SET made_at = %s /* fan-out: test */", (at,))
    db.session.commit()
    page = see(client, f"/waves/{wave_id}")
    assert "转上门" in page and "再发一次" not in page


def test_what_a_wave_achieved_stands_with_whom_it_named(town, client, head):
    codes = [
        person(town.communities[0], n, "13800000002", household=7)[2] for n in ("王一", "王二")
    ]
    wave_id = town.wave()
    sender.send_due(Box())
    town.sample(client, codes[:1])
    page = see(client, f"/waves/{wave_id}")
    assert "发后已检" in page and "点名 2 人，1 人还在 24 小时内" in page
    assert queries.outcome_of(queries.get_wave(wave_id), at=clock.now()) == (2, 1, 1)


def test_hours_are_planned_looked_at_and_corrected_and_the_notice_is_written(
    ahead, house, client, head
):
    a, round_id = ahead.communities[0], ahead.city.round_id
    person(a, "王五", "13800000002", building=house)
    db.session.commit()
    assert "采样时段" in see(client, "/waves")
    page = see(client, f"/slots/{ahead.county}?round={round_id}")
    assert a.name in page and "安排还没有时段的楼栋" in page
    form = {"csrf_token": head, "area_id": ahead.county, "round_id": round_id}
    r = client.post("/slots/plan", data=form, headers=HTML)
    assert r.status_code == 303
    page = see(client, f"/slots/{a.area_id}?round={round_id}")
    assert "1号楼" in page and "08:00-09:00" in page and "安排了 1 栋" in page
    form = {
        "csrf_token": head, "building_id": house.area_id, "round_id": round_id,
        "site_id": ahead.city.sites[1].site_id, "starts_at": "2026-11-23T14:00",
        "ends_at": "2026-11-23T15:00",
    }  # fmt: skip
    r = client.post("/slots", data={**form, "ends_at": "2026-11-23T13:00"}, headers=HTML)
    assert r.status_code == 422 and "结束要晚于开始" in r.text
    r = client.post("/slots", data={**form, "ends_at": "soon"}, headers=HTML)
    assert r.status_code == 422
    assert client.post("/slots", data=form, headers=HTML).status_code == 303
    assert "14:00-15:00" in see(client, f"/slots/{a.area_id}?round={round_id}")
    page = see(client, f"/waves/new/{a.area_id}?round={round_id}&template=notice")
    assert "开始前通知" in page and 'value="missed"' not in page
    form = {**FIELDS, **NOTICE, "csrf_token": head, "area_id": a.area_id, "round_id": round_id}
    r = client.post("/waves", data=form, headers=HTML)
    assert r.status_code == 303, r.text
    page = see(client, r.headers["Location"])
    assert "（本楼的采样点）" in page and "开始发送" in page
    r = client.post("/waves", data={**form, "rule": ""}, headers=HTML)
    assert r.status_code == 422 and "开始前通知" in r.text, "the form keeps its round"


def test_nothing_is_planned_once_sampling_has_begun(town, client, head):
    page = see(client, f"/slots/{town.county}?round={town.city.round_id}")
    assert "安排还没有时段的楼栋" not in page
    form = {"csrf_token": head, "area_id": town.county, "round_id": town.city.round_id}
    assert client.post("/slots/plan", data=form, headers=HTML).status_code == 409


def test_the_new_pages_speak_english(ahead, house, client, head):
    person(ahead.communities[0], "Wang", "13800000002", building=house)
    db.session.commit()
    english = {**HTML, "Accept-Language": "en"}
    area, round_id = ahead.communities[0].area_id, ahead.city.round_id
    for url in (f"/slots/{area}", f"/slots/{ahead.county}", f"/waves/new/{area}", "/waves"):
        page = client.get(f"{url}?round={round_id}", headers=english).text
        text = re.sub(r"<[^>]+>", "", page.split("<main", 1)[1])
        text = text.replace("采送检报", "").replace("1号楼", "")
        chinese = set(re.findall(r"[一-鿿]{2,}", text))
        assert chinese <= {"如已采样请忽略", "职员"}, (url, chinese)


def test_states_of_a_message_all_have_a_word(app):
    from screening.reminders.pages.waves import message_word

    keys = ["waiting", "sent", "delivered", "failed", receipts.UNKNOWN]
    keys += [f"dropped:{why}" for why in rules.DROPPED]
    with app.test_request_context():
        assert all(message_word(k) for k in keys)
    assert waves.DONE
