"""A whole drill day through the public doors, compared with what really happened."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.coverage import queries as coverage
from screening.coverage import service as counting
from screening.db import db, fetch
from screening.drill.day import Day
from screening.drill.scenery import at_hour
from screening.ledger.check import check
from tests.drill.town import DAY, set_time, town

STEP = timedelta(minutes=10)


@pytest.fixture
def day(app, client, db_session):
    with app.test_request_context():
        yield lambda faults=(): town(client, faults)
    clock.configure(None)


def play(day: Day, until: float = 22) -> None:
    """From opening to the hour of the day when all is over."""
    now = at_hour(DAY, 6)
    while now < at_hour(DAY, until) and not day.over(now):
        now += STEP
        set_time(now)
        day.play(now)
    db.session.rollback()
    assert day.over(now), "the day did not come to its end"


def rows(statement: str) -> list[tuple]:
    return fetch(f"{statement} /* fan-out: test */")


def tickets() -> set[str]:
    return {kind for (kind,) in rows("SELECT kind FROM ticket")}


def check_truth(day: Day) -> None:
    truth, round_id = day.truth, day.world.rounds["R1"]
    held = rows("SELECT barcode, person_id FROM specimen")
    ids = {p.ref: p.person_id for p in day.people}
    assert sorted(held) == sorted((s.tube, ids[s.person]) for s in truth.swabs)
    county = next(iter(day.world.areas.values()))
    while counting.take_marks(at=clock.now()):
        pass
    row = coverage.coverage_of(county, round_id, at=clock.now())
    assert (row.due, row.reached) == (len(day.people), len(truth.persons()))
    found = check(round_id)
    assert found.equal, found.differences
    assert tickets() == {t.kind for t in truth.tickets}


def test_a_straight_day_reports_everybody_who_was_swabbed(day):
    player = day()
    play(player)
    check_truth(player)
    assert all(t.released and t.received for t in player.truth.tubes.values())
    assert len(player.truth.swabs) > 100
