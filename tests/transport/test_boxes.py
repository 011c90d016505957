"""A box's trip through the journals of three people: packer, courier, laboratory."""

from __future__ import annotations

import pytest

from screening.db import fetch
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage
from tests import make, world

BOX, SEAL = make_code(Kind.BOX, 1), make_code(Kind.SEAL, 1)


@pytest.fixture
def city(db_session):
    return world.city()


class Trip:
    """Two tubes packed, sealed, carried, unpacked; each step by its own device."""

    def __init__(self, city, client, tubes=2):
        self.city, self.client = city, client
        self.table, self.packer = city.phone(), city.phone()
        self.courier, self.bench = city.phone(), city.bench()
        self.tubes = [city.tube() for _ in range(tubes)]
        self.batch = f"{city.sites[0].cell_id}-{make.number():016x}"
        for i, tube in enumerate(self.tubes):
            self.table.fill(tube, city.codes(i * 10, 10))

    def pack(self, n=None):
        self.packer.write("box_open", batch=self.batch, box=BOX)
        self.refs = [
            self.packer.write("pack", batch=self.batch, box=BOX, tube=t) for t in self.tubes
        ]
        self.packer.write(
            "seal", batch=self.batch, box=BOX, seal=SEAL, n=len(self.tubes) if n is None else n
        )

    def drive(self):
        self.courier.write(
            "hand_over", seal=SEAL, to=77, to_lab=self.city.lab.lab_id, boxes=1, temperature=4.5
        )
        self.bench.write("arrive", seal=SEAL, intact=True)

    def unpack(self, tubes=None):
        for t in self.tubes if tubes is None else tubes:
            self.bench.write("receive", tube=t, seal=SEAL)
        self.bench.write("unpacked", seal=SEAL)

    def send(self, *who):
        for phone in who:
            r = phone.send(self.client)
            assert r.status_code == 200 and not r.json["parked"], r.json


def stages(city):
    return sorted(
        r[0] for r in fetch("SELECT stage FROM tube WHERE cell_id = %s", (city.sites[0].cell_id,))
    )


def tickets():
    return sorted(r[0] for r in fetch("SELECT kind FROM ticket WHERE state IN ('open', 'noted')"))


def test_a_box_brings_its_tubes_to_the_laboratory(city, client):
    trip = Trip(city, client)
    trip.pack()
    trip.drive()
    trip.unpack()
    trip.send(trip.table, trip.packer)
    assert stages(city) == [Stage.PACKED] * 2
    trip.send(trip.courier, trip.bench)
    assert stages(city) == [Stage.RECEIVED] * 2
    assert fetch("SELECT stage, known, received, counted FROM batch") == [(6, 2, 2, 2)]
    assert tickets() == []
    assert fetch("SELECT count(*) FROM custody")[0][0] == 2 * (2 + 1 + 3 + 1)


@pytest.mark.parametrize("order", ["bcpt", "tpcb", "pbtc", "cbpt", "ptbc"])
def test_the_order_in_which_journals_arrive_does_not_matter(city, client, order):
    trip = Trip(city, client)
    trip.pack()
    trip.drive()
    trip.unpack()
    trip.send(
        *({"t": trip.table, "p": trip.packer, "c": trip.courier, "b": trip.bench}[x] for x in order)
    )
    assert stages(city) == [Stage.RECEIVED] * 2
    assert fetch("SELECT stage, known, received, counted, seal FROM batch") == [(6, 2, 2, 2, SEAL)]
    assert fetch("SELECT complete, members, holds FROM tube") == [(True, 10, 0)] * 2
    assert tickets() == []
    assert fetch("SELECT count(*) FROM custody")[0][0] == 2 * (2 + 1 + 3 + 1)


def test_a_wrong_count_at_the_seal_asks_and_a_late_journal_explains_it(city, client):
    trip = Trip(city, client, tubes=2)
    trip.pack(n=3)
    trip.send(trip.table, trip.packer)
    assert tickets() == ["seal_mismatch"]
    late = city.phone()
    third = city.tube()
    late.fill(third, city.codes(20, 10))
    late.write("pack", batch=trip.batch, box=BOX, tube=third)
    trip.send(late)
    assert tickets() == []


def test_a_tube_that_is_not_in_the_unpacked_box_is_missing_until_it_is_found(city, client):
    trip = Trip(city, client)
    trip.pack()
    trip.drive()
    trip.unpack(trip.tubes[:1])
    trip.send(trip.table, trip.packer, trip.courier, trip.bench)
    assert tickets() == ["missing_at_lab"]
    assert fetch("SELECT stage FROM batch") == [(5,)]
    trip.bench.write("receive", tube=trip.tubes[1], seal=SEAL)
    trip.send(trip.bench)
    assert tickets() == [] and fetch("SELECT stage FROM batch") == [(6,)]


def test_an_unknown_tube_is_held_and_joined_when_its_capture_comes(city, client):
    phone, bench, tube = city.phone(), city.bench(), city.tube()
    bench.write("receive", tube=tube)
    assert bench.send(client).status_code == 200
    assert tickets() == ["unknown_tube"]
    phone.fill(tube, city.codes(0, 10))
    phone.send(client)
    assert tickets() == []
    assert fetch("SELECT stage, members, complete, holds FROM tube") == [(6, 10, True, 0)]


def test_a_reopened_tube_can_be_filled_and_closed_again(city, client):
    phone, tube = city.phone(), city.tube()
    phone.write("open", tube=tube, mode="pooled", size=10)
    phone.write("bind", tube=tube, seat=1, who={"code": city.codes(0, 1)[0]})
    ref = phone.write("close", tube=tube, n=1)
    phone.write("reopen", tube=tube, ref=ref, reason="一人晚到")
    phone.write("bind", tube=tube, seat=2, who={"code": city.codes(1, 1)[0]})
    phone.write("close", tube=tube, n=2)
    phone.send(client)
    assert fetch("SELECT stage, members, complete, holds FROM tube") == [(3, 2, True, 0)]
    assert tickets() == []


def test_a_person_moved_to_another_tube_is_in_that_one_only(city, client):
    phone, a, b = city.phone(), city.tube(), city.tube()
    who = city.codes(0, 1)[0]
    phone.write("open", tube=a, mode="pooled", size=10)
    ref = phone.write("bind", tube=a, seat=1, who={"code": who})
    phone.write("open", tube=b, mode="pooled", size=10)
    phone.write("move", tube=a, ref=ref, to=b, seat=1, who={"code": who}, reason="换管")
    phone.write("close", tube=b, n=1)
    phone.send(client)
    assert sorted(fetch("SELECT members, stage FROM tube")) == [(0, 2), (1, 3)]
    assert sorted(fetch("SELECT void, of_record FROM specimen")) == [(0, True), (2, False)]
