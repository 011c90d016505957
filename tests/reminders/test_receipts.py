"""What gateways report, faster than they answer, twice or of something else; replies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.db import db, fetch
from screening.reminders import receipts, sender
from screening.reminders.channels import Reply, Report, plain_phone
from tests.reminders.test_gateways import key, wang
from tests.reminders.test_waves import states
from tests.reminders.town import Box

__all__ = ["wang"]  # a fixture


def test_a_report_by_the_gateways_own_number_finds_the_message(town, wang):
    from screening.reminders.channels import Answer, Fate

    wave_id = town.wave()
    sender.send_due(Box(answer=Answer(Fate.SENT, ref="5000:1")))
    receipts.take_reports([Report("", "5000:1", True), Report("", "elsewhere", True)],
                          at=clock.now())  # fmt: skip
    assert states(wave_id) == {"delivered": 1}


def test_a_report_that_is_faster_than_the_answer_is_not_lost(town, wang):
    from screening.reminders.channels import Answer, Fate

    wave_id = town.wave()

    def hurry(_phone):
        receipts.take_reports([Report("", "5000:2", False, "no")], at=clock.now())
        db.session.commit()

    sender.send_due(Box(answer=Answer(Fate.SENT, ref="5000:2"), then=hurry))
    assert states(wave_id) == {"failed": 1}


def test_a_report_under_our_key_that_is_faster_than_the_answer_stands(town, wang):
    wave_id = town.wave()

    def hurry(_phone):
        receipts.take_reports([Report(key(), "", True)], at=clock.now())
        db.session.commit()

    sender.send_due(Box(then=hurry, honours_keys=False))
    assert states(wave_id) == {"delivered": 1}


def test_delivered_is_the_last_word(town, wang):
    wave_id = town.wave()
    sender.send_due(Box())
    receipts.take_reports([Report(key(), "", False)], at=clock.now())
    assert states(wave_id) == {"failed": 1}
    receipts.take_reports([Report(key(), "", True)], at=clock.now())
    receipts.take_reports([Report(key(), "", False)], at=clock.now())
    assert states(wave_id) == {"delivered": 1}


@pytest.mark.parametrize("wrong", ["", "x", "1.2", "1.2.3", "-1.5", f"1.{1 << 70}", "１.２"])
def test_reports_of_messages_that_are_not_ours_change_nothing(town, wang, wrong):
    wave_id = town.wave()
    sender.send_due(Box())
    assert receipts.take_reports([Report(wrong, "", True)], at=clock.now()) == 0
    assert states(wave_id) == {"sent": 1}


@pytest.mark.parametrize("word", ["R", "td", " T ", "退订", "退订。", "拒收", "Ｒ"])
def test_who_writes_back_stop_gets_no_more(town, wang, word):
    wave_id = town.wave()
    receipts.take_replies([Reply("13800000002", word)], at=clock.now())
    db.session.commit()
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:opted_out": 1}


@pytest.mark.parametrize("word", ["已采", "谢谢", "", "TODAY", "不退订"])
def test_other_replies_change_nothing(town, wang, word):
    town.wave()
    assert receipts.take_replies([Reply("13800000002", word)], at=clock.now()) == 0
    assert fetch("SELECT 1 FROM opt_out") == [] and sender.send_due(Box()) == 1


@pytest.mark.parametrize(
    "phone", ["13800000002", "+8613800000002", "8613800000002", "0086-138 0000 0002"]
)
def test_a_number_is_the_same_with_its_country_before_it(phone):
    assert plain_phone(phone) == "13800000002"


def test_a_gateways_own_numbers_are_forgotten_after_three_days(town, wang):
    from screening.reminders.channels import Answer, Fate

    town.wave()
    sender.send_due(Box(answer=Answer(Fate.SENT, ref="5000:3")))
    assert receipts.forget(at=clock.now() + timedelta(hours=71)) == 0
    assert receipts.forget(at=clock.now() + timedelta(hours=73)) == 1
