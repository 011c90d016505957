"""Coverage by industry and employer is the same equation, cut another way."""

from __future__ import annotations

import pytest

from screening import clock
from screening.coverage import groups
from screening.coverage.equation import count_communities
from screening.coverage.groups import AreaTooLarge, count_groups
from screening.coverage.rules import NUMBERS, adds_up
from screening.db import db, run
from screening.places import queries as places
from screening.registry.service import exemptions, persons
from tests import make, world

JOBS = [("cold_chain", "某某冷库"), ("cold_chain", "某某冷库"), ("cold_chain", "另一冷库"),
        ("delivery", "某某快递"), ("", "某某公司"), ("", "")]  # fmt: skip


@pytest.fixture
def city(app, db_session, client):
    with app.test_request_context():
        made = world.city(streets=2, persons=len(JOBS))
        for site in range(2):
            own = made.people[site * len(JOBS) : (site + 1) * len(JOBS)]
            for (cell, person, _), (group, employer) in zip(own, JOBS, strict=True):
                run("UPDATE person SET key_group = nullif(%s, ''), employer = nullif(%s, '') "
                    "WHERE cell_id = %s AND person_id = %s",
                    (group, employer, cell, person))  # fmt: skip
        db.session.commit()
        places.TREE.forget()
        yield made


def sample(city, client, *people):
    phone = city.phone()
    phone.fill(city.tube(), [city.people[i][2] for i in people])
    assert phone.send(client).status_code == 200
    db.session.rollback()


def counted(city):
    county = int(city.sites[0].area.path.strip("/").split("/")[-3])
    return count_groups(places.find_area(county), city.round_id, at=clock.now())


def numbers(rows):
    return {n: sum(getattr(r, n) for r in rows) for n in NUMBERS}


def test_industries_add_up_to_the_area_and_the_area_to_its_communities(city, client):
    sample(city, client, 0, 3, 5)
    exemptions.exempt([city.people[1][:2]], "medical", until=None, by=1, at=clock.now())
    found = counted(city)
    whole = [
        row
        for s in city.sites
        for row in count_communities(
            s.area.cell_id, city.round_id, [s.area.area_id], at=clock.now()
        )
    ]
    assert numbers([found.whole]) == numbers(whole) == numbers([r for _, r in found.industries])
    assert found.whole.reached == 3 and found.whole.exempt == 1
    assert all(adds_up(r) for _, r in found.industries)
    assert all(adds_up(r) for _, _, r in found.employers)


def test_an_employer_of_two_streets_is_one_line(city, client):
    sample(city, client, 0, 1)
    by = {(g, e): (r.reached, r.due) for g, e, r in counted(city).employers}
    assert by == {
        ("cold_chain", "某某冷库"): (2, 4), ("cold_chain", "另一冷库"): (0, 2),
        ("delivery", "某某快递"): (0, 2), ("", "某某公司"): (0, 2),
    }  # fmt: skip


def test_who_lags_comes_first(city, client):
    sample(city, client, 0, 1, 3)
    rates = [r.behind for _, _, r in counted(city).employers]
    assert rates == sorted(rates, reverse=True)


def test_who_was_registered_twice_counts_once_for_the_employer(city, client):
    sample(city, client, 0)
    persons.merge(city.people[0][:2], city.people[1][:2], by=1, at=clock.now())
    by = {e: (r.reached, r.due) for _, e, r in counted(city).employers}
    assert by["某某冷库"] == (1, 3)


def test_an_area_too_large_for_one_request_says_so(city, monkeypatch):
    monkeypatch.setattr(groups, "MOST", groups.Limit(1, "test"))
    with pytest.raises(AreaTooLarge):
        counted(city)


def test_communities_without_anybody_do_not_make_an_area_too_large(city, monkeypatch):
    street = places.find_area(city.sites[0].area.cell_id)
    for _ in range(3):
        make.area("community", street)
    places.TREE.forget()
    monkeypatch.setattr(groups, "MOST", groups.Limit(2, "test"))
    assert counted(city).whole.due == 2 * len(JOBS)


def test_a_grid_counts_its_own_people_only(city):
    a = city.sites[0].area
    grid = make.area("grid", a)
    places.TREE.forget()
    cell, person, _ = city.people[0]
    run("UPDATE person SET grid_id = %s WHERE cell_id = %s AND person_id = %s",
        (grid.area_id, cell, person))  # fmt: skip
    found = count_groups(places.find_area(grid.area_id), city.round_id, at=clock.now())
    assert [(e, r.due) for _, e, r in found.employers] == [("某某冷库", 1)]
