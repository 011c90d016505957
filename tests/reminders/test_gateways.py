"""Gateways on real sockets that fail, hang up, answer late or twice; reports and a person's word."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from screening import clock, outbox
from screening.db import db, fetch, insert, new_id
from screening.registry import seals
from screening.registry.service.persons import ring
from screening.reminders import notices, pace, queries, receipts, rules, sender, service
from screening.reminders.channels import Reply, Report, plain_phone
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
            receipts.settle_open(channel, now=lambda h=hours: clock.now() + timedelta(hours=h))
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
    receipts.settle_open(box, now=lambda: later)
    assert states(wave_id) == {"outcome_unknown": 1}
    assert rows() == [(outbox.UNKNOWN, 1, "worker_ended")]


def test_with_keys_an_outcome_that_stays_unknown_to_the_last_try_is_listed(town, wang):
    wave_id = town.wave()
    with Gateway(*["slow"] * (len(outbox.BACK_OFF) + 1)) as gateway:
        for _ in range(len(outbox.BACK_OFF) + 1):
            sender.send_due(channel_to(gateway, keys=True))
            make_due(clock.now())
    assert len(gateway.told) == 1 and states(wave_id) == {"outcome_unknown": 1}


# -- how an unknown outcome is settled -------------------------------------------------------------


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
        assert receipts.settle_open(channel) == 0, "a minute is left for reports to come"
        later = clock.now() + timedelta(minutes=2)
        assert receipts.settle_open(channel, now=lambda: later) == 1
        assert gateway.heard == []
    assert states(in_doubt) == {state: 1}


def test_a_gateway_that_knows_nothing_of_it_leaves_it_to_a_person(town, wang, in_doubt):
    with Gateway(honours=False) as gateway:
        channel = channel_to(gateway, status_url=gateway.url + "/{key}")
        for minutes in (2, 8, 30, 100, 400, 1500):
            later = clock.now() + timedelta(minutes=minutes)
            receipts.settle_open(channel, now=lambda at=later: at)
            sender.send_due(channel)
        assert gateway.heard == []
    assert states(in_doubt) == {"outcome_unknown": 1}
    assert rows()[0][2] == "not_found"


def test_a_person_says_that_it_has_arrived(town, in_doubt):
    (m,) = unknown(in_doubt)
    receipts.decide(in_doubt, m.cell_id, m.message_id, "arrived", by=town.head, at=clock.now())
    assert states(in_doubt) == {"delivered": 1}
    with pytest.raises(receipts.MessageSettled):
        receipts.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=clock.now())
    ((by,),) = fetch("SELECT settled_by FROM wave_message /* fan-out: test */")
    assert by == town.head.staff_id


def test_a_person_has_it_sent_again_and_it_is_looked_at_once_more(town, wang, client, in_doubt):
    (m,) = unknown(in_doubt)
    receipts.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=clock.now())
    town.sample(client, [wang[2]])
    box = Box(honours_keys=False)
    assert sender.send_due(box) == 0 and box.sent == []
    assert states(in_doubt) == {"dropped:sampled": 1}


def test_sent_again_by_a_person_it_goes_out_once_more(town, in_doubt):
    (m,) = unknown(in_doubt)
    receipts.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=clock.now())
    db.session.commit()
    box = Box(honours_keys=False)
    assert sender.send_due(box) == 1 and states(in_doubt) == {"sent": 1}


def test_too_late_to_send_again_it_becomes_a_visit(town, wang, in_doubt):
    (m,) = unknown(in_doubt)
    late = clock.now() + rules.MESSAGE_LIFE + timedelta(minutes=1)
    receipts.decide(in_doubt, m.cell_id, m.message_id, "again", by=town.head, at=late)
    assert states(in_doubt) == {"failed": 1}
    assert missed_state(town, wang) == "unreachable"


def test_after_three_days_the_text_is_forgotten_and_the_question_stays(town, in_doubt):
    receipts.settle_open(Box(), now=lambda: clock.now() + timedelta(hours=73))
    assert fetch("SELECT body FROM outbox /* fan-out: test */") == [(b"",)]
    assert len(unknown(in_doubt)) == 1


# -- reports ---------------------------------------------------------------------------------------


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


# -- at the moment of sending ----------------------------------------------------------------------


def test_who_is_swabbed_while_the_batch_is_under_way_is_not_written_to(town, client):
    a = town.communities[0]
    people = {f"1380000100{n}": person(a, "王五", f"1380000100{n}") for n in range(4)}
    wave_id = town.wave()
    swabbed = []

    def go_on(phone):
        other = next(p for p in people if p != phone and p not in swabbed)
        if not swabbed:
            swabbed.append(other)
            town.sample(client, [people[other][2]])

    box = Box(then=go_on)
    sender.send_due(box)
    assert swabbed[0] not in {phone for _, phone, _ in box.sent} and len(box.sent) == 3
    assert states(wave_id) == {"sent": 3, "dropped:sampled": 1}


def test_46_while_people_are_swabbed_and_messages_go_out_at_once_nobody_held_is_written_to(
    app, town, client
):
    """The receipt of a journal is the moment from which the server holds a swab."""
    a = town.communities[0]
    people = {f"138000020{n:02}": person(a, "王五", f"138000020{n:02}") for n in range(40)}
    town.wave()
    sent, held = {}, {}

    class Slow(Box):
        def send(self, key, phone, text, parts=None):
            sent[phone] = time.monotonic()
            time.sleep(0.03)
            return self.answer

    def swab():
        for phone in reversed(list(people)):
            town.phones[0].fill(town.city.tube(), [people[phone][2]])
            r = town.phones[0].send(client)
            assert r.status_code == 200, r.json
            held[phone] = time.monotonic()

    def deliver():
        with app.app_context():
            for _ in range(6):
                sender.send_due(Slow())

    worker = threading.Thread(target=deliver)
    worker.start()
    swab()
    worker.join()
    both = sent.keys() & held.keys()
    assert len(held) == 40 and sent
    # between the last look and the first byte lies one commit, on a busy machine a while
    assert [p for p in both if held[p] < sent[p] - 0.25] == []


def test_a_swab_under_a_number_that_was_found_to_be_the_same_person_counts(town, client, wang):
    cell, twin, code = person(town.communities[0], "王五", None)
    wave_id = town.wave()
    insert(
        "person_move",
        ("cell_id", "move_id", "person_id", "from_community", "to_community", "at", "into_cell",
         "into_id"),
        [(cell, new_id(), twin, town.communities[0].area_id, town.communities[0].area_id,
          clock.now(), wang[0], wang[1])],
    )  # fmt: skip
    town.sample(client, [code])
    assert sender.send_due(Box()) == 0
    assert states(wave_id)["dropped:sampled"] == 1


def test_no_more_messages_a_second_than_the_channel_allows(town):
    for n in range(6):
        person(town.communities[0], "王五", f"1380000100{n}")
    town.wave()
    box, at = Box(per_second=20), []
    box.then = lambda _phone: at.append(time.monotonic())
    sender.send_due(box)
    assert len(at) == 6 and at[-1] - at[0] >= 5 / 20 - 0.02


def test_two_workers_share_one_pace(app, town):
    first = pace.reserve("shared", 10, 5)
    second = pace.reserve("shared", 10, 5)
    assert second - first >= timedelta(seconds=0.5)
    assert pace.reserve("other", 10, 1) < second


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
    receipts.settle_open(Box(), now=lambda: clock.now() + timedelta(minutes=5))
    assert fetch("SELECT state, body FROM outbox /* fan-out: test */") == [(outbox.UNKNOWN, b"")]


def test_opting_out_by_reply_is_the_same_as_by_a_worker(town, wang):
    receipts.take_replies([Reply("13800000002", "R")], at=clock.now())
    service.opt_out(wang[0], wang[1], out=False, at=clock.now())
    assert fetch("SELECT 1 FROM opt_out") == []
    assert seals.phone_hash(ring(), "13800000002")
