"""A message centre over SMPP 3.4: binding, long Chinese texts, reports, what stays unknown."""

from __future__ import annotations

import pytest

from screening.config import Sms
from screening.db import fetch
from screening.reminders import doubt, rules, sender
from screening.reminders.channels import Fate
from screening.reminders.channels.smpp import SmppChannel
from tests.reminders.centre import Centre
from tests.reminders.test_waves import states
from tests.reminders.town import person

LONG = "王*：" + "请于今天二十点前到社区广场采样，" * 8 + rules.LAST_WORDS


def channel_to(centre, **kw):
    made = {"id": "esme", "secret": "word", "sender": "10690000", "url": centre.url, **kw}
    return SmppChannel(Sms(channel="smpp", **made), seconds=0.4)


@pytest.fixture
def centre():
    with Centre() as there:
        yield there


@pytest.fixture
def channel(centre):
    made = channel_to(centre)
    yield made
    made.close()


def test_a_long_chinese_text_goes_in_parts_and_comes_together_again(centre, channel):
    answer = channel.send("1.1", "13800000002", LONG)
    assert answer.fate is Fate.SENT and centre.texts() == [LONG]
    assert len(centre.submits) == rules.parts_of(LONG) == 3
    assert {s["coding"] for s in centre.submits} == {8}
    assert all(len(s["short_message"]) <= 140 for s in centre.submits)
    assert [s["registered"] for s in centre.submits] == [0, 0, 1], "the last part is reported"
    assert answer.ref == "00000003"
    assert {(s["from"], s["to"]) for s in centre.submits} == {("10690000", "13800000002")}


def test_a_short_text_is_one_message_without_a_header(centre, channel):
    channel.send("1.1", "13800000002", "验证码 1234")
    (sent,) = centre.submits
    assert sent["esm_class"] == 0 and centre.texts() == ["验证码 1234"]


def test_one_connection_serves_many_messages(centre, channel):
    for n in range(5):
        assert channel.send(f"1.{n}", "13800000002", "短信").fate is Fate.SENT
    assert centre.binds == [("esme", "word")]


def test_a_connection_that_was_closed_meanwhile_is_made_anew(centre, channel, monkeypatch):
    from screening.reminders.channels import smpp

    channel.send("1.1", "13800000002", "一")
    centre.hang_up()
    monkeypatch.setattr(smpp, "IDLE", 0)
    assert channel.send("1.2", "13800000002", "二").fate is Fate.SENT
    assert centre.texts() == ["一", "二"] and len(centre.binds) == 2


def test_a_wrong_password_leaves_the_message_waiting(centre):
    answer = channel_to(centre, secret="another").send("1.1", "13800000002", "短信")
    assert (answer.fate, answer.why) == (Fate.LATER, "bind_14") and centre.submits == []


def test_no_centre_there_leaves_the_message_waiting():
    answer = SmppChannel(Sms(url="127.0.0.1:9", id="a", secret="b"), seconds=0.3).send(
        "1.1", "13800000002", "短信"
    )
    assert (answer.fate, answer.why) == (Fate.LATER, "no_connection")


@pytest.mark.parametrize(
    ("status", "fate"), [(0x0B, Fate.NEVER), (0x58, Fate.LATER), (0x14, Fate.LATER)]
)
def test_what_the_centre_refuses(status, fate):
    with Centre(status) as centre:
        out = channel_to(centre)
        assert out.send("1.1", "13800000002", "短信").fate is fate
        out.close()


@pytest.mark.parametrize("step", ["slow", "cut"])
def test_what_it_took_without_saying_so_is_unknown_and_not_repeated(town, step):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    with Centre(step) as centre:
        out = channel_to(centre)
        sender.send_due(out)
        sender.send_due(out)
        assert len(centre.submits) == 1
        out.close()
    assert states(wave_id) == {"outcome_unknown": 1}


def test_a_later_part_that_is_refused_leaves_the_outcome_unknown():
    with Centre(0, 0x58) as centre:
        out = channel_to(centre)
        assert out.send("1.1", "13800000002", LONG).fate is Fate.UNKNOWN
        out.close()


def test_reports_settle_messages_and_are_acknowledged_once_kept(town, centre, channel):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    assert sender.send_due(channel) == 1
    number = f"{len(centre.submits):08x}"
    centre.report(number, "ENROUTE")
    assert doubt.settle_open(channel) == 0 and states(wave_id) == {"sent": 1}
    centre.report(number, "DELIVRD")
    centre.report(number, "DELIVRD")
    assert doubt.settle_open(channel) == 1
    assert states(wave_id) == {"delivered": 1} and channel.came == []
    channel.send("1.1", "13800000002", "again")  # what the centre reads meanwhile
    assert len(centre.acked) == 3


def test_a_report_that_was_not_kept_comes_again(town, centre, channel):
    cell, who, _ = person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    sender.send_due(channel)
    centre.report(f"{len(centre.submits):08x}", "UNDELIV", again=True)
    channel.hear()
    channel.close()  # the worker ends before it wrote anything down
    assert centre.acked == [] and states(wave_id) == {"sent": 1}
    assert doubt.settle_open(channel) == 1
    assert states(wave_id) == {"failed": 1}
    assert fetch(
        "SELECT outcome FROM contact WHERE cell_id = %s AND person_id = %s", (cell, who)
    ) == [("unreachable",)]


def test_who_writes_back_stop_opts_out(town, centre, channel):
    channel.send("1.1", "13800000002", "短信")
    centre.reply("8613800000002", "退订")
    doubt.settle_open(channel)
    assert fetch("SELECT count(*) FROM opt_out") == [(1,)]
