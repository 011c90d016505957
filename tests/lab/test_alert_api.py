"""Alerts and duty over HTTP: the members' list, by hand from command, the roster, what waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.lab.queries.duty import way_to
from screening.lab.rules.duty_rules import district_of
from tests import make, world

PIN, WRONG = "284917", {"secret": "284916"}


@pytest.fixture
def head(bench):
    """The head of the first site's district."""
    place = district_of(way_to(bench.city.sites[0].area.path))
    return make.sign_in(bench.client, make.staff(Role.DISTRICT_HEAD, place))


def get(bench, who, path):
    return bench.client.get(f"/api/v1{path}", headers=who)


def post(bench, who, path, body=None):
    return bench.client.post(f"/api/v1{path}", headers=who, json=body or {})


def path_of(raised) -> str:
    return f"/alerts/{raised.json['cell_id']}/{raised.json['alert_id']}"


def test_command_raises_an_alert_and_opens_its_members(bench, head):
    (tube,) = bench.sampled(1)
    raised = post(bench, head, "/alerts", {"tube": tube})
    assert (raised.status_code, raised.json["kind"], raised.json["lab_id"]) == (201, "hand", None)
    found = get(bench, head, f"{path_of(raised)}/members").json
    assert [m["name"] for m in found["items"]] == ["居民0", "居民1"] and found["elsewhere"] == 0
    assert {m["single"] for m in found["items"]} == {"none"}
    assert fetch("SELECT count(*) FROM audit WHERE action = 'alert_members'") == [(2,)]


def test_a_laboratory_never_opens_the_members(bench, head):
    (tube,) = bench.sampled(1)
    raised = post(bench, head, "/alerts", {"tube": tube})
    bench_head = make.sign_in(bench.client, make.staff(Role.LAB_REVIEWER, bench.city.lab))
    assert get(bench, bench_head, f"{path_of(raised)}/members").status_code == 403


def test_who_lives_in_another_district_is_counted_and_not_named(bench, head):
    home = make.area("community")
    away = world.people(home, 1)
    tube, phone = bench.city.tube(), bench.city.phone()
    phone.fill(tube, [bench.city.people[0][2], away[0][2]], mode="pooled")
    assert phone.send(bench.client).status_code == 200
    raised = post(bench, head, "/alerts", {"tube": tube})
    found = get(bench, head, f"{path_of(raised)}/members").json
    assert (len(found["items"]), found["elsewhere"]) == (1, 1)
    there = make.sign_in(
        bench.client, make.staff(Role.DISTRICT_HEAD, district_of(way_to(home.path)))
    )
    found = get(bench, there, f"{path_of(raised)}/members").json
    assert (len(found["items"]), found["elsewhere"]) == (1, 1)
    waits = get(bench, there, "/alerts/unacknowledged").json
    assert {w["barcode"] for w in waits} == {tube}
    assert post(bench, there, f"{path_of(raised)}/acknowledge").status_code == 200


def test_command_raises_no_alert_outside_its_streets(bench):
    (tube,) = bench.sampled(1)
    stranger = make.sign_in(bench.client, make.staff(Role.DISTRICT_HEAD, make.area("county")))
    assert post(bench, stranger, "/alerts", {"tube": tube}).status_code == 403
    technician = make.sign_in(bench.client, make.staff(Role.LAB_TECHNICIAN, bench.city.lab))
    assert post(bench, technician, "/alerts", {"tube": tube}).status_code == 403
    own = {"tube": tube, "lab_id": str(bench.city.lab.lab_id)}
    assert post(bench, technician, "/alerts", own).status_code == 201


def test_a_roster_is_kept_and_read_without_anybodys_phone(bench, head):
    who = make.staff(Role.LAB_TECHNICIAN, bench.city.lab, phone="13000000001")
    now = clock.now()
    body = {
        "kind": "lab", "place_id": str(bench.city.lab.lab_id), "staff_no": who.staff_no,
        "starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=8)).isoformat(),
        "phone": "13900000002",
    }  # fmt: skip
    made = post(bench, head, "/duty", body)
    assert made.status_code == 201
    listed = get(bench, head, "/duty")
    assert "13900000002" not in listed.text and "13000000001" not in listed.text
    lab = next(p for p in listed.json if p["kind"] == "lab")
    assert [r["staff_id"] for r in lab["rows"]] == [str(who.staff_id)]
    assert len(lab["gaps"]) == 1
    gone = bench.client.delete(f"/api/v1/duty/{made.json['duty_id']}", headers=head)
    assert gone.status_code == 204
    db.session.rollback()
    wrong = post(bench, head, "/duty", body | {"staff_no": "X", "phone": "1"})
    assert wrong.status_code == 422 and {f["field"] for f in wrong.json["faults"]} == {
        "phone", "staff_no",
    }  # fmt: skip
    assert post(bench, head, "/duty", body | {"place_id": "1"}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"how": "released", "reason": "x"}, {"how": "resampled"}])
def test_a_request_to_clear_says_how_and_why(bench, head, body):
    (tube,) = bench.sampled(1)
    raised = post(bench, head, "/alerts", {"tube": tube})
    assert post(bench, head, f"{path_of(raised)}/clearing", body).status_code == 422


def test_clearing_is_signed_by_both_at_that_moment(bench):
    (tube,) = bench.sampled(1)
    place = district_of(way_to(bench.city.sites[0].area.path))
    first, second, third = (
        make.sign_in(bench.client, make.staff(Role.DISTRICT_HEAD, place, pin=PIN)) for _ in range(3)
    )
    raised = post(bench, third, "/alerts", {"tube": tube})
    path = path_of(raised)
    post(bench, first, f"{path}/acknowledge")
    why = {"how": "contamination", "reason": "阴控扩增", "early": "整板污染"}
    assert post(bench, first, f"{path}/clearing", why).status_code == 422
    assert post(bench, first, f"{path}/clearing", why | WRONG).json["code"] == "bad_pin"
    assert post(bench, first, f"{path}/clearing", why | {"secret": PIN}).json["asked_by"]
    yes = {"agree": True}
    assert post(bench, second, f"{path}/clearing/answer", yes).json["code"] == "not_signed"
    assert post(bench, second, f"{path}/clearing/answer", yes | WRONG).json["code"] == "bad_pin"
    done = post(bench, second, f"{path}/clearing/answer", yes | {"secret": PIN})
    assert done.json["settled_how"] == "contamination"
