"""The rollup follows the journals, sums by area, and is checked against a full count."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.coverage import queries, service
from screening.coverage.rules import adds_up
from screening.db import db, fetch, run
from screening.ledger.queries import count_swabs, told_swabs
from screening.registry.queries import get_policy
from screening.registry.service import changes
from tests import world
from tests.coverage.test_equation import community, exempt, sample, told


@pytest.fixture
def city(db_session):
    return world.city(streets=3, persons=10)


def counted(city) -> None:
    service.mark_new()
    service.take_marks(at=clock.now())
    db.session.commit()


def county(city) -> int:
    return int(city.sites[0].area.path.strip("/").split("/")[-3])


def test_marks_are_counted_and_gone(city, client):
    counted(city)
    sample(city, client, 0, 4)
    assert fetch("SELECT count(*) FROM dirty")[0][0] > 0
    assert service.take_marks(at=clock.now()) > 0
    assert fetch("SELECT count(*) FROM dirty") == [(0,)]
    found = queries.coverage_of(county(city), city.round_id, at=clock.now())
    assert (found.register, found.reached) == (30, 4) and adds_up(found)


def test_those_who_lag_stand_first(city, client):
    counted(city)
    sample(city, client, 0, 5)
    sample(city, client, 10, 2)
    service.take_marks(at=clock.now())
    streets = queries.children_of(county(city), city.round_id, at=clock.now())
    assert [r.reached for _, r in streets] == [0, 2, 5]
    assert sum(r.due for _, r in streets) == 30


def test_tubes_of_a_cell_are_counted_by_site_and_stage(city, client):
    sample(city, client, 0, 4)
    sample(city, client, 4, 3)
    service.take_marks(at=clock.now())
    found = queries.list_stages(city.round_id)
    assert [(r.site_id, r.stage, r.tubes, r.persons) for r in found] == [
        (city.sites[0].site_id, 3, 2, 7)
    ]


def test_a_tube_that_became_late_by_waiting_is_marked(city, client):
    sample(city, client, 0, 1)
    service.take_marks(at=clock.now())
    later = clock.now() + timedelta(days=1)
    assert service.mark_late(at=clock.now()) == 0
    assert service.mark_late(at=later) == 1
    service.take_marks(at=later)
    assert [r.late for r in queries.list_stages(city.round_id)] == [1]
    assert service.mark_late(at=later) == 0


def test_a_change_in_the_register_marks_its_community(city):
    counted(city)
    changes.changed([(city.sites[0].cell_id, community(city))])
    assert fetch("SELECT community_id FROM dirty") == [(community(city),)]


def test_a_rollup_that_agrees_raises_no_alarm(city, client):
    counted(city)
    sample(city, client, 0, 4)
    assert service.verify(at=clock.now()) == []


def test_what_came_in_while_it_was_checked_waits_and_is_no_alarm(city, client):
    counted(city)
    policy = get_policy(city.round_id)
    sample(city, client, 0, 4)
    assert service.compare(policy, at=clock.now()) == []
    sample(city, client, 4, 2)
    run("DELETE FROM dirty /* fan-out: test */")
    assert service.compare(policy, at=clock.now()) == [(city.round_id, community(city))]


def test_a_rollup_that_differs_is_an_alarm_and_is_put_right(city, client):
    counted(city)
    run(
        "UPDATE coverage SET reached = 3, m_new = m_new - 3, missed = missed - 3 "
        "WHERE cell_id = %s AND area_id = %s",
        (city.sites[1].cell_id, community(city, 1)),
    )
    assert service.verify(at=clock.now()) == [(city.round_id, community(city, 1))]
    assert fetch("SELECT count(*) FROM audit WHERE action = 'coverage_differs'") == [(1,)]
    assert service.verify(at=clock.now()) == []


def test_a_counter_of_swabs_that_differs_is_an_alarm_and_is_put_right(city, client):
    counted(city)
    sample(city, client, 0, 4)
    assert service.verify(at=clock.now()) == []
    cells = [s.cell_id for s in city.sites]
    assert told_swabs(city.round_id, cells) == count_swabs(city.round_id, cells) == {0: 4}
    run("UPDATE swab_count SET swabs = 3 WHERE cell_id = ANY(%s)", (cells,))
    assert told_swabs(city.round_id, cells) == {0: 3}
    assert service.verify(at=clock.now()) == [(city.round_id, community(city))]
    assert fetch("SELECT count(*) FROM audit WHERE action = 'coverage_differs'") == [(1,)]
    assert service.verify(at=clock.now()) == []


def test_an_exemption_that_lapsed_meanwhile_is_no_alarm(city):
    exempt(city, 0, until=clock.now() + timedelta(hours=1))
    counted(city)
    later = clock.now() + timedelta(hours=2)
    assert service.verify(at=later) == []
    found = queries.coverage_of(community(city), city.round_id, at=later)
    assert (found.exempt, found.due) == (0, 10)


def test_frozen_numbers_stay_as_they_were(city, client):
    counted(city)
    sample(city, client, 0, 4)
    cut = clock.now()
    frozen = service.freeze(city.round_id, cut)
    assert all(adds_up(r) for r in frozen)
    sample(city, client, 4, 3)
    told(city, 8, "refused")
    again = service.freeze(city.round_id, cut)
    assert again == frozen
    whole = next(r for r in again if r.area_id == county(city))
    assert (whole.due, whole.reached) == (30, 4)


def test_a_closed_round_is_counted_as_of_its_sign_off(city):
    signed = clock.now() + timedelta(minutes=1)
    exempt(city, 0, until=signed + timedelta(hours=1))
    run("UPDATE round SET signed_at = %s WHERE round_id = %s", (signed, city.round_id))
    later = signed + timedelta(days=3)
    service.recount(city.sites[0].cell_id, city.round_id, [community(city)], at=later)
    assert queries.coverage_of(community(city), city.round_id, at=later).exempt == 1


def test_a_signed_round_is_frozen_once_as_of_its_signature(city, client):
    sample(city, client, 0, 4)
    signed = clock.now()
    run("UPDATE round SET state = 'closed', signed_at = %s WHERE round_id = %s",
        (signed, city.round_id))  # fmt: skip
    assert service.freeze_signed() == 1
    assert service.freeze_signed() == 0
    found = queries.find_cut(city.round_id)
    assert found is not None and found[0] == signed
    assert next(r for r in found[1] if r["area_id"] == county(city))["reached"] == 4
