"""The roster: who may be put on duty where, every fault at once, the phone sealed, gaps shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import EVERYWHERE, Role
from screening.db import db, fetch
from screening.errors import Faults, NotAllowed
from screening.lab.queries.duty import NoSuchDuty, get_duty
from screening.lab.service import duty
from screening.lab.service.calling import Roster, open_phone
from screening.lab.service.duty import list_posts
from tests import make

HOUR = timedelta(hours=1)


@pytest.fixture
def town(app, client, db_session):
    """A city with one district and a laboratory in it."""
    with app.test_request_context():
        city = make.area("city")
        county = make.area("county", city)
        yield {
            "city": city, "county": county,
            "lab": make.lab(make.area("community", make.area("street", county))),
        }  # fmt: skip


def boss():
    return actor_of(make.staff(Role.ADMINISTRATOR).staff_id)


def put(place, who, start=0.0, end=8.0, by=None, **kw):
    now = clock.now()
    return duty.add(
        place, who.staff_no, now + start * HOUR, now + end * HOUR, by=by or boss(), at=now, **kw
    )


def faults(call) -> list[tuple[str, str]]:
    with pytest.raises(Faults) as why:
        call()
    return sorted((f.field, f.problem.code) for f in why.value.faults)


def posts(held=EVERYWHERE) -> dict:
    return {p.name: p for p in list_posts([held], at=clock.now())}


def test_the_duty_phone_is_sealed_and_comes_before_the_accounts_own(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001")
    number = put(town["lab"].place, who, phone="139-0000 0002")
    row = get_duty(number)
    assert b"0000" not in bytes(row.sealed) and open_phone(row) == "13900000002"
    roster = Roster(clock.now())
    assert roster.at(town["lab"].place) == [who.staff_id]
    assert roster.phones([who.staff_id]) == {who.staff_id: "13900000002"}


def test_without_a_duty_phone_the_accounts_own_is_called(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001")
    put(town["lab"].place, who)
    assert Roster(clock.now()).phones([who.staff_id]) == {who.staff_id: "13000000001"}


def test_who_has_no_phone_at_all_is_not_put_on_duty(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"])
    assert faults(lambda: put(town["lab"].place, who)) == [("phone", "bad_field")]


def test_every_fault_is_said_at_once(town):
    who = make.staff(Role.SAMPLER, phone="13000000001")
    found = faults(lambda: put(town["lab"].place, who, 5, 4, phone="12"))
    assert found == [("ends_at", "bad_field"), ("phone", "bad_field"), ("staff_no", "not_for_duty")]


@pytest.mark.parametrize("hours", [(0, 32 * 24), (-9, -1), (3, 3)], ids=["long", "past", "empty"])
def test_times_that_cannot_be_meant_are_refused(town, hours):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001")
    assert faults(lambda: put(town["lab"].place, who, *hours)) == [("ends_at", "bad_field")]


def test_a_closed_account_is_not_known(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001", active=False)
    assert faults(lambda: put(town["lab"].place, who)) == [("staff_no", "unknown_staff_number")]


@pytest.mark.parametrize(
    ("role", "where", "post", "fits"),
    [
        (Role.LAB_TECHNICIAN, "lab", "lab", True),
        (Role.DISTRICT_HEAD, "county", "county", True),
        (Role.DISTRICT_HEAD, "county", "lab", True),
        (Role.DISPATCHER, "city", "city", True),
        (Role.DISTRICT_HEAD, "county", "city", False),
        (Role.LAB_REVIEWER, "lab", "county", False),
        (Role.LAB_REVIEWER, "county", "county", False),
        (Role.COMMUNITY_WORKER, "county", "county", False),
        (Role.AUDITOR, "city", "city", False),
    ],
)
def test_only_who_may_answer_at_a_place_is_put_on_duty_there(town, role, where, post, fits):
    who = make.staff(role, town[where], phone="13000000001")
    if fits:
        assert put(town[post].place, who)
    else:
        assert faults(lambda: put(town[post].place, who)) == [("staff_no", "not_for_duty")]


def test_a_roster_is_kept_by_who_answers_for_the_place(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001")
    reviewer, head = actor_of(who.staff_id), make.staff(Role.DISTRICT_HEAD, town["county"])
    assert put(town["lab"].place, who, by=reviewer)
    assert put(town["lab"].place, who, by=actor_of(head.staff_id))
    for stranger in (make.staff(Role.LAB_TECHNICIAN, town["lab"]),
                     make.staff(Role.LAB_REVIEWER, make.lab()),
                     make.staff(Role.DISTRICT_HEAD, make.area("county"))):  # fmt: skip
        with pytest.raises(NotAllowed):
            put(town["lab"].place, who, by=actor_of(stranger.staff_id))


def test_who_is_taken_off_is_not_called_and_stays_on_record(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001")
    number = put(town["lab"].place, who)
    with pytest.raises(NotAllowed):
        duty.remove(number, by=actor_of(make.staff(Role.AUDITOR).staff_id), at=clock.now())
    duty.remove(number, by=boss(), at=clock.now())
    assert Roster(clock.now()).at(town["lab"].place) == []
    with pytest.raises(NoSuchDuty):
        get_duty(number)
    assert fetch("SELECT count(*) FROM duty WHERE removed_by IS NOT NULL") == [(1,)]


def test_posts_are_the_city_its_districts_and_laboratories_with_their_gaps(town):
    who = make.staff(Role.LAB_REVIEWER, town["lab"], phone="13000000001")
    put(town["lab"].place, who, -1, 8)
    put(town["lab"].place, who, 10, 24 * 5)
    db.session.commit()
    found = posts()
    assert [found[town[k].name].level for k in ("city", "county", "lab")] == [3, 2, 1]
    (gap,) = found[town["lab"].name].gaps
    assert round((gap.until - gap.since) / HOUR, 2) == 2
    (whole,) = found[town["county"].name].gaps
    assert whole.until - whole.since == 72 * HOUR


def test_who_holds_one_district_sees_its_posts_only(town):
    other = make.area("county", town["city"])
    found = posts(town["county"].place)
    assert set(found) == {town["county"].name, town["lab"].name}
    assert other.name not in found


def test_a_laboratory_sees_its_own_post(town):
    assert set(posts(town["lab"].place)) == {town["lab"].name}
