"""The parts of what is unaccounted for: each thing in one part, with its list."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.db import db, run
from screening.ledger import parts, picture, queries, service
from screening.ledger.sight import sight_of, whole_city
from screening.tube.codes import Kind, make_code
from tests import make
from tests.ledger.day import BOX


def counts(day, *, at=None) -> dict[str, int]:
    b = service.balance(day.city.round_id, at=at or clock.now())
    assert b.adds_up()
    return {part: p.items for part, p in b.parts.items() if p.items and part != "unheard"}


def items(day, part, *, at=None, **narrow):
    found = parts.list_items(
        part, day.city.round_id, at=at or clock.now(), sight=whole_city(), **narrow
    )
    return [i.subject_id for i in found]


def stop(day) -> None:
    run(
        "UPDATE round SET state = 'finishing', stopped_at = %s WHERE round_id = %s",
        (clock.now(), day.city.round_id),
    )
    db.session.commit()


def later() -> object:
    return clock.now() + timedelta(days=1)


def seal(day, tubes, counted, *, differences=()):
    packer, batch = day.city.phone(), f"{day.cell}-{2 * make.number():016x}"
    for t in tubes:
        packer.write("pack", batch=batch, box=BOX, tube=t)
    code = make_code(Kind.SEAL, make.number())
    packer.write("seal", batch=batch, box=BOX, seal=code, n=counted, differences=list(differences))
    day.send(packer)
    return code


def test_a_day_within_its_limits_has_nothing_unaccounted(day):
    assert counts(day) == {}


def test_a_tube_past_its_limit_is_late_and_tells_its_last_scan(day):
    assert counts(day, at=later()) == {"late": 1}
    assert items(day, "late", at=later()) == [day.waiting]
    found = parts.list_items("late", day.city.round_id, at=later(), sight=whole_city())
    scan = queries.last_scans(day.city.round_id, found)[day.waiting]
    phone, _ = day.bench.sent[day.waiting]
    assert (scan.verb, scan.device_id) == (2, phone.device_id)


def test_tubes_that_were_counted_but_not_scanned_are_a_part(day):
    seal(day, [day.waiting], 4)
    assert counts(day) == {"counted": 1}
    found = parts.list_items("counted", day.city.round_id, at=clock.now(), sight=whole_city())
    assert [i.n for i in found] == [3]


def test_a_difference_that_the_packer_explained_is_none(day):
    seal(day, [day.waiting], 2, differences=[{"code": "late_tube", "n": 1}])
    assert counts(day) == {}


def test_a_tube_at_the_laboratory_without_capture_is_a_mismatch_and_not_late(day):
    tube = day.city.tube()
    day.door.write("receive", tube=tube)
    day.door.send(day.client, len(day.door.entries))
    db.session.commit()
    assert items(day, "mismatch") == [tube]
    assert items(day, "mismatch", at=later()) == [tube]
    assert tube not in items(day, "late", at=later())


def test_a_tube_missing_when_its_box_was_unpacked_is_a_mismatch(day):
    code = seal(day, [day.waiting], 1)
    first = len(day.door.entries) + 1
    day.door.write("arrive", seal=code, intact=True)
    day.door.write("unpacked", seal=code)
    day.door.send(day.client, first)
    db.session.commit()
    assert items(day, "mismatch") == [day.waiting]


def test_after_sampling_stopped_what_has_no_result_is_a_part(day):
    stop(day)
    assert counts(day) == {"no_result": 1}
    assert counts(day, at=later()) == {"late": 1}


def test_numbers_that_are_known_and_not_held_are_a_part(day):
    phone = day.city.phone()
    phone.fill(day.city.tube(), day.city.codes(24, 4))
    phone.send(day.client, 3)
    phone.send(day.client, 1, 1)
    db.session.commit()
    found = parts.list_items("unheard", day.city.round_id, at=clock.now(), sight=whole_city())
    mine = [i for i in found if i.device_id == phone.device_id]
    assert [(i.why, i.n) for i in mine] == [("gap", 1)]


def test_a_closing_number_beyond_what_is_held_tells_of_a_gap(day):
    phone, _ = day.bench.sent[day.waiting]
    phone.write("shift_end", n=len(phone.entries) + 3)
    day.bench.send(phone, len(phone.entries))
    found = parts.list_items("unheard", day.city.round_id, at=clock.now(), sight=whole_city())
    mine = [i for i in found if i.device_id == phone.device_id]
    assert [(i.why, i.n) for i in mine] == [("gap", 2)]


def test_a_journal_is_complete_with_its_closing_entry_and_until_it_speaks_again(day):
    phone, _ = day.bench.sent[day.waiting]

    def why():
        lines = queries.list_devices(day.city.round_id, whole_city())
        return next(d.why for d in lines if d.device_id == phone.device_id)

    assert why() == "not_closed"
    day.bench.send(_say(phone, "shift_end", n=len(phone.entries) + 1), len(phone.entries))
    assert why() is None
    day.bench.send(_say(phone, "over", tube=day.waiting, n=3), len(phone.entries))
    assert why() == "not_closed"


def _say(phone, kind, **body):
    phone.write(kind, **body)
    return phone


def test_a_device_that_a_supervisor_declared_lost_is_declared(day):
    phone, _ = day.bench.sent[day.waiting]
    run("UPDATE device SET state = 'lost', lost_by = 5 WHERE device_id = %s", (phone.device_id,))
    lines = queries.list_devices(day.city.round_id, whole_city())
    assert next(d.why for d in lines if d.device_id == phone.device_id) is None


def test_a_phone_that_said_nothing_since_the_start_is_silent(day):
    mute = day.city.phone()
    silent = queries.list_silent(day.city.round_id, whole_city())
    assert mute.device_id in {s.device_id for s in silent}
    assert day.packer.device_id not in {s.device_id for s in silent}


def test_parked_entries_are_a_part(day):
    phone = day.city.phone()
    phone.write("open", tube=day.city.tube(), mode="single", size=1)
    phone.write("dance")
    phone.send(day.client)
    db.session.commit()
    assert counts(day) == {"parked": 1}


def test_lists_are_narrowed_to_a_site_a_laboratory_and_a_box(day):
    at, other = later(), day.city.sites[1].site_id
    mine = day.city.sites[0].site_id
    assert items(day, "late", at=at, site=mine) == [day.waiting]
    assert items(day, "late", at=at, site=other) == []
    seal(day, [day.waiting], 1)
    box = parts.by_box(day.city.round_id, at=at, sight=whole_city())
    assert [(b.part, b.n) for b in box] == [("late", 1)]
    assert items(day, "late", at=at, box=box[0].batch_id) == [day.waiting]


@pytest.mark.parametrize(("site", "seen"), [(0, 1), (1, 0)])
def test_a_site_sees_its_own_only(day, site, seen):
    sight = sight_of([day.city.sites[site].place])
    b = service.balance(day.city.round_id, at=later(), sight=sight)
    assert b.parts["late"].items == seen
    assert b.tubes == 3 * seen and b.adds_up()


def test_the_picture_that_the_worker_kept_says_the_same(day):
    now = later()
    taken = picture.take(day.city.round_id, at=now, sight=whole_city())
    service.keep_live(day.city.round_id, at=now)
    service.keep_live(day.city.round_id, at=now)
    kept = queries.find_live(day.city.round_id, since=clock.real_now() - service.LIVE)
    assert kept is not None
    again = picture.Picture.from_json(kept)
    assert again == taken and again.balance() == taken.balance()
    for site in day.city.sites:
        sight = sight_of([site.place])
        own = picture.take(day.city.round_id, at=now, sight=sight)
        assert again.seen_by(sight).balance() == own.balance()
    service.forget_live(day.city.round_id)
    assert queries.find_live(day.city.round_id, since=clock.real_now() - service.LIVE) is None


def test_who_looks_over_many_cells_sees_the_kept_picture_with_its_time(day):
    then = clock.now() - timedelta(minutes=1)
    service.keep_live(day.city.round_id, at=then)
    wide = whole_city()._replace(cells=list(range(9)))
    assert service.look(day.city.round_id, sight=wide, at=clock.now()).at == then
    own = sight_of([day.city.sites[0].place])
    assert service.look(day.city.round_id, sight=own, at=clock.now()).at > then


def test_a_list_is_paged_by_subject(day):
    tubes = sorted([day.waiting, day.bench.fill(24, 2), day.bench.fill(26, 2)])
    assert items(day, "late", at=later(), limit=2) == tubes[:2]
    assert items(day, "late", at=later(), after=tubes[1]) == tubes[2:]
