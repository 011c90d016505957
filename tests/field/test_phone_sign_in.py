"""The sign-in of a phone: who gets in by which secret, and who does not."""

from __future__ import annotations

import pytest

from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.tube.codes import Kind, make_code
from tests import devices, make
from tests.field.phones import ask

PATH = "/api/v1/field/sign-in"
PIN, WORD = "284917", "right horse battery"


@pytest.fixture
def site(db_session):
    return make.site()


@pytest.fixture
def nurse(site):
    return make.staff(Role.SAMPLER, site, password=WORD, pin=PIN, name="白露")


@pytest.fixture
def phone(site):
    return devices.phone(site=site)


def enter(client, phone, secret, **who):
    return ask(client, phone, PATH, {**who, "secret": secret})


def badge_of(who):
    return make_code(Kind.BADGE, who.staff_id)


def test_a_badge_and_a_pin_open_a_session(client, phone, nurse):
    r = enter(client, phone, PIN, badge=badge_of(nurse))
    assert r.status_code == 200
    assert r.json["staff"] == {
        "id": str(nurse.staff_id), "no": nurse.staff_no, "name": "白露", "roles": ["sampler"],
    }  # fmt: skip
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {r.json['token']}"})
    assert me.json["staff_no"] == nurse.staff_no


@pytest.mark.parametrize("field", ["staff_no", "badge"])
def test_a_number_and_a_password_do_too(client, phone, nurse, field):
    assert enter(client, phone, WORD, **{field: nurse.staff_no}).status_code == 200


def test_a_wrong_secret_and_an_unknown_badge_are_answered_alike(client, phone, nurse):
    wrong = enter(client, phone, "111222", badge=badge_of(nurse))
    unknown = enter(client, phone, "111222", badge=make_code(Kind.BADGE, 5))
    tube = enter(client, phone, "111222", badge=make_code(Kind.TUBE, 5))
    assert wrong.status_code == unknown.status_code == tube.status_code == 401
    assert wrong.json == unknown.json == tube.json


def test_who_works_elsewhere_is_not_let_in_and_a_courier_is(client, phone, site):
    stranger = make.staff(Role.SAMPLER, make.site(), pin=PIN)
    courier = make.staff(Role.COURIER, make.area("county"), pin=PIN)
    r = enter(client, phone, PIN, badge=badge_of(stranger))
    assert (r.status_code, r.json["code"]) == (403, "not_here")
    r = enter(client, phone, PIN, badge=badge_of(courier))
    assert r.json["staff"]["roles"] == ["courier"]


def test_a_role_over_the_whole_city_holds_here(client, phone):
    dispatcher = make.staff(Role.DISPATCHER, pin=PIN)
    r = enter(client, phone, PIN, badge=badge_of(dispatcher))
    assert r.json["staff"]["roles"] == ["dispatcher"]


def test_a_first_password_is_told_to_be_changed_at_a_desk(client, phone, nurse):
    run("UPDATE staff SET must_change = true WHERE staff_id = %s", (nurse.staff_id,))
    db.session.commit()
    r = enter(client, phone, WORD, staff_no=nurse.staff_no)
    assert r.json["must_change"] is True


def test_an_ended_account_is_refused(client, phone, nurse):
    run("UPDATE staff SET active = false WHERE staff_id = %s", (nurse.staff_id,))
    db.session.commit()
    assert enter(client, phone, PIN, badge=badge_of(nurse)).status_code == 401


def test_a_guesser_waits_on_one_phone_only(client, phone, nurse, site):
    codes = [enter(client, phone, "999111", badge=badge_of(nurse)).status_code for _ in range(8)]
    assert 429 in codes
    other = devices.phone(site=site)
    assert enter(client, other, PIN, badge=badge_of(nurse)).status_code == 200


def test_a_request_that_no_phone_signed_is_refused(client, nurse):
    r = client.post(PATH, json={"badge": badge_of(nurse), "secret": PIN})
    assert (r.status_code, r.json["code"]) == (401, "bad_device_signature")


def test_the_sign_in_leaves_a_line_of_audit_with_the_phone(client, phone, nurse):
    enter(client, phone, PIN, badge=badge_of(nurse))
    rows = fetch("SELECT staff_id, device_id FROM audit WHERE action = 'sign_in' AND cell_id = %s",
                 (phone_cell(phone),))  # fmt: skip
    assert rows == [(nurse.staff_id, phone.device_id)]


def phone_cell(phone):
    return fetch("SELECT cell_id FROM device WHERE device_id = %s", (phone.device_id,))[0][0]


def test_a_stopped_phone_signs_out_whoever_is_on_it(client, phone, nurse, db_session):
    from screening.accounts import service

    token = enter(client, phone, PIN, badge=badge_of(nurse)).json["token"]
    service.revoke_device(phone.device_id)
    db.session.commit()
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert me.status_code == 401


def test_with_its_token_the_phone_asks_whether_an_act_would_be_accepted(client, phone, nurse, site):
    token = enter(client, phone, PIN, badge=badge_of(nurse)).json["token"]
    body = {"act": "open", "site_id": str(site.site_id), "tube": make_code(Kind.TUBE, 3)}
    r = client.post("/api/v1/field/check", json=body, headers={"Authorization": f"Bearer {token}"})
    assert (r.status_code, r.json["answers"][0]["code"]) == (200, "round_not_open")


def test_the_end_of_a_shift_ends_the_session(client, phone, nurse):
    token = enter(client, phone, PIN, badge=badge_of(nurse)).json["token"]
    assert ask(client, phone, "/api/v1/field/sign-out", token=token).status_code == 200
    assert ask(client, phone, "/api/v1/field/sign-out", token=token).status_code == 401
