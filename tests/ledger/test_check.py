"""The check recounts from journals and commands, and names the tube that was tampered with."""

from __future__ import annotations

import pytest

from screening import clock
from screening.db import db, fetch, run
from screening.registry.service import persons
from screening.tube.codes import Kind, make_code
from tests import make
from tests.ledger.day import BOX


def test_a_day_that_nobody_touched_is_equal(day):
    found = day.check()
    assert found.differences == []
    assert (found.tubes, found.commands > 0, found.entries > 20) == (3, True, True)


def test_a_check_writes_nothing(day):
    day.check()
    db.session.commit()
    assert day.check().equal


def test_a_deleted_specimen_is_named(day):
    tube = day.released[0]
    day.tamper("DELETE FROM specimen WHERE specimen_id = %(id)s", id=day.specimen_of(tube))
    assert day.named() == {tube: {("specimen", "missing")}}


def test_a_specimen_of_another_person_is_named(day):
    tube = day.released[0]
    other = day.city.people[30][1]
    day.tamper(
        "UPDATE specimen SET person_id = %(other)s WHERE specimen_id = %(id)s",
        other=other,
        id=day.specimen_of(tube),
    )
    assert set(day.named()) == {tube}
    assert ("specimen", "differs") in day.named()[tube]


def test_a_specimen_in_another_tube_is_named(day):
    tube, other = day.released
    day.tamper(
        "UPDATE specimen SET barcode = %(other)s WHERE specimen_id = %(id)s",
        other=other,
        id=day.specimen_of(tube),
    )
    assert ("specimen", "differs") in day.named()[tube]


def test_a_deleted_custody_line_is_named(day):
    tube = day.released[1]
    day.tamper("DELETE FROM custody WHERE barcode = %(tube)s AND verb = 12", tube=tube)
    assert day.named() == {tube: {("custody", "missing")}}


@pytest.mark.parametrize("stage", [6, 10, 22])
def test_a_stage_that_was_set_is_named(day, stage):
    day.tamper(
        "UPDATE tube SET stage = %(to)s WHERE barcode = %(tube)s", to=stage, tube=day.waiting
    )
    assert day.named() == {day.waiting: {("tube", "differs")}}


def test_a_deadline_that_was_moved_is_named(day):
    day.tamper("UPDATE tube SET due_at = NULL WHERE barcode = %(tube)s", tube=day.waiting)
    assert day.named() == {day.waiting: {("tube", "differs")}}


def test_a_tube_deleted_with_its_specimens_is_named(day):
    tube = day.released[0]
    for table in ("specimen", "custody", "tube", "result"):
        day.tamper(f"DELETE FROM {table} WHERE barcode = %(tube)s", tube=tube)
    run("DELETE FROM tube_key WHERE barcode = %s", (tube,))
    named = day.named()
    assert set(named) == {tube}
    assert {("tube", "missing"), ("specimen", "missing"), ("tube_key", "missing")} <= named[tube]


def test_a_deleted_tube_of_a_batch_is_named(day):
    tube = day.released[1]
    day.tamper("DELETE FROM batch_tube WHERE barcode = %(tube)s", tube=tube)
    assert day.named() == {tube: {("batch_tube", "missing")}}


def test_an_edited_result_is_named(day):
    tube = day.released[0]
    day.tamper("UPDATE result SET outcome = 2 WHERE barcode = %(tube)s", tube=tube)
    assert day.named() == {tube: {("result", "differs")}}


def test_a_deleted_result_is_named(day):
    tube = day.released[0]
    day.tamper("DELETE FROM result WHERE barcode = %(tube)s", tube=tube)
    assert day.named() == {tube: {("result", "missing")}}


def test_a_result_out_of_nothing_is_named(day):
    day.tamper(
        "INSERT INTO result (cell_id, round_id, barcode, version, outcome, released_at, "
        "released_by, second_by, command_id, members) SELECT cell_id, round_id, %(to)s, "
        "1, 1, released_at, released_by, second_by, command_id, members FROM result "
        "WHERE barcode = %(tube)s",
        to=day.waiting,
        tube=day.released[0],
    )
    assert day.named() == {day.waiting: {("result", "not_told")}}


