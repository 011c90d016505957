"""Gateways on real sockets that fail, hang up, answer late or twice; reports and a person's word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock, outbox
from screening.db import db, fetch
from screening.registry import seals
from screening.registry.service.persons import ring
from screening.reminders import doubt, notices, queries, receipts, sender, service
from screening.reminders.channels import Reply
from screening.reminders.channels.http import HttpChannel
from tests.reminders.test_waves import Dies, states
from tests.reminders.town import Box, Gateway, make_due, person

FAST = (0.3, 0.3)


def channel_to(gateway, **kw):
    return HttpChannel(gateway.url, None, seconds=FAST, **kw)


def rows():
    return fetch("SELECT state, attempts, error FROM outbox /* fan-out: test */")


def key():
    ((cell, outbox_id),) = fetch("SELECT cell_id, outbox_id FROM outbox /* fan-out: test */")
    return f"{cell}.{outbox_id}"


def missed_state(town, who):
    found = queries.open_missed(
        queries.get_node(town.communities[0].area_id), town.city.round_id, at=clock.now()
    )
    return {p.person_id: p.missed.state for p in found}[who[1]]


def unknown(wave_id):
    return queries.list_unknown(queries.get_wave(wave_id))


@pytest.fixture
def wang(town):
    return person(town.communities[0], "王五", "13800000002")


# -- with keys and without -------------------------------------------------------------------------


def test_a_gateway_that_honours_keys_delivers_each_message_once_whatever_happens(town):
    for n in range(5):
        person(town.communities[0], "王五", f"1380000100{n}")
    wave_id = town.wave()
    with Gateway(500, "slow", "cut", 503, 502, "slow", 200, "cut") as gateway:
        channel = channel_to(gateway, keys=True)
        for _ in range(8):
            sender.send_due(channel)
            make_due(clock.now())
    assert sorted(body["to"] for _, body in gateway.told) == [f"1380000100{n}" for n in range(5)]
    assert len({key for key, _ in gateway.told}) == 5
    assert states(wave_id) == {"sent": 5}


@pytest.mark.parametrize("step", ["slow", "cut", 500, 502, 504])
def test_without_keys_what_may_have_gone_out_is_never_sent_again_by_itself(town, wang, step):
    wave_id = town.wave()
    with Gateway(step, honours=False) as gateway:
        channel = channel_to(gateway)
        for hours in range(12):
            sender.send_due(channel, now=lambda h=hours: clock.now() + timedelta(minutes=h))
            make_due(clock.now())
            doubt.settle_open(channel, now=lambda h=hours: clock.now() + timedelta(hours=h))
    assert len(gateway.heard) == 1
    assert states(wave_id) == {"outcome_unknown": 1} and len(unknown(wave_id)) == 1


@pytest.mark.parametrize("step", [503, 429, 401])
def test_what_a_gateway_says_it_has_not_taken_is_sent_again(town, wang, step):
    wave_id = town.wave()
    with Gateway(step, honours=False) as gateway:
        channel = channel_to(gateway)
        sender.send_due(channel)
        make_due(clock.now())
        assert sender.send_due(channel) == 1
    assert len(gateway.told) == 1 and states(wave_id) == {"sent": 1}


def test_where_no_connection_was_made_the_message_waits_and_goes_out_once(town, wang):
    wave_id = town.wave()
    sender.send_due(HttpChannel("http://127.0.0.1:9/sms", None, seconds=FAST))
    assert rows() == [(outbox.WAITING, 1, "no_connection")]
    make_due(clock.now())
    with Gateway(honours=False) as gateway:
        sender.send_due(channel_to(gateway))
    assert len(gateway.told) == 1 and states(wave_id) == {"sent": 1}


def test_a_worker_that_dies_while_sending_without_keys_leaves_an_unknown_outcome(town, wang):
    wave_id = town.wave()
    dies = Dies(honours_keys=False)
    with pytest.raises(KeyboardInterrupt):
        sender.send_due(dies)
    db.session.rollback()
    later = clock.now() + timedelta(seconds=sender.LEASE + 5)
    box = Box(honours_keys=False)
    assert sender.send_due(box, now=lambda: later) == 0 and box.sent == []
    doubt.settle_open(box, now=lambda: later)
    assert states(wave_id) == {"outcome_unknown": 1}
    assert rows() == [(outbox.UNKNOWN, 1, "worker_ended")]


def test_with_keys_an_outcome_that_stays_unknown_to_the_last_try_is_listed(town, wang):
    wave_id = town.wave()
    with Gateway(*["slow"] * (len(outbox.BACK_OFF) + 1)) as gateway:
        for _ in range(len(outbox.BACK_OFF) + 1):
            sender.send_due(channel_to(gateway, keys=True))
            make_due(clock.now())
    assert len(gateway.told) == 1 and states(wave_id) == {"outcome_unknown": 1}


# -- notices ---------------------------------------------------------------------------------------


def test_a_code_that_may_have_gone_out_is_not_repeated_without_keys(town):
    seal = ring().seal
    outbox.notice(0, "13800000002", "1234", at=clock.now(), seal=seal)
    db.session.commit()
    with Gateway("slow", honours=False) as gateway:
        notices.send_notices(channel_to(gateway))
        make_due(clock.now())
        notices.send_notices(channel_to(gateway))
    assert len(gateway.heard) == 1
    assert fetch("SELECT state, body FROM outbox /* fan-out: test */") == [(outbox.UNKNOWN, b"")]


def test_a_code_whose_worker_died_leaves_no_phone_behind(town):
    outbox.notice(0, "13800000002", "1234", at=clock.now(), seal=ring().seal)
    db.session.commit()
    with pytest.raises(KeyboardInterrupt):
        notices.send_notices(Dies(honours_keys=False))
    db.session.rollback()
    doubt.settle_open(Box(), now=lambda: clock.now() + timedelta(minutes=5))
    assert fetch("SELECT state, body FROM outbox /* fan-out: test */") == [(outbox.UNKNOWN, b"")]


def test_opting_out_by_reply_is_the_same_as_by_a_worker(town, wang):
    receipts.take_replies([Reply("13800000002", "R")], at=clock.now())
    service.opt_out(wang[0], wang[1], out=False, at=clock.now())
    assert fetch("SELECT 1 FROM opt_out") == []
    assert seals.phone_hash(ring(), "13800000002")
