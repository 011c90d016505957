"""The work that lies at a place: what the next shift takes over from whatever phone."""

from __future__ import annotations

import hashlib
import json
import secrets

import pytest

from screening.db import db, run
from screening.tube.codes import Kind, make_code
from tests import make, world
from tests.field.phones import ask

PATH = "/api/v1/field/slice"


@pytest.fixture
def city(db_session):
    return world.city(persons=8)


@pytest.fixture
def sampler(city):
    phone = city.phone()
    run("UPDATE device SET name = 'D7' WHERE device_id = %s", (phone.device_id,))
    db.session.commit()
    return phone


def work(client, phone):
    r = ask(client, phone, PATH)
    assert r.status_code == 200, r.text
    return r.json["work"]


def send(client, phone):
    answer = phone.send(client)
    assert answer.status_code == 200 and not answer.json["parked"], answer.json


def test_an_open_tube_comes_with_everybody_in_it(city, client, sampler):
    tube = city.tube()
    refs = sampler.fill(tube, city.codes(0, 3), close=False)
    sampler.write("mark", tube=tube, ref=refs[1], what="spilled")
    sampler.write("unbind", tube=tube, ref=refs[2], reason="错")
    send(client, sampler)
    (got,) = work(client, city.phone())["tubes"]
    assert (got["tube"], got["mode"], got["size"], got["state"]) == (tube, "pooled", 10, "open")
    assert (got["device"], got["own"], got["n"]) == ("D7", False, None)
    seats = got["seats"]
    assert [(s["seat"], s["code"], s["mark"], s["out"]) for s in seats] == [
        (1, city.people[0][2], None, False),
        (2, city.people[1][2], "spilled", False),
        (3, city.people[2][2], None, True),
    ]
    assert seats[0]["name"] == "居**"
    assert [s["ref"] for s in seats] == refs


def test_ones_own_tube_is_marked_as_such_with_its_numbers(city, client, sampler):
    sampler.fill(city.tube(), city.codes(0, 2))
    send(client, sampler)
    (got,) = work(client, sampler)["tubes"]
    assert got["own"] is True and got["state"] == "closed" and got["n"] == 2
    assert [s["seq"] for s in got["seats"]] == [2, 3]
    assert got["close_ref"] == ref_of(sampler, "close")


def test_another_phone_goes_on_by_the_ref_it_was_given(city, client, sampler):
    tube = city.tube()
    sampler.fill(tube, city.codes(0, 2), close=False)
    send(client, sampler)
    next_shift = city.phone()
    (got,) = work(client, next_shift)["tubes"]
    next_shift.write("join", tube=tube)
    next_shift.write("unbind", tube=tube, ref=got["seats"][0]["ref"], reason="错")
    next_shift.write("close", tube=tube, n=1)
    send(client, next_shift)
    (got,) = work(client, sampler)["tubes"]
    assert [s["out"] for s in got["seats"]] == [True, False]
    assert (got["state"], got["n"]) == ("closed", 1)


def test_a_tube_of_another_site_is_not_told(city, client, sampler):
    sampler.fill(city.tube(), city.codes(0, 1))
    send(client, sampler)
    assert work(client, city.phone(1))["tubes"] == []


def boxed(city, phone, tubes, *, seal=""):
    batch = f"{city.sites[0].cell_id}-{secrets.token_hex(16)}"
    box = make_code(Kind.BOX, make.number())
    phone.write("box_open", batch=batch, box=box)
    packs = [phone.write("pack", batch=batch, box=box, tube=t) for t in tubes]
    if seal:
        phone.write("seal", batch=batch, box=box, seal=seal, n=len(tubes))
    return batch, box, packs


def test_an_open_box_and_a_sealed_one_are_told(city, client, sampler):
    tubes = [city.tube() for _ in range(3)]
    for i, tube in enumerate(tubes):
        sampler.fill(tube, city.codes(i, 1))
    seal = make_code(Kind.SEAL, make.number())
    open_batch, box, packs = boxed(city, sampler, tubes[:1])
    sealed_batch, _, _ = boxed(city, sampler, tubes[1:], seal=seal)
    send(client, sampler)
    got = work(client, city.phone())
    assert got["tubes"] == [], "what is packed is no longer on the table"
    (one,) = got["boxes"]
    assert (one["batch"], one["box"], one["tubes"], one["device"]) == (
        open_batch, box, tubes[:1], "D7",
    )  # fmt: skip
    assert one["refs"] == packs and one["unheard"] == []
    (sealed,) = got["sealed"]
    assert sealed["ref"] == ref_of(sampler, "seal")
    assert (sealed["seal"], sealed["batch"], sealed["n"], sealed["known"]) == (
        seal, sealed_batch, 2, 2,
    )  # fmt: skip


def ref_of(phone, kind):
    (raw,) = [e for e in phone.entries if json.loads(e)["kind"] == kind]
    return hashlib.sha256(raw).hexdigest()[:16]


def test_a_laboratorys_phone_is_told_what_is_on_its_way(city, client, sampler):
    tube, seal = city.tube(), make_code(Kind.SEAL, make.number())
    sampler.fill(tube, city.codes(0, 1))
    batch, _, _ = boxed(city, sampler, [tube], seal=seal)
    sampler.write("hand_over", seal=seal, to=9, to_lab=city.lab.lab_id, boxes=1)
    send(client, sampler)
    got = ask(client, city.bench(), PATH).json
    assert got["site"] is None and got["roster"] is None
    assert got["lab"]["id"] == str(city.lab.lab_id)
    (one,) = got["expected"]
    assert (one["seal"], one["batch"], one["tubes"], one["n"], one["site"]) == (
        seal, batch, [tube], 1, city.sites[0].name,
    )  # fmt: skip
    assert one["left_at"] >= one["at"]
    assert (one["first"], one["received"]) == ([], [])
    assert city.round_id in [r["id"] for r in got["rounds"]]


def test_a_packed_tube_without_sampling_is_named_to_its_packer(city, client):
    packer, heard, unheard = city.phone(), city.tube(), city.tube()
    packer.fill(heard, city.codes(0, 1))
    boxed(city, packer, [heard, unheard])
    send(client, packer)
    (one,) = work(client, city.phone())["boxes"]
    assert set(one["tubes"]) == {heard, unheard} and one["unheard"] == [unheard]


def test_single_tubes_come_first_and_received_ones_are_not_looked_for(city, client, sampler):
    single, pooled, seal = city.tube(), city.tube(), make_code(Kind.SEAL, make.number())
    sampler.fill(single, city.codes(0, 1), mode="single")
    sampler.fill(pooled, city.codes(1, 1))
    boxed(city, sampler, [single, pooled], seal=seal)
    sampler.write("hand_over", seal=seal, to=9, to_lab=city.lab.lab_id, boxes=1)
    desk = city.bench()
    desk.write("receive", tube=pooled, seal=seal)
    send(client, sampler)
    send(client, desk)
    (one,) = ask(client, city.bench(), PATH).json["expected"]
    assert (one["first"], one["received"]) == ([single], [pooled])
