"""Merging is a link: asked with a reason, by two people where both have swabs, taken apart again."""

from __future__ import annotations

import pytest

from screening import clock
from screening.coverage.equation import count_communities
from screening.db import db, fetch
from screening.registry import queries
from screening.registry.rules import Flag
from screening.registry.service import merging
from screening.registry.service.merging import DONE, REFUSED, UNDONE, WAITING
from tests import make, world

WHY = "核对了身份证原件"


@pytest.fixture
def city(app, db_session, client):
    with app.test_request_context():
        yield world.city(streets=2, persons=4)


def pair(city, i):
    return city.people[i][:2]


def sample(city, client, *people, site=0):
    db.session.commit()
    phone = city.phone(site)
    phone.fill(city.tube(), [city.people[i][2] for i in people])
    r = phone.send(client)
    assert r.status_code == 200 and not r.json["parked"], r.json
    db.session.rollback()


def ask(city, a, b, by=1):
    made = merging.ask(pair(city, a), pair(city, b), WHY, by=by, at=clock.now())
    db.session.commit()
    return made


def counted(city, site=0):
    area = city.sites[site].area
    (row,) = count_communities(area.cell_id, city.round_id, [area.area_id], at=clock.now())
    return row.register, row.reached


def swabs(city):
    return fetch(
        "SELECT cell_id, person_id, barcode, of_record FROM specimen WHERE round_id = %s "
        "ORDER BY 1, 2, 3 /* fan-out: test */",
        (city.round_id,),
    )


def directory(city, i):
    cell, person = pair(city, i)
    (h,) = fetch(
        "SELECT doc_hash FROM person WHERE cell_id = %s AND person_id = %s", (cell, person)
    )[0]
    found = queries.persons_of_documents([bytes(h)])[bytes(h)]
    return found[1], found[0]


def test_a_merge_counts_once_and_taken_apart_counts_twice_again(city):
    before = counted(city)
    made = ask(city, 0, 1)
    assert made.state == DONE and directory(city, 0) == pair(city, 1)
    assert counted(city) == (before[0] - 1, before[1])
    merging.undo(made.merge_id, "是双胞胎", by=2, at=clock.now())
    assert counted(city) == before and directory(city, 0) == pair(city, 0)
    rows = fetch("SELECT flags, left_at FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
                 (pair(city, 0)[0], [pair(city, 0)[1], pair(city, 1)[1]]))  # fmt: skip
    assert [(f & (Flag.DUPLICATE | Flag.HAS_TWIN), left) for f, left in rows] == [(0, None)] * 2


def test_neither_merging_nor_taking_apart_moves_a_specimen(city, client):
    sample(city, client, 0)
    held = swabs(city)
    made = ask(city, 0, 1)
    assert made.state == DONE and swabs(city) == held
    assert counted(city)[1] == 1, "the swab of either row reaches the person"
    merging.undo(made.merge_id, "是双胞胎", by=2, at=clock.now())
    assert swabs(city) == held and counted(city) == (4, 1)


def test_where_both_have_swabs_a_second_person_confirms(city, client):
    sample(city, client, 0, 1)
    made = ask(city, 0, 1, by=1)
    assert made.state == WAITING and counted(city) == (4, 2)
    with pytest.raises(merging.SecondPerson):
        merging.decide(made.merge_id, yes=True, by=1, at=clock.now())
    held = swabs(city)
    merging.decide(made.merge_id, yes=True, by=2, at=clock.now())
    row = merging.get_merge(made.merge_id)
    assert (row.state, row.asked_by, row.decided_by) == (DONE, 1, 2)
    assert counted(city) == (3, 1) and swabs(city) == held
    merging.undo(made.merge_id, "是双胞胎", by=1, at=clock.now())
    assert counted(city) == (4, 2) and swabs(city) == held


def test_who_says_no_leaves_both_as_they_are(city, client):
    sample(city, client, 0, 1)
    made = ask(city, 0, 1)
    merging.decide(made.merge_id, yes=False, by=2, at=clock.now())
    assert merging.get_merge(made.merge_id).state == REFUSED and counted(city) == (4, 2)
    with pytest.raises(merging.MergeState):
        merging.decide(made.merge_id, yes=True, by=3, at=clock.now())


def test_people_of_two_streets_can_be_merged_and_taken_apart(city, client):
    sample(city, client, 0)
    other = next(i for i, p in enumerate(city.people) if p[0] != city.people[0][0])
    made = ask(city, 0, other)
    assert (counted(city, 0), counted(city, 1)) == ((3, 0), (4, 1))
    merging.undo(made.merge_id, "是双胞胎", by=2, at=clock.now())
    assert (counted(city, 0), counted(city, 1)) == ((4, 1), (4, 0))


def test_one_of_two_twins_taken_apart_leaves_the_other(city):
    first, _ = ask(city, 0, 2), ask(city, 1, 2)
    merging.undo(first.merge_id, "是双胞胎", by=2, at=clock.now())
    assert counted(city)[0] == 3
    (flags,) = fetch("SELECT flags FROM person WHERE cell_id = %s AND person_id = %s",
                     pair(city, 2))[0]  # fmt: skip
    assert flags & Flag.HAS_TWIN


def test_merging_again_after_taking_apart_holds(city):
    merging.undo(ask(city, 0, 1).merge_id, "是双胞胎", by=2, at=clock.now())
    assert ask(city, 1, 0).state == DONE and counted(city)[0] == 3


@pytest.mark.parametrize("reason", ["", "   ", "重复"])
def test_a_merge_without_a_reason_is_refused(city, reason):
    with pytest.raises(merging.MergeReason):
        merging.ask(pair(city, 0), pair(city, 1), reason, by=1, at=clock.now())


def test_a_row_is_not_merged_into_itself_nor_twice(city):
    with pytest.raises(merging.SameRow):
        ask(city, 0, 0)
    ask(city, 0, 1)
    for a, b in ((0, 1), (0, 2), (2, 0)):
        with pytest.raises(merging.MergedAlready):
            ask(city, a, b)


def test_what_was_taken_apart_is_not_taken_apart_twice(city):
    made = ask(city, 0, 1)
    merging.undo(made.merge_id, "是双胞胎", by=2, at=clock.now())
    assert merging.get_merge(made.merge_id).state == UNDONE
    with pytest.raises(merging.MergeState):
        merging.undo(made.merge_id, "是双胞胎", by=2, at=clock.now())


def test_only_the_own_areas_see_what_waits(city, client):
    sample(city, client, 0, 1)
    ask(city, 0, 1)
    here, there = (make.place_of(s.area) for s in city.sites)
    assert (len(merging.list_waiting([here])), len(merging.list_waiting([there]))) == (1, 0)


def test_every_mark_of_a_person_has_words_so_that_no_page_stops_at_one():
    from screening.registry.pages.persons import FLAG_WORDS

    assert set(FLAG_WORDS) == set(Flag)
