"""Why a new swab is needed and until when, rounds in a row, who never came, grants after the start."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import after_start, queries, service
from screening.coverage.missed_queries import in_a_row, list_never, new_swabs, pick
from screening.coverage.missed_rules import JUMP_LEAST, Wanted
from screening.db import db, run
from screening.places.queries import TREE, find_area
from screening.registry.queries import ROUNDS, get_policy
from screening.registry.rules import LIMITS
from screening.registry.service import exemptions, persons
from screening.tube import service as tubes
from screening.tube.queries import get_key
from screening.tube.rules import Verb
from tests import make, world
from tests.coverage.test_equation import community, flag, sample


@pytest.fixture
def city(db_session):
    made = world.city(streets=2, persons=10)
    TREE.forget()
    run("UPDATE person SET created_at = created_at - interval '30 days' /* fan-out: test */")
    db.session.commit()
    return made


def node(city, i: int = 0):
    return find_area(community(city, i))


def picked(city, **wanted):
    return pick(node(city), city.round_id, Wanted(**wanted), at=clock.now())


def at_bench(city, client, tube: str, kind: str, **body) -> None:
    bench = city.bench()
    bench.write(kind, tube=tube, **body)
    assert bench.send(client).status_code == 200
    db.session.rollback()


def lose(tube: str) -> None:
    key, now = get_key(tube), clock.now()
    tubes.advance(
        Verb.LOSE, {tube: {}}, kind="lose", cell=key.cell_id, round_id=key.round_id, by=1,
        at=now, recorded_at=now,
    )  # fmt: skip
    db.session.commit()


def mark(city, client, i: int, what: str) -> None:
    phone, tube = city.phone(), city.tube()
    (ref,) = phone.fill(tube, city.codes(i, 1))
    phone.write("mark", tube=tube, ref=ref, what=what)
    assert phone.send(client).status_code == 200
    db.session.rollback()


def test_each_reason_for_a_new_swab_is_told_with_its_own_time(city, client):
    lost, leaked, late = (sample(city, client, i, 1) for i in range(3))
    lose(lost)
    at_bench(city, client, leaked, "reject", reason="leak")
    at_bench(city, client, late, "reject", reason="late")
    mark(city, client, 3, "not_swabbed")
    mark(city, client, 4, "spilled")
    found = picked(city, states=frozenset({"resample"}))
    by_person = {p.missed.person_id: p.again for p in found}
    told_of = [by_person[city.people[i][1]] for i in range(5)]
    assert [t.why for t in told_of] == ["lost", "leaked", "rejected", "not_swabbed", "leaked"]
    limit = timedelta(minutes=LIMITS["resample"].minutes)
    assert all(t.due_at - t.since == limit for t in told_of)
    assert all(abs(t.since - clock.now()) < timedelta(minutes=1) for t in told_of)


def test_who_needs_a_new_swab_stands_first_whatever_the_building(city, client):
    house = make.area("building", make.area("grid", city.sites[0].area))
    cell = city.sites[0].cell_id
    run("UPDATE person SET building_id = %s WHERE cell_id = %s AND person_id = %s",
        (house.area_id, cell, city.people[9][1]))  # fmt: skip
    db.session.commit()
    lose(sample(city, client, 4, 1))
    found = picked(city)
    assert [p.missed.state for p in found[:2]] == ["resample", "new"]
    assert (found[0].missed.person_id, found[1].missed.person_id) == (
        city.people[4][1], city.people[9][1],
    )  # fmt: skip


def test_a_round_may_set_its_own_time_for_a_new_swab(city, client):
    lose(sample(city, client, 0, 1))
    run("UPDATE round SET limits = limits || '{\"resample\": 30}' WHERE round_id = %s",
        (city.round_id,))  # fmt: skip
    ROUNDS.forget()
    (one,) = picked(city, states=frozenset({"resample"}))
    assert one.again.due_at - one.again.since == timedelta(minutes=30)
    later = clock.now() + timedelta(hours=1)
    assert pick(node(city), city.round_id, Wanted(late=True), at=later) == [one]
    assert pick(node(city), city.round_id, Wanted(late=True), at=clock.now()) == []


def test_the_swab_of_somebody_merged_tells_its_reason_too(city, client):
    """A stranger's swab is lost, and the stranger turns out to be registered."""
    phone, tube = city.phone(1), city.tube()
    doc = {"type": "passport", "number": "E12345678", "country": "FRA", "name": "Jean"}
    phone.write("open", tube=tube, mode="single", size=1)
    phone.write("bind", tube=tube, seat=1, who={"doc": doc})
    phone.write("close", tube=tube, n=1)
    assert phone.send(client).status_code == 200
    db.session.rollback()
    twin = queries.list_missed(node(city, 1), city.round_id, at=clock.now())
    lose(tube)
    stranger = {(m.cell_id, m.person_id) for m in
                queries.list_missed(node(city, 1), city.round_id, at=clock.now())
                } - {(m.cell_id, m.person_id) for m in twin}  # fmt: skip
    persons.merge(stranger.pop(), city.people[0][:2], by=1, at=clock.now())
    found = queries.list_missed(node(city), city.round_id, at=clock.now())
    again = new_swabs(city.round_id, [m for m in found if m.state == "resample"], at=clock.now())
    assert {pair: a.why for pair, a in again.items()} == {city.people[0][:2]: "lost"}


