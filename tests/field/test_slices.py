"""The slice: what a phone takes along, asked for in its own name."""

from __future__ import annotations

import json

import pytest

from screening import clock, crypto
from screening.db import db, fetch, run
from screening.field import signed
from tests import devices, world

PATH = "/api/v1/field/slice"


@pytest.fixture
def city(db_session):
    return world.city(persons=5)


def ask(client, phone, body=None, *, ms=None, sign=None, path=PATH):
    data = json.dumps(body or {}).encode()
    ms = clock.to_ms(clock.now()) if ms is None else ms
    head = signed.header(phone.key, phone.device_id, "POST", path, ms, sign or data)
    return client.post(PATH, data=data, content_type="application/json", headers={"X-Device": head})


def test_a_phone_gets_its_site_round_and_catchment(city, client):
    phone = city.phone()
    got = ask(client, phone).json
    assert got["site"]["id"] == city.sites[0].site_id
    assert [r["id"] for r in got["rounds"]] == [city.round_id]
    assert len(got["roster"]["person"]) == len(got["roster"]["name"]) == 5
    assert set(got["roster"]["name"]) == {"居**"}
    assert crypto.unb64(got["server_key"])[0] == 4


def test_no_number_or_whole_name_leaves_the_server(city, client):
    text = ask(client, city.phone()).get_data(as_text=True)
    assert "居民0" not in text and "MADE" not in text


def test_who_is_sampled_is_exact_and_the_roster_is_sent_once(city, client):
    phone = city.phone()
    first = ask(client, phone).json
    phone.fill(city.tube(), city.codes(1, 2))
    phone.send(client)
    again = ask(client, phone, {"revision": first["revision"]}).json
    assert again["roster"] is None
    people = first["roster"]["person"]
    sampled = {people[i] for i in again["rounds"][0]["sampled"]}
    assert sampled == {str(p) for _, p, _ in city.people[1:3]}


def test_a_called_back_person_is_only_marked_to_be_alone(city, client):
    cell, person, _ = city.people[0]
    run("UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s", (cell, person))
    db.session.commit()
    got = ask(client, city.phone()).json
    assert [got["roster"]["person"][i] for i in got["rounds"][0]["single"]] == [str(person)]
    assert "lane" not in json.dumps(got)


def test_a_request_signed_by_another_key_is_refused(city, client):
    phone, thief = city.phone(), city.phone()
    phone.key = thief.key
    r = ask(client, phone)
    assert (r.status_code, r.json["code"]) == (401, "bad_device_signature")


def test_a_signature_holds_for_one_body_and_one_path(city, client):
    phone = city.phone()
    assert ask(client, phone, sign=b"other").json["code"] == "bad_device_signature"
    assert ask(client, phone, path="/api/v1/me").json["code"] == "bad_device_signature"
    assert client.post(PATH, json={}).json["code"] == "bad_device_signature"


def test_edge_25_screen_a_wrong_clock_is_told_the_servers_time(city, client):
    late = clock.to_ms(clock.now()) - 3_600_000
    r = ask(client, city.phone(), ms=late)
    assert (r.status_code, r.json["code"]) == (401, "device_clock")
    assert abs(r.json["server_time"] - clock.to_ms(clock.now())) < 60_000


def test_a_stopped_phone_gets_nothing(city, client):
    phone = city.phone()
    run("UPDATE device SET state = 'revoked' WHERE device_id = %s", (phone.device_id,))
    db.session.commit()
    assert ask(client, phone).json["code"] == "device_stopped"


def test_a_laboratorys_device_has_no_slice(city, client):
    assert ask(client, devices.phone(lab=city.lab)).status_code == 404


def test_each_slice_leaves_a_line_of_audit(city, client):
    ask(client, city.phone())
    assert fetch("SELECT action, detail->>'persons' FROM audit WHERE action = 'slice'") == [
        ("slice", "5")
    ]