def test_a_cut_journal_is_named_with_its_tubes(day):
    phone, _ = day.bench.sent[day.released[0]]
    day.tamper("DELETE FROM journal_block WHERE device_id = %(id)s", id=phone.device_id)
    named = day.named()
    assert named.pop("") == {("journal_block", "numbers_missing")}
    assert set(named) == {day.released[0]}


def test_a_journal_cut_together_with_its_row_is_named_with_its_tubes(day):
    phone, _ = day.bench.sent[day.waiting]
    for table in ("journal_block", "journal"):
        day.tamper(f"DELETE FROM {table} WHERE device_id = %(id)s", id=phone.device_id)
    assert day.named()[day.waiting] >= {("tube", "not_told"), ("specimen", "not_told")}


def test_a_journal_cut_in_its_middle_is_named(day):
    day.bench.add(day.waiting, 25)
    phone, _ = day.bench.sent[day.waiting]
    day.tamper(
        "DELETE FROM journal_block WHERE device_id = %(id)s AND first = 1", id=phone.device_id
    )
    named = day.named()
    assert ("journal_block", "numbers_missing") in named[""] and day.waiting in named


def test_a_changed_digest_breaks_the_chain(day):
    phone, _ = day.bench.sent[day.waiting]
    day.tamper(
        "UPDATE journal_block SET digests = set_byte(digests, 0, 7) WHERE device_id = %(id)s",
        id=phone.device_id,
    )
    named = day.named()
    assert named.pop("") == {("journal_block", "chain_broken")}
    assert set(named) == {day.waiting}


def test_a_block_cut_short_names_its_tubes(day):
    phone, _ = day.bench.sent[day.waiting]
    day.tamper(
        "UPDATE journal_block SET last = last - 2, digests = substr(digests, 1, 96) "
        "WHERE device_id = %(id)s",
        id=phone.device_id,
    )
    named = day.named()
    assert ("journal_block", "chain_broken") in named[""] and day.waiting in named


def test_entries_sealed_anew_under_the_same_digests_are_seen(day):
    phone, _ = day.bench.sent[day.waiting]
    other, _ = day.bench.sent[day.released[1]]
    day.tamper(
        "UPDATE journal_block b SET body = o.body FROM journal_block o WHERE b.device_id = %(id)s "
        "AND o.device_id = %(other)s AND o.cell_id = b.cell_id",
        id=phone.device_id,
        other=other.device_id,
    )
    named = day.named()
    assert ("journal_block", "entries_differ") in named[""] and day.waiting in named


def test_a_signature_of_another_device_vouches_for_nothing(day):
    phone, _ = day.bench.sent[day.waiting]
    day.tamper(
        "UPDATE journal_block SET signature = set_byte(signature, 3, 255 - get_byte(signature, 3))"
        " WHERE device_id = %(id)s",
        id=phone.device_id,
    )
    named = day.named()
    assert ("journal_block", "bad_signature") in named[""] and day.waiting in named


def test_a_changed_command_is_named(day):
    tube = day.released[0]
    day.tamper(
        "UPDATE command SET body = jsonb_set(body, %(at)s, '2') WHERE kind = 'release'",
        at=["tubes", tube, "data", "outcome"],
    )
    named = day.named()
    assert ("command", "command_changed") in named[tube] and ("result", "differs") in named[tube]


def test_a_deleted_command_is_named(day):
    day.tamper("DELETE FROM command WHERE kind = 'release'")
    named = day.named()
    assert set(named) == set(day.released)
    assert ("custody", "not_told") in named[day.released[0]]


def test_a_tube_moved_to_another_round_is_named(day):
    run("UPDATE tube_key SET round_id = 0 WHERE barcode = %s", (day.waiting,))
    db.session.commit()
    assert day.waiting in day.named()


