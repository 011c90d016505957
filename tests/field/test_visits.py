"""Visits of door teams: contacts of the round, attempts of callbacks, a ticket at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.db import db, fetch, run
from screening.lab.rules.well_rules import Outcome
from tests.reporting import bench


@pytest.fixture
def town(db_session, client):
    return bench.set_up(client)


@pytest.fixture
def team(town):
    return town.city.phone(0, staff=town.technician.staff_id)


def visit(town, team, i, outcome, *, send=True, **kw):
    ref = team.write("visit", who={"code": town.city.codes(i, 1)[0]}, outcome=outcome, **kw)
    if send:
        town.send(team, len(team.entries))
    return ref


def contacts(town, i):
    db.session.rollback()
    cell, person, _ = town.city.people[i]
    return fetch(
        "SELECT outcome, until FROM contact WHERE cell_id = %s AND person_id = %s ORDER BY at",
        (cell, person),
    )


def tickets(town):
    db.session.rollback()
    return fetch(
        "SELECT subject_id, state, closed_how FROM ticket WHERE kind = 'callback_not_met' "
        "ORDER BY subject_id"
    )


@pytest.fixture
def called(town):
    """Persons 0 to 2 are called back."""
    tube = town.fill(0, 3)
    town.through(tube, outcome=Outcome.POSITIVE)
    return tube


@pytest.mark.parametrize(
    ("outcome", "contact"),
    [
        ("done", "already_done"), ("absent", "absent"), ("refused", "refused"),
        ("moved", "moved"), ("come_back", "visit"),
    ],
)  # fmt: skip
def test_a_visit_is_a_contact_of_the_round(town, team, outcome, contact):
    visit(town, team, 4, outcome)
    assert contacts(town, 4) == [(contact, None)]


def test_who_asks_to_be_visited_again_is_left_in_peace_until_then(town, team):
    until = clock.now() + timedelta(hours=2)
    visit(town, team, 4, "come_back", until=clock.to_ms(until))
    ((outcome, held),) = contacts(town, 4)
    assert outcome == "later" and abs(held - until) < timedelta(seconds=1)


def test_the_communities_coverage_is_counted_anew(town, team):
    run("DELETE FROM dirty /* fan-out: test */")
    db.session.commit()
    visit(town, team, 4, "refused")
    assert fetch("SELECT count(*) FROM dirty") != [(0,)]


def test_a_visit_sent_twice_is_one(town, team):
    visit(town, team, 4, "absent")
    visit(town, team, 4, "refused")
    town.send(team, 1)
    assert [o for o, _ in contacts(town, 4)] == ["absent", "refused"]


def test_a_visit_taken_back_is_no_contact(town, team):
    ref = visit(town, team, 4, "refused")
    visit(town, team, 4, "undone", ref=ref)
    visit(town, team, 4, "undone", ref="00112233445566ff")
    assert contacts(town, 4) == []


def test_nobody_takes_back_another_persons_contact(town, team):
    ref = visit(town, team, 4, "refused")
    visit(town, team, 5, "undone", ref=ref)
    assert len(contacts(town, 4)) == 1


@pytest.mark.parametrize("outcome", ["absent", "moved"])
def test_a_called_back_person_who_is_not_met_goes_to_the_dispatcher_at_once(
    town, team, called, outcome
):
    visit(town, team, 0, outcome)
    visit(town, team, 5, outcome)  # not called back
    person = town.city.people[0][1]
    assert tickets(town) == [(str(person), "open", None)]
    attempts = fetch("SELECT attempt, attempt_by FROM callback WHERE person_id = %s", (person,))
    assert attempts == [(outcome, town.technician.staff_id)]


def test_a_later_visit_or_its_undoing_explains_the_ticket(town, team, called):
    visit(town, team, 0, "absent")
    visit(town, team, 0, "come_back")
    ref = visit(town, team, 1, "moved")
    visit(town, team, 1, "undone", ref=ref)
    assert [t[1:] for t in tickets(town)] == [("closed", "explained")] * 2
    attempts = fetch("SELECT attempt FROM callback WHERE person_id = ANY(%s) ORDER BY attempt",
                     ([p[1] for p in town.city.people[:2]],))  # fmt: skip
    assert attempts == [("will_come",), (None,)]


def test_the_swab_explains_the_ticket(town, team, called):
    visit(town, team, 0, "absent")
    team.fill(town.city.tube(), town.city.codes(0, 1), mode="single", size=1)
    town.send(team, 2)
    assert [t[1:] for t in tickets(town)] == [("closed", "explained")]


def test_an_earlier_visit_that_comes_late_changes_nothing(town, team, called):
    other = town.city.phone(0)
    other.now = clock.to_ms(clock.now() - timedelta(minutes=1))
    visit(town, other, 0, "absent", send=False)
    visit(town, team, 0, "refused")
    town.send(other)
    assert tickets(town) == []
    assert [o for o, _ in contacts(town, 0)] == ["absent", "refused"]


def test_a_visit_to_nobody_is_parked(town, team):
    team.write("visit", who={"name": "谁"}, outcome="absent")
    team.write("visit", who={"code": "R1.1-1-00"}, outcome="absent")
    r = team.send(town.client)
    assert [p["number"] for p in r.json["parked"]] == [1, 2]


def test_ids_may_be_written_as_text(town, team):
    team.staff, team.site = str(team.staff), str(team.site)
    visit(town, team, 4, "refused", callback="818283000000000001")
    rows = fetch("SELECT made_by FROM contact")
    assert rows == [(town.technician.staff_id,)]
