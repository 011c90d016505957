"""What the server does when a journal reports what the screen would have refused: it keeps it.

Numbers are the edge cases of the field; the screen's halves stand in tests/field/test_check.py."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock, crypto
from screening.crypto import b64
from screening.db import db, fetch, run
from screening.registry.person_codes import make_resident_code
from screening.tube import queries
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Hold, Mode, Stage, Void
from tests import make, world

ID = "11010519491231002X"


@pytest.fixture
def city(db_session):
    return world.city()


def send(client, *phones):
    for phone in phones:
        r = phone.send(client)
        assert r.status_code == 200 and not r.json["parked"], r.json


def tube_of(number):
    db.session.rollback()
    return queries.get_tube(queries.get_key(number))


def tickets(*states):
    rows = fetch("SELECT kind, state FROM ticket ORDER BY kind")
    return [k for k, s in rows if not states or s in states]


def lives(number):
    """(seat, void) of every swab of a tube."""
    return fetch("SELECT seat, void FROM specimen WHERE barcode = %s ORDER BY seat", (number,))


def by_document(number=ID, name="张三", type="resident_id", **more):
    return {"doc": {"type": type, "number": number, "name": name, **more}}


def test_edge_01_server_an_eleventh_person_is_kept_and_asked_about(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 11), size=10)
    send(client, phone)
    row = tube_of(tube)
    assert (row["members"], row["complete"], row["holds"]) == (11, True, 0)
    assert tickets("open") == ["over_count"]


def test_edge_02_server_a_noted_over_count_is_kept_and_only_noted(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 11), size=10, close=False)
    phone.write("over", tube=tube, n=11)
    phone.write("close", tube=tube, n=11)
    send(client, phone)
    assert tube_of(tube)["members"] == 11
    assert tickets("noted") == ["over_count_noted"] and tickets("open") == []


def test_edge_03_server_a_number_opened_again_keeps_all_persons_and_is_held(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 3))
    phone.fill(tube, city.codes(3, 3))
    send(client, phone)
    row = tube_of(tube)
    assert row["members"] == 6 and row["holds"] & Hold.REUSED
    assert "reused" in tickets("open")


def test_edge_03_server_a_number_used_in_an_earlier_round_stays_there_and_is_held(city, client):
    first, tube = city.phone(), city.tube()
    first.fill(tube, city.codes(0, 3))
    send(client, first)
    later = world.start_round([city.sites[0].area])
    db.session.commit()
    second = city.phone()
    second.round = later
    second.fill(tube, city.codes(3, 3))
    send(client, second)
    row = tube_of(tube)
    assert (row["round_id"], row["members"]) == (city.round_id, 6)
    assert row["holds"] & Hold.REUSED


def test_edge_04_server_two_devices_of_one_site_fill_one_tube_together(city, client):
    one, two, tube = city.phone(), city.phone(), city.tube()
    one.fill(tube, city.codes(0, 4), close=False)
    two.write("open", tube=tube, mode="pooled", size=10)
    for seat, code in enumerate(city.codes(4, 3), 5):
        two.write("bind", tube=tube, seat=seat, who={"code": code})
    two.write("close", tube=tube, n=7)
    send(client, two, one)
    row = tube_of(tube)
    assert (row["members"], row["complete"], row["holds"]) == (7, True, 0)
    assert tickets("noted") == ["opened_twice"] and tickets("open") == []


def test_edge_04_server_together_more_than_the_tube_holds_is_asked_about(city, client):
    one, two, tube = city.phone(), city.phone(), city.tube()
    one.fill(tube, city.codes(0, 6), close=False)
    two.write("open", tube=tube, mode="pooled", size=10)
    for seat, code in enumerate(city.codes(6, 6), 7):
        two.write("bind", tube=tube, seat=seat, who={"code": code})
    send(client, one, two)
    assert tickets("open") == ["over_count"]


@pytest.mark.parametrize("first", [0, 1])
def test_edge_05_server_one_number_at_two_sites_keeps_both_lists_and_is_held(city, client, first):
    tube = city.tube()
    phones = [city.phone(0), city.phone(1)]
    phones[0].fill(tube, city.codes(0, 3))
    phones[1].fill(tube, city.codes(40, 3))
    send(client, phones[first], phones[1 - first])
    row = tube_of(tube)
    assert row["members"] == 6 and row["holds"] & Hold.TWO_SITES
    assert "two_sites" in tickets("open")


def test_edge_06_server_a_second_swab_with_its_reason_is_kept(city, client):
    phone, who = city.phone(), city.codes(0, 1)[0]
    phone.fill(city.tube(), [who])
    other = city.tube()
    phone.write("open", tube=other, mode="pooled", size=10)
    phone.write("bind", tube=other, seat=1, who={"code": who}, reason="前管遗失")
    send(client, phone)
    rows = fetch("SELECT of_record, reason FROM specimen ORDER BY at, seq")
    assert rows == [(True, None), (False, "前管遗失")]


def test_edge_07_server_a_person_in_two_tubes_counts_once_and_both_results_apply(city, client):
    one, two = city.phone(0), city.phone(1)
    who, first, second = city.codes(0, 1), city.tube(), city.tube()
    two.now = clock.to_ms(clock.now()) - 60_000  # sampled first, heard second
    one.fill(first, who)
    two.fill(second, who)
    send(client, one, two)
    rows = dict(fetch("SELECT barcode, of_record FROM specimen"))
    assert rows == {first: False, second: True}
    assert tickets("noted") == ["already_sampled"]
    assert lives(first) == lives(second) == [(1, 0)]


def test_edge_08_server_a_tube_of_a_closed_round_waits_unassigned_and_is_held(city, client):
    run("UPDATE round SET stopped_at = %s, state = 'finishing' WHERE round_id = %s",
        (clock.now() - timedelta(minutes=30), city.round_id))  # fmt: skip
    db.session.commit()
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 3))
    send(client, phone)
    row = tube_of(tube)
    assert (row["round_id"], row["members"]) == (0, 3)
    assert row["holds"] & Hold.UNASSIGNED and tickets("open") == ["unassigned"]


def test_edge_08_server_a_round_nobody_knows_waits_unassigned_too(city, client):
    phone, tube = city.phone(), city.tube()
    phone.round = 999_999
    phone.fill(tube, city.codes(0, 2))
    send(client, phone)
    assert tube_of(tube)["round_id"] == 0 and tickets("open") == ["unassigned"]


def test_edge_09_server_a_person_from_another_area_is_stored_at_home(city, client):
    far = make.area("community", make.area("street"))
    cell, _, code = world.people(far, 1)[0]
    db.session.commit()
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, [code])
    send(client, phone)
    rows = fetch("SELECT cell_id, tube_cell, community_id, site_id FROM specimen")
    here = city.sites[0]
    assert rows == [(cell, here.cell_id, far.area_id, here.site_id)]
    assert tickets("noted") == ["outside_area"] and tube_of(tube)["complete"]


def test_edge_10_server_a_person_in_no_register_becomes_provisional_once(city, client):
    phone = city.phone()
    for _ in range(2):
        tube = city.tube()
        phone.write("open", tube=tube, mode="pooled", size=10)
        phone.write("bind", tube=tube, seat=1, who=by_document())
        phone.write("close", tube=tube, n=1)
    send(client, phone)
    assert fetch("SELECT count(*) FROM person WHERE flags & 8 > 0") == [(1,)]
    assert fetch("SELECT count(DISTINCT person_id), count(*) FROM specimen") == [(1, 2)]
    assert set(tickets("noted")) == {"provisional", "already_sampled"}


def test_edge_11_server_a_document_with_a_wrong_check_digit_is_kept(city, client):
    phone, tube = city.phone(), city.tube()
    phone.write("open", tube=tube, mode="pooled", size=10)
    phone.write("bind", tube=tube, seat=1, who=by_document(ID[:-1] + "1"))
    phone.write("close", tube=tube, n=1)
    send(client, phone)
    assert tube_of(tube)["complete"]
    assert fetch("SELECT doc_type FROM person WHERE flags & 8 > 0") == [(0,)]


def test_edge_12_server_another_spelling_finds_the_same_person(city, client):
    phone = city.phone()
    for name in ("买买提·艾山", "买买提艾山", "買買提·艾山"):
        tube = city.tube()
        phone.write("open", tube=tube, mode="pooled", size=10)
        phone.write("bind", tube=tube, seat=1, who=by_document(name=name))
    send(client, phone)
    assert fetch("SELECT count(DISTINCT person_id) FROM specimen") == [(1,)]


def test_edge_13_server_somebody_elses_code_is_undone_and_both_lines_stay(city, client):
    phone, tube = city.phone(), city.tube()
    refs = phone.fill(tube, city.codes(0, 2), close=False)
    phone.write("unbind", tube=tube, ref=refs[1], reason="错码")
    phone.write("bind", tube=tube, seat=3, who={"code": city.codes(5, 1)[0]})
    phone.write("close", tube=tube, n=2)
    send(client, phone)
    assert lives(tube) == [(1, 0), (2, Void.UNBOUND), (3, 0)]
    assert tube_of(tube)["complete"] and tickets() == []


def test_edge_14_server_a_person_by_name_without_telephone_is_kept(city, client):
    phone, tube = city.phone(), city.tube()
    phone.write("open", tube=tube, mode="household", size=10)
    phone.write("bind", tube=tube, seat=1, who={"name": "李奶奶"})
    phone.write("close", tube=tube, n=1)
    send(client, phone)
    assert tube_of(tube)["complete"]
    assert fetch("SELECT count(*) FROM phone_key") == [(0,)]


def test_edge_15_server_a_newborn_and_a_foreigner_are_two_persons(city, client):
    phone, tube = city.phone(), city.tube()
    phone.write("open", tube=tube, mode="pooled", size=10)
    child = by_document(f"{ID}/20261101", "小宝", "newborn")
    guest = by_document("533401372", "JOHN SMITH", "passport", country="GBR")
    phone.write("bind", tube=tube, seat=1, who=child)
    phone.write("bind", tube=tube, seat=2, who=guest)
    phone.write("close", tube=tube, n=2)
    send(client, phone)
    assert fetch("SELECT doc_type FROM person WHERE flags & 8 > 0 ORDER BY 1") == [(6,), (9,)]


def test_edge_16_server_an_abnormal_lane_writes_its_channel(city, client):
    run("UPDATE site SET kind = 'abnormal' WHERE site_id = %s", (city.sites[0].site_id,))
    db.session.commit()
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 1), mode="single", size=1)
    send(client, phone)
    assert tube_of(tube)["channel"] == "key" and tickets() == []


def test_edge_17_server_a_pool_where_pooling_is_forbidden_is_kept_and_asked_about(city, client):
    run("INSERT INTO zone (zone_id, name, kind, starts_at) VALUES (%s, 'z', 'high', %s)",
        (make.number(), clock.now() - timedelta(hours=1)))  # fmt: skip
    run("INSERT INTO zone_area (zone_id, area_id) SELECT max(zone_id), %s FROM zone",
        (city.sites[0].area.area_id,))  # fmt: skip
    db.session.commit()
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 5))
    send(client, phone)
    assert tube_of(tube)["members"] == 5 and tickets("open") == ["pooling_forbidden"]


def test_edge_18_server_two_households_in_one_tube_are_kept_and_noted(city, client):
    for i in range(2):
        cell, person, _ = city.people[i]
        run("UPDATE person SET household_id = %s WHERE cell_id = %s AND person_id = %s",
            (i + 1, cell, person))  # fmt: skip
    db.session.commit()
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 2), mode="household")
    send(client, phone)
    assert tube_of(tube)["mode"] == Mode.HOUSEHOLD and tickets("noted") == ["mixed_household"]


def test_a_called_back_person_in_a_pool_is_kept_and_asked_about(city, client):
    cell, person, _ = city.people[0]
    run("UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s", (cell, person))
    db.session.commit()
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 3))
    send(client, phone)
    assert tube_of(tube)["members"] == 3 and "callback_in_pool" in tickets("open")


@pytest.mark.parametrize("what", ["box", "misread", "practice", "hash"])
def test_edges_19_20_50_server_what_is_no_tube_is_parked_and_the_rest_goes_on(city, client, what):
    tube = city.tube()
    odd = {
        "box": make_code(Kind.BOX, 7),
        "misread": tube[:-1] + str((int(tube[-1]) + 1) % 10),
        "practice": make_code(Kind.TUBE, 1, practice=True),
        "hash": tube + "#",
    }[what]
    phone = city.phone()
    phone.write("open", tube=odd, mode="pooled", size=10)
    phone.fill(tube, city.codes(0, 3))
    r = phone.send(client).json
    assert [p["number"] for p in r["parked"]] == [1] and r["last"] == 6
    assert tube_of(tube)["complete"] and tickets("open") == ["parked"]


@pytest.mark.parametrize(
    ("what", "inside"), [("not_swabbed", 2), ("spilled", 3), ("broken", 3), ("other", 3)]
)
def test_edge_21_server_a_marked_seat_is_to_be_swabbed_again(city, client, what, inside):
    phone, tube = city.phone(), city.tube()
    refs = phone.fill(tube, city.codes(0, 3), close=False)
    phone.write("mark", tube=tube, ref=refs[1], what=what)
    phone.write("close", tube=tube, n=inside)
    send(client, phone)
    row = tube_of(tube)
    assert (row["members"], row["complete"]) == (inside, True)
    assert fetch("SELECT of_record FROM specimen WHERE seat = 2") == [(False,)]


def test_edge_22_server_a_person_taken_out_of_a_closed_tube_leaves_the_list_incomplete(
    city, client
):
    phone, tube = city.phone(), city.tube()
    refs = phone.fill(tube, city.codes(0, 3))
    phone.write("unbind", tube=tube, ref=refs[0], reason="错绑")
    send(client, phone)
    row = tube_of(tube)
    assert row["members"] == 2 and row["holds"] & Hold.LIST_INCOMPLETE
    phone.write("paper", tube=tube, n=2)
    send(client, phone)
    assert tube_of(tube)["holds"] == 0 and tickets("open") == []


def test_edge_22_server_a_person_moves_to_the_tube_their_swab_lies_in(city, client):
    phone, tube, other = city.phone(), city.tube(), city.tube()
    refs = phone.fill(tube, city.codes(0, 3), close=False)
    phone.fill(other, city.codes(5, 2), close=False)
    phone.write(
        "move", tube=tube, ref=refs[2], to=other, seat=3,
        who={"code": city.codes(2, 1)[0]}, reason="拭子放错管",
    )  # fmt: skip
    phone.write("close", tube=tube, n=2)
    phone.write("close", tube=other, n=3)
    send(client, phone)
    assert tube_of(tube)["complete"] and tube_of(other)["complete"]
    assert lives(tube)[2] == (3, Void.MOVED) and lives(other)[2] == (3, 0)
    assert fetch("SELECT count(*) FROM specimen WHERE of_record") == [(5,)]
    assert tickets() == []


def test_edge_23_server_a_short_tube_is_normal(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 7))
    send(client, phone)
    assert tube_of(tube)["complete"] and tickets() == []


def test_edge_23_server_somebody_added_after_packing_is_kept_and_held(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 7))
    phone.write(
        "pack", batch=f"{city.sites[0].cell_id}-{'a' * 16}", box=make_code(Kind.BOX, 1), tube=tube
    )
    phone.write("bind", tube=tube, seat=8, who={"code": city.codes(8, 1)[0]})
    r = phone.send(client).json
    row = tube_of(tube)
    assert row["members"] == 8 and row["holds"] & Hold.AFTER_PACK, r
    assert {"added_after_pack", "list_incomplete"} <= set(tickets("open"))


def test_edge_24_server_another_device_goes_on_with_a_dead_ones_tube(city, client):
    dead, heir, tube = city.phone(), city.phone(), city.tube()
    dead.fill(tube, city.codes(0, 4), close=False)
    heir.write("join", tube=tube)
    heir.write("bind", tube=tube, seat=5, who={"code": city.codes(4, 1)[0]})
    heir.write("close", tube=tube, n=5)
    send(client, heir)
    row = tube_of(tube)
    assert row["holds"] & Hold.LIST_INCOMPLETE and tickets("open") == ["list_incomplete"]
    send(client, dead)  # the dead phone's journal was carried in later
    row = tube_of(tube)
    assert (row["members"], row["complete"], row["holds"]) == (5, True, 0)
    assert tickets("open") == []


def test_edge_25_server_a_wrong_clock_is_corrected_by_the_known_offset(city, client):
    phone, tube = city.phone(), city.tube()
    true = clock.to_ms(clock.now())
    phone.now, phone.offset = true - 7_200_000, 7_200_000
    phone.fill(tube, city.codes(0, 3))
    send(client, phone)
    (at,) = fetch("SELECT DISTINCT at FROM specimen")[0]
    assert abs(clock.to_ms(at) - true) < 1000
    assert tube_of(tube)["round_id"] == city.round_id
    assert tickets("noted") == ["clock_skew"]


def test_edge_26_server_two_hours_offline_arrive_in_pieces_and_out_of_order(city, client):
    phone = city.phone()
    tubes = [city.tube() for _ in range(8)]
    for i, tube in enumerate(tubes):
        phone.fill(tube, city.codes(5 * i, 5))
    last = len(phone.entries)
    for first, end in ((30, last), (1, 12), (5, 20), (13, 29), (1, last)):
        r = phone.send(client, first, end)
        assert r.status_code == 200, r.json
    assert r.json["last"] == last and not r.json["held"]
    assert all(tube_of(t)["complete"] for t in tubes)
    assert fetch("SELECT count(*) FROM specimen") == [(40,)] and tickets() == []


def test_edge_32_server_a_tube_without_persons_at_the_laboratory_is_held(city, client):
    phone, bench, tube = city.phone(), city.bench(), city.tube()
    phone.write("open", tube=tube, mode="pooled", size=10)
    bench.write("receive", tube=tube)
    send(client, phone, bench)
    assert tube_of(tube)["holds"] & Hold.NO_PERSONS and tickets("open") == ["no_persons"]


def test_an_empty_tube_is_void_and_holds_nobody(city, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, [])
    send(client, phone)
    assert tube_of(tube)["stage"] == Stage.VOID_EMPTY and tickets() == []


def test_sealed_details_name_the_same_person_as_plain_ones(city, client, app):
    import orjson

    phone = city.phone()
    public = app.extensions["keys"].server_public()
    sealed = b64(crypto.seal_to(public, orjson.dumps(by_document())))
    for who in (by_document(), {"sealed": sealed}):
        tube = city.tube()
        phone.write("open", tube=tube, mode="pooled", size=10)
        phone.write("bind", tube=tube, seat=1, who=who)
    send(client, phone)
    assert fetch("SELECT count(DISTINCT person_id), count(*) FROM specimen") == [(1, 2)]


def test_a_resident_code_nobody_has_is_parked(city, client):
    phone, tube = city.phone(), city.tube()
    code = make_resident_code(city.sites[0].cell_id, 4242)
    phone.fill(tube, [city.codes(0, 1)[0], code])
    r = phone.send(client).json
    assert [p["code"] for p in r["parked"]] == ["unknown_person"]
    assert tube_of(tube)["holds"] & Hold.LIST_INCOMPLETE
