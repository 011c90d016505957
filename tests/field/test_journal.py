"""The door: what a phone wrote is held once, in order, whatever the network did."""

from __future__ import annotations

import pytest

from screening.db import fetch
from tests import world


@pytest.fixture
def city(db_session):
    return world.city()


def count(table: str) -> int:
    return fetch(f"SELECT count(*) FROM {table}")[0][0]


def stages(city) -> dict[str, int]:
    return dict(
        fetch(
            "SELECT barcode, stage FROM tube WHERE cell_id = ANY(%s)",
            ([s.cell_id for s in city.sites],),
        )
    )


def test_a_closed_tube_holds_its_ten_persons(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 10))
    r = phone.send(client)
    assert r.status_code == 200, r.json
    assert r.json["last"] == 12 and not r.json["parked"]
    rows = fetch(
        "SELECT stage, members, confirmed, complete, holds FROM tube WHERE cell_id = %s",
        (city.sites[0].cell_id,),
    )
    assert rows == [(3, 10, 10, True, 0)]
    assert fetch("SELECT count(*), count(*) FILTER (WHERE of_record) FROM specimen") == [(10, 10)]
    assert count("ticket") == 0 and count("custody") == 2


def test_a_replayed_batch_changes_nothing(city, client):
    phone = city.phone()
    phone.fill(city.tube(), city.codes(0, 10))
    first = phone.send(client).json
    again = phone.send(client).json
    assert again["new"] == 0 and again["head"] == first["head"]
    assert (count("specimen"), count("custody"), count("journal_block")) == (10, 2, 1)


def test_batches_may_be_cut_differently_when_sent_again(city, client):
    phone = city.phone()
    phone.fill(city.tube(), city.codes(0, 10))
    phone.send(client, 1, 5)
    r = phone.send(client, 3, 12).json
    assert (r["last"], r["new"]) == (12, 7)
    assert count("specimen") == 10


def test_entries_beyond_a_gap_are_held_until_it_fills(city, client):
    phone = city.phone()
    phone.fill(city.tube(), city.codes(0, 10))
    r = phone.send(client, 6, 12).json
    assert (r["last"], r["held"]) == (0, [[6, 12]])
    assert count("specimen") == 0
    r = phone.send(client, 1, 5).json
    assert (r["last"], r["held"]) == (12, [])
    assert count("specimen") == 10 and fetch("SELECT complete FROM tube") == [(True,)]


def test_a_wrong_signature_refuses_the_batch_whole(city, client):
    phone, thief = city.phone(), city.phone()
    phone.fill(city.tube(), city.codes(0, 3))
    phone.key = thief.key
    r = phone.send(client)
    assert (r.status_code, r.json["code"]) == (403, "bad_signature")
    assert count("journal_block") == 0 and count("tube") == 0


def test_a_changed_entry_breaks_the_chain(city, client):
    phone = city.phone()
    phone.fill(city.tube(), city.codes(0, 3))
    body = phone.batch().replace(b'"seat":1', b'"seat":2')
    r = client.post("/api/v1/journal", data=body, content_type="application/x-ndjson")
    assert (r.status_code, r.json["code"]) == (409, "broken_chain")


def test_a_restored_phone_forks_and_both_branches_count(city, client):
    phone = city.phone()
    phone.fill(city.tube(), city.codes(0, 5))
    phone.send(client)
    twin = phone.copy()
    phone.fill(city.tube(), city.codes(5, 5))
    phone.send(client, 8)
    twin.fill(city.tube(), city.codes(10, 5))
    r = twin.send(client, 8).json
    assert r["forked"] and r["device_state"] == "active"
    assert count("specimen") == 15
    assert fetch("SELECT state FROM device WHERE device_id = %s", (phone.device_id,)) == [
        ("forked",)
    ]
    assert fetch("SELECT kind, state FROM ticket") == [("fork", "open")]


def test_an_entry_that_cannot_be_read_is_parked_and_the_chain_goes_on(city, client):
    phone = city.phone()
    phone.write("open", tube=city.tube(0), mode="pooled", size=10)
    phone.write("dance", tube=city.tube(0))
    phone.write("bind", tube=city.tube(0), seat=1, who={"code": city.codes(0, 1)[0]})
    phone.write("close", tube=city.tube(0), n=1)
    r = phone.send(client).json
    assert r["last"] == 4 and [p["number"] for p in r["parked"]] == [2]
    assert fetch("SELECT kind FROM ticket") == [("parked",)]
    assert count("specimen") == 1


def test_a_malformed_batch_says_what_is_wrong(client, city):
    r = client.post("/api/v1/journal", data=b"not json\n{}", content_type="application/x-ndjson")
    assert (r.status_code, r.json["code"]) == (400, "malformed_batch")


def test_an_unknown_device_is_told_to_export(client, city):
    phone = city.phone()
    phone.device_id = 5
    phone.write("shift_start")
    assert phone.send(client).json["code"] == "unknown_device"


def test_the_same_person_twice_counts_once_and_keeps_both_swabs(city, client):
    phone, who = city.phone(), city.codes(0, 1)
    phone.fill(city.tube(), who)
    phone.fill(city.tube(), who)
    phone.send(client)
    assert fetch("SELECT of_record FROM specimen ORDER BY at") == [(True,), (False,)]
    assert fetch("SELECT kind, state FROM ticket") == [("already_sampled", "noted")]
