"""A wave: who is named in which message, and that nobody swabbed is written to."""

from __future__ import annotations

import threading
from datetime import timedelta

import orjson
import pytest

from screening import clock, jobs, outbox
from screening.crypto import hash_id
from screening.db import db, fetch, insert, new_id, run
from screening.registry.service.persons import ring
from screening.reminders import queries, rules, sender, service, waves, writing
from screening.reminders.channels import Answer, Channel, Fate
from screening.reminders.channels.http import HttpChannel
from tests.reminders.town import Box, Gateway, make_due, person


def bodies():
    rows = fetch("SELECT body FROM outbox WHERE state = 0 /* fan-out: test */")
    return [orjson.loads(ring().open(bytes(r[0]), waves.AAD)) for r in rows]


def states(wave_id):
    return queries.count_messages(queries.get_wave(wave_id))


@pytest.fixture
def family(town):
    a = town.communities[0]
    return [person(a, n, "13800000001", household=7) for n in ("张大山", "张小河", "李梅")]


def test_a_family_with_one_phone_gets_one_message_that_names_its_members(town, family):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    box = Box()
    assert sender.send_due(box) == 2
    by_phone = {phone: text for _, phone, text in box.sent}
    assert by_phone["13800000001"].startswith("张*山、张*河、李*：")
    assert by_phone["13800000002"].startswith("王*：")
    assert states(wave_id) == {"sent": 2}
    assert queries.get_wave(wave_id).state == "done"


def test_a_phone_shared_across_communities_gets_one_message_with_all_names(town, family):
    person(town.communities[1], "张远方", "13800000001")
    town.wave()
    box = Box()
    assert sender.send_due(box) == 1
    assert "等4人" in box.sent[0][2]


def late_name(town, gateway, *, keys):
    """A wave stops after its first community; the message goes out while the second one is written."""
    person(town.communities[1], "张远方", "13800000001")
    wave_id = town.draft()
    waves.start(wave_id, by=town.head, at=clock.now())
    db.session.commit()

    class Stop(Exception):
        pass

    def stop(done, _total):
        raise Stop

    with pytest.raises(Stop):
        writing.write_out(wave_id, now=clock.now, watch=stop)
    db.session.rollback()

    def at_last():
        writing.write_out(wave_id, now=clock.now)

    class Between(HttpChannel):
        def send(self, key, phone, text, parts=None):
            """The second community is written by another worker while this message is out."""
            worker = threading.Thread(target=_elsewhere, args=(town.app, at_last))
            worker.start()
            answer = super().send(key, phone, text, parts)
            worker.join()
            return answer

    sender.send_due(Between(gateway.url, None, seconds=(1.0, 2.0), keys=keys))
    return wave_id


def _elsewhere(app, act):
    with app.app_context():
        act()
        db.session.commit()
        db.session.remove()


@pytest.mark.parametrize("keys", [True, False])
def test_who_is_added_to_a_message_that_is_being_sent_does_not_count_as_told(
    app, town, family, keys
):
    town.app = app
    with Gateway() as gateway:
        wave_id = late_name(town, gateway, keys=keys)
        (told,) = gateway.kept.values()
    assert "张*方" not in told["text"] and "张*山" in told["text"]
    ((persons,),) = fetch("SELECT persons FROM wave_message /* fan-out: test */")
    assert len(persons) == 3
    counts = queries.get_wave(wave_id).counts
    assert counts["left_out"]["late_name"] == 1 and counts["persons"] == 3
    assert states(wave_id) == {"sent": 1}


def test_46_who_is_swabbed_after_the_list_was_cut_is_not_written_to(town, family, client):
    wave_id = town.wave()
    town.sample(client, [f[2] for f in family])
    box = Box()
    assert sender.send_due(box) == 0 and box.sent == []
    assert states(wave_id) == {"dropped:sampled": 1}


def test_46_a_message_names_only_those_who_are_still_missing(town, family, client):
    town.wave()
    town.sample(client, [family[0][2], family[2][2]])
    box = Box()
    sender.send_due(box)
    assert [t.partition("：")[0] for _, _, t in box.sent] == ["张*河"]


def test_who_was_swabbed_before_is_not_in_the_wave_at_all(town, family, client):
    town.sample(client, [family[1][2]])
    town.wave()
    (body,) = bodies()
    assert [w[1] for w in body["who"]] == [family[0][1], family[2][1]]


