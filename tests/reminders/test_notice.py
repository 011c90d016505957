"""The notice before the start: each building's site and hour, and nearest sites otherwise."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from screening import clock
from screening.db import db, run
from screening.i18n import ZONE
from screening.places.queries import TREE
from screening.registry.queries import ROUNDS
from screening.reminders import queries, rules, sender, slots, waves, writing
from screening.reminders.rules.slots import (
    PER_TABLE,
    OpenSite,
    Slot,
    hours_of,
    nearest,
    place_and_hours,
    slot_words,
    spread,
)
from tests import make
from tests.reminders.test_waves import states
from tests.reminders.town import Box, person

DAY = date(2026, 11, 23)
A = OpenSite(1, "甲点", "/1/2/3/4/", "08:00-12:00")
B = OpenSite(2, "乙点", "/1/2/3/4/", "08:00-12:00", 2)
FAR = OpenSite(3, "远点", "/1/2/9/", "05:30-21:00")


# -- rules -----------------------------------------------------------------------------------------


def test_the_nearest_sites_share_the_smallest_area():
    assert nearest("/1/2/3/4/77/", [FAR, B, A]) == [A, B]
    assert nearest("/1/2/9/8/", [FAR, B, A]) == [FAR]
    assert nearest("/1/2/", []) == []


def test_a_message_names_sites_and_says_the_same_hours_once():
    assert place_and_hours([A, B]) == ("甲点、乙点", "08:00-12:00")
    assert place_and_hours([A, FAR]) == ("甲点、远点", "08:00-12:00、05:30-21:00")
    assert place_and_hours([A._replace(opens="")]) == ("甲点", "08:00-20:00")


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("05:30-21:00", (time(5, 30), time(21))), ("8点至20点", (time(8), time(20))),
        ("8:00～11:30", (time(8), time(11, 30))), ("", (time(8), time(20))),
        ("全天", (time(8), time(20))), ("20:00-8:00", (time(8), time(20))),
        ("99:00-12:00", (time(8), time(20))),
    ],
)  # fmt: skip
def test_hours_of_a_site_are_read_from_what_is_written(said, hours):
    assert hours_of(said) == hours


def hour(slot):
    return slot.site_id, f"{slot.starts_at:%H:%M}", f"{slot.ends_at:%H:%M}"


def test_buildings_are_spread_by_the_tables_of_their_sites():
    houses = [(n, "/1/2/3/4/77/", PER_TABLE.value) for n in range(6)]
    found = spread(houses, [A, B, FAR], DAY, ZONE)
    assert [hour(found[n]) for n in range(6)] == [
        (1, "08:00", "09:00"), (2, "08:00", "09:00"), (2, "08:00", "09:00"),
        (1, "09:00", "10:00"), (2, "09:00", "10:00"), (2, "09:00", "10:00"),
    ]  # fmt: skip


def test_what_does_not_fit_before_closing_shares_the_last_hour():
    houses = [(n, A.path, PER_TABLE.value) for n in range(6)]
    found = spread(houses, [A], DAY, ZONE)
    assert [hour(found[n])[1] for n in range(6)] == [
        "08:00", "09:00", "10:00", "11:00", "11:00", "11:00",
    ]  # fmt: skip


def test_persons_whom_a_site_expects_already_count():
    found = spread([(1, A.path, 10)], [A], DAY, ZONE, loads={1: PER_TABLE.value * 2})
    assert hour(found[1]) == (1, "10:00", "11:00")


def test_no_hour_lies_before_the_round_begins():
    start = datetime.combine(DAY, time(9, 30), ZONE)
    assert hour(spread([(1, A.path, 10)], [A], DAY, ZONE, not_before=start)[1])[1] == "09:30"


def test_an_hour_is_said_in_the_peoples_own_time():
    start = datetime.combine(DAY, time(9), ZONE)
    assert slot_words(Slot(1, start, start + timedelta(hours=1)), ZONE) == "11月23日09:00-10:00"


# -- the wave --------------------------------------------------------------------------------------


@pytest.fixture
def ahead(town):
    """The round is approved and begins tomorrow at eight."""
    start = datetime.combine(clock.now().astimezone(ZONE).date() + timedelta(1), time(8), ZONE)
    run(
        "UPDATE round SET state = 'scheduled', started_at = NULL, starts_at = %s, ends_at = %s "
        "WHERE round_id = %s",
        (start, start + timedelta(hours=12), town.city.round_id),
    )
    run("UPDATE site SET opens = '08:00-20:00'")
    db.session.commit()
    ROUNDS.forget()
    return town


@pytest.fixture
def house(ahead):
    made = make.area("building", ahead.communities[0], name="1号楼")
    db.session.commit()
    TREE.forget()
    return made


NOTICE = {"template": "notice", "reason": "", "rule": "请带身份证", "place": "", "hours": ""}


def test_a_notice_says_each_buildings_own_site_and_hour(ahead, house):
    a, b = ahead.communities
    person(a, "王五", "13800000002", building=house)
    person(b, "周九", "13800000009")
    county = queries.get_node(ahead.county)
    round_id = ahead.city.round_id
    assert slots.plan(round_id, county, by=ahead.head, at=clock.now()) == 1
    wave_id = ahead.wave(**NOTICE)
    box = Box()
    assert sender.send_due(box) == 2
    texts = {phone: text for _, phone, text in box.sent}
    tomorrow = clock.now().astimezone(ZONE) + timedelta(1)
    day = f"{tomorrow.month}月{tomorrow.day}日"
    assert f"采样点：{ahead.city.sites[0].name}，{day}08:00-09:00。" in texts["13800000002"]
    assert f"采样点：{ahead.city.sites[1].name}，08:00-20:00。" in texts["13800000009"]
    assert all(t.endswith(rules.LAST_WORDS) for t in texts.values())
    assert box.parts[0]["template"] == "notice" and box.parts[0]["rule"] == "请带身份证"
    assert states(wave_id) == {"sent": 2}


def test_a_reminder_without_a_place_names_the_nearest_open_site(town):
    run("UPDATE site SET opens = '05:30-21:00'")
    for n, community in enumerate(town.communities):
        person(community, "王五", f"1380000000{n}")
    town.wave(place="", hours="")
    box = Box()
    sender.send_due(box)
    for (_, _, text), site in zip(sorted(box.sent, key=lambda s: s[1]), town.city.sites,
                                  strict=True):  # fmt: skip
        assert f"采样点：{site.name}，05:30-21:00。" in text


def test_where_no_site_is_open_nobody_is_sent_to_one(town):
    person(town.communities[0], "王五", "13800000002")
    run("UPDATE site SET valid_to = %s", (clock.now(),))
    wave_id = town.wave(place="", hours="", include_silent=True)
    assert queries.get_wave(wave_id).counts["left_out"] == {"no_site": 1}


def test_a_place_without_hours_is_asked_for(town):
    from screening.errors import Faults

    with pytest.raises(Faults):
        town.draft(place="", hours="8点至20点")


def test_a_notice_goes_out_only_before_the_start(town, ahead):
    person(town.communities[0], "王五", "13800000002")
    wave_id = ahead.draft(**NOTICE)
    run("UPDATE round SET state = 'sampling' WHERE round_id = %s", (town.city.round_id,))
    ROUNDS.forget()
    with pytest.raises(waves.NotAhead):
        waves.start(wave_id, by=ahead.head, at=clock.now())
    with pytest.raises(waves.NotAhead):
        ahead.draft(**NOTICE)


def test_a_reminder_is_not_written_before_the_start(ahead):
    from screening.reminders.service import RoundNotOpen

    with pytest.raises(RoundNotOpen):
        ahead.draft()


def test_a_notice_that_goes_out_after_the_start_passes_over_who_came_already(ahead, client):
    code = person(ahead.communities[0], "王五", "13800000002")[2]
    wave_id = ahead.wave(**NOTICE)
    run(
        "UPDATE round SET state = 'sampling', started_at = %s WHERE round_id = %s",
        (clock.now() - timedelta(hours=1), ahead.city.round_id),
    )
    db.session.commit()
    ROUNDS.forget()
    ahead.sample(client, [code])
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:sampled": 1}


def test_a_notice_of_a_round_that_was_cancelled_is_not_sent(ahead):
    person(ahead.communities[0], "王五", "13800000002")
    wave_id = ahead.wave(**NOTICE)
    run("UPDATE round SET state = 'cancelled' WHERE round_id = %s", (ahead.city.round_id,))
    db.session.commit()
    ROUNDS.forget()
    assert sender.send_due(Box()) == 0 and states(wave_id) == {"dropped:round_over": 1}


def test_before_the_start_no_device_can_hide_a_swab(ahead):
    person(ahead.communities[0], "王五", "13800000002")
    ahead.city.phone(0)
    ahead.wave(**NOTICE)
    assert sender.send_due(Box()) == 1


# -- planning --------------------------------------------------------------------------------------


def test_planning_again_leaves_what_was_set_by_hand(ahead, house):
    a, round_id = ahead.communities[0], ahead.city.round_id
    person(a, "王五", None, building=house)
    node, site = queries.get_node(house.area_id), ahead.city.sites[1].site_id
    start = clock.now() + timedelta(days=1)
    own = Slot(site, start, start + timedelta(hours=2))
    slots.set_slot(round_id, node, own, by=ahead.head, at=clock.now())
    assert slots.plan(round_id, queries.get_node(a.area_id), by=ahead.head, at=clock.now()) == 0
    (row,) = slots.list_slots(round_id, queries.get_node(a.area_id))
    assert (row.site_id, row.starts_at, row.persons) == (site, start, 1)


def test_hours_are_planned_only_for_open_sites_and_before_the_start(ahead, house):
    node, round_id, start = queries.get_node(house.area_id), ahead.city.round_id, clock.now()
    site = ahead.city.sites[0].site_id
    wrong = [
        Slot(1, start, start + timedelta(hours=1)), Slot(site, start, start),
        Slot(site, start, start - timedelta(hours=1)),
    ]  # fmt: skip
    for slot in wrong:
        with pytest.raises(slots.WrongSlot):
            slots.set_slot(round_id, node, slot, by=ahead.head, at=start)
    run("UPDATE round SET state = 'sampling' WHERE round_id = %s", (round_id,))
    ROUNDS.forget()
    with pytest.raises(slots.TooLateToPlan):
        slots.plan(round_id, node, by=ahead.head, at=start)


def test_two_communities_do_not_share_the_first_hour_of_one_site(ahead):
    sites = ahead.city.sites
    run("UPDATE site SET tables = 1")
    run("UPDATE site SET valid_to = %s WHERE site_id = %s", (clock.now(), sites[1].site_id))
    for n, community in enumerate(ahead.communities):
        building = make.area("building", community, name=f"{n}号楼")
        TREE.forget()
        for i in range(PER_TABLE.value):
            person(community, "王五", None, building=building, room=str(i))
    db.session.commit()
    TREE.forget()
    round_id = ahead.city.round_id
    slots.plan(round_id, queries.get_node(ahead.county), by=ahead.head, at=clock.now())
    found = [
        f"{s.starts_at.astimezone(ZONE):%H:%M}"
        for c in ahead.communities
        for s in slots.slots_of(round_id, queries.get_node(c.area_id)).values()
    ]
    assert sorted(found) == ["08:00", "09:00"]


def test_nobody_writes_a_notice_twice(ahead):
    person(ahead.communities[0], "王五", "13800000002")
    wave_id = ahead.wave(**NOTICE)
    writing.write_out(wave_id, now=clock.now)
    assert states(wave_id) == {"waiting": 1}
