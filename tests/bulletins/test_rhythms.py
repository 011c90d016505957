"""Bulletins that make themselves: when they are due, what is made, what is named as missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening import clock, jobs
from screening.bulletins import rhythm_queries, rhythms
from screening.bulletins.rhythm_rules import MOST, BadRhythm, Every, Rhythm, cut_offs, plan
from screening.bulletins.rhythms import RhythmThere
from screening.bulletins.service import AreaTooSmall
from screening.db import db, fetch, run
from screening.registry.queries import ROUNDS
from tests import make

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # 12:00 by the wall
DAILY = Rhythm(Every.DAY, 18 * 60)


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


@pytest.mark.parametrize(
    ("rhythm", "until", "found"),
    [
        (DAILY, 5.9, []),
        (DAILY, 6, [6]),
        (DAILY, 31, [6, 30]),
        (Rhythm(Every.HOURS, 2), 5, [2, 4]),
        (Rhythm(Every.HOURS, 8), 13, [4, 12]),
    ],
)
def test_cut_offs_lie_on_the_wall_clock(rhythm, until, found):
    assert cut_offs(rhythm, NOON, NOON + hours(until)) == [NOON + hours(h) for h in found]


def test_a_long_silence_names_a_bounded_number_of_cut_offs():
    found = cut_offs(Rhythm(Every.HOURS, 1), NOON, NOON + hours(5000))
    assert len(found) == MOST
    assert found[-1] == NOON + hours(5000)


@pytest.mark.parametrize("value", [0, 5, 7, 24, -1])
def test_hours_that_do_not_divide_a_day_are_refused(value):
    with pytest.raises(BadRhythm):
        Rhythm(Every.HOURS, value).check()


def test_of_those_that_went_by_only_the_last_is_made_up_for():
    due = [NOON - hours(n) for n in (3, 2, 1)]
    assert plan(due, NOON) == ([due[2]], due[:2])
    assert plan([*due, NOON + timedelta(minutes=1)], NOON) == ([NOON + timedelta(minutes=1)], due)
    assert plan([NOON], NOON) == ([NOON], [])


def runs(rhythm_id: int) -> list[rhythm_queries.RunRow]:
    return rhythm_queries.list_runs([rhythm_id])[rhythm_id]


@pytest.fixture
def two_hourly(desk):
    at = clock.now() - hours(9)
    run("UPDATE round SET started_at = %s WHERE round_id = %s", (at, desk.city.round_id))
    ROUNDS.forget()
    rhythm = Rhythm(Every.HOURS, 2)
    made = rhythms.set_rhythm(desk.county.area_id, rhythm, by=desk.head.staff_id, at=at)
    db.session.commit()
    return made


def test_after_a_silence_one_is_made_and_the_others_are_named(desk, two_hourly):
    desk.through(desk.fill(0, 5))
    assert rhythms.plan_runs(at=clock.now()) == rhythms.plan_runs(at=clock.now()) + len(
        runs(two_hourly)
    )
    db.session.commit()
    jobs.run_due()
    db.session.rollback()
    newest, *before = runs(two_hourly)
    assert newest.bulletin_id is not None and not newest.missed
    assert len(before) in (3, 4) and all(b.missed and b.bulletin_id is None for b in before)
    assert desk.told(newest.bulletin_id)["reached"] == 5
    (made_by,) = fetch("SELECT made_by FROM bulletin")[0]
    assert made_by is None
    jobs.KINDS["freeze_bulletin"](
        report="daily", round_id=desk.city.round_id, area_id=desk.county.area_id,
        rhythm_id=two_hourly, due=newest.due_at.isoformat(),
    )  # fmt: skip
    assert fetch("SELECT count(*) FROM bulletin") == [(1,)]


def test_an_ended_rhythm_makes_no_more(desk, two_hourly):
    rhythms.plan_runs(at=clock.now())
    rhythms.end_rhythm(two_hourly, by=desk.head.staff_id, at=clock.now())
    db.session.commit()
    jobs.run_due()
    assert rhythms.plan_runs(at=clock.now() + hours(30)) == 0
    assert fetch("SELECT count(*) FROM bulletin") == [(0,)]


def test_the_same_rhythm_of_an_area_stands_once_and_no_grid_has_one(desk, two_hourly):
    by, at = desk.head.staff_id, clock.now()
    with pytest.raises(RhythmThere):
        rhythms.set_rhythm(desk.county.area_id, Rhythm(Every.HOURS, 2), by=by, at=at)
    grid = make.area("grid", desk.city.sites[0].area)
    with pytest.raises(AreaTooSmall):
        rhythms.set_rhythm(grid.area_id, DAILY, by=by, at=at)


def test_a_head_sets_one_sees_what_was_missed_and_ends_it(desk, client, two_hourly):
    token = make.sign_in(client, desk.head, cookie=True)["X-CSRF-Token"]
    form = {"csrf_token": token, "area_id": desk.county.area_id, "time": "18:00", "hours": ""}
    assert client.post("/bulletins/rhythms", data=form).status_code == 303
    assert client.post("/bulletins/rhythms", data=form).status_code == 409
    assert client.post("/bulletins/rhythms", data={**form, "time": "x"}).status_code == 422
    rhythms.plan_runs(at=clock.now())
    db.session.commit()
    page = client.get("/bulletins/rhythms").get_data(as_text=True)
    assert "每 2 小时" in page and "每天 18:00" in page and "错过，未生成" in page
    ended = client.post(f"/bulletins/rhythms/{two_hourly}/end", data={"csrf_token": token})
    assert ended.status_code == 303
    assert (
        "每 2 小时</"
        not in client.get("/bulletins/rhythms").get_data(as_text=True).split("<table")[-1]
    )