def test_who_becomes_exempt_is_not_written_to(town, family):
    wave_id = town.wave()
    for cell, who, _ in family:
        insert(
            "exemption",
            ("cell_id", "exemption_id", "round_id", "person_id", "community_id", "code", "made_at"),
            [(cell, new_id(), town.city.round_id, who, 1, "medical", clock.now())],
        )
    db.session.commit()
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:exempt": 1}


def test_a_cancelled_wave_sends_nothing_more(town, family):
    wave_id = town.wave()
    waves.cancel(wave_id, by=town.head, at=clock.now())
    db.session.commit()
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:cancelled": 1}


def test_nothing_is_sent_once_sampling_has_stopped(town, family):
    from screening.registry.queries import ROUNDS

    wave_id = town.wave()
    run("UPDATE round SET state = 'finishing' WHERE round_id = %s", (town.city.round_id,))
    db.session.commit()
    ROUNDS.forget()
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:round_over": 1}


def test_who_opts_out_gets_nothing_and_neither_does_the_rest_of_the_phone(town, family):
    cell, who, _ = family[0]
    wave_id = town.wave()
    service.opt_out(cell, who, at=clock.now())
    db.session.commit()
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"dropped:opted_out": 1}
    again = town.wave()
    assert queries.get_wave(again).counts["left_out"] == {"opted_out": 3}


def test_the_preview_counts_whom_a_wave_leaves_out_and_why(town, family, client):
    a = town.communities[0]
    lost = person(a, "无电话", None)
    called = person(a, "赵六", "13800000003")
    away = person(a, "钱七", "13800000004")
    done = person(a, "孙八", "13800000005")
    town.sample(client, [done[2]])
    until = clock.now() + timedelta(hours=3)
    for cell, who, _ in (called, away):
        outcome = "later" if who == called[1] else "away"
        service.note_contact(
            cell, who, town.city.round_id, outcome, until=until, by=1, at=clock.now()
        )
    db.session.commit()
    wave_id = town.draft()
    waves.preview(wave_id, at=clock.now())
    found = queries.get_wave(wave_id).counts["preview"]
    assert (found["persons"], found["messages"]) == (3, 1)
    assert found["left_out"] == {"no_phone": 1, "left_in_peace": 1, "other_reason": 1}
    assert found["silent"] == {} and lost


def test_a_catchment_with_a_silent_phone_is_left_out_unless_somebody_decides(town, family):
    person(town.communities[1], "周九", "13800000009")
    mute = town.city.phone(0)  # enrolled, nothing ever heard
    wave_id = town.draft()
    waves.preview(wave_id, at=clock.now())
    found = queries.get_wave(wave_id).counts["preview"]
    assert found["left_out"] == {"silent": 3} and found["messages"] == 1
    assert found["silent"] == {str(town.communities[0].area_id): [str(mute.device_id)]}
    town.wave()
    assert {b["phone"] for b in bodies()} == {"13800000009"}
    decided = town.wave(include_silent=True)
    assert queries.get_wave(decided).silent_by == town.head.staff_id
    # the other phone was just written to
    assert [b["phone"] for b in bodies() if b["wave"] == decided] == ["13800000001"]


def test_a_phone_that_falls_silent_after_the_list_was_cut_puts_the_message_off(
    town, family, client
):
    wave_id = town.wave()
    phone = town.phones[0]
    for _ in range(3):
        phone.write("shift_start")
    assert phone.send(client, first=4).json["held"], "numbers 2 and 3 are missing"
    assert sender.send_due(Box()) == 0
    assert states(wave_id) == {"waiting": 1}
    phone.send(client)
    phone.write("shift_end", n=len(phone.entries) + 1)
    phone.send(client)
    make_due(clock.now())
    assert sender.send_due(Box()) == 1


def test_a_wave_that_was_broken_off_goes_on_at_its_mark_and_writes_nobody_twice(town, family):
    person(town.communities[1], "周九", "13800000009")
    wave_id = town.draft()
    waves.start(wave_id, by=town.head, at=clock.now())
    db.session.commit()

    class Crash(Exception):
        pass

    def crash(done, _total):
        if done == 1:
            raise Crash

    with pytest.raises(Crash):
        writing.write_out(wave_id, now=clock.now, watch=crash)
    db.session.rollback()
    assert queries.get_wave(wave_id).state == "running" and len(bodies()) == 1
    writing.write_out(wave_id, now=clock.now)
    writing.write_out(wave_id, now=clock.now)
    wave = queries.get_wave(wave_id)
    assert (wave.state, wave.counts["messages"], wave.counts["persons"]) == ("done", 2, 4)
    assert len(bodies()) == 2


