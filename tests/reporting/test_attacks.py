"""Ways in which a wrong negative might reach somebody, tried one after the other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.exports import kinds
from screening.places.queries import TREE
from screening.places.rules import Place
from screening.registry.queries import ROUNDS
from screening.registry.service import persons
from screening.reporting import lookup
from screening.reporting.members import callbacks_of_area
from screening.reporting.rules import LOOKUP_ROUNDS, PersonState
from screening.reporting.service.codes import issue_codes
from tests import make
from tests.reporting.bench import POS


def seen(bench, i: int) -> PersonState:
    code = issue_codes([bench.city.people[i][:2]], by=None, at=clock.now())[0][0]
    db.session.commit()
    return lookup.look_up(code, address="192.0.2.1", at=clock.now()).state


def begin_others(n: int) -> None:
    """So many rounds of other districts and key groups, begun and signed off since."""
    at = clock.now() + timedelta(minutes=1)
    for _ in range(n):
        run(
            "INSERT INTO round (round_id, name, kind, state, starts_at, ends_at, started_at, "
            "limits, pool_rules, drill) SELECT round_id + 1, name, kind, 'closed', %s, ends_at, "
            "%s, limits, pool_rules, drill FROM round ORDER BY round_id DESC LIMIT 1",
            (at, at),
        )
    ROUNDS.forget()


@pytest.mark.parametrize("state", ["sampling", "closed"])
def test_a_re_check_stays_in_sight_however_many_rounds_begin_after_it(bench, state):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    cell, own = fetch("SELECT cell_id, round_id FROM alert /* fan-out: test */")[0]
    run("UPDATE alert SET seen_by = 1, seen_at = now() WHERE cell_id = %s", (cell,))
    run("UPDATE round SET state = %s WHERE round_id = %s", (state, own))
    begin_others(LOOKUP_ROUNDS.value + 1)
    db.session.commit()
    assert seen(bench, 0) == PersonState.PENDING_RECHECK


def test_a_swab_taken_before_the_pool_answers_no_call_of_it(bench):
    """A phone that swabbed somebody alone comes back; the pool of half an hour later is positive."""
    phone, single = bench.city.phone(1), bench.city.tube()
    phone.now = clock.to_ms(clock.now() - timedelta(minutes=30))
    phone.write("open", tube=single, mode="single", size=1)
    who = {"code": bench.city.codes(0, 1)[0]}
    phone.write("bind", tube=single, seat=1, who=who, purpose="recheck")
    phone.write("close", tube=single, n=1)
    pool = bench.fill(0, 3)
    bench.through(pool, outcome=POS)
    bench.send(phone)
    assert {c[2] for c in bench.callbacks(pool)} == {"open"}


def listed(area) -> set[int]:
    return {c.person_id for c in callbacks_of_area(Place("area", area.area_id, area.path))}


def test_who_moved_to_another_street_is_on_the_list_of_the_new_place(bench):
    cell, person, _ = bench.city.people[0]
    old, new = (s.area for s in bench.city.sites)
    persons.move(cell, person, new.area_id, by=1, at=clock.now())
    db.session.commit()
    bench.through(bench.fill(0, 2), outcome=POS)
    assert person in listed(new) and person not in listed(old)
    persons.move(cell, person, old.area_id, by=1, at=clock.now())
    assert person in listed(old) and person not in listed(new)


def test_the_results_of_a_grid_are_those_of_its_own_people(bench):
    community = bench.city.sites[0].area
    grid = make.area("grid", community)
    cell, person, _ = bench.city.people[0]
    run("UPDATE person SET grid_id = %s WHERE cell_id = %s AND person_id = %s",
        (grid.area_id, cell, person))  # fmt: skip
    bench.through(bench.fill(0, 3))
    TREE.forget()
    listing, told = kinds.get_listing("results"), {}
    for area in (community, grid):
        node, worker = TREE.get().by_id[area.area_id], make.staff(Role.COMMUNITY_WORKER, area)
        order = kinds.Order(
            node, bench.city.round_id, bench.actor(worker), False, "zh", clock.now()
        )
        told[area.area_id] = [row[-1] for row in listing.rows(order)]
    assert len(told[community.area_id]) == 3
    assert told[grid.area_id] == [f"{cell}-{person}"]


def test_the_worker_of_a_grid_sees_its_callbacks_and_may_note_what_came_of_a_call(bench, app):
    community = bench.city.sites[0].area
    grid, other = make.area("grid", community), make.area("grid", community)
    TREE.forget()
    (cell, one, _), (_, two, _) = bench.city.people[:2]
    for person, home in ((one, grid), (two, other)):
        run("UPDATE person SET grid_id = %s WHERE cell_id = %s AND person_id = %s",
            (home.area_id, cell, person))  # fmt: skip
    db.session.commit()
    bench.through(bench.fill(0, 3), outcome=POS)
    assert listed(grid) == {one} and len(listed(community)) == 3
    worker = make.staff(Role.COMMUNITY_WORKER, grid)
    client = app.test_client()
    mark = make.sign_in(client, worker, cookie=True)
    page = client.get("/callbacks").get_data(as_text=True)
    assert page.count('/attempt"') == 1
    told = {"round_id": str(bench.city.round_id), "outcome": "will_come", "kind": "call"}
    for person, status in ((one, 201), (two, 403)):
        body = {**told, "cell_id": str(cell), "person_id": str(person)}
        r = client.post("/api/v1/contacts", json=body, headers=mark)
        assert r.status_code == status, r.json
