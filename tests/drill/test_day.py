"""A whole drill day through the public doors, compared with what really happened."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from msgspec.json import decode, encode

from screening import clock
from screening.coverage import queries as coverage
from screening.coverage import service as counting
from screening.db import db, fetch
from screening.drill.day import Day
from screening.drill.notes import Notes
from screening.drill.scenery import at_hour
from screening.drill.truth import Truth
from screening.ledger.check import check
from tests.drill.town import ALL_FAULTS, DAY, set_time, town

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


def tickets() -> set[tuple[str, str]]:
    return set(rows("SELECT kind, subject_id FROM ticket"))


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
    assert tickets() == {(t.kind, t.subject) for t in truth.tickets}


def test_a_straight_day_reports_everybody_who_was_swabbed(day):
    player = day()
    play(player)
    check_truth(player)
    assert all(t.released and t.received for t in player.truth.tubes.values())
    assert len(player.truth.swabs) > 100


def test_every_planted_fault_shows_as_its_ticket_and_nothing_else_does(day):
    player = day(ALL_FAULTS)
    play(player, 30)
    check_truth(player)
    assert sorted(player.truth.faults) == [fault.ref for fault in ALL_FAULTS]
    released = {tube for tube, known in player.truth.tubes.items() if known.released}
    standing = {
        t.subject for t in player.truth.tickets if t.kind in ("two_sites", "missing_at_lab")
    }
    assert set(player.truth.tubes) - released == standing, (
        "a dead phone's tubes go on when it speaks"
    )
    again = [s for s in player.truth.swabs if s.purpose == "recheck"]
    outcomes = Counter(player.truth.tubes[s.tube].outcome for s in again)
    assert outcomes == {"negative": 9, "positive": 1}
    assert rows("SELECT state, count(*) FROM callback GROUP BY 1") == [("closed", 10)]
    assert rows("SELECT count(*) FROM wave") == [(1,)]
    assert rows("SELECT count(*) FROM contact")[0][0] > 0
    called = rows("SELECT count(*), count(seen_at) FROM duty_call WHERE level < 3")[0]
    assert called[0] == called[1] > 0, "those on duty answer every call"
    assert rows("SELECT count(*) FROM duty_call WHERE due_at IS NOT NULL") == [(0,)]


def test_a_player_who_was_killed_goes_on_without_a_fork(day, tmp_path):
    first = day()
    kept: list[tuple[bytes, bytes]] = []
    first.keep = lambda d: kept.append((encode(d.notes), encode(d.truth)))
    for minutes in range(10, 80, 10):
        now = at_hour(DAY, 6) + timedelta(minutes=minutes)
        set_time(now)
        first.play(now)
    notes, truth = kept[-2]  # written before the last batches went out
    second = Day(
        first.door, first.plan, first.world, first.people,
        notes=decode(notes, type=Notes), truth=decode(truth, type=Truth),
    )  # fmt: skip
    play(second)
    check_truth(second)
    assert rows("SELECT count(*) FROM journal WHERE forked_at <> 0") == [(0,)]
