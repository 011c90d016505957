"""Who is due, who is reached, who is missed and why: counted from real journals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.coverage import equation, queries
from screening.coverage.rules import adds_up
from screening.db import db, fetch, insert, new_id, run
from screening.registry.rules import Flag
from screening.registry.service import persons
from screening.tube.rules import Verb
from screening.tube.service import advance
from tests import make, world


@pytest.fixture
def city(db_session):
    return world.city(streets=2, persons=10)


def community(city, i: int = 0) -> int:
    return city.sites[i].area.area_id


def row(city, i: int = 0, *, at=None):
    found = equation.count_communities(
        city.sites[i].cell_id, city.round_id, [community(city, i)], at=at or clock.now()
    )[0]
    assert adds_up(found), found
    return found


def told(city, person: int, outcome: str, **more):
    cell, person_id, _ = city.people[person]
    line = {"kind": "call", "until": None, "made_by": 1, "at": clock.now(), **more}
    insert(
        "contact",
        ("cell_id", "contact_id", "round_id", "person_id", "community_id", "outcome", *line),
        [(cell, new_id(), city.round_id, person_id, community(city), outcome, *line.values())],
    )
    db.session.commit()


def exempt(city, person: int, code: str = "medical", round_id: int = 0, **more):
    cell, person_id, _ = city.people[person]
    line = {"made_at": clock.now() - timedelta(hours=2), "until": None, "ended_at": None, **more}
    insert(
        "exemption",
        ("cell_id", "exemption_id", "round_id", "person_id", "community_id", "code", *line),
        [(cell, new_id(), round_id, person_id, community(city), code, *line.values())],
    )
    db.session.commit()


def flag(city, person: int, flag: int) -> None:
    cell, person_id, _ = city.people[person]
    run(
        "UPDATE person SET flags = %s WHERE cell_id = %s AND person_id = %s",
        (flag, cell, person_id),
    )
    db.session.commit()


def sample(city, client, first: int, n: int, site: int = 0) -> str:
    phone, tube = city.phone(site), city.tube()
    phone.fill(tube, city.codes(first, n))
    assert phone.send(client).status_code == 200
    db.session.rollback()
    return tube


def test_before_anybody_comes_all_are_missed_and_not_contacted(city):
    found = row(city)
    assert (found.register, found.due, found.reached, found.missed, found.new) == (
        10,
        10,
        0,
        10,
        10,
    )


def test_who_was_swabbed_is_reached(city, client):
    sample(city, client, 0, 4)
    found = row(city)
    assert (found.due, found.reached, found.missed, found.resulted) == (10, 4, 6, 0)


def test_only_a_coded_exemption_leaves_the_due(city):
    exempt(city, 0)
    exempt(city, 1, "infant")
    exempt(city, 1, "medical")  # two reasons, one person
    exempt(city, 2, round_id=city.round_id + 1)  # of another round
    exempt(city, 3, until=clock.now() - timedelta(minutes=1))  # has lapsed
    exempt(city, 4, ended_at=clock.now())
    found = row(city)
    assert (found.register, found.exempt, found.due) == (10, 2, 8)
    assert found.exempt_by == {"infant": 1, "medical": 1}


def test_a_swabbed_exempt_person_joins_due_and_reached_together(city, client):
    exempt(city, 0)
    before = row(city)
    sample(city, client, 0, 1)
    after = row(city)
    assert (after.exempt, after.due - before.due, after.reached) == (0, 1, 1)


def test_an_unregistered_person_counts_once_swabbed_and_not_before(city, client):
    flag(city, 0, Flag.PROVISIONAL)
    assert row(city).register == 9
    sample(city, client, 0, 1)
    found = row(city)
    assert (found.register, found.due, found.reached) == (10, 10, 1)


def test_who_died_moved_away_or_stood_there_twice_is_in_no_register(city):
    flag(city, 0, Flag.DECEASED)
    flag(city, 1, Flag.DUPLICATE)
    flag(city, 2, Flag.LEFT)
    assert row(city).register == 7


def test_a_person_sampled_elsewhere_counts_once_at_home(city, client):
    sample(city, client, 0, 3, site=1)  # people of the first community at the second's site
    assert (row(city, 0).reached, row(city, 1).reached, row(city, 1).register) == (3, 0, 10)


def test_two_swabs_of_one_person_count_once(city, client):
    sample(city, client, 0, 1)
    sample(city, client, 0, 1)
    assert row(city).reached == 1


def test_a_lost_tube_sends_its_members_to_the_head_of_the_missed(city, client):
    tube = sample(city, client, 0, 3)
    told(city, 0, "will_come")
    site = city.sites[0]
    advance(
        Verb.LOSE, {tube: {}}, kind="lose", cell=site.cell_id, round_id=city.round_id, by=1,
        at=clock.now(), recorded_at=clock.now(),
    )  # fmt: skip
    found = row(city)
    assert (found.reached, found.resample, found.new, found.will_come) == (0, 3, 7, 0)


def test_what_people_said_last_is_their_reason(city):
    told(city, 0, "unreachable", at=clock.now() - timedelta(hours=1))
    told(city, 0, "will_come")
    told(city, 1, "away", until=clock.now() + timedelta(days=2))
    told(city, 2, "refused")
    told(city, 3, "unreachable")
    told(city, 4, "visit")
    told(city, 5, "sent")  # a message that went out says nothing of the person
    found = row(city)
    assert (found.will_come, found.away, found.refused, found.unreachable, found.visit) == (
        1, 1, 1, 1, 1,
    )  # fmt: skip
    assert found.new == 5


def test_a_promise_that_ran_out_counts_as_not_contacted(city):
    told(city, 0, "will_come", until=clock.now() + timedelta(minutes=5))
    assert row(city).will_come == 1
    assert row(city, at=clock.now() + timedelta(minutes=6)).will_come == 0


def test_persons_added_after_the_start_stand_apart(city):
    cell, person_id, _ = city.people[0]
    run(
        "UPDATE person SET created_at = %s WHERE cell_id = %s AND person_id <> %s",
        (clock.now() - timedelta(days=1), cell, person_id),
    )
    found = row(city)
    assert (found.register, found.added) == (10, 1)


def test_a_cohort_round_is_due_for_its_cohorts_only(city):
    insert("round_cohort", ("round_id", "cohort"), [(city.round_id, "market")])
    cell, person_id, _ = city.people[0]
    run("UPDATE person SET key_group = 'market' WHERE cell_id = %s AND person_id = %s",
        (cell, person_id))  # fmt: skip
    insert(
        "person_cohort", ("cell_id", "person_id", "cohort", "valid_from"),
        [(cell, city.people[1][1], "market", clock.now() - timedelta(days=1))],
    )  # fmt: skip
    db.session.commit()
    assert row(city).register == 2


def test_general_means_everybody_of_no_cohort(city):
    insert("round_cohort", ("round_id", "cohort"), [(city.round_id, "general")])
    cell, person_id, _ = city.people[0]
    run("UPDATE person SET key_group = 'market' WHERE cell_id = %s AND person_id = %s",
        (cell, person_id))  # fmt: skip
    db.session.commit()
    assert row(city).register == 9


def test_a_community_outside_the_round_is_not_due(city):
    elsewhere = make.area("community")
    world.people(elsewhere, 3)
    found = equation.count_communities(
        elsewhere.cell_id, city.round_id, [elsewhere.area_id], at=clock.now()
    )
    assert found[0].register == 0


def test_the_list_of_the_missed_is_the_number_of_the_missed(city, client):
    sample(city, client, 0, 4)
    exempt(city, 5)
    told(city, 6, "refused")
    missed = equation.list_missed(
        city.sites[0].cell_id, city.round_id, community(city), at=clock.now()
    )
    found = row(city)
    assert len(missed) == found.missed == 5
    assert {m.person_id for m in missed} == {p[1] for p in city.people[:10]} - {
        p[1] for p in (*city.people[:4], city.people[5])
    }
    assert sorted(m.state for m in missed) == ["new"] * 4 + ["refused"]


def test_grids_and_buildings_add_up_to_their_community(city, client):
    grid = make.area("grid", city.sites[0].area)
    house = make.area("building", grid)
    cell = city.sites[0].cell_id
    run(
        "UPDATE person SET grid_id = %s, building_id = %s WHERE cell_id = %s AND person_id = ANY(%s)",
        (grid.area_id, house.area_id, cell, [p[1] for p in city.people[:6]]),
    )
    db.session.commit()
    sample(city, client, 0, 2)
    whole, now = row(city), clock.now()
    grids = queries.children_of(community(city), city.round_id, at=now)
    assert {n.area_id: (r.due, r.reached) for n, r in grids} == {
        grid.area_id: (6, 2), community(city): (4, 0),
    }  # fmt: skip
    assert sum(r.missed for _, r in grids) == whole.missed
    houses = queries.children_of(grid.area_id, city.round_id, at=now)
    assert [(n.area_id, r.due, r.reached) for n, r in houses] == [(house.area_id, 6, 2)]
    assert queries.coverage_of(house.area_id, city.round_id, at=now).reached == 2


def test_a_stranger_who_turns_out_to_be_registered_counts_once_at_home(city, client):
    phone, tube = city.phone(1), city.tube()  # at the other street's site
    doc = {"type": "passport", "number": "E12345678", "country": "FRA", "name": "Jean"}
    phone.write("open", tube=tube, mode="single", size=1)
    phone.write("bind", tube=tube, seat=1, who={"doc": doc})
    phone.write("close", tube=tube, n=1)
    assert phone.send(client).status_code == 200
    db.session.rollback()
    away = city.sites[1].cell_id
    assert (row(city, 0).reached, row(city, 1).reached, row(city, 1).register) == (0, 1, 11)
    (twin,) = fetch("SELECT person_id FROM specimen WHERE cell_id = %s", (away,))[0]
    persons.merge((away, twin), city.people[0][:2], by=1, at=clock.now())
    assert (row(city, 0).reached, row(city, 0).register) == (1, 10)
    assert (row(city, 1).reached, row(city, 1).register) == (0, 10)


def test_delivered_tested_and_resulted_follow_the_tube(city, client):
    tube = sample(city, client, 0, 3)
    bench = city.bench()
    bench.write("receive", tube=tube)
    assert bench.send(client).status_code == 200
    db.session.rollback()
    found = row(city)
    assert (found.reached, found.delivered, found.tested, found.resulted) == (3, 3, 0, 0)
    site = city.sites[0]
    for verb, data in ((Verb.PLATE, {}), (Verb.TEST, {"outcome": 1}), (Verb.REVIEW, {}),
                       (Verb.RELEASE, {"outcome": 1, "version": 1})):  # fmt: skip
        advance(
            verb, {tube: {"data": data}}, kind="x", cell=site.cell_id, round_id=city.round_id,
            by=1, at=clock.now(), recorded_at=clock.now(),
        )  # fmt: skip
        if verb is Verb.TEST:
            assert row(city).tested == 3
    found = row(city)
    assert (found.tested, found.resulted) == (3, 3)
