"""A community worker's day: who is called, who waits, what is kept under a flaky network."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.coverage.queries import coverage_of
from screening.db import db, fetch, run
from screening.places.queries import TREE
from screening.registry.rules import Flag
from screening.registry.service import persons
from screening.reminders import queries
from screening.reminders.queries import day as days
from tests import make
from tests.reminders.town import person

KEY = "0123456789abcdef"


@pytest.fixture
def worker(town):
    return make.staff(Role.COMMUNITY_WORKER, town.communities[0])


@pytest.fixture
def tell(town, client, worker):
    """Sends an outcome as a phone does; the answer."""
    headers = make.sign_in(client, worker)

    def send(who, outcome="refused", *, path="", **more):
        db.session.commit()
        body = {"cell_id": str(who[0]), "person_id": str(who[1]), **more}
        if not path:
            body |= {"outcome": outcome, "round_id": str(town.city.round_id)}
        return client.post(f"/api/v1/contacts{path}", json=body, headers=headers)

    return send


def today(town, within=None):
    a = queries.get_node(town.communities[0].area_id)
    return days.list_day(a, town.city.round_id, at=clock.now(), within=within or a)


def outcomes(who):
    return fetch("SELECT outcome FROM contact WHERE cell_id = %s AND person_id = %s", who[:2])


def test_an_outcome_sent_twice_is_kept_once(town, tell):
    who = person(town.communities[0], "李四", "13800000001")
    first, again = tell(who, key=KEY), tell(who, key=KEY)
    assert first.status_code == again.status_code == 201 and first.json == again.json
    assert outcomes(who) == [("refused",)]


def test_an_outcome_that_is_undone_does_not_count_even_when_it_arrives_after_its_undoing(
    town, tell
):
    who = person(town.communities[0], "李四", "13800000001")
    assert tell(who, path="/undo", key=KEY).status_code == 204
    assert tell(who, key=KEY).status_code == 201
    assert outcomes(who) == []
    later = "fedcba9876543210"
    tell(who, key=later)
    assert tell(who, path="/undo", key=later).status_code == 204
    assert outcomes(who) == []
    row = coverage_of(town.communities[0].area_id, town.city.round_id, at=clock.now())
    assert row.refused == 0


def test_an_undoing_brings_the_outcome_before_it_back(town, tell):
    who = person(town.communities[0], "李四", "13800000001")
    tell(who, "later", hours=2)
    tell(who, "refused", key=KEY)
    assert not today(town).calls
    tell(who, path="/undo", key=KEY)
    assert today(town).waiting == {"later": 1}


def test_what_waited_for_a_network_counts_from_when_it_was_said(town, tell):
    who = person(town.communities[0], "李四", "13800000001")
    r = tell(who, "later", hours=2, age=3 * 3600)
    assert r.status_code == 201
    assert len(today(town).calls) == 1, "two hours after three hours ago is over"


def test_nobody_undoes_what_a_colleague_noted(town, client, tell):
    who = person(town.communities[0], "李四", "13800000001")
    tell(who, key=KEY)
    other = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    body = {"cell_id": str(who[0]), "person_id": str(who[1]), "key": KEY}
    r = client.post("/api/v1/contacts/undo", json=body, headers=make.sign_in(client, other))
    assert r.status_code == 204 and outcomes(who) == [("refused",)]


def test_who_promised_refused_or_sleeps_is_not_called_again_today(town, tell):
    a = town.communities[0]
    for n, (outcome, hours) in enumerate([
        ("will_come", None), ("refused", None), ("later", 2), ("away", 72),
    ]):  # fmt: skip
        tell(person(a, f"人{n}", f"1380000000{n}"), outcome, **({"hours": hours} if hours else {}))
    caller = person(a, "李四", "13800000009")
    day = today(town)
    assert [p.missed.person_id for p in day.calls] == [caller[1]]
    assert day.waiting == {"will_come": 1, "refused": 1, "later": 1, "away": 1}


def test_who_needs_a_visit_is_on_the_plan_and_not_called(town, tell):
    a = town.communities[0]
    asks = person(a, "要上门", "13800000001")
    lame = person(a, "走不动", "13800000002")
    persons.mark(*lame[:2], add=Flag.CANNOT_WALK)
    tell(asks, "visit")
    day = today(town)
    assert {p.missed.person_id for p in day.visits} == {asks[1], lame[1]}
    assert [p.missed.person_id for p in day.calls] == [lame[1]]


def test_the_plan_of_a_building_goes_floor_by_floor(town):
    a = town.communities[0]
    house = make.area("building", a, name="2号楼")
    TREE.forget()
    for room in ("1102", "302", "301"):
        who = person(a, f"住{room}", None, building=house, room=room)
        persons.mark(*who[:2], add=Flag.CANNOT_WALK)
    node = queries.get_node(a.area_id)
    found = days.open_doors(node, town.city.round_id, today(town).visits, at=clock.now(), down=True)
    assert [p.details.room for p in found] == ["1102", "301", "302"]


def test_the_pages_open_and_audit_only_who_is_shown(town, client, worker, monkeypatch):
    from screening.reminders.pages import day as pages

    monkeypatch.setattr(pages, "PAGE", 2)
    for n in range(5):
        person(town.communities[0], f"人{n}", f"1380000000{n}")
    db.session.commit()
    r = client.get(f"/day/{town.communities[0].area_id}", headers=make.sign_in(client, worker))
    assert r.status_code == 200 and r.text.count("day-card") == 2 and 'href="tel:138' in r.text
    db.session.rollback()
    read = fetch("SELECT count(*) FROM audit WHERE action = 'day_calls' /* fan-out: test */")
    assert read == [(2,)]


def at_the_door(client, town, who, **said):
    db.session.commit()
    data = {"name": "门后人", "doc_type": "resident_id", "number": "11010519491231002X", **said}
    return client.post(
        f"/day/{town.communities[0].area_id}/found", data=data, headers=make.sign_in(client, who)
    )


def test_somebody_found_at_the_door_is_due_and_sent_twice_is_one(town, client, worker):
    a = town.communities[0]
    house = make.area("building", a, name="2号楼")
    TREE.forget()
    for _ in range(2):
        r = at_the_door(client, town, worker, building=str(house.area_id), room="302")
        assert r.status_code == 303
    db.session.rollback()
    row = coverage_of(a.area_id, town.city.round_id, at=clock.now() + timedelta(seconds=1))
    assert fetch("SELECT building_id, flags & 8 FROM person WHERE cell_id = %s", (a.cell_id,)) == [
        (house.area_id, 0)
    ]
    from screening.coverage.equation import count_communities

    (counted,) = count_communities(a.cell_id, town.city.round_id, [a.area_id], at=clock.now())
    assert (counted.due, counted.added) == (1, 1) and row is not None


def test_everything_that_is_wrong_at_the_door_is_told_at_once(town, client, worker):
    r = at_the_door(client, town, worker, name="", number="123", phone="12", birth="3000-01-01")
    assert r.status_code == 422 and r.text.count('class="fault"') == 4


def test_who_is_registered_elsewhere_stays_there(town, client, worker):
    b = town.communities[1]
    other = make.staff(Role.COMMUNITY_WORKER, b)
    db.session.commit()
    data = {"name": "门后人", "doc_type": "resident_id", "number": "11010519491231002X"}
    client.post(f"/day/{b.area_id}/found", data=data, headers=make.sign_in(client, other))
    assert at_the_door(client, town, worker).status_code == 303
    db.session.rollback()
    assert fetch("SELECT community_id FROM person /* fan-out: test */") == [(b.area_id,)]


def test_the_worker_of_a_grid_calls_and_registers_there_and_nowhere_else(town, client):
    here = town.communities[0]
    grid = make.area("grid", here)
    TREE.forget()
    cell, mine, _ = person(here, "王五", "13800001001")
    person(here, "赵六", "13800001002")
    run("UPDATE person SET grid_id = %s WHERE cell_id = %s AND person_id = %s",
        (grid.area_id, cell, mine))  # fmt: skip
    db.session.commit()
    mark = make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, grid), cookie=True)
    html = {"Accept": "text/html"}
    run(
        "UPDATE person SET created_at = created_at - interval '30 days' WHERE cell_id = %s", (cell,)
    )
    db.session.commit()
    for page in ("day/{}", "missed/{}", "missed/{}/never"):
        r = client.get(f"/{page.format(grid.area_id)}", headers=html)
        assert "tel:13800001001" in r.text and "1002" not in r.text
    form = {"csrf_token": mark["X-CSRF-Token"], "name": "孙八", "doc_type": "resident_id",
            "number": "110101199003070118"}  # fmt: skip
    assert client.post(f"/day/{grid.area_id}/found", data=form, headers=html).status_code == 303
    told = client.get(f"/day/{grid.area_id}", headers=html).text
    assert "孙*" in told and "赵*" not in told
