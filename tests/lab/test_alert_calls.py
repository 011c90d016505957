"""Calling those on duty: in the import's transaction, again, one level up, until somebody answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from screening import clock, jobs, outbox
from screening.accounts.queries import actor_of
from screening.accounts.roles import EVERYWHERE, Role
from screening.db import db, run
from screening.lab import queries
from screening.lab.queries.duty import way_to
from screening.lab.rules.duty_rules import city_of, district_of
from screening.lab.scopes import answers
from screening.lab.service import alerts, calling, runs
from screening.lab.service.duty import add
from screening.registry.service.persons import ring
from tests import make, world
from tests.lab.bench import HOT, peek

MINUTE = timedelta(minutes=1)


def district(bench):
    return district_of(way_to(bench.city.sites[0].area.path))


def city(bench):
    return city_of(way_to(bench.city.sites[0].area.path))


def on_duty(place, role, phone="13000000000", hours=(-1, 24)):
    """Somebody on duty there around now; the actor."""
    boss = actor_of(make.staff(Role.ADMINISTRATOR).staff_id)
    who = make.staff(role, place, phone=phone)
    now = clock.now()
    start, end = (now + timedelta(hours=h) for h in hours)
    add(place, who.staff_no, start, end, by=boss, at=now)
    db.session.commit()
    return actor_of(who.staff_id)


@pytest.fixture
def roster(bench):
    """One person each at laboratory, district and city."""
    return {
        "lab": on_duty(bench.city.lab.place, Role.LAB_TECHNICIAN, "13000000001"),
        "district": on_duty(district(bench), Role.DISTRICT_HEAD, "13000000002"),
        "city": on_duty(city(bench), Role.DISPATCHER, "13000000003"),
    }


def positive(bench, n=1, **kw):
    tubes = bench.received(n)
    plate = bench.plate()
    bench.load(plate, tubes)
    bench.run(plate, bench.file(plate, dict.fromkeys(tubes, HOT), **kw))
    return tubes


def rung() -> list[tuple[str, str]]:
    """(phone, text) of what was put into the outbox, in order."""
    rows = peek("SELECT body FROM outbox WHERE topic = 'notice' ORDER BY outbox_id")
    bodies = [msgspec.json.decode(ring().open(bytes(b), outbox.AAD)) for (b,) in rows]
    return [(b["phone"], b["text"]) for b in bodies]


def calls() -> list[tuple]:
    return peek("SELECT level, times, seen_at IS NOT NULL FROM duty_call ORDER BY level, call_id")


def only() -> queries.AlertRow:
    (found,) = queries.list_alerts(queries.reach([], [EVERYWHERE]))
    return found


def follow(minutes: float) -> int:
    done = calling.follow(at=clock.now() + minutes * MINUTE)
    db.session.commit()
    return done


def acknowledge(who):
    a = only()
    return alerts.acknowledge(
        a.cell_id, a.alert_id, by=who.staff_id, at=clock.now(), covers=answers(who)
    )


# --- at import ----------------------------------------------------------------------------------


def test_laboratory_and_home_district_are_called_in_the_transaction_of_the_import(bench, roster):
    positive(bench)
    assert calls() == [(1, 1, False), (2, 1, False)]
    assert [phone for phone, _ in rung()] == ["13000000001", "13000000002"]


def test_nothing_of_what_was_found_is_sent(bench, roster):
    (tube,) = positive(bench)
    for _, text in rung():
        assert tube not in text
        assert not [
            w for w in ("阳", "阴", "可疑", "预警", "检测", "核酸", "结果", "居民") if w in text
        ]


def test_a_preview_calls_nobody(bench, roster):
    (tube,) = bench.received(1)
    plate = bench.plate()
    bench.scan(plate, tube)
    bench.preview(plate, bench.file(plate, {tube: HOT}))
    assert calls() == [] and rung() == []


def test_a_failed_control_delays_no_call(bench, roster):
    (tube,) = bench.received(1)
    plate = bench.plate()
    bench.scan(plate, tube)
    hot = {w: (20.0, 20.0, 25.0) for w in plate.layout}
    bench.run(plate, bench.file(plate, {tube: HOT}, controls=hot))
    assert only().kind == "provisional"
    assert [level for level, *_ in calls()] == [1, 2]


def test_many_alerts_at_once_ring_each_person_once(bench, roster):
    positive(bench, 4)
    texts = dict(rung())
    assert len(rung()) == 2 and "4 件" in texts["13000000002"]
    assert len(calls()) == 8


def test_where_nobody_is_on_duty_the_next_level_is_called_at_once(bench):
    who = on_duty(city(bench), Role.DISPATCHER, "13000000003")
    positive(bench)
    assert [level for level, *_ in calls()] == [1, 2, 3]
    assert [phone for phone, _ in rung()] == ["13000000003"]
    (top, *_) = queries.list_unacknowledged(queries.reach([], [EVERYWHERE]))
    assert (top.level, top.staff_ids) == (3, [who.staff_id])


def test_the_page_of_alerts_begins_with_what_one_is_called_for(bench):
    who = on_duty(bench.city.lab.place, Role.LAB_TECHNICIAN, "13000000001")
    positive(bench)
    make.sign_in(bench.client, who, cookie=True)
    called = bench.client.get("/alerts").text.partition("无人确认")[2]
    assert 0 < called.index("职员") < called.index("无人值班")


def test_an_empty_roster_still_shows_the_alert_as_unanswered(bench):
    positive(bench)
    found = queries.list_unacknowledged(queries.reach([], [EVERYWHERE]))
    assert [(u.level, u.staff_ids) for u in found] == [(3, []), (2, []), (1, [])]


def test_somebody_whose_duty_is_over_or_whose_account_is_closed_is_not_called(bench):
    on_duty(bench.city.lab.place, Role.LAB_TECHNICIAN, "13000000001", hours=(-9, 0.001))
    closed = on_duty(district(bench), Role.DISTRICT_HEAD, "13000000002")
    run("UPDATE staff SET active = false WHERE staff_id = %s", (closed.staff_id,))
    tubes = bench.received(1)
    plate = bench.plate()
    bench.load(plate, tubes)
    shown = bench.preview(plate, bench.file(plate, dict.fromkeys(tubes, HOT)))
    runs.confirm(bench.lab.lab_id, shown.run.run_id, by=7, at=clock.now() + timedelta(hours=1))
    assert rung() == []


def test_the_homes_of_the_members_are_called_and_not_the_site(bench, client, roster):
    """Two members of one tube live in different districts: both are called."""
    home = make.area("community")
    away = world.people(home, 2)
    other = on_duty(district_of(way_to(home.path)), Role.DISTRICT_HEAD, "13000000009")
    tube, phone = bench.city.tube(), bench.city.phone()
    phone.fill(tube, [bench.city.people[0][2], away[0][2]], mode="pooled")
    assert phone.send(bench.client).status_code == 200
    desk = bench.city.bench()
    desk.write("receive", tube=tube)
    assert desk.send(bench.client).status_code == 200
    plate = bench.plate()
    bench.scan(plate, tube)
    bench.run(plate, bench.file(plate, {tube: HOT}))
    assert [p for p, _ in rung()] == ["13000000001", "13000000002", "13000000009"]
    own = queries.reach([], [g.place for g in other.grants])
    assert [a.barcode for a in queries.list_alerts(own)] == [tube]
    assert queries.count_alerts(own) == (1, 1)
    stranger = queries.reach([], [make.area("county").place])
    assert queries.list_alerts(stranger) == []


@pytest.mark.parametrize("how", [None, "released"])
def test_a_home_that_is_known_late_is_called_late_and_the_city_again_if_need_be(bench, roster, how):
    """The tube's list comes after its result: the members' district is called when it is known."""
    home = make.area("community")
    away = world.people(home, 1)
    (tube,) = positive(bench)
    follow(11)
    for who in ("lab", "district"):
        acknowledge(roster[who])
    if how:
        run("UPDATE alert SET settled_at = now(), settled_how = %s /* fan-out: test */", (how,))
    before = len(rung())
    phone = bench.city.phone()
    phone.write("open", tube=tube, mode="pooled", size=10)
    phone.write("bind", tube=tube, seat=9, who={"code": away[0][2]})
    phone.send(bench.client)
    follow(12)
    own = queries.list_unacknowledged(queries.reach([], [district_of(way_to(home.path))]))
    assert [u.staff_ids for u in own] == [[]]  # nobody is on duty there, and its city is another
    assert len(rung()) == before
    follow(23)
    assert [level for level, _, seen in calls() if not seen] == [2, 3, 3]


def lose(who):
    """The role is taken from somebody who stands on the roster."""
    run("DELETE FROM grant_role WHERE staff_id = %s", (who.staff_id,))
    db.session.commit()


def test_who_lost_the_role_is_not_rung_and_the_next_level_is(bench, roster):
    lose(roster["lab"])
    positive(bench)
    assert [phone for phone, _ in rung()] == ["13000000002"]
    assert calls()[0][:2] == (1, 1)


def test_a_call_goes_on_at_once_when_the_only_one_rung_loses_the_role(bench, roster):
    positive(bench)
    lose(roster["district"])
    assert follow(1) > 0
    assert [phone for phone, _ in rung()[2:]] == ["13000000003"]
    before = rung()
    follow(2)
    assert rung() == before


# --- afterwards ---------------------------------------------------------------------------------


def test_unanswered_it_is_rung_again_and_goes_one_level_up(bench, roster):
    positive(bench)
    assert follow(9) == 0 and len(rung()) == 2
    assert follow(10.1) > 0
    assert calls() == [(1, 2, False), (2, 2, False), (3, 1, False)]
    assert [p for p, _ in rung()[2:]] == ["13000000001", "13000000002", "13000000003"]


def test_the_job_twice_in_the_same_minute_calls_nobody_twice(bench, roster):
    positive(bench)
    follow(10.1)
    before = rung()
    assert follow(10.1) == 0 and follow(10.2) == 0
    assert rung() == before


def test_it_goes_on_and_on_until_somebody_answers(bench, roster):
    positive(bench)
    for minutes in (11, 22, 33, 44):
        follow(minutes)
    assert calls() == [(1, 5, False), (2, 5, False), (3, 4, False)]


def test_a_clock_that_jumps_a_day_makes_one_step(bench, roster):
    positive(bench)
    follow(23 * 60)
    assert calls() == [(1, 2, False), (2, 2, False), (3, 1, False)]


def test_a_clock_that_is_set_back_does_not_silence_a_call(bench, roster):
    positive(bench)
    later = clock.now() - timedelta(minutes=30)
    assert calling.follow(at=later) > 0
    assert calling.follow(at=later + 5 * MINUTE) == 0
    assert calling.follow(at=later + 11 * MINUTE) > 0


def test_who_answers_answers_for_the_own_place_only(bench, roster):
    positive(bench)
    first = acknowledge(roster["lab"])
    assert calls() == [(1, 1, True), (2, 1, False)]
    assert first.seen_by == roster["lab"].staff_id
    again = acknowledge(roster["district"])
    assert again.seen_by == roster["lab"].staff_id  # the first name stands
    assert calls() == [(1, 1, True), (2, 1, True)]
    assert queries.list_unacknowledged(queries.reach([], [EVERYWHERE])) == []
    assert follow(60) == 0


def test_an_answer_from_the_city_answers_for_all_below(bench, roster):
    positive(bench)
    follow(11)
    acknowledge(roster["city"])
    assert {seen for *_, seen in calls()} == {True}
    assert follow(60) == 0


def test_the_city_is_left_in_peace_once_everybody_below_has_answered(bench, roster):
    positive(bench)
    follow(11)
    acknowledge(roster["lab"])
    assert [u.level for u in queries.list_unacknowledged(queries.reach([], [EVERYWHERE]))] == [3, 2]
    acknowledge(roster["district"])
    assert queries.list_unacknowledged(queries.reach([], [EVERYWHERE])) == []
    assert follow(60) == 0


def test_the_laboratory_cannot_answer_for_the_district(bench, roster):
    positive(bench)
    acknowledge(roster["lab"])
    follow(11)
    assert calls() == [(1, 1, True), (2, 2, False), (3, 1, False)]


def test_a_release_that_says_the_same_ends_no_call(bench, roster):
    positive(bench)
    run("UPDATE alert SET settled_at = now(), settled_how = 'released' /* fan-out: test */")
    follow(11)
    assert calls() == [(1, 2, False), (2, 2, False), (3, 1, False)]
    assert queries.count_alerts(queries.reach([], [EVERYWHERE])) == (1, 1)
    acknowledge(roster["city"])
    assert queries.count_alerts(queries.reach([], [EVERYWHERE])) == (0, 0)


def test_the_alert_says_who_was_called_and_for_how_long_nobody_answered(bench, roster):
    (tube,) = positive(bench)
    follow(11)
    found = queries.list_unacknowledged(queries.reach([bench.city.lab.place], []))
    assert [u.level for u in found] == [3, 2, 1]
    top = found[0]
    assert (top.barcode, top.staff_ids, top.times) == (tube, [roster["city"].staff_id], 1)
    assert top.called_at - top.raised_at > 10 * MINUTE


def test_the_worker_follows_the_calls(bench, roster):
    positive(bench)
    run("UPDATE duty_call SET due_at = due_at - interval '1 hour' /* fan-out: test */")
    db.session.commit()
    jobs.enqueue("call_on_duty")
    db.session.commit()
    jobs.run_due(50)
    assert calls() == [(1, 2, False), (2, 2, False), (3, 1, False)]


def test_the_minutes_can_be_set(bench, roster, app, monkeypatch):
    settings = replace(app.extensions["settings"], alert_minutes=3)
    monkeypatch.setitem(app.extensions, "settings", settings)
    positive(bench)
    assert follow(2.9) == 0 and follow(3.1) > 0


def test_the_alert_of_one_laboratory_calls_no_other(bench, roster):
    on_duty(make.lab().place, Role.LAB_TECHNICIAN, "13000000008")
    positive(bench)
    assert "13000000008" not in dict(rung())
