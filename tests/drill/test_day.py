"""A whole drill day through the public doors, compared with what really happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs
from msgspec.json import decode, encode

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.coverage import queries as coverage
from screening.coverage import service as counting
from screening.db import db, fetch, run
from screening.drill.day import Day
from screening.drill.notes import Notes
from screening.drill.scenery import at_hour
from screening.drill.truth import Truth
from screening.drill.world import Staff
from screening.ledger.check import check
from screening.registry.service import rounds
from tests import make
from tests.drill.town import ALL_FAULTS, DAY, PASSWORD, set_time, town

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


def test_key_groups_come_to_the_evening_round_once_the_first_one_is_stopped(day):
    player = day()
    player.plan, second = with_evening(player.plan, player.world)
    market = [p for p in player.people if p.community == player.plan.sites[0].community][:6]
    player.people = [
        structs.replace(p, cohort="market") if p in market else p for p in player.people
    ]
    run(
        "UPDATE person SET key_group = 'market' WHERE cell_id = %s AND person_id = ANY(%s)",
        (market[0].cell, [p.person_id for p in market]),
    )
    db.session.commit()
    play(player, 30)
    first = player.world.rounds["R1"]
    states = dict(rows("SELECT round_id, state FROM round WHERE round_id > 0"))
    assert (states[first], states[second]) == ("finishing", "sampling")
    in_second = rows(f"SELECT person_id FROM specimen WHERE round_id = {second}")
    assert sorted(p for (p,) in in_second) == sorted(p.person_id for p in market)
    assert rows(f"SELECT count(*) FROM specimen WHERE round_id = {first}")[0][0] > 100
    assert all(t.released and t.received for t in player.truth.tubes.values())
    while counting.take_marks(at=clock.now()):
        pass
    counting.mark_new()
    while counting.take_marks(at=clock.now()):
        pass
    county = next(iter(player.world.areas.values()))
    rounds_of = [coverage.coverage_of(county, r, at=clock.now()) for r in (first, second)]
    assert [r.reached for r in rounds_of] == [len(player.truth.swabs) - 6, 6]
    assert rounds_of[1].due == 6


def with_evening(plan, world):
    """A second round for market people at the first site, from the afternoon on."""
    opens, closes = at_hour(DAY, 15), at_hour(DAY, 18)
    planned = replace(plan.rounds[0], ref="R2", name="R2", kind="cohort", cohorts=("market",),
                      sites=(plan.sites[0].ref,), starts_at=opens, stops_at=closes)  # fmt: skip
    actor = actor_of(make.staff(Role.ADMINISTRATOR).staff_id)
    given = rounds.Draft(
        name="R2", kind="cohort", starts_at=opens, ends_at=closes, cohorts=("market",),
        area_ids=[next(iter(world.areas.values()))],
        sites={world.sites[0].site_id: world.labs[0].lab_id},
    )  # fmt: skip
    world.rounds["R2"] = rounds.draft(given, by=actor)
    rounds.approve(world.rounds["R2"], by=actor)
    chief = make.staff(Role.ADMINISTRATOR, password=PASSWORD)
    world.staff.append(Staff(ref="CHIEF", staff_id=chief.staff_id, number=chief.staff_no,
                             role="administrator", place=""))  # fmt: skip
    db.session.commit()
    return replace(plan, rounds=(plan.rounds[0], planned)), world.rounds["R2"]
