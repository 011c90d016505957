"""Devices enrol with a code of their site and a key of their own; desks keep their key here."""

from __future__ import annotations

import base64
import io
import re
import threading
from datetime import timedelta

import pytest
from PIL import Image

from screening import clock, crypto
from screening.accounts import devices, queries, service
from screening.accounts.roles import Actor, Role, Scope
from screening.db import fetch, run
from tests import make


def actor_of(who: make.MadeStaff) -> Actor:
    return Actor(who.staff_id, who.staff_no, (Scope(who.role, who.place),))


def point() -> str:
    return crypto.b64(crypto.public_bytes(crypto.new_device_key().public_key()))


@pytest.fixture
def site(db_session):
    return make.site()


@pytest.fixture
def boss(site):
    return actor_of(make.staff(Role.SITE_SUPERVISOR, site))


def enrol(client, code, **more):
    body = {"code": code, "name": "phone 1", "public_key": point(), **more}
    return client.post("/api/v1/devices", json=body)


def test_a_phone_enrols_with_the_sites_code_and_learns_the_servers_key(
    app, client, site, boss, db_session
):
    code = service.make_enrol_code(boss, site.place)
    db_session.commit()
    r = enrol(client, code.lower().replace("-", " "))
    assert r.status_code == 201
    assert r.json["site_id"] == str(site.site_id)
    assert crypto.unb64(r.json["server_public_key"]) == app.extensions["keys"].server_public()
    device = queries.get_device(int(r.json["device_id"]))
    assert (device.kind, device.cell_id, device.active) == ("phone", site.cell_id, True)


def test_phones_that_nobody_named_are_numbered_in_their_place(client, site, boss, db_session):
    code = service.make_enrol_code(boss, site.place)
    db_session.commit()
    assert [enrol(client, code, name="").json["name"] for _ in range(2)] == ["D1", "D2"]
    assert enrol(client, code, name=" 红 ").json["name"] == "红"


def test_one_code_serves_many_phones_but_never_more_than_it_says(app, site, boss, db_session):
    code = service.make_enrol_code(boss, site.place, uses=3)
    db_session.commit()
    codes: list[int] = []
    crowd = [
        threading.Thread(target=lambda: codes.append(enrol(app.test_client(), code).status_code))
        for _ in range(6)
    ]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    assert codes.count(201) == 3
    assert len(queries.list_devices([site.place])) == 3


@pytest.mark.parametrize("spoil", ["until = now() - interval '1 second'", "uses_left = 0"])
def test_a_code_that_is_over_or_used_up_enrols_nobody(client, site, boss, db_session, spoil):
    code = service.make_enrol_code(boss, site.place)
    run(f"UPDATE enrol_code SET {spoil}")
    db_session.commit()
    assert enrol(client, code).json["code"] == "bad_enrol_code"


def test_a_withdrawn_code_enrols_nobody(client, site, boss, db_session):
    code = service.make_enrol_code(boss, site.place)
    devices.withdraw_code(queries.list_codes([site.place])[0].ref)
    db_session.commit()
    assert enrol(client, code).status_code == 403
    assert queries.list_codes([site.place]) == []


def test_a_code_lasts_a_day_at_most(site, boss):
    for hours in (-1, 25):
        with pytest.raises(devices.BadEnd):
            service.make_enrol_code(
                boss, site.place, until=clock.real_now() + timedelta(hours=hours)
            )


def test_guessing_codes_is_slowed_and_a_right_code_still_works(client, site, boss, db_session):
    code = service.make_enrol_code(boss, site.place)
    db_session.commit()
    codes = [enrol(client, f"WRNG-{n}").status_code for n in range(6)]
    assert codes == [403, 403, 403, 403, 429, 429]
    assert enrol(client, code).status_code == 201


@pytest.mark.parametrize("key", ["", "xyz", "BA", crypto.b64(b"\4" + b"\1" * 64)])
def test_a_key_that_is_no_point_is_refused_and_costs_no_use(client, site, boss, db_session, key):
    code = service.make_enrol_code(boss, site.place, uses=1)
    db_session.commit()
    assert enrol(client, code, public_key=key).status_code == 422
    assert enrol(client, code).status_code == 201


def test_a_practice_code_makes_practice_phones(client, site, boss, db_session):
    code = service.make_enrol_code(boss, site.place, practice=True)
    db_session.commit()
    assert enrol(client, code).json["practice"] is True


def test_a_revoked_device_is_revoked_once(site, boss, db_session):
    phone = make.device(site)
    service.revoke_device(phone.device_id)
    assert queries.get_device(phone.device_id).state == "revoked"
    with pytest.raises(devices.NotActive):
        service.revoke_device(phone.device_id)


def test_a_lost_device_names_who_declared_it(site, boss, db_session):
    phone = make.device(site)
    service.declare_lost(phone.device_id, boss)
    held = queries.get_device(phone.device_id)
    assert (held.state, held.lost_by) == ("lost", boss.staff_id)


def test_a_person_has_one_desk_whose_key_only_the_server_opens(site, boss):
    desk = service.desk_device(boss, site_id=site.site_id)
    assert service.desk_device(boss, site.site_id) == desk
    signature = crypto.sign(service.desk_key(desk), b"head")
    assert crypto.verify(desk.public_key, signature, b"head")
    assert fetch("SELECT count(*) FROM device WHERE kind = 'desk'") == [(1,)]


def test_a_desk_moves_with_its_person_and_its_journal_stays_where_it_began(site, boss):
    desk = service.desk_device(boss, site_id=site.site_id)
    lab = make.lab()
    moved = service.desk_device(boss, lab_id=lab.lab_id)
    assert moved.device_id == desk.device_id
    assert (moved.site_id, moved.lab_id, moved.cell_id) == (None, lab.lab_id, site.cell_id)


def test_a_desk_that_was_revoked_is_followed_by_a_new_one(site, boss):
    desk = service.desk_device(boss, site_id=site.site_id)
    service.revoke_device(desk.device_id)
    assert service.desk_device(boss, site_id=site.site_id).device_id != desk.device_id


def test_a_phones_key_is_not_here(site, boss):
    with pytest.raises(ValueError):
        service.desk_key(queries.get_device(make.device(site).device_id))


def test_the_page_shows_a_new_code_with_its_picture(client, site, db_session):
    boss = make.staff(Role.SITE_SUPERVISOR, site)
    headers = make.sign_in(client, boss, cookie=True)
    r = client.post("/devices/codes", data={"site_id": site.site_id, "until": "23:59"},
                    headers={**headers, "Accept": "text/html"})  # fmt: skip
    text = r.get_data(as_text=True)
    assert r.status_code == 200 and 'src="data:image/png;base64,' in text


def test_the_code_is_shown_as_a_link_into_the_app_for_one_phone(client, site):
    zxingcpp = pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed")
    head = make.staff(Role.SITE_SUPERVISOR, site)
    headers = {**make.sign_in(client, head, cookie=True), "Accept": "text/html"}
    page = client.post("/devices/codes", data={"site_id": site.site_id}, headers=headers).text
    code = re.search(r'fig-value">([^<]+)<', page)[1]
    picture = base64.b64decode(re.search(r'data:image/png;base64,([^"]+)"', page)[1])
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    assert found.text == f"http://localhost/field/#enrol={code}"
    assert [enrol(client, code).status_code for _ in range(2)] == [201, 403]