def test_filters_ask_for_cohort_age_and_those_who_cannot_walk(city):
    cell, first, _ = city.people[0]
    run("UPDATE person SET key_group = 'market', birth_year = %s WHERE cell_id = %s "
        "AND person_id = %s", (clock.now().year - 85, cell, first))  # fmt: skip
    exemptions.put_in_cohort([city.people[1][:2]], "school", since=clock.now() - timedelta(days=1))
    flag(city, 2, 1)
    assert [p.missed.person_id for p in picked(city, cohort="market")] == [first]
    assert [p.missed.person_id for p in picked(city, cohort="school")] == [city.people[1][1]]
    assert len(picked(city, cohort="general")) == 8
    assert [p.missed.person_id for p in picked(city, age="80+")] == [first]
    assert len(picked(city, age="unknown")) == 9
    assert [p.missed.person_id for p in picked(city, cannot_walk=True)] == [city.people[2][1]]


def another_round(city, hours: int) -> int:
    """One more round over the same area, `hours` before the city's own."""
    round_id = world.start_round([find_area(int(city.sites[0].area.path.split("/")[-4]))])
    run("UPDATE round SET started_at = started_at - %s * interval '1 hour', state = 'closing' "
        "WHERE round_id = %s", (hours, round_id))  # fmt: skip
    ROUNDS.forget()
    db.session.commit()
    return round_id


def test_missed_in_a_row_needs_every_round_since(city, client):
    before = another_round(city, 24)
    another_round(city, 48)
    city_round, city.round_id = city.round_id, before
    sample(city, client, 0, 2)
    city.round_id = city_round
    rows = in_a_row(node(city), city.round_id, 3, at=clock.now())
    assert city.people[0][:2] not in rows, "the round between reached this one"
    assert {rows[p[:2]] for p in city.people[2:10]} == {3}
    assert len(picked(city, rounds=2)) == len(picked(city, rounds=3)) == 8
    assert picked(city, rounds=4) == []


def test_who_came_into_the_register_later_did_not_miss_earlier_rounds(city):
    another_round(city, 24)
    new = world.people(city.sites[0].area, 1)[0]
    assert new[1] not in {p.missed.person_id for p in picked(city, rounds=2)}
    assert new[1] in {p.missed.person_id for p in picked(city, added=True)}


def test_the_never_sampled_are_those_whom_no_round_reached(city, client):
    before = another_round(city, 24)
    city_round, city.round_id = city.round_id, before
    sample(city, client, 0, 3)
    city.round_id = city_round
    sample(city, client, 2, 2)
    world.people(city.sites[0].area, 1)  # came today, after both rounds had begun
    exemptions.exempt([city.people[5][:2]], "medical", until=None, by=1, at=clock.now())
    found = list_never(node(city), at=clock.now())
    assert {n.person_id for n in found} == {p[1] for p in city.people[4:10]}
    assert {n.rounds for n in found} == {2}
    assert [n.person_id for n in found if n.exempt] == [city.people[5][1]]
    assert list_never(node(city), cohort="school", at=clock.now()) == []


def test_somebody_who_moved_to_another_street_is_missed_there_and_not_here(city):
    cell, person, _ = city.people[0]
    service.mark_new()
    persons.move(cell, person, community(city, 1), by=1, at=clock.now())
    db.session.commit()
    service.take_marks(at=clock.now())
    here, there = (
        {m.person_id for m in queries.list_missed(node(city, i), city.round_id, at=clock.now())}
        for i in range(2)
    )
    assert person not in here and person in there
    rows = [queries.coverage_of(community(city, i), city.round_id, at=clock.now())
            for i in range(2)]  # fmt: skip
    assert [r.missed for r in rows] == [9, 11]


def test_exemptions_after_the_start_are_told_by_code_and_by_whom_with_their_jumps(city):
    head, other = make.staff(Role.DISTRICT_HEAD), make.staff(Role.DISTRICT_HEAD)
    exemptions.exempt(
        [city.people[0][:2]], "infant", until=None, by=other.staff_id,
        at=clock.now() - timedelta(hours=5),
    )  # fmt: skip
    for p in city.people[1:4]:
        exemptions.exempt([p[:2]], "medical", until=None, by=other.staff_id, at=clock.now())
    for _ in range(JUMP_LEAST.value):
        exemptions.exempt(
            [city.people[9][:2]], "away", until=None, by=head.staff_id, at=clock.now()
        )
    policy = get_policy(city.round_id)
    grants = after_start.list_grants(node(city), policy, at=clock.now())
    codes = {g.key: g for g in after_start.by_code(grants)}
    assert {k: g.granted for k, g in codes.items()} == {"away": JUMP_LEAST.value, "medical": 3}
    assert codes["away"].jump is not None and codes["medical"].jump is None
    whom = {g.key: g.parts for g in after_start.by_whom(grants)}
    assert whom == {head.staff_id: {"away": JUMP_LEAST.value}, other.staff_id: {"medical": 3}}
    row = queries.count_below(node(city), city.round_id, "building_id", at=clock.now())[0]
    assert (row.exempt, row.exempt_added) == (5, 4)


def test_rounds_stand_side_by_side(city, client):
    before = another_round(city, 24)
    sample(city, client, 0, 4)
    service.mark_new()
    service.take_marks(at=clock.now())
    county = find_area(int(city.sites[0].area.path.split("/")[-4]))
    own, below = queries.compare(county, [before, city.round_id])
    assert (own[before].reached, own[city.round_id].reached) == (0, 4)
    street = find_area(int(city.sites[0].area.path.split("/")[-3]))
    assert below[street.area_id][city.round_id].reached == 4
    assert own[city.round_id] == queries.coverage_of(county.area_id, city.round_id, at=clock.now())
