"""Who moved to another street keeps a row in the old cell, and stands in every list of the new place."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.errors import Faults
from screening.exports import kinds
from screening.places.queries import TREE
from screening.registry import homes, search
from screening.registry.service import await_recheck, persons, setting_up
from screening.reminders.slots import people_by_building
from tests import make, world
from tests.field.test_slices import ask, numbers
from tests.field.test_slices import persons as of_roster


class Moved:
    """Two streets; the first of one street's people lives in the other's house now."""

    def __init__(self, client: Any) -> None:
        self.client, self.city = client, world.city(persons=4)
        self.old, self.new = (s.area for s in self.city.sites)
        self.house = make.area("building", make.area("grid", self.new))
        TREE.forget()
        self.cell, self.person, self.code = self.city.people[0]
        persons.move(self.cell, self.person, self.new.area_id, by=1, at=clock.now())
        run("UPDATE person SET building_id = %s WHERE cell_id = %s AND person_id = %s",
            (self.house.area_id, self.cell, self.person))  # fmt: skip
        db.session.commit()

    @property
    def node(self) -> Any:
        return TREE.get().by_id[self.new.area_id]

    def order(self) -> kinds.Order:
        head = make.staff(Role.DISTRICT_HEAD)
        actor = actor_of(head.staff_id)
        return kinds.Order(self.node, self.city.round_id, actor, False, "zh", clock.now())


@pytest.fixture
def moved(app, client, db_session):
    with app.test_request_context():
        yield Moved(client)


def test_a_phone_of_the_new_place_takes_them_along_with_their_own_code(moved):
    got = ask(moved.client, moved.city.phone(1)).json
    people = of_roster(got)
    i = people.index(moved.person)
    assert got["roster"]["stored"] == [[i, moved.cell]]
    assert people == sorted(people) and len(people) == got["roster"]["count"] == 5
    here = ask(moved.client, moved.city.phone(0)).json
    assert moved.person not in of_roster(here) and here["roster"]["stored"] == []


def test_a_phone_of_the_new_place_sees_that_they_were_swabbed(moved):
    phone = moved.city.phone(1)
    first = ask(moved.client, phone).json
    run("UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s",
        (moved.cell, moved.person))  # fmt: skip
    phone.fill(moved.city.tube(), [moved.code, moved.city.people[5][2]])
    phone.send(moved.client)
    got = ask(moved.client, phone, {"revision": first["revision"]}).json["rounds"][0]
    people = of_roster(first)
    sampled = {people[i] for i in numbers(got["sampled"]["index"], "I")}
    assert sampled == {moved.person, moved.city.people[5][1]}


def test_their_house_counts_and_lists_them(moved):
    found = {b.building_id: b.persons for b in homes.list_buildings(moved.node)}
    assert found == {moved.house.area_id: 1, 0: 4}
    (one,) = homes.list_residents(moved.node, moved.house.area_id)
    assert (one.cell_id, one.person_id) == (moved.cell, moved.person)
    assert people_by_building(moved.node) == {moved.house.area_id: 1}


def test_their_card_is_printed_with_the_code_that_they_keep(moved):
    who = make.sign_in(moved.client, make.staff(Role.COMMUNITY_WORKER, moved.new))
    db.session.commit()
    form = {"person": [str(moved.person), str(moved.city.people[5][1])], "codes": "1"}
    url = f"/print/residents/{moved.new.area_id}"
    r = moved.client.post(url, data=form, headers={**who, "Accept": "application/pdf"})
    assert r.status_code == 200 and r.mimetype == "application/pdf", r.text
    text = "".join(p.extract_text() for p in PdfReader(BytesIO(r.data)).pages)
    assert moved.code in text.replace("-", "").replace(" ", "") or moved.code in text
    issued = fetch("SELECT cell_id, person_id FROM access_code")
    assert (moved.cell, moved.person) in issued and len(issued) == 2


@pytest.mark.parametrize("wanted", [{"name": "居民0"}, {"part_of_name": "民0"}])
def test_a_search_of_the_new_place_finds_them(moved, wanted):
    here = moved.node.path
    found = search.search(search.Wanted(**wanted), search.Place("area", moved.new.area_id, here))
    assert (moved.cell, moved.person) in {(p.cell_id, p.person_id) for p in found}
    seen = fetch(
        "SELECT subject_id FROM audit WHERE cell_id = %s AND action = 'read'", (moved.cell,)
    )
    assert (str(moved.person),) in [(str(s),) for (s,) in seen]


def test_the_register_and_the_results_taken_away_have_them(moved):
    order = moved.order()
    listing = kinds.get_listing("persons")
    rows = list(listing.rows(order))
    assert f"{moved.cell}-{moved.person}" in {r[-1] for r in rows}
    assert len(rows) == listing.total(order) == 5
    phone = moved.city.phone(1)
    phone.fill(moved.city.tube(), [moved.code])
    phone.send(moved.client)
    assert kinds.get_listing("results").total(order) == 1


def test_what_waits_for_them_follows_them(moved):
    """Exemptions and open calls to a re-check: the new place must know of them."""
    await_recheck([(moved.cell, moved.person, moved.new.area_id, 0, 1)], at=clock.now())
    persons.move(moved.cell, moved.person, moved.old.area_id, by=1, at=clock.now())
    homes = fetch("SELECT community_id FROM exemption WHERE cell_id = %s", (moved.cell,))
    assert homes == [(moved.old.area_id,)]


def test_a_community_in_which_somebody_lives_does_not_end(moved):
    for area_id in (moved.new.area_id, moved.node.parent_id):
        with pytest.raises(Faults) as e:
            setting_up.close_area(area_id, on=clock.now().date())
        said = [f.problem.sentence("zh") for f in e.value.faults]
        assert [s for s in said if "在册 5 人" in s], said
        db.session.rollback()
        TREE.forget()
