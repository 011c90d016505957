"""Where is this tube? Asked by those who have it, had it, or answer for the place."""

from __future__ import annotations

import secrets

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.tube.codes import Kind, make_code
from screening.tube.service import label_runs
from tests import make, world


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def ask(client):
    def get(who, url):
        return client.get(url, headers=make.sign_in(client, who))

    return get


@pytest.fixture
def travelled(city, client):
    """A tube of two persons, packed, sealed, handed over and received; (tube, batch)."""
    phone, bench, tube = city.phone(), city.bench(), city.tube()
    box, seal = make_code(Kind.BOX, make.number()), make_code(Kind.SEAL, make.number())
    batch = f"{city.sites[0].cell_id}-{secrets.token_hex(8)}"
    phone.fill(tube, city.codes(0, 2))
    phone.write("box_open", batch=batch, box=box)
    phone.write("pack", batch=batch, box=box, tube=tube)
    phone.write("seal", batch=batch, box=box, seal=seal, n=1)
    phone.write("hand_over", seal=seal, to=77, to_lab=city.lab.lab_id, boxes=1, temperature=4.5)
    bench.write("arrive", seal=seal)
    bench.write("receive", tube=tube, seal=seal)
    for device in (phone, bench):
        assert not device.send(client).json["parked"]
    return tube, batch


def test_a_tube_tells_its_stage_holder_and_way(city, ask, travelled):
    tube, _ = travelled
    got = ask(make.staff(Role.SITE_SUPERVISOR, city.sites[0]), f"/api/v1/tubes/{tube}").json
    assert got["stage"]["zh"] == "已签收" and got["holder"]["zh"] == city.lab.name
    assert [c["verb"]["en"] for c in got["custody"]] == [
        "opened", "closed", "packed", "box sealed", "handed over", "arrived at the laboratory",
        "received",
    ]  # fmt: skip
    assert got["due_at"] and got["complete"] is True and got["tickets"] == []


def test_the_list_is_masked_and_each_look_is_audited(city, ask, travelled):
    tube, _ = travelled
    r = ask(make.staff(Role.SITE_SUPERVISOR, city.sites[0]), f"/api/v1/tubes/{tube}")
    assert [m["name"] for m in r.json["members"]] == ["居**", "居**"]
    assert "居民0" not in r.get_data(as_text=True)
    assert fetch("SELECT count(*) FROM audit WHERE action = 'tube_list'") == [(2,)]


@pytest.mark.parametrize("role", [Role.LAB_TECHNICIAN, Role.LAB_REVIEWER])
def test_a_laboratory_sees_the_number_and_never_the_names(city, ask, travelled, role):
    tube, _ = travelled
    got = ask(make.staff(role, city.lab), f"/api/v1/tubes/{tube}").json
    assert got["members"] is None and got["members_count"] == 2
    assert fetch("SELECT count(*) FROM audit WHERE action = 'tube_list'") == [(0,)]


def test_another_site_is_refused_and_noted(city, ask, travelled):
    tube, _ = travelled
    r = ask(make.staff(Role.SAMPLER, city.sites[1]), f"/api/v1/tubes/{tube}")
    assert r.status_code == 403
    assert ask(make.staff(Role.LAB_TECHNICIAN, make.lab()), f"/tubes/{tube}").status_code == 403


def test_who_carried_it_may_ask(city, ask, client):
    phone, courier, tube = city.phone(), make.staff(Role.COURIER, make.area("street")), city.tube()
    phone.fill(tube, city.codes(0, 1))
    phone.staff = courier.staff_id
    phone.write("join", tube=tube)
    phone.send(client)
    assert ask(courier, f"/api/v1/tubes/{tube}").status_code == 200


def test_a_late_fact_bears_its_mark(city, ask, client, travelled):
    tube, _ = travelled
    late = city.phone()
    late.now = clock.to_ms(clock.now()) - 600_000
    late.write("join", tube=tube)
    late.write("open", tube=tube, mode="pooled", size=10)
    late.send(client)
    got = ask(make.staff(Role.DISPATCHER), f"/api/v1/tubes/{tube}").json
    assert [c["late"] for c in got["custody"] if c["verb"]["en"] == "opened"] == [True, False]
    page = ask(make.staff(Role.DISPATCHER), f"/tubes/{tube}").get_data(as_text=True)
    assert "迟到的记录" in page


