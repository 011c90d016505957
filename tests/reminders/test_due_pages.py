"""Pages of schedules: whose names and phones, who answers, the round of a day, exports, figures."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.exports.kinds import Order, get_listing
from screening.figures.queries.groups import group_figures, list_groups
from screening.places import queries as places
from screening.places.queries import TREE
from screening.registry import schedule_queries
from screening.registry.queries import get_policy
from screening.registry.rules_schedule import Kind
from screening.registry.service import schedules
from screening.reminders import due, due_calls, opened
from screening.reminders.due_preview import preview
from screening.reminders.queries import due as lists
from tests import make
from tests.reminders.schedules import (
    CHIEF,
    keep_open,
    later,
    schedule,
    settle,
    today,
    worker,
)

HTML = {"Accept": "text/html"}
YESTERDAY = timedelta(days=1)


@pytest.fixture
def place(town):
    keep_open(town.city.round_id)
    return town.communities[0]


def page(client, who, url, **kw):
    return client.get(url, headers={**make.sign_in(client, who), **HTML}, **kw)


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)))


def late_ones(town, place, n=3):
    """People who are one day late, of one employer."""
    made = [worker(place, name="周小六", phone=f"1380000000{i}") for i in range(n)]
    schedule([town.county], starts_on=today() - YESTERDAY)
    settle()
    db.session.commit()
    return made


def test_a_worker_sees_phones_of_the_own_community_and_a_head_sees_them_masked(town, client, place):
    late_ones(town, place)
    address = f"/due/{place.area_id}?view=people"
    own = text(page(client, make.staff(Role.COMMUNITY_WORKER, place), address))
    head = text(page(client, make.staff(Role.DISTRICT_HEAD), address))
    assert "13800000001" in own and "周*六" in own
    assert "13800000001" not in head and "138****0001" in head and "周*六" in head
    assert "周小六" not in own + head


def test_everybody_shown_is_audited_and_nobody_else(town, client, place):
    made = late_ones(town, place)
    done = worker(place)
    town.sample(client, [done[2]])
    settle()
    page(client, make.staff(Role.COMMUNITY_WORKER, place), f"/due/{place.area_id}?view=people")
    rows = fetch("SELECT subject_id FROM audit WHERE action = 'due_list'")
    assert sorted(r[0] for r in rows) == sorted(str(p[1]) for p in made)


def test_one_answer_of_a_street_holds_for_all_communities_of_an_employer(town, client, place):
    street = make.MadeArea(int(place.path.strip("/").split("/")[-2]), "", "", 3,
                           "/".join(place.path.split("/")[:-2]) + "/", 0)  # fmt: skip
    other = make.area("community", street, cell_id=place.cell_id)
    TREE.forget()
    worker(place), worker(other), worker(town.communities[1])
    schedule([town.county], starts_on=today() - YESTERDAY)
    settle()
    county = places.find_area(town.county)
    found = lists.list_called(county)
    assert sorted(len(c.communities) for c in found) == [1, 2]
    mine = next(c for c in found if len(c.communities) == 2)
    assert due_calls.answer(mine.cell_id, mine.call_id, "今晚补采", by=1, at=clock.now()) == 2
    with pytest.raises(due_calls.CallOver):
        due_calls.answer(mine.cell_id, mine.call_id, "今晚补采", by=1, at=clock.now())
    assert [len(c.communities) for c in lists.list_called(county, waiting=True)] == [1]


def test_an_answer_says_something(town, place):
    late_ones(town, place)
    (call,) = lists.list_called(places.find_area(place.area_id))
    with pytest.raises(due_calls.AnswerMissing):
        due_calls.answer(call.cell_id, call.call_id, "  ", by=1, at=clock.now())


def test_a_community_worker_may_not_answer_for_the_street(town, client, place):
    late_ones(town, place)
    (call,) = lists.list_called(places.find_area(place.area_id))
    who = make.staff(Role.DISTRICT_HEAD, place)
    r = client.post(
        f"/due/calls/{call.cell_id}/{call.call_id}/answer", data={"note": "好"},
        headers=make.sign_in(client, who),
    )  # fmt: skip
    assert r.status_code == 403


def test_the_list_as_a_file_has_the_rows_of_the_screen(town, client, place):
    late_ones(town, place)
    order = Order(places.find_area(town.county), 0, CHIEF, False, "zh", clock.now())
    listing = get_listing("due")
    rows = list(listing.rows(order))
    assert listing.total(order) == len(rows) == 3
    assert all(len(r) == len(listing.columns) for r in rows)
    assert {(r[4], r[5], r[10], r[11]) for r in rows} == {
        ("周*六", f"138****000{i}", "逾期", 1) for i in range(3)
    }
    opened = list(listing.rows(order._replace(full=True)))
    assert {r[5] for r in opened} == {f"1380000000{i}" for i in range(3)}


def test_the_figures_of_reports_are_those_of_the_screen(town, client, place):
    made = late_ones(town, place)
    town.sample(client, [made[0][2]])
    settle()
    (line,) = list_groups(town.county, clock.now())
    assert line[2:] == ("飞马快递", ("每 2 天", "every 2 days"), 3, 1, 2)
    figures = group_figures(town.county, clock.now())
    assert [figures[k].value for k in ("group_due", "group_done", "group_late")] == [3, 1, 2]
    r = client.get("/api/v1/figures/groups", query_string={"area": town.county},
                   headers=make.sign_in(client, make.staff(Role.AUDITOR)))  # fmt: skip
    assert r.json == [{"cohort": "delivery", "group": "快递外卖", "employer": "飞马快递",
                       "rhythm": "每 2 天", "due": 3, "done": 1, "late": 2}]  # fmt: skip
    shown = text(page(client, make.staff(Role.DISTRICT_HEAD), f"/due/{town.county}"))
    assert "33.3% 1 / 3" in shown


def test_the_contact_nearest_to_the_area_answers(town, place):
    county, own = town.county, place.area_id
    for area, name in ((county, "钱经理"), (own, "孙主任")):
        schedules.put_contact(area, "飞马快递", name, "13900000001", by=CHIEF, at=clock.now())
    found = schedule_queries.contacts_of(["飞马快递"])["飞马快递"]
    near = schedule_queries.nearest
    assert near(found, places.find_area(own)).name == "孙主任"
    assert near(found, places.find_area(town.communities[1].area_id)).name == "钱经理"
    assert near(found, places.find_area(county)).name == "钱经理"
    assert b"13900000001" not in bytes(fetch("SELECT sealed FROM employer_contact")[0][0])


def test_the_round_of_a_day_takes_area_cohort_and_the_sites_of_the_last(app, town, client, place):
    made = schedule([place.area_id])
    db.session.commit()
    who = make.staff(Role.ADMINISTRATOR)
    r = client.post(f"/schedules/{made}/round", headers={**make.sign_in(client, who), **HTML})
    assert r.status_code == 303, r.get_data(as_text=True)
    first = get_policy(int(r.location.split("/")[2]))
    assert first.kind == "cohort" and first.cohorts == {"delivery"} and first.state == "draft"
    assert first.area_paths == (place.path,)
    assert first.ends_at - first.starts_at == timedelta(days=2)
    fetch("INSERT INTO round_site (round_id, site_id) VALUES (%s, %s) RETURNING 1",
          (first.round_id, town.city.sites[0].site_id))  # fmt: skip
    with app.test_request_context():
        again = schedules.draft_round(made, today(), by=CHIEF)
    assert get_policy(again).site_ids == {town.city.sites[0].site_id}


def test_the_preview_levels_who_would_all_come_on_the_first_day(town, client, place):
    people = [worker(place) for _ in range(30)]
    town.sample(client, [p[2] for p in people[:9]])
    made = schedule([place.area_id], every=3, begun=False, starts_on=today() + YESTERDAY)
    seen = preview(schedule_queries.get_schedule(made), at=clock.now())
    assert (seen.people, seen.waiting) == (30, 21)
    assert seen.plain[:3] == [21, 0, 9] and seen.spread == (10, 10, 1)
    assert sum(seen.levelled[:3]) == 30 and seen.levelled[:3] == seen.levelled[3:6]
    schedules.begin(made, spread=seen.spread, by=CHIEF, at=clock.now())
    settle(1)
    asked = fetch("SELECT count(*) FROM schedule_due WHERE day = %s", (today() + YESTERDAY,))
    assert asked == [(seen.levelled[0],)]


def test_a_schedule_begins_once_and_ends_once(place):
    made = schedule([place.area_id])
    with pytest.raises(schedules.WrongScheduleState):
        schedules.begin(made, by=CHIEF, at=clock.now())
    schedules.end(made, by=CHIEF, at=clock.now())
    with pytest.raises(schedules.WrongScheduleState):
        schedules.end(made, by=CHIEF, at=clock.now())
    with pytest.raises(schedules.WrongScheduleState):
        schedules.draft_round(made, today(), by=CHIEF)
    with pytest.raises(schedule_queries.NoSuchSchedule):
        schedules.end(made + 1, by=CHIEF, at=clock.now())


def test_a_spread_is_never_longer_than_the_interval(place):
    made = schedule([place.area_id], every=3, spread=[1, 2, 3, 4, 5])
    assert schedule_queries.get_schedule(made).rhythm.spread == (1, 2, 3)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"cohort": "general"}, "cohort"),
        ({"cohort": "astronauts"}, "cohort"),
        ({"every": 0}, "every"),
        ({"every": 31}, "every"),
        ({"kind": Kind.DAYS}, "days"),
        ({"kind": Kind.DAYS, "days": [0, 3], "first_day": 1}, "days"),
        ({"kind": Kind.DAYS, "days": [3, 400]}, "days"),
        ({"ends_on": True}, "ends_on"),
        ({"area_ids": []}, "area_ids"),
        ({"area_ids": [1]}, "area_ids"),
    ],
)
def test_what_is_wrong_with_a_schedule_stands_at_its_field(place, wrong, field):
    given = {"name": "安排", "cohort": "delivery", "kind": Kind.EVERY, "every": 2,
             "starts_on": today(), "area_ids": [place.area_id], **wrong}  # fmt: skip
    if given.get("ends_on"):
        given["ends_on"] = today() - YESTERDAY
    assert [f.field for f in schedules._faults(schedules.Draft(**given))] == [field]


def test_the_list_of_an_earlier_day_can_be_read(town, client, place):
    worker(place)
    schedule([place.area_id], starts_on=today() - YESTERDAY)
    due.settle_due(at=clock.now())
    db.session.commit()
    before = (today() - YESTERDAY).isoformat()
    shown = text(page(client, make.staff(Role.DISTRICT_HEAD), f"/due/{place.area_id}?day={before}"))
    assert before in shown and "0.0% 0 / 1" in shown


def test_a_day_to_come_or_none_at_all_is_today(town, client, place):
    head = make.staff(Role.DISTRICT_HEAD)
    for day in (later(3).date().isoformat(), "soon", ""):
        r = page(client, head, f"/due/{place.area_id}?day={day}")
        assert r.status_code == 200 and today().isoformat() in text(r)


def test_an_employer_gets_its_list_without_phones_and_it_is_noted(town, client, place):
    late_ones(town, place)
    who = make.staff(Role.COMMUNITY_WORKER, place)
    (employer,) = {e for (e,) in fetch("SELECT employer FROM schedule_due /* fan-out: test */")}
    asked = {"query_string": {"employer": employer}}
    shown = text(page(client, who, f"/due/{place.area_id}/employer", **asked))
    assert shown.count("周*六") == 3 and "逾期" in shown
    assert "周小六" not in shown and "1380000000" not in shown and "138****" not in shown
    assert "名单未交" in text(page(client, who, f"/due/{place.area_id}"))
    token = make.sign_in(client, who, cookie=True)["X-CSRF-Token"]
    form = {"employer": employer, "how": "paper", "csrf_token": token}
    address = f"/due/{place.area_id}/employer"
    assert client.post(address, data={**form, "how": "x"}).status_code == 422
    assert client.post(address, data={**form, "employer": "没有这家"}).status_code == 422
    assert client.post(address, data=form).status_code == 303
    assert fetch("SELECT how, persons FROM due_handed") == [("paper", 3)]
    assert "已交（纸质名单，3 人" in text(client.get(address, **asked))
    # a head above sees that it was handed over, and to another community it says nothing
    assert "已交" in text(page(client, make.staff(Role.DISTRICT_HEAD), f"/due/{town.county}"))


def test_numbers_close_for_the_day_once_so_many_were_opened(town, client, place, monkeypatch):
    late_ones(town, place)
    who = make.staff(Role.COMMUNITY_WORKER, place)
    monkeypatch.setattr(opened, "MOST", opened.Limit(3, "test"))
    address = f"/due/{place.area_id}?view=people"
    assert "13800000001" in text(page(client, who, address))
    assert "13800000001" in text(page(client, who, address))  # whom one has seen stays open
    worker(place, name="周小六", phone="13800000009")
    settle()
    db.session.commit()
    closed = text(page(client, who, address))
    assert "1380000000" not in closed and "138****0009" in closed and "已到上限" in closed
    assert fetch(
        "SELECT count(*) FROM audit WHERE action = 'phones_closed' /* fan-out: test */"
    ) == [(1,)]
    assert opened.forget(at=clock.now() + 3 * YESTERDAY) == 3
