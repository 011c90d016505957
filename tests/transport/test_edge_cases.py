"""What the server does when packers, couriers and laboratories report what does not add up.

Numbers are the edge cases of the field; the screen's halves stand in tests/field/test_check.py."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from screening import clock
from screening.db import db, fetch, run
from screening.tube import queries
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Hold, Stage
from tests import make, world


@pytest.fixture
def city(db_session):
    return world.city(tubes=60)


def send(client, *phones):
    for phone in phones:
        r = phone.send(client)
        assert r.status_code == 200 and not r.json["parked"], r.json


def tube_of(number):
    db.session.rollback()
    return queries.get_tube(queries.get_key(number))


def tickets(*states):
    return [k for k, s in fetch("SELECT kind, state FROM ticket ORDER BY kind") if s in states]


def sides(kind):
    return fetch("SELECT sides FROM ticket WHERE kind = %s", (kind,))[0][0]


class Box:
    """A box packed by one device at a site."""

    def __init__(self, city, tubes=3, site=0):
        self.city, self.packer = city, city.phone(site)
        self.code, self.seal = (
            make_code(Kind.BOX, make.number()),
            make_code(Kind.SEAL, make.number()),
        )
        self.batch = f"{city.sites[site].cell_id}-{secrets.token_hex(8)}"
        self.tubes = [city.tube() for _ in range(tubes)]
        for i, tube in enumerate(self.tubes):
            self.packer.fill(tube, city.codes(site * 40 + 2 * i, 2))
        self.packer.write("box_open", batch=self.batch, box=self.code)
        self.refs = [self.pack(t) for t in self.tubes]

    def pack(self, tube):
        return self.packer.write("pack", batch=self.batch, box=self.code, tube=tube)

    def close(self, n=None, **kw):
        n = len(self.tubes) if n is None else n
        return self.packer.write("seal", batch=self.batch, box=self.code, seal=self.seal, n=n, **kw)

    def row(self):
        db.session.rollback()
        rows = fetch("SELECT stage, counted, known, received FROM batch WHERE wire_id = %s",
                     (self.batch,))  # fmt: skip
        return rows[0]


def over(phone, box, **kw):
    kw = {"to": 77, "boxes": 1, **kw}
    return phone.write("hand_over", seal=box.seal, to_lab=phone.lab or None, **kw)


def unpack(bench, seal, tubes, finish=True):
    bench.write("arrive", seal=seal, intact=True)
    for tube in tubes:
        bench.write("receive", tube=tube, seal=seal)
    if finish:
        bench.write("unpacked", seal=seal)


def test_edge_27_server_more_tubes_than_a_box_takes_are_kept(city, client):
    box = Box(city, tubes=3)
    run("INSERT INTO box (box_code, capacity) VALUES (%s, 2)", (box.code,))
    db.session.commit()
    box.close()
    send(client, box.packer)
    assert box.row()[1:3] == (3, 3) and tickets("open") == []


def test_edge_28_server_a_sealed_count_that_differs_is_kept_and_asked_about(city, client):
    box = Box(city)
    box.close(n=4)
    send(client, box.packer)
    assert box.row()[:3] == (2, 4, 3)
    assert tickets("open") == ["seal_mismatch"] and sides("seal_mismatch") == {
        "counted": 4, "known": 3,
    }  # fmt: skip


def test_edge_28_server_a_pack_line_that_comes_later_explains_the_count(city, client):
    box, second, late = Box(city), city.phone(), city.tube()
    box.close(n=4)
    second.fill(late, city.codes(20, 2))
    second.write("pack", batch=box.batch, box=box.code, tube=late)
    send(client, box.packer)
    assert tickets("open") == ["seal_mismatch"]
    send(client, second)
    assert tickets("open") == [] and box.row()[2] == 4
    assert tube_of(late)["stage"] == Stage.PACKED


def test_edge_28_server_a_difference_with_its_reason_asks_nobody(city, client):
    box = Box(city)
    box.close(n=4, differences=[{"code": "not_sent", "n": 1}])
    send(client, box.packer)
    assert tickets("open") == []


def test_edge_28_server_a_tube_taken_out_before_sealing_is_with_the_site_again(city, client):
    box = Box(city)
    box.packer.write("unpack", batch=box.batch, tube=box.tubes[0], ref=box.refs[0], reason="漏")
    box.close(n=2)
    send(client, box.packer)
    assert tube_of(box.tubes[0])["stage"] == Stage.CLOSED
    assert box.row()[2] == 2 and tickets("open") == []


def test_edge_29_server_a_courier_with_a_difference_takes_the_box_and_both_are_asked(city, client):
    box, courier = Box(city), city.phone()
    box.close()
    over(courier, box, boxes=2, difference="少一箱")
    send(client, box.packer, courier)
    assert box.row()[0] == 3 and tickets("open") == ["hand_over_mismatch"]
    assert {tube_of(t)["stage"] for t in box.tubes} == {Stage.IN_TRANSIT}


@pytest.mark.parametrize("order", ["packer first", "laboratory first"])
def test_edge_30_server_a_tube_in_the_wrong_box_is_received_and_noted(city, client, order):
    mine, other, bench = Box(city, tubes=2), Box(city, tubes=2, site=1), city.bench()
    mine.close()
    other.close()
    unpack(bench, mine.seal, [*mine.tubes, other.tubes[0]])
    phones = [mine.packer, other.packer, bench]
    send(client, *(phones if order == "packer first" else reversed(phones)))
    assert tube_of(other.tubes[0])["stage"] == Stage.RECEIVED
    assert tickets("noted") == ["wrong_box"] and tickets("open") == []
    assert fetch("SELECT subject_id FROM ticket WHERE kind = 'wrong_box'") == [(other.tubes[0],)]


def test_edge_31_server_an_unknown_tube_is_received_held_and_joined_by_its_capture(city, client):
    phone, bench, tube = city.phone(), city.bench(), city.tube()
    bench.write("receive", tube=tube)
    send(client, bench)
    row = tube_of(tube)
    assert row["stage"] == Stage.RECEIVED and row["holds"] & Hold.NO_CAPTURE
    assert fetch("SELECT kind, cell_id FROM ticket WHERE state = 'open'") == [
        ("unknown_tube", city.sites[0].cell_id)
    ]
    phone.fill(tube, city.codes(0, 3))
    send(client, phone)
    row = tube_of(tube)
    assert (row["stage"], row["members"], row["holds"]) == (Stage.RECEIVED, 3, 0)
    assert tickets("open") == []


def test_edge_31_server_a_foreign_number_at_the_laboratory_waits_in_its_cell(city, client):
    bench, tube = city.bench(), make_code(Kind.TUBE, 88_000_001)
    bench.write("receive", tube=tube)
    send(client, bench)
    row = tube_of(tube)
    assert row["cell_id"] == city.lab.cell_id and row["holds"] & Hold.NO_CAPTURE


def test_edge_34_server_a_tube_missing_at_the_laboratory_is_asked_for_until_it_comes(city, client):
    box, bench, later = Box(city), city.bench(), city.bench()
    box.close()
    unpack(bench, box.seal, box.tubes[1:])
    send(client, box.packer, bench)
    assert box.row()[0] == 5
    rows = fetch("SELECT subject_id FROM ticket WHERE kind = 'missing_at_lab' AND state = 'open'")
    assert rows == [(box.tubes[0],)]
    later.write("receive", tube=box.tubes[0], seal=box.seal)
    send(client, later)
    assert tickets("open") == [] and box.row()[0] == 6


def test_edge_34_server_a_tube_declared_lost_makes_its_persons_due_again(city, client):
    from screening.tickets.tubes import settle_tubes
    from screening.tube import service
    from screening.tube.rules import Verb

    box, bench = Box(city), city.bench()
    box.close()
    unpack(bench, box.seal, box.tubes[1:])
    send(client, box.packer, bench)
    at = clock.now()
    _, merged = service.advance(
        Verb.LOSE, {box.tubes[0]: {}}, kind="lose", cell=city.sites[0].cell_id,
        round_id=city.round_id, by=1, at=at, recorded_at=at,
    )  # fmt: skip
    settle_tubes(merged, at=at)
    db.session.commit()
    assert fetch(
        "SELECT count(*) FILTER (WHERE of_record), count(*) FILTER (WHERE void = 10) "
        "FROM specimen WHERE barcode = %s", (box.tubes[0],),
    ) == [(0, 2)]  # fmt: skip


def test_edge_35_server_a_leaking_tube_is_rejected_and_its_persons_are_due_again(city, client):
    box, bench = Box(city), city.bench()
    box.close()
    bench.write("arrive", seal=box.seal, intact=True)
    bench.write("receive", tube=box.tubes[0], seal=box.seal)
    bench.write("reject", tube=box.tubes[1], reason="leak")
    bench.write("receive", tube=box.tubes[2], seal=box.seal)
    bench.write("unpacked", seal=box.seal)
    send(client, box.packer, bench)
    assert tube_of(box.tubes[1])["stage"] == Stage.REJECTED
    assert fetch("SELECT count(*) FROM specimen WHERE void = 11 AND NOT of_record") == [(2,)]
    assert "missing_at_lab" not in tickets("open")
    # the whole box is flagged, so that the laboratory looks at the neighbours
    assert tickets("noted") == ["leak"]


def test_edge_36_server_a_warm_box_is_received_and_asked_about(city, client):
    box, courier, bench = Box(city), city.phone(), city.bench()
    box.close()
    over(courier, box, temperature=4.0)
    bench.write("arrive", seal=box.seal, intact=True, temperature=14.5)
    send(client, box.packer, courier, bench)
    assert box.row()[0] == 4 and tickets("open") == ["warm_box"]


def test_edge_36_server_a_late_box_is_received_and_asked_about(city, client):
    box, courier, bench = Box(city), city.phone(), city.bench()
    box.close()
    now = clock.to_ms(clock.now())
    courier.now = now - 4 * 3_600_000
    courier.write("hand_over", seal=box.seal, to=77, boxes=1)
    bench.write("arrive", seal=box.seal, intact=True)
    send(client, box.packer, courier, bench)
    assert tickets("open") == ["late_box"]


def test_a_broken_seal_and_another_count_on_arrival_are_asked_about(city, client):
    box, bench = Box(city), city.bench()
    box.close()
    bench.write("arrive", seal=box.seal, intact=False, n=2)
    send(client, box.packer, bench)
    assert tickets("open") == ["arrive_mismatch", "broken_seal"]


def test_one_seal_on_two_boxes_is_asked_about(city, client):
    one, two = Box(city, tubes=1), Box(city, tubes=1)
    two.seal = one.seal
    one.close()
    two.close()
    send(client, one.packer, two.packer)
    assert "sealed_twice" in tickets("open")


def test_a_box_told_by_the_laboratory_first_waits_for_its_packer(city, client):
    box, bench = Box(city, tubes=2), city.bench()
    box.close()
    unpack(bench, box.seal, box.tubes)
    send(client, bench)
    assert sorted(set(tickets("open"))) == ["unknown_tube"]
    send(client, box.packer)
    assert box.row()[0] == 6 and tickets("open") == []
    assert {tube_of(t)["stage"] for t in box.tubes} == {Stage.RECEIVED}
    assert clock.now() - timedelta(minutes=1) < tube_of(box.tubes[0])["received_at"]


def test_a_tube_packed_by_another_streets_site_still_closes_its_ticket(city, client):
    """Its box lies in the packer's cell, the tube in its own."""
    table, bench, later = city.phone(0), city.bench(), city.bench()
    box, tube = Box(city, tubes=1, site=1), city.tube()
    table.fill(tube, city.codes(10, 2))
    box.pack(tube)
    box.close(n=2)
    unpack(bench, box.seal, box.tubes)
    send(client, table, box.packer, bench)
    assert tickets("open") == ["missing_at_lab"]
    later.write("receive", tube=tube)  # no seal is named
    send(client, later)
    assert tickets("open") == [] and box.row()[0] == 6
