"""What the phone's own code finds in a slice that this server made."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from screening.accounts.roles import Role
from screening.db import db, run
from screening.registry import seals
from screening.registry.service.persons import ring
from tests import make, world
from tests.field.phones import ask

READER = Path(__file__).resolve().parent.parent / "js" / "read_slice.mjs"
NUMBER = "11010519491231002X"


@pytest.fixture
def city(db_session):
    return world.city(persons=9)


def read(node, **asked):
    out = subprocess.run(
        [node, str(READER)], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert out.returncode == 0, out.stderr[-800:]
    return json.loads(out.stdout)


def test_a_phone_finds_a_person_the_swab_and_the_family(city, client, node):
    (cell, person, code), (_, other, _) = city.people[3], city.people[5]
    details = seals.Details("欧阳娜娜", NUMBER, "CHN", None, "2", "1203")
    home = make.area("building", city.sites[0].area, name="7号楼").area_id
    run("UPDATE person SET doc_type = 1, sealed = %s, building_id = %s, lane = 2 "
        "WHERE cell_id = %s AND person_id = %s",
        (seals.seal_person(ring(), details), home, cell, person))  # fmt: skip
    run("UPDATE person SET household_id = 818283000000000001 WHERE person_id = ANY(%s)",
        ([person, other],))  # fmt: skip
    nurse = make.staff(Role.SAMPLER, city.sites[0], name="白露")
    db.session.commit()
    phone, tube = city.phone(1), city.tube()
    phone.fill(tube, [code], mode="single", size=1)
    assert phone.send(client).status_code == 200
    got = read(
        node, slice=ask(client, city.phone(), "/api/v1/field/slice").json, cell=cell,
        person=str(person), document=f"resident_id:{NUMBER}", round=city.round_id, tube=tube,
        word="7-1203", staff=str(nurse.staff_id),
    )  # fmt: skip
    found = got["found"]
    assert (found["code"], found["name"], found["tail"]) == (code, "欧阳**", NUMBER[-4:])
    assert (found["building"], found["room"]) == ("7号楼", "2-1203")
    assert got["byDocument"] == str(person) and got["stranger"] is None
    assert sorted(got["household"]) == sorted([str(person), str(other)])
    assert got["sampled"]["site"] == got["used"]["site"] == city.sites[1].name
    assert abs(got["sampled"]["at"] - got["used"]["at"]) <= 60_000
    assert got["alone"] is True
    assert got["searched"] == [str(person)]
    assert got["staff"] == "白露"