def test_a_blank_label_names_its_run(city, ask):
    run = label_runs.make_run("tube", 3, city.sites[0].site_id, by=1, at=clock.now())
    db.session.commit()
    tube = label_runs.numbers_of(run)[0]
    got = ask(make.staff(Role.SITE_SUPERVISOR, city.sites[0]), f"/api/v1/tubes/{tube}").json
    assert got["stage"] is None and got["label"]["run_id"] == run.run_id
    other = make.staff(Role.SITE_SUPERVISOR, city.sites[1])
    assert ask(other, f"/api/v1/tubes/{tube}").status_code == 403


@pytest.mark.parametrize("text", ["abc", "10000000000001", "20000000164"])
def test_what_is_no_tube_is_not_found(city, ask, text):
    r = ask(make.staff(Role.ADMINISTRATOR), f"/api/v1/tubes/{text}")
    assert (r.status_code, r.json["code"]) == (404, "no_such_tube")


def test_a_scan_that_is_no_tube_never_reaches_an_address(city, client):
    mark = make.sign_in(client, make.staff(Role.DISPATCHER), cookie=True)
    r = client.post("/tubes", data={"tube": "11010519491231002X"}, headers=mark)
    assert r.status_code == 422 and "Location" not in r.headers
    assert "11010519491231002X" not in r.get_data(as_text=True)


def test_a_held_tube_says_so(city, ask, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 2), close=False)
    phone.write("close", tube=tube, n=3)
    phone.send(client)
    who = make.staff(Role.SITE_SUPERVISOR, city.sites[0])
    got = ask(who, f"/api/v1/tubes/{tube}").json
    assert got["holds"] == ["list_incomplete"] and got["tickets"][0]["weight"] == "hold"
    assert "结果暂不发布" in ask(who, f"/tubes/{tube}").get_data(as_text=True)


# --- boxes ----------------------------------------------------------------------------------


def test_a_manifest_names_tubes_and_hands(city, ask, travelled):
    tube, batch = travelled
    got = ask(make.staff(Role.LAB_TECHNICIAN, city.lab), f"/api/v1/batches/{batch}").json
    assert got["tubes"] == [{"barcode": tube, "received": True}] and got["temperature"] == 4.5
    assert got["missing"] == got["extra"] == []
    assert "handed over" in [f["verb"]["en"] for f in got["hand_overs"]]


def test_boxes_are_listed_by_their_last_move_and_paged(city, ask, travelled, client):
    _, first = travelled
    phone = city.phone()
    later = f"{city.sites[0].cell_id}-{secrets.token_hex(8)}"
    phone.write("box_open", batch=later, box=make_code(Kind.BOX, make.number()))
    phone.send(client)
    who = make.staff(Role.DISPATCHER)
    page = ask(who, "/api/v1/batches?limit=1").json
    assert [b["batch"] for b in page["items"]] == [later]
    rest = ask(who, f"/api/v1/batches?limit=1&after={page['next'].replace('+', '%2B')}").json
    assert [b["batch"] for b in rest["items"]] == [first]


@pytest.mark.parametrize("batch", ["x", "1-zz", "1-0000000000000000"])
def test_what_is_no_trip_is_not_found(city, ask, batch):
    r = ask(make.staff(Role.DISPATCHER), f"/api/v1/batches/{batch}")
    assert (r.status_code, r.json["code"]) == (404, "no_such_batch")


def test_a_box_is_registered_once_with_what_it_takes(city, client):
    who = make.sign_in(client, make.staff(Role.SITE_SUPERVISOR, city.sites[0]))
    box = {"site_id": city.sites[0].site_id, "box": make_code(Kind.BOX, 9), "capacity": 40}
    assert client.post("/api/v1/boxes", json=box, headers=who).status_code == 201
    r = client.post("/api/v1/boxes", json=box, headers=who)
    assert (r.status_code, r.json["code"]) == (409, "box_known")
    wrong = {**box, "box": make_code(Kind.TUBE, 9)}
    assert client.post("/api/v1/boxes", json=wrong, headers=who).json["code"] == "wrong_kind"
