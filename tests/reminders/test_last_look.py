"""At the moment of sending: whose swab is held is not written to; the pace of a channel."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from screening import clock
from screening.db import db, insert, new_id, run
from screening.registry import seals
from screening.registry.rules import Flag
from screening.registry.service.persons import mark, ring
from screening.reminders import pace, sender
from tests.reminders.test_gateways import wang
from tests.reminders.test_waves import states
from tests.reminders.town import Box, person

__all__ = ["wang"]  # a fixture


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


def test_who_was_marked_deceased_or_left_since_is_not_named_any_more(town):
    here = town.communities[0]
    dead = person(here, "王五", "13800001001")
    away = person(here, "赵六", "13800001002")
    gone = person(here, "钱七", "13800001002")  # one phone, two names
    person(here, "孙八", "13800001003")
    left = person(here, "李九", "13800001003")
    wave_id = town.wave()
    mark(*dead[:2], add=Flag.DECEASED)
    mark(*gone[:2], add=Flag.LEFT)
    run("UPDATE person SET left_at = %s WHERE cell_id = %s AND person_id = ANY(%s)",
        (clock.now(), here.cell_id, [away[1], left[1]]))  # fmt: skip
    db.session.commit()
    box = Box()
    assert sender.send_due(box) == 1
    ((_, phone, text),) = box.sent
    assert phone == "13800001003" and "孙" in text and "李" not in text
    assert states(wave_id) == {"dropped:left": 2, "sent": 1}


def test_a_number_that_is_not_the_persons_any_more_is_not_written_to(town):
    cell, person_id, _ = person(town.communities[0], "王五", "13800001001")
    wave_id = town.wave()
    run(
        "UPDATE phone_key SET phone_hash = %s WHERE cell_id = %s AND person_id = %s "
        "AND phone_hash = %s",
        (seals.phone_hash(ring(), "13800001009"), cell, person_id,
         seals.phone_hash(ring(), "13800001001")),
    )  # fmt: skip
    db.session.commit()
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:number_changed": 1}


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
