"""Label runs: numbers are given out once, and the label ledger always adds up."""

from __future__ import annotations

import threading
import time

import pytest

from screening import clock
from screening.db import db, fetch
from screening.errors import Faults
from screening.registry.check_digits import luhn
from screening.tube.codes import BadPattern, Kind, UnknownCode, make_code
from screening.tube.label_queries import balances, find_label, list_numbers
from screening.tube.labels import PATTERNS, read_tube
from screening.tube.service import label_runs, label_stock
from tests import make, world


@pytest.fixture
def at():
    return clock.now()


def run_of(count=10, kind="tube", **kw):
    return label_runs.make_run(kind, count, None, by=1, at=clock.now(), **kw)


def ledger(found):
    b = balances([found.run_id])[found.run_id]
    assert b.whole
    return b._asdict()


def pattern(**kw):
    kw = {"length": None, "check": None, **kw}
    return label_stock.save_pattern(
        "外厂", "tube", kw.pop("regex", "AB[0-9]{8}"), by=1, at=clock.now(), **kw
    )


def test_runs_follow_each_other_without_gap_or_overlap(db_session):
    one, two = run_of(10), run_of(5)
    assert two.first == one.first + 10
    assert label_runs.numbers_of(two)[0] == make_code(Kind.TUBE, two.first)


def test_kinds_and_practice_count_apart(db_session):
    run_of(10)
    assert run_of(3, kind="seal").first == run_of(3, kind="box").first == 1
    practice = run_of(3, practice=True)
    assert practice.first == 1 and label_runs.numbers_of(practice)[0].startswith("91")


def test_ten_thousand_numbers_are_written_in_a_moment(db_session):
    began = time.perf_counter()
    found = run_of(10_000)
    took = time.perf_counter() - began
    assert ledger(found)["printed"] == 10_000
    assert took < 3, f"{took:.1f} s"


def test_two_printers_at_once_never_get_the_same_numbers(app, clean_database):
    got = []

    def print_one():
        with app.app_context():
            got.append(run_of(50))
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=print_one) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(r.first for r in got) == [1, 51, 101, 151]


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_a_run_has_a_reasonable_size(db_session, count):
    with pytest.raises(label_runs.BadCount):
        run_of(count)


def test_numbers_end_where_their_digits_end(db_session):
    run_of(10, kind="seal")
    db.session.execute(db.text("UPDATE label_run SET first = 99999998, count = 1"))
    with pytest.raises(label_runs.NumbersUsedUp):
        run_of(10, kind="seal")


def test_the_ledger_tells_printed_claimed_returned_void_missing_and_blank(db_session, client, at):
    city = world.city()
    found = run_of(20)
    db.session.commit()
    numbers = label_runs.numbers_of(found)
    phone = city.phone()
    phone.fill(numbers[0], city.codes(0, 2))
    phone.fill(numbers[7], city.codes(2, 2))
    phone.send(client)
    move = lambda what, a, b: label_runs.move(  # noqa: E731
        found.run_id, what, numbers[a], numbers[b], by=1, at=at
    )
    assert move("returned", 5, 9) == 4  # one of the five had been used
    assert move("void", 10, 11) == 2
    assert move("missing", 12, 12) == 1
    assert ledger(found) == {
        "printed": 20, "blank": 11, "claimed": 2, "returned": 4, "void": 2, "missing": 1,
    }  # fmt: skip
    assert find_label(numbers[6]).state == 1


def test_a_missing_label_that_turns_up_is_in_stock_again(db_session, at):
    found = run_of(3)
    numbers = label_runs.numbers_of(found)
    label_runs.move(found.run_id, "missing", numbers[0], numbers[1], by=1, at=at)
    label_runs.move(found.run_id, "found", numbers[0], numbers[0], by=1, at=at)
    assert ledger(found)["blank"] == 2
    assert [x.barcode for x in list_numbers(found.run_id, where="missing")] == [numbers[1]]


def test_a_void_label_stays_void(db_session, at):
    found = run_of(3)
    numbers = label_runs.numbers_of(found)
    label_runs.move(found.run_id, "void", numbers[0], numbers[0], by=1, at=at)
    with pytest.raises(label_runs.NothingMoved):
        label_runs.move(found.run_id, "returned", numbers[0], numbers[0], by=1, at=at)


