"""Attempts to message the swabbed, to message twice, to say too much, and to stop the sender."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from screening import clock
from screening.db import db, insert, run
from screening.registry.service import merging, persons
from screening.reminders import queries, receipts, rules, sender
from screening.reminders.channels import Answer, Fate, Report
from tests.reminders.test_waves import states
from tests.reminders.town import Box, person


@pytest.fixture
def wang(town):
    return person(town.communities[0], "王五", "13800000001")


def test_who_was_merged_into_somebody_swabbed_is_not_written_to(town, client, wang):
    wave_id = town.wave()
    cell, other, code = person(town.communities[0], "王五", None)
    persons.merge(wang[:2], (cell, other), by=None, at=clock.now())
    town.sample(client, [code])
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:sampled": 1}


def test_merges_over_several_numbers_count_as_one_person(town, client, wang):
    wave_id = town.wave()
    cell, second, _ = person(town.communities[0], "王五", None)
    _, third, code = person(town.communities[0], "王五", None)
    persons.merge((cell, third), (cell, second), by=None, at=clock.now())
    persons.merge((cell, second), wang[:2], by=None, at=clock.now())
    town.sample(client, [code])
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:sampled": 1}


def test_a_phone_gets_one_message_though_its_first_owner_moved_here_from_another_street(town):
    a, b = town.communities
    cell, who, _ = person(b, "张远方", "13800000001")
    persons.move(cell, who, a.area_id, by=None, at=clock.now())
    person(b, "张近", "13800000001")
    town.wave()
    box = Box()
    sender.send_due(box)
    assert [p for _, p, _ in box.sent] == ["13800000001"]


def test_two_waves_at_the_same_time_do_not_write_twice_to_one_phone(town, wang):
    town.wave()
    town.wave(area=town.communities[0].area_id)
    box = Box()
    sender.send_due(box)
    assert [p for _, p, _ in box.sent] == ["13800000001"]


def test_a_site_whose_name_says_what_it_is_for_does_not_say_so_in_a_message(town, wang):
    run("UPDATE site SET name = '一号核酸检测点', opens = '隔离点旁 8点至20点'")
    db.session.commit()
    town.wave(place="", hours="")
    box = Box()
    assert sender.send_due(box) == 1
    assert rules.forbidden(box.sent[0][2].partition("：")[2]) is None
    assert rules.forbidden(box.parts[0]["place"] + box.parts[0]["hours"]) is None


def test_no_message_leaves_once_the_quiet_hours_have_begun_in_the_middle_of_a_batch(town):
    for n in range(3):
        person(town.communities[0], "王五", f"1380000000{n}")
    town.wave()
    box = Box()
    evening = clock.now().replace(hour=12, minute=59, second=59)  # 20:59:59 in Shanghai
    times = iter([evening] * 5)
    sender.send_due(box, now=lambda: next(times, evening + timedelta(seconds=2)))
    assert len(box.sent) < 3


def test_a_clock_that_was_set_back_does_not_stop_the_sender(town, wang):
    town.wave()
    insert("sms_pace", ("channel", "next_at"), [("box", clock.real_now() + timedelta(hours=6))])
    db.session.commit()
    begun = time.monotonic()
    box = Box()
    sender.send_due(box)
    assert time.monotonic() - begun < 20
    assert box.sent


@pytest.mark.parametrize("text", ["a\0b", "x\ud800", "y" * 5000])
def test_what_a_gateway_says_in_bad_characters_is_kept_harmlessly(town, wang, text):
    wave_id = town.wave()
    assert sender.send_due(Box(answer=Answer(Fate.SENT, ref=text))) == 1
    assert states(wave_id) == {"sent": 1}
    assert receipts.take_reports([Report("", text, True, text)], at=clock.now()) == 1
    assert states(wave_id) == {"delivered": 1}


@pytest.mark.parametrize("fate", [Fate.UNKNOWN, Fate.LATER, Fate.NEVER])
def test_a_reason_in_bad_characters_is_kept_harmlessly(town, wang, fate):
    wave_id = town.wave()
    box = Box(answer=Answer(fate, why="a\0b\ud800" * 40), honours_keys=False)
    sender.send_due(box)
    assert states(wave_id) == {
        {"unknown": "outcome_unknown", "later": "waiting", "never": "failed"}[fate]: 1
    }


def test_a_key_of_absurd_length_is_nobodys(town):
    assert receipts.take_reports([Report("9" * 5000 + ".1", "", True)], at=clock.now()) == 0


def test_who_moved_and_came_counts_in_the_outcome_of_the_wave(town, client):
    a, b = town.communities
    cell, who, code = person(b, "张远方", "13800000001")
    persons.move(cell, who, a.area_id, by=None, at=clock.now())
    wave_id = town.wave(area=a.area_id)
    assert sender.send_due(Box()) == 1
    town.sample(client, [code])
    out = queries.outcome_of(queries.get_wave(wave_id), at=clock.now())
    assert (out.named, out.came) == (1, 1)


def test_a_merge_that_was_undone_counts_for_nobody_any_more(town, client, wang):
    wave_id = town.wave()
    cell, other, code = person(town.communities[0], "王五", None)
    asked = merging.ask((cell, other), wang[:2], "姓名和住址都相同", by=1, at=clock.now())
    if asked.state != "done":
        merging.decide(asked.merge_id, yes=True, by=2, at=clock.now())
    merging.undo(asked.merge_id, "原来是两个人", by=1, at=clock.now())
    town.sample(client, [code])
    assert sender.send_due(Box()) == 1
    assert states(wave_id) == {"sent": 1}
