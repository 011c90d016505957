"""When nobody knows what became of a message: reports, the gateway's word, a person's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock, outbox
from screening.db import db, fetch
from screening.reminders import doubt, queries, receipts, rules, sender
from screening.reminders.channels import Report
from tests.reminders.test_gateways import channel_to, key, missed_state, rows, unknown, wang
from tests.reminders.test_waves import states
from tests.reminders.town import Box, Gateway

__all__ = ["wang"]  # a fixture


@pytest.fixture
def in_doubt(town, wang):
    """A wave whose one message timed out after a gateway without keys took it."""
    wave_id = town.wave()
    with Gateway("slow", honours=False) as gateway:
        sender.send_due(channel_to(gateway))
        assert len(gateway.told) == 1
    assert states(wave_id) == {"outcome_unknown": 1}
    return wave_id


def test_a_late_report_settles_it_and_the_same_report_twice_changes_nothing(town, wang, in_doubt):
    report = Report(key(), "", True, "DELIVRD")
    assert receipts.take_reports([report], at=clock.now()) == 1
    assert receipts.take_reports([report, report], at=clock.now()) == 0
    assert states(in_doubt) == {"delivered": 1} and unknown(in_doubt) == []
    assert fetch("SELECT state, body FROM outbox /* fan-out: test */") == [(outbox.SENT, b"")]


def test_a_report_of_failure_makes_a_task_for_whoever_goes_there_once(town, wang, in_doubt):
    report = Report(key(), "", False, "MK:0001")
    receipts.take_reports([report, report], at=clock.now())
    assert states(in_doubt) == {"failed": 1}
    assert missed_state(town, wang) == "unreachable"
    contacts = queries.list_contacts(wang[0], town.city.round_id, wang[1])
    assert [(c.kind, c.outcome) for c in contacts] == [("sms", "unreachable")]


@pytest.mark.parametrize(
    ("said", "state"), [("delivered", "delivered"), ("sent", "sent"), ("failed", "failed")]
)
def test_the_gateway_is_asked_and_its_word_settles_it(town, wang, in_doubt, said, state):
    with Gateway(honours=False) as gateway:
        gateway.states[key()] = said
        channel = channel_to(gateway, status_url=gateway.url + "/{key}")
        assert doubt.settle_open(channel) == 0, "a minute is left for reports to come"
        later = clock.now() + timedelta(minutes=2)
        assert doubt.settle_open(channel, now=lambda: later) == 1
        assert gateway.heard == []
    assert states(in_doubt) == {state: 1}


def test_a_gateway_that_knows_nothing_of_it_leaves_it_to_a_person(town, wang, in_doubt):
    with Gateway(honours=False) as gateway:
        channel = channel_to(gateway, status_url=gateway.url + "/{key}")
        for minutes in (2, 8, 30, 100, 400, 1500):
            later = clock.now() + timedelta(minutes=minutes)
            doubt.settle_open(channel, now=lambda at=later: at)
            sender.send_due(channel)
        assert gateway.heard == []
    assert states(in_doubt) == {"outcome_unknown": 1}
    assert rows()[0][2] == "not_found"


def test_a_person_says_that_it_has_arrived(town, in_doubt):
    (m,) = unknown(in_doubt)
    doubt.decide(in_doubt, m.cell_id, m.message_id, "arrived", by=town.head, at=clock.now())
    assert states(in_doubt) == {"delivered": 1}
    with pytest.raises(doubt.MessageSettled):
        doubt.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=clock.now())
    ((by,),) = fetch("SELECT settled_by FROM wave_message /* fan-out: test */")
    assert by == town.head.staff_id


def test_a_person_has_it_sent_again_and_it_is_looked_at_once_more(town, wang, client, in_doubt):
    (m,) = unknown(in_doubt)
    doubt.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=clock.now())
    town.sample(client, [wang[2]])
    box = Box(honours_keys=False)
    assert sender.send_due(box) == 0 and box.sent == []
    assert states(in_doubt) == {"dropped:sampled": 1}


def test_sent_again_by_a_person_it_goes_out_once_more(town, in_doubt):
    (m,) = unknown(in_doubt)
    doubt.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=clock.now())
    db.session.commit()
    box = Box(honours_keys=False)
    assert sender.send_due(box) == 1 and states(in_doubt) == {"sent": 1}


def test_too_late_to_send_again_it_becomes_a_visit(town, wang, in_doubt):
    (m,) = unknown(in_doubt)
    late = clock.now() + rules.MESSAGE_LIFE + timedelta(minutes=1)
    doubt.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=late)
    assert states(in_doubt) == {"failed": 1}
    assert missed_state(town, wang) == "unreachable"


def test_after_three_days_the_text_is_forgotten_and_the_question_stays(town, in_doubt):
    doubt.settle_open(Box(), now=lambda: clock.now() + timedelta(hours=73))
    assert fetch("SELECT body FROM outbox /* fan-out: test */") == [(b"",)]
    assert len(unknown(in_doubt)) == 1