def test_a_void_label_that_is_used_anyway_counts_as_claimed(db_session, client, at):
    city = world.city()
    found = run_of(3)
    numbers = label_runs.numbers_of(found)
    label_runs.move(found.run_id, "void", numbers[0], numbers[0], by=1, at=at)
    db.session.commit()
    phone = city.phone()
    phone.fill(numbers[0], city.codes(0, 2))
    phone.send(client)
    db.session.rollback()
    assert ledger(found)["claimed"] == 1


def test_numbers_of_another_run_are_not_returned_here(db_session, at):
    one, two = run_of(3), run_of(3)
    with pytest.raises(label_runs.NotOfRun):
        label_runs.move(one.run_id, "returned", label_runs.numbers_of(one)[0],
                    label_runs.numbers_of(two)[0], by=1, at=at)  # fmt: skip


# --- other makers' labels -------------------------------------------------------------------


def test_a_pattern_that_phones_and_server_could_read_apart_is_refused(db_session):
    with pytest.raises(BadPattern):
        pattern(regex="(a+)+$")


def test_a_changed_pattern_is_a_new_version_and_the_old_one_stays_readable(db_session):
    pattern(regex="AB[0-9]{8}")
    pattern(regex="AC[0-9]{8}")
    assert read_tube("AB00000001") == "AB00000001" and read_tube("AC00000001") == "AC00000001"
    assert sorted(p.version for p in PATTERNS.fresh()) == [1, 2]


def test_a_retired_pattern_takes_nothing_new(db_session):
    label_stock.retire_pattern(pattern())
    with pytest.raises(UnknownCode):
        read_tube("AB00000001")


def test_foreign_stock_is_registered_as_a_range(db_session, at):
    found = label_stock.register_range(pattern(), "AB00000095", "AB00000104", None, by=1, at=at)
    assert found.count == 10 and ledger(found)["blank"] == 10
    assert find_label("AB00000100").run_id == found.run_id


def test_check_digits_thin_a_foreign_range_out(db_session, at):
    chosen = pattern(regex="7[0-9]{8}", check="luhn")
    codes = [p + luhn(p) for p in (f"7{n:07d}" for n in range(20))]
    found = label_stock.register_range(chosen, codes[0], codes[-1], None, by=1, at=at)
    assert found.count == 20
    assert [x.barcode for x in list_numbers(found.run_id)] == codes


@pytest.mark.parametrize(
    ("first", "last"),
    [("AB00000009", "AB00000001"), ("AB00000001", "AC00000001"), ("AB1", "AB00000001")],
)
def test_two_numbers_that_make_no_range_are_refused(db_session, at, first, last):
    with pytest.raises(label_stock.BadRange):
        label_stock.register_range(pattern(), first, last, None, by=1, at=at)


def test_foreign_stock_is_registered_as_a_list_with_every_fault_named(db_session, at):
    chosen = pattern()
    with pytest.raises(Faults) as told:
        label_stock.register_list(chosen, ["AB00000001", "AB1", "", "中文"], None, by=1, at=at)
    assert [f.row for f in told.value.faults] == [2, 4]
    found = label_stock.register_list(chosen, [" ab00000001 ", "AB00000002"], None, by=1, at=at)
    assert found.count == 2


def test_stock_is_not_registered_twice(db_session, at):
    chosen = pattern()
    label_stock.register_range(chosen, "AB00000001", "AB00000009", None, by=1, at=at)
    with pytest.raises(label_stock.AlreadyRegistered):
        label_stock.register_list(chosen, ["AB00000009"], None, by=1, at=at)


def test_a_foreign_tube_is_taken_at_its_first_scan_and_joins_its_stock_later(
    db_session, client, at
):
    city = world.city()
    chosen = pattern()
    db.session.commit()
    phone = city.phone()
    phone.fill("AB00000001", city.codes(0, 2))
    r = phone.send(client)
    assert not r.json["parked"], r.json
    assert fetch("SELECT run_id FROM tube_key WHERE barcode = 'AB00000001'") == [(None,)]
    found = label_stock.register_range(chosen, "AB00000001", "AB00000003", None, by=1, at=at)
    assert ledger(found) == {
        "printed": 3, "blank": 2, "claimed": 1, "returned": 0, "void": 0, "missing": 0,
    }  # fmt: skip


def test_a_run_belongs_to_the_site_it_was_issued_to(db_session):
    from screening.tube.label_queries import list_runs, place_of_run

    site = make.site()
    found = label_runs.make_run("tube", 3, site.site_id, by=1, at=clock.now())
    assert place_of_run(found.run_id) == site.place
    assert [r.run_id for r in list_runs([site.place])] == [found.run_id]
    assert list_runs([make.site().place]) == []
