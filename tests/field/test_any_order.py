"""Small days on which the order of arrival once mattered."""

from __future__ import annotations

import psycopg
import pytest

from screening import clock
from screening.db import db, fetch, run
from screening.field import service
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage
from tests import make, world

BOX, SEAL = make_code(Kind.BOX, 1), make_code(Kind.SEAL, 1)


@pytest.fixture
def city(db_session):
    return world.city(persons=4, tubes=4)


def send(phone, first=1, last=None):
    got = service.ingest(phone.batch(first, last), received_at=clock.now())
    db.session.commit()
    return got


def open_tickets():
    return sorted(fetch("SELECT kind, subject_id FROM ticket WHERE state <> 'closed'"))


def test_a_swab_whose_tube_nobody_has_opened_yet_is_kept_in_an_open_tube(city):
    other = city.phone()
    other.write("bind", tube=city.tube(0), seat=1, who={"code": city.codes(0, 1)[0]})
    got = send(other)
    assert got.parked == []
    where = ("site", city.sites[0].site_id)
    assert fetch("SELECT stage, members, holder_kind, holder_id FROM tube") == [
        (Stage.OPEN, 1, *where)
    ]


@pytest.mark.parametrize("late", [True, False])
def test_a_tube_taken_out_before_the_box_went_stays_whoever_speaks_first(city, late):
    table, packer, courier = city.phone(), city.phone(), city.phone()
    start = clock.to_ms(clock.now())
    packer.now = start
    table.fill(city.tube(0), city.codes(0, 2))
    batch = f"{city.sites[0].cell_id}-{make.number():016x}"
    ref = packer.write("pack", batch=batch, box=BOX, tube=city.tube(0))
    packer.write("seal", batch=batch, box=BOX, seal=SEAL, n=0)
    packer.now = start + 1000
    packer.write("unpack", batch=batch, tube=city.tube(0), ref=ref, reason="错")
    courier.now = start + 2000
    courier.write("hand_over", seal=SEAL, to=7, boxes=1)
    send(table)
    if late:
        send(packer, 1, 2)
        send(courier)
        assert fetch("SELECT stage FROM tube") == [(Stage.IN_TRANSIT,)]
        send(packer, 3)
    else:
        send(packer)
        send(courier)
    assert fetch("SELECT stage, holder_kind FROM tube") == [(Stage.CLOSED, "site")]


def test_a_restored_copy_that_sends_all_again_makes_no_third_branch(city):
    phone = city.phone()
    phone.fill(city.tube(0), city.codes(0, 2))
    twin = phone.copy()
    phone.write("join", tube=city.tube(1))
    twin.write("join", tube=city.tube(2))
    send(phone)
    send(twin)
    assert send(twin).new == 0
    assert fetch("SELECT count(*) FROM journal") == [(2,)]


def test_what_is_held_for_one_copy_does_not_refuse_the_other(city):
    phone = city.phone()
    phone.write("join", tube=city.tube(0))
    twin = phone.copy()
    for _ in range(3):
        phone.write("join", tube=city.tube(1))
        twin.write("join", tube=city.tube(2))
    assert send(phone, 3).held == [[3, 4]]
    got = send(twin)
    assert (got.last, got.new) == (4, 4)
    assert send(phone).held == []
    assert fetch("SELECT count(*) FROM custody") == [(7,)]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_two_households_in_one_tube_are_seen_however_the_batches_are_cut(city, cut):
    for i, (cell, person, _) in enumerate(city.people):
        run(
            "UPDATE person SET household_id = %s WHERE cell_id = %s AND person_id = %s",
            (i, cell, person),
        )
    phone = city.phone()
    phone.fill(city.tube(0), city.codes(0, 2), mode="household", close=False)
    send(phone, 1, cut)
    if cut < 3:
        send(phone, cut + 1)
    assert open_tickets() == [("mixed_household", city.tube(0))]


@pytest.mark.parametrize("order", ["tb", "bt"])
def test_a_refused_tubes_second_swab_is_no_second_swab(city, order):
    table, bench = city.phone(), city.bench()
    table.fill(city.tube(0), city.codes(0, 1))
    table.fill(city.tube(1), city.codes(0, 1))
    bench.write("reject", tube=city.tube(0), reason="leak")
    for who in order:
        send({"t": table, "b": bench}[who])
    assert open_tickets() == []


def test_a_missing_tube_that_never_left_is_missing_no_more(city):
    table, packer, bench = city.phone(), city.phone(), city.bench()
    table.fill(city.tube(0), city.codes(0, 2))
    batch = f"{city.sites[0].cell_id}-{make.number():016x}"
    ref = packer.write("pack", batch=batch, box=BOX, tube=city.tube(0))
    packer.write("unpack", batch=batch, tube=city.tube(0), ref=ref, reason="错")
    packer.write("seal", batch=batch, box=BOX, seal=SEAL, n=0)
    bench.write("unpacked", seal=SEAL)
    send(table)
    send(packer, 1, 1)
    run("INSERT INTO seal_key VALUES (%s, %s, %s, 0)", (SEAL, city.sites[0].cell_id, _batch()))
    send(bench)
    assert ("missing_at_lab", city.tube(0)) in open_tickets()
    send(packer, 2)
    assert open_tickets() == []


def test_a_box_of_another_streets_packer_is_one_box(city):
    """A phone of one street packs into a batch that the other street opened."""
    table, packer = city.phone(1), city.phone(1)
    batch = f"{city.sites[0].cell_id}-{make.number():016x}"
    packer.write("pack", batch=batch, box=BOX, tube=city.tube(0))
    table.fill(city.tube(0), city.codes(4, 2))
    send(packer)
    send(table)
    assert fetch("SELECT cell_id, known FROM batch") == [(city.sites[0].cell_id, 1)]


def _batch():
    return fetch("SELECT batch_id FROM batch")[0][0]


def test_a_tube_that_goes_home_takes_its_tickets_along(city):
    """The bench in another street scanned it out of a wrong box before its capture was told."""
    table, packer, bench = city.phone(1), city.phone(), city.bench()
    batch = f"{city.sites[0].cell_id}-{2 * make.number():016x}"
    packer.write("box_open", batch=batch, box=BOX)
    packer.write("seal", batch=batch, box=BOX, seal=SEAL, n=0)
    bench.write("receive", tube=city.tube(0), seal=SEAL)
    send(packer)
    send(bench)
    assert [k for k, _ in open_tickets()] == ["unknown_tube", "wrong_box"]
    table.fill(city.tube(0), city.codes(0, 2))
    send(table)
    cells = fetch("SELECT kind, cell_id FROM ticket WHERE state <> 'closed'")
    assert cells == [("wrong_box", city.sites[1].cell_id)]


def test_a_deadlock_parks_no_entry_for_the_batch_comes_again(city):
    phone = city.phone()
    phone.fill(city.tube(0), city.codes(0, 2))
    run("CREATE FUNCTION pg_temp.busy() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE deadlock_detected; END $$")  # fmt: skip
    run("CREATE TRIGGER busy BEFORE INSERT ON specimen FOR EACH ROW "
        "EXECUTE FUNCTION pg_temp.busy()")  # fmt: skip
    with pytest.raises(psycopg.errors.DeadlockDetected):
        service.ingest_within(phone.batch(), received_at=clock.now())
    db.session.rollback()
    assert send(phone).parked == []
