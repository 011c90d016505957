"""What a screen is told before it acts: every edge case of the field that concerns a screen.

The other half, what the server does when a journal reports it anyway, stands in
tests/collection/test_edge_cases.py and tests/transport/test_edge_cases.py."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest

from screening import clock, crypto
from screening.accounts.roles import Role
from screening.collection.known import find_known
from screening.db import db, fetch, run
from screening.registry.code_keys import sign_code
from screening.registry.documents import DocType, normalise
from screening.registry.service import Newcomer, make_provisional
from screening.registry.signed_codes import make_signed
from screening.tube.codes import Kind, make_code
from tests import make, world
from tests.access import tables

ID, OTHER_ID = "11010519491231002X", "440524188001010014"


@pytest.fixture
def city(db_session):
    return world.city()


class Screen:
    """A screen at a site or laboratory: asks the check call as the app does."""

    def __init__(self, city, client, *, site=0, lab=False):
        self.city, self.client = city, client
        role, place = (Role.LAB_TECHNICIAN, city.lab) if lab else (Role.SAMPLER, city.sites[site])
        self.place = {"lab_id": city.lab.lab_id} if lab else {"site_id": place.site_id}
        self.headers = make.sign_in(client, make.staff(role, place))

    def ask(self, act, **body):
        r = self.client.post(
            "/api/v1/field/check", headers=self.headers,
            json={"act": act, "round_id": self.city.round_id, **self.place, **body},
        )  # fmt: skip
        assert r.status_code == 200, r.json
        self.tone, self.answers = r.json["tone"], r.json["answers"]
        return [a["code"] for a in self.answers]

    def zh(self, code):
        return next(a["sentence"]["zh"] for a in self.answers if a["code"] == code)

    def details(self, code):
        return next(a["details"] for a in self.answers if a["code"] == code)


@pytest.fixture
def screen(city, client):
    return Screen(city, client)


@pytest.fixture
def bench(city, client):
    return Screen(city, client, lab=True)


def held(city, client, n=3, *, site=0, tube=None, **kw):
    """A tube that a phone has sent; its number."""
    phone, tube = city.phone(site), tube or city.tube()
    first = kw.pop("first", 0)
    phone.fill(tube, city.codes(first, n), **kw)
    assert phone.send(client).status_code == 200
    return tube


def person(city, i):
    cell, person_id, _ = city.people[i]
    return "cell_id = %s AND person_id = %s", (cell, person_id)


def change(city, i, column, value):
    where, key = person(city, i)
    run(f"UPDATE person SET {column} = %s WHERE {where}", (value, *key))
    db.session.commit()


def register(city, number, name):
    """A registered person with a resident identity card."""
    at = city.sites[0]
    [(person_id, cell)] = make_provisional(
        [Newcomer(name, normalise(DocType.RESIDENT_ID, number))],
        cell=at.cell_id, community=at.area.area_id, at=clock.now(),
    )  # fmt: skip
    run("UPDATE person SET flags = 0 WHERE cell_id = %s AND person_id = %s", (cell, person_id))
    db.session.commit()
    return cell, person_id


def zone(city, kind, site=0):
    run("INSERT INTO zone (zone_id, name, kind, starts_at) VALUES (%s, 'z', %s, %s)",
        (make.number(), kind, clock.now() - timedelta(hours=1)))  # fmt: skip
    run("INSERT INTO zone_area (zone_id, area_id) SELECT max(zone_id), %s FROM zone",
        (city.sites[site].area.area_id,))  # fmt: skip
    db.session.commit()


# --- tubes ----------------------------------------------------------------------------------


def test_a_fresh_tube_is_welcome(city, screen):
    assert screen.ask("open", tube=city.tube()) == ["tube_ok"]
    assert screen.tone == "ok"


def test_edge_01_screen_a_full_tube_takes_nobody_more(city, client, screen):
    tube = held(city, client, 10, close=False)
    assert screen.ask("bind", tube=tube, text=city.codes(10, 1)[0]) == ["tube_full"]
    assert screen.tone == "stop" and screen.zh("tube_full").startswith("满，换管")


def test_edge_01_screen_the_last_seat_says_that_it_was_the_last(city, client, screen):
    tube = held(city, client, 9, close=False)
    assert screen.ask("bind", tube=tube, text=city.codes(9, 1)[0]) == ["last_seat"]


def test_edge_02_screen_more_swabs_than_seats_ask_for_a_supervisors_note(city, client, screen):
    tube = held(city, client, 10, close=False)
    assert "over_count" in screen.ask("close", tube=tube, n=11)


def test_edge_03_screen_a_used_number_is_refused_with_where_and_when(city, client, screen):
    tube = held(city, client, site=1, first=40)
    assert screen.ask("open", tube=tube) == ["tube_used"]
    assert screen.tone == "stop"
    assert city.sites[1].name in screen.zh("tube_used")
    assert f"{clock.now():%Y-}" in screen.zh("tube_used")


def test_edge_04_screen_a_tube_open_at_this_site_offers_to_join(city, client, screen):
    tube = held(city, client, close=False)
    assert "tube_open_here" in screen.ask("open", tube=tube)
    assert screen.tone == "look"


def test_edge_05_screen_a_tube_open_at_another_site_is_refused(city, client, screen):
    tube = held(city, client, close=False, site=1, first=40)
    assert screen.ask("open", tube=tube) == ["tube_used"]
    assert screen.ask("bind", tube=tube, text=city.codes(0, 1)[0]) == ["tube_elsewhere"]


def test_edge_08_screen_a_round_that_is_not_sampling_is_said_and_never_refused(city, screen):
    run("UPDATE round SET stopped_at = %s, state = 'finishing' WHERE round_id = %s",
        (clock.now() - timedelta(hours=1), city.round_id))  # fmt: skip
    db.session.commit()
    assert "round_not_open" in screen.ask("open", tube=city.tube())
    assert screen.tone == "look"


def test_edge_17_screen_a_zone_that_forbids_pooling_offers_single_with_the_reason(city, screen):
    zone(city, "high")
    assert screen.ask("open", tube=city.tube(), mode="pooled", size=10) == ["pooling_forbidden"]
    assert "高风险区" in screen.zh("pooling_forbidden")
    assert screen.details("pooling_forbidden")["allowed"] == {"mode": "single", "size": 1}
    assert screen.ask("open", tube=city.tube(0), mode="single", size=1) == ["tube_ok"]


def test_edge_16_screen_a_lane_for_abnormal_codes_takes_single_tubes_only(city, screen):
    run("UPDATE site SET kind = 'abnormal' WHERE site_id = %s", (city.sites[0].site_id,))
    db.session.commit()
    assert screen.ask("open", tube=city.tube(), mode="pooled", size=10) == ["pooling_forbidden"]


def test_edge_19_screen_a_box_code_is_no_tube_and_a_tube_is_no_person(city, client, screen):
    box = make_code(Kind.BOX, 7)
    assert screen.ask("open", tube=box) == ["wrong_kind"]
    assert "转运箱码" in screen.zh("wrong_kind")
    assert screen.ask("box_open", box=city.tube(0)) == ["wrong_kind"]
    tube = held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=city.tube(5)) == ["wrong_kind"]


def test_edge_20_screen_a_broken_read_is_refused_by_its_check_digits(city, screen):
    tube = city.tube()
    wrong = tube[:-1] + str((int(tube[-1]) + 1) % 10)
    assert screen.ask("open", tube=wrong) == ["bad_check_digits"]
    assert screen.ask("open", tube=tube[:9]) == ["wrong_length"]
    assert screen.ask("open", tube=tube + "#") == ["odd_characters"]
    assert screen.details("odd_characters")["hex"].endswith("23")


def test_a_returned_label_is_not_used_again(city, screen):
    run("UPDATE tube_key SET state = 1 WHERE barcode = %s", (city.tube(0),))
    db.session.commit()
    assert screen.ask("open", tube=city.tube(0)) == ["label_off"]


def test_a_number_of_no_run_is_taken_as_foreign(city, screen):
    assert screen.ask("open", tube=make_code(Kind.TUBE, 99_999_999)) == ["foreign_label", "tube_ok"]


def test_edge_50_screen_a_practice_code_is_refused_live_and_a_live_one_in_practice(city, screen):
    assert screen.ask("open", tube=make_code(Kind.TUBE, 1, practice=True)) == ["practice_code"]
    assert screen.ask("open", tube=city.tube(0), practice=True) == ["live_code"]


# --- persons --------------------------------------------------------------------------------


def test_edge_06_screen_a_person_sampled_before_is_refused_with_time_and_tube(city, client, screen):
    before = held(city, client)
    tube = held(city, client, 1, close=False, first=20)
    who = city.codes(0, 1)[0]
    assert screen.ask("bind", tube=tube, text=who) == ["already_sampled"]
    assert screen.tone == "stop" and before in screen.zh("already_sampled")
    assert screen.details("already_sampled")["reason_allowed"] is True


def test_edge_06_screen_a_reason_lets_the_person_be_sampled_again(city, client, screen):
    held(city, client)
    tube = held(city, client, 1, close=False, first=20)
    codes = screen.ask("bind", tube=tube, text=city.codes(0, 1)[0], reason="前管遗失")
    assert codes == ["already_sampled", "bind_ok"] and screen.tone == "look"


def test_a_person_is_not_bound_twice_into_one_tube(city, client, screen):
    tube = held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=city.codes(1, 1)[0]) == ["twice_in_tube"]
    assert "第 2 个" in screen.zh("twice_in_tube")


def test_edge_09_screen_a_person_from_another_area_is_welcome_and_told(city, client, screen):
    far = make.area("community", make.area("street"))
    code = world.people(far, 1)[0][2]
    db.session.commit()
    tube = held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=code) == ["outside_area", "bind_ok"]
    assert far.name in screen.zh("outside_area") and screen.tone == "look"


def test_edge_10_screen_a_person_in_no_register_is_welcome_and_told(city, client, screen):
    tube = held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=ID, name="张三") == ["not_in_roster", "bind_ok"]
    assert screen.tone == "look"


def test_edge_11_screen_a_wrong_check_digit_needs_a_second_person(city, client, screen):
    tube = held(city, client, close=False)
    wrong = {"doc_type": "resident_id", "doc_number": ID[:-1] + "1", "name": "张三"}
    assert screen.ask("bind", tube=tube, **wrong) == ["document_check_digit"]
    assert screen.tone == "stop"
    assert screen.ask("bind", tube=tube, **wrong, seen=True)[0] == "check_seen"
    assert screen.tone == "look"


def test_edge_12_screen_another_spelling_of_the_name_is_told_and_never_refused(
    city, client, screen
):
    register(city, ID, "买买提·艾山")
    tube = held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=ID, name="买买提艾山") == ["bind_ok"]
    assert screen.ask("bind", tube=tube, text=ID, name="买买提·艾沙") == ["name_differs", "bind_ok"]
    assert screen.tone == "look" and "艾山" not in screen.zh("name_differs")


def test_edge_13_screen_the_name_is_read_back_masked_with_the_seat(city, client, screen):
    register(city, ID, "张三")
    tube = held(city, client, close=False)
    screen.ask("bind", tube=tube, text=ID)
    assert screen.zh("bind_ok") == "张* 第 4 个。"
    assert screen.details("bind_ok")["document"] == "110***********002X"


def test_edge_14_screen_a_person_without_a_telephone_is_welcome(city, client, screen):
    tube = held(city, client, close=False)
    cell, person_id, _ = city.people[5]
    assert find_known((cell, person_id)).row.person_id == person_id
    db.session.rollback()
    assert screen.ask("bind", tube=tube, text=city.codes(5, 1)[0]) == ["bind_ok"]


def test_edge_15_screen_newborns_and_foreigners_are_welcome(city, client, screen):
    tube = held(city, client, close=False)
    child = {"doc_type": "newborn", "doc_number": f"{ID}/20261101", "name": "小宝"}
    assert screen.ask("bind", tube=tube, **child) == ["not_in_roster", "bind_ok"]
    guest = {"doc_type": "passport", "doc_number": "533401372", "doc_country": "GBR"}
    assert screen.ask("bind", tube=tube, **guest) == ["not_in_roster", "bind_ok"]


def test_edge_17_screen_a_person_who_must_be_alone_is_not_put_into_a_pool(city, client, screen):
    from psycopg.types.json import Jsonb

    rule = [{"mode": "single", "capacity": 1, "cohort": "hospital", "source": "test"}]
    run("UPDATE round SET pool_rules = %s WHERE round_id = %s", (Jsonb(rule), city.round_id))
    change(city, 5, "key_group", "hospital")
    tube = held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=city.codes(5, 1)[0]) == ["single_needed"]


def test_edge_18_screen_two_households_share_a_tube_only_with_a_reason(city, client, screen):
    for i, household in ((0, 1), (1, 1), (2, 2)):
        change(city, i, "household_id", household)
    tube = held(city, client, 1, close=False, mode="household")
    assert screen.ask("bind", tube=tube, text=city.codes(1, 1)[0]) == ["bind_ok"]
    assert screen.ask("bind", tube=tube, text=city.codes(2, 1)[0]) == ["mixed_household"]
    assert screen.tone == "stop"
    who = city.codes(2, 1)[0]
    assert screen.ask("bind", tube=tube, text=who, reason="同住")[0] == "mixed_household"
    assert screen.tone == "look"


def test_a_called_back_person_is_never_put_into_a_pool_and_no_reason_is_shown(city, client, screen):
    change(city, 5, "lane", 2)
    who, tube = city.codes(5, 1)[0], held(city, client, close=False)
    assert screen.ask("bind", tube=tube, text=who, reason="急") == ["single_lane"]
    assert screen.tone == "stop" and screen.zh("single_lane") == "请到 2 号通道，单人单管采样。"
    single = held(city, client, 0, mode="single", size=1, close=False)
    assert screen.ask("bind", tube=single, text=who) == ["last_seat"]


def test_a_made_up_resident_code_is_refused(city, client, screen):
    from screening.registry.person_codes import make_resident_code

    tube = held(city, client, close=False)
    code = make_resident_code(city.sites[0].cell_id, 12345)
    assert screen.ask("bind", tube=tube, text=code) == ["unknown_person"]


def test_a_signed_resident_code_names_the_person_and_a_forged_or_old_one_nobody(
    app, city, client, screen
):
    cell, person, _ = city.people[6]
    tube, now = held(city, client, 1, close=False), clock.now()
    with app.app_context():
        good = sign_code(cell, person, "居民六", at=now)
        old = sign_code(cell, person, "居民六", at=now - timedelta(days=60))
    forged = make_signed(1, crypto.new_device_key(), cell, person, "居**", 30_000)
    assert screen.ask("bind", tube=tube, text=good.lower()) == ["bind_ok"]
    assert screen.ask("bind", tube=tube, text=old) == ["code_expired"]
    assert screen.ask("bind", tube=tube, text=forged) == ["bad_code_signature"]
    assert screen.ask("open", tube=good) == ["wrong_kind"]


def test_edge_23_screen_nobody_is_added_to_a_closed_tube(city, client, screen):
    tube = held(city, client, 7)
    assert screen.ask("bind", tube=tube, text=city.codes(8, 1)[0]) == ["tube_closed"]


def test_edge_23_screen_a_short_tube_is_closed_as_it_is(city, client, screen):
    tube = held(city, client, 7, close=False)
    assert screen.ask("close", tube=tube, n=7) == ["close_ok"]
    assert screen.ask("close", tube=tube, n=6) == ["count_differs"]


# --- boxes ----------------------------------------------------------------------------------


def boxed(city, client, *, tubes=2, seal=None, n=None, site=0):
    """A box with closed tubes in it; (batch, box, tubes)."""
    phone = city.phone(site)
    box = make_code(Kind.BOX, make.number())
    batch = f"{city.sites[site].cell_id}-{secrets.token_hex(16)}"
    inside = []
    phone.write("box_open", batch=batch, box=box)
    for i in range(tubes):
        tube = city.tube()
        phone.fill(tube, city.codes(site * 40 + 3 * i, 2))
        phone.write("pack", batch=batch, box=box, tube=tube)
        inside.append(tube)
    if seal:
        phone.write("seal", batch=batch, box=box, seal=seal, n=tubes if n is None else n)
    r = phone.send(client)
    assert r.status_code == 200 and not r.json["parked"], r.json
    return batch, box, inside


def test_edge_27_screen_a_full_box_asks_to_be_sealed(city, client, screen):
    batch, box, _ = boxed(city, client)
    run("INSERT INTO box (box_code, capacity) VALUES (%s, 2)", (box,))
    db.session.commit()
    assert screen.ask("pack", batch=batch, tube=held(city, client, first=20)) == ["box_full"]
    assert screen.tone == "stop"


def test_edge_28_screen_a_wrong_count_names_the_tubes_that_were_not_scanned(city, client, screen):
    batch, _, _ = boxed(city, client)
    forgotten = held(city, client, first=20)
    assert screen.ask("seal", batch=batch, n=3) == ["seal_count"]
    assert screen.tone == "stop"
    told = screen.details("seal_count")
    assert (told["counted"], told["known"], told["not_scanned"]) == (3, 2, [forgotten])
    why = [{"code": "stays", "n": 1, "tube": forgotten}]
    assert screen.ask("seal", batch=batch, n=3, differences=why) == ["seal_explained"]
    assert screen.ask("seal", batch=batch, n=2) == ["seal_ok"]


def test_edge_28_screen_a_seal_serves_once(city, client, screen):
    seal = make_code(Kind.SEAL, make.number())
    boxed(city, client, seal=seal)
    batch, _, _ = boxed(city, client, tubes=1, site=0)
    assert "seal_used" in screen.ask("seal", batch=batch, seal=seal, n=1)


def test_edge_29_screen_a_courier_who_counts_other_boxes_must_say_so(city, client, screen):
    seal = make_code(Kind.SEAL, make.number())
    boxed(city, client, seal=seal)
    assert screen.ask("hand_over", seals=[seal], n=1) == ["hand_over_ok"]
    assert screen.ask("hand_over", seals=[seal], n=2) == ["hand_over_count"]
    assert screen.tone == "stop"
    assert screen.ask("hand_over", seals=[seal], n=2, reason="一箱随后") == ["hand_over_count"]
    assert screen.tone == "look"


def test_edge_30_screen_a_tube_from_another_box_is_taken_and_told(city, client, bench):
    seal = make_code(Kind.SEAL, make.number())
    _, _, inside = boxed(city, client, seal=seal)
    other = held(city, client, first=20)
    assert bench.ask("receive", tube=inside[0], seal=seal) == ["receive_ok"]
    assert bench.ask("receive", tube=other, seal=seal) == ["wrong_box"]
    assert bench.tone == "look"


def test_edge_31_screen_an_unknown_tube_goes_to_the_unknown_rack(city, bench):
    assert bench.ask("receive", tube=city.tube()) == ["unknown_tube"]
    assert bench.tone == "look" and "结果暂不发布" in bench.zh("unknown_tube")


def test_edge_34_screen_finishing_names_what_is_not_scanned(city, client, bench):
    seal = make_code(Kind.SEAL, make.number())
    _, _, inside = boxed(city, client, seal=seal)
    assert bench.ask("unpacked", seal=seal) == ["not_unpacked"]
    assert bench.details("not_unpacked")["missing"] == sorted(inside)


def test_edge_36_screen_a_warm_box_is_told(city, client, bench):
    seal = make_code(Kind.SEAL, make.number())
    boxed(city, client, seal=seal)
    assert bench.ask("arrive", seal=seal, n=2, temperature=5) == ["arrive_ok"]
    assert bench.ask("arrive", seal=seal, n=2, temperature=14.5) == ["warm_box"]


def test_a_box_that_is_still_travelling_cannot_be_opened_again(city, client, screen):
    _, box, _ = boxed(city, client, seal=make_code(Kind.SEAL, make.number()))
    assert screen.ask("box_open", box=box) == ["box_in_use"]
    assert screen.ask("box_open", box=make_code(Kind.BOX, make.number())) == ["box_ok"]


# --- the call itself ------------------------------------------------------------------------


def test_a_check_writes_nothing_but_the_audit_of_a_name(city, client, screen):
    tube = held(city, client, close=False)
    before = tables()
    screen.ask("bind", tube=tube, text=city.codes(8, 1)[0])
    screen.ask("bind", tube=tube, text=ID, name="张三")
    screen.ask("close", tube=tube, n=4)
    db.session.rollback()
    assert tables() == before
    assert fetch("SELECT count(*) FROM audit WHERE action = 'table'") == [(1,)]


def test_another_sites_box_is_not_told(city, client, screen):
    batch, _, _ = boxed(city, client, site=1)
    r = client.post(
        "/api/v1/field/check", headers=screen.headers,
        json={"act": "seal", "batch": batch, "n": 1, **screen.place},
    )  # fmt: skip
    assert r.status_code == 404