def test_the_worker_runs_a_wave_from_its_job_row(town, family):
    wave_id = town.draft()
    waves.start(wave_id, by=town.head, at=clock.now())
    db.session.commit()
    run("DELETE FROM schedule")
    db.session.commit()
    while jobs._run_one():
        pass
    assert queries.get_wave(wave_id).state == "done"
    assert fetch("SELECT state, done, total FROM job WHERE kind = 'run_wave'") == [(2, 2, 2)]


def test_a_wave_is_started_once_and_only_while_sampling(town):
    wave_id = town.draft()
    waves.start(wave_id, by=town.head, at=clock.now())
    with pytest.raises(waves.WaveMoved):
        waves.start(wave_id, by=town.head, at=clock.now())
    from screening.registry.queries import ROUNDS

    other = town.draft()
    run("UPDATE round SET state = 'finishing' WHERE round_id = %s", (town.city.round_id,))
    db.session.commit()
    ROUNDS.forget()
    with pytest.raises(waves.NotSampling):
        waves.start(other, by=town.head, at=clock.now())


def test_who_needs_a_new_swab_gets_the_other_text_only(town, family, client):
    from screening.tube.rules import Verb
    from screening.tube.service import advance

    town.sample(client, [family[0][2]])
    tube = town.city.tube(town.city.used - 1)
    advance(
        Verb.LOSE, {tube: {}}, kind="lose", cell=family[0][0], round_id=town.city.round_id, by=1,
        at=clock.now(), recorded_at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    town.wave(template="resample", reason="")
    (body,) = bodies()
    assert [w[1] for w in body["who"]] == [family[0][1]]
    assert rules.TEMPLATES["resample"].reason in body["text"]


# -- quiet hours -----------------------------------------------------------------------------------


def test_messages_of_the_evening_wait_until_the_morning(town, family):
    night = clock.now() + timedelta(hours=10)  # 22:00
    wave_id = town.draft()
    waves.start(wave_id, by=town.head, at=clock.now())
    writing.write_out(wave_id, now=lambda: night)
    assert outbox.cells_with_work(night) == []
    box = Box()
    assert sender.send_due(box, now=lambda: night + timedelta(hours=10)) == 1


def test_a_backlog_that_reaches_the_night_stops_there(town, family):
    town.wave()
    night = clock.now() + timedelta(hours=9, minutes=1)
    assert sender.send_due(Box(), now=lambda: night) == 0
    ((due,),) = fetch("SELECT due_at FROM outbox WHERE state = 0 /* fan-out: test */")
    assert due == rules.may_send_at(night, rules_zone())


def rules_zone():
    from screening.i18n import ZONE

    return ZONE


def test_a_message_that_waited_too_long_is_dropped(town, family):
    wave_id = town.wave()
    tomorrow = clock.now() + timedelta(hours=24)
    assert sender.send_due(Box(), now=lambda: tomorrow) == 0
    assert states(wave_id) == {"dropped:too_late": 1}


# -- crashes and gateways --------------------------------------------------------------------------


class Dies(Channel):
    """The message leaves, then the process is gone."""

    name = "dies"

    def __init__(self, honours_keys=True):
        self.keys, self.honours_keys = [], honours_keys

    def send(self, key, phone, text, parts=None):
        self.keys.append(key)
        raise KeyboardInterrupt


def test_after_a_crash_the_message_goes_out_again_under_the_same_key(town, family):
    wave_id = town.wave()
    dies, box = Dies(), Box()
    with pytest.raises(KeyboardInterrupt):
        sender.send_due(dies)
    db.session.rollback()
    assert sender.send_due(box) == 0, "leased: nobody else sends it meanwhile"
    later = clock.now() + timedelta(seconds=sender.LEASE + 5)
    assert sender.send_due(box, now=lambda: later) == 1
    assert [k for k, _, _ in box.sent] == dies.keys
    assert states(wave_id) == {"sent": 1}


def test_what_was_sent_leaves_no_phone_and_no_name_behind(town, family):
    town.wave()
    sender.send_due(Box())
    rows = fetch("SELECT body, state FROM outbox /* fan-out: test */")
    assert [(bytes(b), s) for b, s in rows] == [(b"", outbox.SENT)]


def test_a_gateway_that_fails_and_is_slow_gets_each_message_once(town, family):
    wave_id = town.wave()
    with Gateway(500, "slow") as gateway:
        channel = HttpChannel(gateway.url, "word", keys=True, seconds=(0.3, 0.3))
        assert sender.send_due(channel) == 0
        assert fetch("SELECT error, attempts FROM outbox /* fan-out: test */") == [("http_500", 1)]
        make_due(clock.now())
        assert sender.send_due(channel) == 0
        assert fetch("SELECT error, attempts FROM outbox /* fan-out: test */") == [("timeout", 2)]
        make_due(clock.now())
        assert sender.send_due(channel) == 1, "the gateway has it already and says so: 409"
    assert len({k for k, _, _ in gateway.heard}) == 1 and len(gateway.heard) == 3
    assert next(iter(gateway.kept.values()))["to"] == "13800000001"
    assert {a for _, a, _ in gateway.heard} == {"Bearer word"}
    assert states(wave_id) == {"sent": 1}


def test_a_wrong_number_is_a_task_for_the_grid(town, family):
    wave_id = town.wave()
    with Gateway(422) as gateway:
        sender.send_due(HttpChannel(gateway.url, None))
    assert states(wave_id) == {"failed": 1}
    found = queries.open_missed(
        queries.get_node(town.communities[0].area_id), town.city.round_id, at=clock.now()
    )
    assert {p.missed.state for p in found} == {"unreachable"}


def test_a_gateway_that_never_answers_fails_after_the_last_try(town, family):
    wave_id = town.wave()
    channel = HttpChannel("http://127.0.0.1:9/sms", None, seconds=(0.2, 0.2))
    for _ in range(len(outbox.BACK_OFF) + 1):
        make_due(clock.now())
        sender.send_due(channel)
    assert states(wave_id) == {"failed": 1}


def test_a_gateway_in_trouble_is_left_alone_until_the_next_run(town):
    for n in range(8):
        person(town.communities[0], "王五", f"1380000100{n}")
    town.wave()
    with Gateway(*[503] * 8) as gateway:
        assert sender.send_due(HttpChannel(gateway.url, None)) == 0
    assert len(gateway.heard) == sender.TROUBLES
    later = clock.now() + timedelta(seconds=sender.LEASE + 5)
    with Gateway() as gateway:
        assert sender.send_due(HttpChannel(gateway.url, None), now=lambda: later) == 8


def test_files_are_written_for_the_owner_only(app, tmp_path):
    from screening.reminders.channels.file import FileChannel

    channel = FileChannel(tmp_path / "outbox")
    assert channel.send("1", "13800000001", "张*：…") == Answer(Fate.SENT)
    assert channel.send("2", "13800000002", "李*：…").fate is Fate.SENT
    (path,) = (tmp_path / "outbox").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    lines = [orjson.loads(x) for x in path.read_bytes().splitlines()]
    assert [(x["key"], x["phone"]) for x in lines] == [("1", "13800000001"), ("2", "13800000002")]


def test_who_came_after_the_message_is_counted(town, family, client):
    wave_id = town.wave()
    sender.send_due(Box())
    town.sample(client, [family[0][2]])
    found = queries.outcome_of(queries.get_wave(wave_id), at=clock.now())
    assert found == (3, 1, 2)
    day = clock.now() + timedelta(hours=25)
    assert queries.outcome_of(queries.get_wave(wave_id), at=day) == (3, 1, 0)


def test_a_message_has_the_same_number_whoever_writes_it(town, family):
    wave_id = town.wave()
    rows = fetch("SELECT message_id, phone_hash FROM wave_message /* fan-out: test */")
    assert rows == [(hash_id("wave", wave_id, bytes(rows[0][1]).hex()), rows[0][1])]


def test_the_worker_sends_into_files_where_no_gateway_is_set(app, town, family):
    wave_id = town.wave()
    jobs.KINDS["send_outbox"]()
    (path,) = (app.extensions["settings"].instance / "outbox").iterdir()
    (line,) = [orjson.loads(x) for x in path.read_bytes().splitlines()]
    path.unlink()
    assert line["phone"] == "13800000001" and line["text"].endswith(rules.LAST_WORDS)
    assert states(wave_id) == {"sent": 1}
