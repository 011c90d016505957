"""The slice: what a phone takes along, asked for in its own name."""

from __future__ import annotations

import base64
import gzip
import hmac
import json
import struct

import pytest

from screening import clock, crypto
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.field import signed
from screening.registry import seals
from screening.registry.documents import DocType, Document
from screening.registry.service.persons import ring
from screening.registry.signed_codes import read_signed
from screening.tube.codes import Kind, make_code
from tests import make, world
from tests.field.phones import ask as asked

PATH = "/api/v1/field/slice"


@pytest.fixture
def city(db_session):
    return world.city(persons=5)


def ask(client, phone, body=None, *, ms=None, sign=None, path=PATH):
    data = json.dumps(body or {}).encode()
    ms = clock.to_ms(clock.now()) if ms is None else ms
    head = signed.header(phone.key, phone.device_id, "POST", path, ms, sign or data)
    return client.post(PATH, data=data, content_type="application/json", headers={"X-Device": head})


def numbers(text, form):
    data = base64.b64decode(text)
    return list(struct.unpack(f">{len(data) // struct.calcsize(form)}{form}", data))


def persons(got):
    return numbers(got["roster"]["person"], "Q")


def marked(bitmap, n):
    bits = base64.b64decode(bitmap)
    return [i for i in range(n) if bits[i >> 3] & (0x80 >> (i & 7))]


# --- who asks -----------------------------------------------------------------------------------


def test_a_phone_gets_its_site_round_and_catchment(city, client):
    got = ask(client, city.phone()).json
    assert got["format"] == "screening-slice-2"
    assert got["site"]["id"] == str(city.sites[0].site_id)
    assert [r["id"] for r in got["rounds"]] == [city.round_id]
    assert persons(got) == sorted(p for _, p, _ in city.people[:5])
    assert got["roster"]["names"].split("\n") == ["居**"] * 5
    assert got["roster"]["rooms"].split("\n") == ["1-101"] * 5
    assert crypto.unb64(got["server_key"])[0] == 4
    assert got["roster"]["count"] == 5


def test_no_number_or_whole_name_leaves_the_server(city, client):
    text = ask(client, city.phone()).get_data(as_text=True)
    assert "居民0" not in text and "MADE" not in text


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


def test_each_slice_leaves_a_line_of_audit(city, client):
    ask(client, city.phone())
    assert fetch("SELECT action, detail->>'persons' FROM audit WHERE action = 'slice'") == [
        ("slice", "5")
    ]


def test_it_is_gzipped_for_whoever_can_read_that(city, client):
    phone = city.phone()
    plain = asked(client, phone, PATH)
    packed = asked(client, phone, PATH, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data))["site"] == plain.json["site"]


# --- the roster ---------------------------------------------------------------------------------


def test_who_is_sampled_is_exact_and_the_roster_is_sent_once(city, client):
    phone = city.phone()
    first = ask(client, phone).json
    phone.fill(city.tube(), city.codes(1, 2))
    phone.send(client)
    again = ask(client, phone, {"revision": first["revision"]}).json
    assert again["roster"] is None
    got = again["rounds"][0]
    people = persons(first)
    sampled = {people[i] for i in numbers(got["sampled"]["index"], "I")}
    assert sampled == {p for _, p, _ in city.people[1:3]}
    minutes = numbers(got["sampled"]["at"], "I")
    assert all(abs(m - clock.now().timestamp() / 60) < 10 for m in minutes)
    where = {got["sites"][i] for i in numbers(got["sampled"]["site"], "H")}
    assert where == {city.sites[0].name}


def test_a_phone_finds_a_document_by_the_salted_mark_alone(city, client):
    cell, person, _ = city.people[0]
    details = seals.Details("王秀英", "GB-123456789", "GB", None, None, None)
    run("UPDATE person SET doc_type = 6, sealed = %s WHERE cell_id = %s AND person_id = %s",
        (seals.seal_person(ring(), details), cell, person))  # fmt: skip
    db.session.commit()
    got = ask(client, city.phone()).json["roster"]
    i = numbers(got["person"], "Q").index(person)
    salt, docs = base64.b64decode(got["doc_salt"]), base64.b64decode(got["docs"])
    key = Document(DocType.PASSPORT, "GB-123456789").key
    assert docs[5 * i : 5 * i + 5] == hmac.digest(salt, key.encode(), "sha256")[:5]
    assert len(docs) == 5 * got["count"]
    assert got["names"].split("\n")[i] == "王**"
    assert got["tails"].split("\n")[i] == "789"


def test_two_slices_are_salted_apart(city, client):
    one, two = (ask(client, city.phone()).json["roster"] for _ in range(2))
    assert one["doc_salt"] != two["doc_salt"] and one["docs"] != two["docs"]


def test_a_called_back_person_and_a_contact_are_only_marked_to_be_alone(city, client):
    (cell, called, _), (_, contact, _) = city.people[0], city.people[2]
    run("UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s", (cell, called))
    run(
        "INSERT INTO person_cohort (cell_id, person_id, cohort, valid_from) "
        "VALUES (%s, %s, 'close_contact', now() - interval '1 day')",
        (cell, contact),
    )
    run(
        "UPDATE round SET pool_rules = %s::jsonb WHERE round_id = %s",
        ('[{"mode": "single", "capacity": 1, "source": "x", "cohort": "close_contact"},'
         ' {"mode": "pooled", "capacity": 10, "source": "x"}]', city.round_id),
    )  # fmt: skip
    db.session.commit()
    from screening.registry.queries import ROUNDS

    ROUNDS.forget()
    got = ask(client, city.phone()).json
    people, text = persons(got), json.dumps(got)
    alone = {people[i] for i in marked(got["rounds"][0]["single"], len(people))}
    assert alone == {called, contact}
    assert "lane" not in text and "close_contact" not in text


# --- what goes along ----------------------------------------------------------------------------


def test_keys_staff_and_laboratories_go_along(city, client):
    site = city.sites[0]
    nurse = make.staff(Role.SAMPLER, site, name="白露")
    courier = make.staff(Role.COURIER, name="惊蛰")
    make.staff(Role.SAMPLER, city.sites[1], name="外人")
    gate = make.site(site.area, name="西门")
    got = ask(client, city.phone()).json
    badges = {s["name"]: (s["badge"], s["roles"]) for s in got["staff"]}
    assert badges == {
        "白露": (make_code(Kind.BADGE, nurse.staff_id), ["sampler"]),
        "惊蛰": (make_code(Kind.BADGE, courier.staff_id), ["courier"]),
    }
    assert [lab["id"] for lab in got["labs"]] == [str(city.lab.lab_id)]
    names = {s["id"]: s["name"] for s in got["sites"]}
    assert names == {str(site.site_id): site.name, str(gate.site_id): "西门"}
    from screening.registry.code_keys import sign_code

    code = sign_code(7, 8, "王秀英", at=clock.now())
    points = {k["id"]: crypto.unb64(k["point"]) for k in got["code_keys"]}
    assert read_signed(code, points).name == "王**"


def test_a_used_number_is_told_with_where_and_when(city, client):
    phone = city.phone(1)
    tube = city.tube()
    phone.fill(tube, city.codes(0, 1))
    phone.send(client)
    used = ask(client, city.phone(0)).json["used"]
    assert used["tube"].split("\n") == [tube]
    assert used["sites"][numbers(used["site"], "H")[0]] == city.sites[1].name
    assert len(numbers(used["at"], "I")) == 1


def test_practice_takes_nobody_along(city, client):
    got = ask(client, city.phone(practice=True)).json
    assert got["practice"] is True
    assert got["roster"]["count"] == 0
