"""The door team's list: callbacks first, then visits; only for the site's own team."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, insert, new_id, run
from screening.lab.rules.well_rules import Outcome
from tests import make
from tests.field.phones import ask
from tests.reporting import bench

PATH = "/api/v1/field/doors"


@pytest.fixture
def town(db_session, client):
    return bench.set_up(client)


def items(client, town, who=None, phone=None):
    who = who or make.staff(Role.SAMPLER, town.city.sites[0])
    r = ask(client, phone or town.city.phone(0), PATH, token=make.token(who))
    assert r.status_code == 200, r.text
    return r.json["items"]


def contact(town, i, outcome, kind="call"):
    cell, person, _ = town.city.people[i]
    columns = ("cell_id", "contact_id", "round_id", "person_id", "community_id", "kind", "outcome",
               "at")  # fmt: skip
    home = town.city.sites[0].area.area_id
    insert("contact", columns, [
        (cell, new_id(), town.city.round_id, person, home, kind, outcome, clock.now())
    ])  # fmt: skip
    db.session.commit()


def test_callbacks_come_first_then_who_is_to_be_visited(town, client):
    town.through(town.fill(0, 2), outcome=Outcome.POSITIVE)
    contact(town, 5, "visit")
    contact(town, 6, "refused")
    contact(town, 5, "absent", kind="visit")
    got = items(client, town)
    assert [(i["kind"], i["single"], i["tries"]) for i in got] == [
        ("callback", True, 0), ("callback", True, 0), ("visit", False, 1),
    ]  # fmt: skip
    cell, person, code = town.city.people[5]
    assert (got[2]["cell"], got[2]["person"], got[2]["code"]) == (cell, str(person), code)
    assert (got[2]["name"], got[2]["unit"], got[2]["room"]) == ("居民5", "1", "101")
    assert got[0]["deadline"] > clock.to_ms(clock.now()) and got[0]["callback_id"].isdigit()
    assert (got[0]["unit"], got[0]["room"]) == ("1", "101")


def test_members_of_one_household_have_one_number(town, client):
    run("UPDATE person SET household_id = 818283000000000001 WHERE person_id = ANY(%s)",
        ([p[1] for p in town.city.people[4:6]],))  # fmt: skip
    for i in (4, 5, 6):
        contact(town, i, "visit")
    assert sorted(i["household"] for i in items(client, town)) == [0, 1, 1]


def test_each_person_read_is_audited(town, client):
    contact(town, 5, "visit")
    who = make.staff(Role.COMMUNITY_WORKER, town.city.sites[0].area)
    items(client, town, who)
    rows = fetch("SELECT subject_id FROM audit WHERE action = 'visit_list' AND staff_id = %s",
                 (who.staff_id,))  # fmt: skip
    assert rows == [(str(town.city.people[5][1]),)]


def test_another_sites_team_is_refused(town, client):
    phone = town.city.phone(0)
    stranger = make.staff(Role.SAMPLER, town.city.sites[1])
    packer = make.staff(Role.PACKER, town.city.sites[0])
    for who in (stranger, packer):
        assert ask(client, phone, PATH, token=make.token(who)).status_code == 403
    assert ask(client, phone, PATH).status_code == 401


def test_the_phone_must_sign(town, client):
    head = make.sign_in(client, make.staff(Role.SAMPLER, town.city.sites[0]))
    assert client.post(PATH, json={}, headers=head).status_code == 401
