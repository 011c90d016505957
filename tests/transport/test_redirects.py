"""Another laboratory for a box: two names, a fact of the box, seen by courier and laboratory."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.errors import Faults
from screening.ledger.check import check
from screening.transport import redirects
from screening.transport.desk_queries import all_cells, find_batch, list_for_lab
from screening.tube.rules import Stage, Verb
from tests import make, world
from tests.transport.test_boxes import SEAL, Trip


@pytest.fixture
def trip(db_session, client):
    city = world.city()
    found = Trip(city, client)
    found.pack()
    found.send(found.table, found.packer)
    return found


@pytest.fixture
def other(trip):
    return make.lab(trip.city.sites[1].area)


def dispatcher():
    return actor_of(make.staff(Role.DISPATCHER).staff_id)


def send_to(trip, lab, *, told=None, reason="jam", by=None):
    told = told or make.staff(Role.COURIER)
    db.session.commit()
    box = find_batch(trip.batch)
    redirects.redirect(
        box, lab.lab_id, reason=reason, told=told.staff_no, by=by or dispatcher(),
        at=clock.now(), before=trip.city.lab.lab_id,
    )  # fmt: skip
    db.session.commit()
    return told


def drive(trip):
    trip.courier.write(
        "hand_over", seal=SEAL, to=77, to_lab=trip.city.lab.lab_id, boxes=1, temperature=4.5
    )
    trip.send(trip.courier)


def lines(verb):
    return fetch("SELECT barcode, lab_id, staff_id FROM custody WHERE verb = %s", (int(verb),))


def test_a_box_on_the_road_is_expected_at_its_new_laboratory_alone(trip, other):
    drive(trip)
    assert len(list_for_lab(all_cells(), trip.city.lab.lab_id)) == 1
    send_to(trip, other)
    assert list_for_lab(all_cells(), trip.city.lab.lab_id) == []
    assert [b.wire_id for b in list_for_lab(all_cells(), other.lab_id)] == [trip.batch]


def test_every_tube_in_the_box_keeps_a_line_of_it_and_its_holder(trip, other):
    drive(trip)
    before = fetch("SELECT holder_kind, holder_id, stage, since, due_at FROM tube ORDER BY barcode")
    send_to(trip, other)
    assert sorted(b for b, lab, _ in lines(Verb.REDIRECT) if lab == other.lab_id) == sorted(
        trip.tubes
    )
    after = fetch("SELECT holder_kind, holder_id, stage, since, due_at FROM tube ORDER BY barcode")
    assert after == before and before[0][:2] == ("courier", 77)


def test_a_box_still_at_the_site_is_meant_for_another_laboratory_and_moves_no_tube(trip, other):
    send_to(trip, other)
    assert find_batch(trip.batch).lab_id == other.lab_id
    assert lines(Verb.REDIRECT) == []
    assert fetch("SELECT DISTINCT stage FROM tube WHERE members > 0") == [(Stage.PACKED,)]


def test_what_the_courier_says_at_the_door_comes_after_what_the_desk_meant(trip, other):
    send_to(trip, other)
    drive(trip)
    assert find_batch(trip.batch).lab_id == trip.city.lab.lab_id


def test_the_recount_tells_the_same_from_journals_and_the_command(trip, other):
    drive(trip)
    send_to(trip, other)
    assert check(trip.city.round_id).differences == []


def test_a_forged_destination_is_found_by_the_recount(trip, other):
    drive(trip)
    send_to(trip, other)
    db.session.execute(
        db.text("UPDATE custody SET lab_id = :lab WHERE verb = 16"), {"lab": trip.city.lab.lab_id}
    )
    db.session.commit()
    found = {(d.table, d.what) for d in check(trip.city.round_id).differences}
    assert found == {("custody", "differs")}


def test_an_arrived_box_goes_nowhere_else(trip, other):
    drive(trip)
    trip.bench.write("arrive", seal=SEAL, intact=True)
    trip.send(trip.bench)
    with pytest.raises(redirects.BoxThere):
        send_to(trip, other)


def test_the_laboratory_it_goes_to_already_is_no_other(trip):
    with pytest.raises(redirects.SameLab):
        send_to(trip, trip.city.lab)


def test_one_name_is_not_enough(trip, other):
    who = make.staff(Role.DISPATCHER)
    own = actor_of(who.staff_id)
    for told in (who, make.staff(Role.AUDITOR)):
        with pytest.raises(Faults) as e:
            send_to(trip, other, told=told, by=own, reason="")
        assert {f.field for f in e.value.faults} == {"reason", "told"}


def test_the_history_names_both_and_the_laboratories(trip, other):
    drive(trip)
    told = send_to(trip, other, reason="road")
    (row,) = redirects.list_redirects(all_cells(), trip.city.round_id)
    assert (row.told, row.from_lab, row.to_lab, row.reason) == (
        told.staff_id, trip.city.lab.lab_id, other.lab_id, "road",
    )  # fmt: skip
    assert redirects.redirected([(row.cell_id, row.batch_id)]) == {(row.cell_id, row.batch_id)}


def page(client, role, at, path):
    head = make.sign_in(client, make.staff(role, at))
    db.session.commit()
    answer = client.get(path, headers={**head, "Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_laboratory_and_the_road_see_it_on_their_own_pages(trip, other, client):
    drive(trip)
    send_to(trip, other)
    seen = page(client, Role.LAB_TECHNICIAN, other, f"/boxes/{trip.batch}")
    assert f"现在送往：{other.name}" in seen and "原机构积样" in seen
    seen = page(client, Role.COURIER, trip.city.sites[0], "/boxes")
    assert other.name in seen and "改送" in seen


def test_the_hand_over_desk_offers_what_the_dispatcher_meant(trip, other, client):
    site = trip.city.sites[0]
    path = f"/hand-over/{site.site_id}?seals={SEAL}"
    chosen = f'<option value="{other.lab_id}" selected>'
    assert chosen not in page(client, Role.PACKER, site, path)
    send_to(trip, other)
    assert chosen in page(client, Role.PACKER, site, path)