def test_another_swab_of_record_is_named(day):
    person = day.city.codes(20, 1)
    phone, tube = day.city.phone(), day.city.tube()
    phone.fill(tube, person)
    day.send(phone)
    assert day.named() == {}
    first, second = (day.specimen_of(t) for t in (day.waiting, tube))
    day.tamper("UPDATE specimen SET of_record = false WHERE specimen_id = %(id)s", id=first)
    day.tamper("UPDATE specimen SET of_record = true WHERE specimen_id = %(id)s", id=second)
    assert set(day.named()) == {day.waiting, tube}


def test_documents_are_recounted_too(day):
    phone, tube = day.city.phone(), day.city.tube()
    phone.write("open", tube=tube, mode="single", size=1)
    doc = {"type": "passport", "number": "E12345678", "country": "FRA", "name": "Jean"}
    phone.write("bind", tube=tube, seat=1, who={"doc": doc})
    phone.write("bind", tube=tube, seat=2, who={"name": "无名氏", "phone": "13800000000"})
    phone.write("close", tube=tube, n=2)
    day.send(phone)
    assert day.named() == {}


def test_entries_that_were_parked_are_no_difference(day):
    phone, tube = day.city.phone(), day.city.tube()
    phone.write("dance", tube=tube)
    phone.write("open", tube=tube, mode="single", size=1)
    phone.write("bind", tube=tube, seat=1, who={"code": "R1.1-1-00"})
    phone.send(day.client)
    db.session.commit()
    assert fetch("SELECT count(*) FROM parked") == [(2,)]
    assert day.named() == {}


def test_what_was_parked_and_forgotten_is_a_difference(day):
    phone = day.city.phone()
    phone.write("dance", tube=day.city.tube())
    phone.send(day.client)
    db.session.commit()
    day.tamper("DELETE FROM parked")
    assert day.named() == {"": {("parked", "neither")}}


def test_a_fork_is_recounted_in_both_branches(day):
    phone, tube = day.city.phone(), day.city.tube()
    phone.fill(tube, day.city.codes(24, 2))
    day.send(phone)
    twin = phone.copy()
    other = day.city.tube()
    phone.fill(other, day.city.codes(26, 2))
    twin.fill(day.city.tube(), day.city.codes(28, 2))
    phone.send(day.client, 5)
    twin.send(day.client, 5)
    db.session.commit()
    assert day.named() == {}


def test_a_held_batch_waits_and_is_no_difference(day):
    phone, tube = day.city.phone(), day.city.tube()
    phone.fill(tube, day.city.codes(24, 5))
    assert phone.send(day.client, 4).json["held"] == [[4, 7]]
    db.session.commit()
    assert day.named() == {}


def test_a_tube_taken_out_of_its_box_is_no_difference(day):
    packer, batch = day.city.phone(), f"{day.cell}-{2 * make.number():016x}"
    ref = packer.write("pack", batch=batch, box=BOX, tube=day.waiting)
    seal = make_code(Kind.SEAL, make.number())
    packer.write("seal", batch=batch, box=BOX, seal=seal, n=1)
    day.send(packer)
    assert day.named() == {}
    packer.write("unpack", batch=batch, tube=day.waiting, ref=ref, reason="留在现场")
    assert packer.send(day.client, 3).status_code == 200
    db.session.commit()
    assert day.named() == {}


def test_a_person_who_was_merged_is_no_difference(day):
    phone, tube = day.city.phone(), day.city.tube()
    doc = {"type": "passport", "number": "E12345678", "country": "FRA", "name": "Jean"}
    phone.write("open", tube=tube, mode="single", size=1)
    phone.write("bind", tube=tube, seat=1, who={"doc": doc})
    phone.write("close", tube=tube, n=1)
    day.send(phone)
    rows = fetch(
        "SELECT person_id FROM specimen WHERE cell_id = %s AND barcode = %s", (day.cell, tube)
    )
    cell, person, _ = day.city.people[5]
    persons.merge((day.cell, rows[0][0]), (cell, person), by=1, at=clock.now())
    assert day.named() == {}
