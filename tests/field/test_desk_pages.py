"""The field's desks in a browser's hands: forms, redirects, and what the tables hold after."""

from __future__ import annotations

import re

import pytest

from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.tube import queries
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage
from tests import make, world

ID = "11010519491231002X"


@pytest.fixture
def city(db_session):
    return world.city()


class Desk:
    """A person at a browser: cookie, form token, redirects followed by hand."""

    def __init__(self, client, role, place):
        self.client, self.who = client, make.staff(role, place)
        self.token = make.sign_in(client, self.who, cookie=True)["X-CSRF-Token"]

    def get(self, url):
        r = self.client.get(url, headers={"Accept": "text/html"})
        self.text = r.get_data(as_text=True)
        return r

    def post(self, url, **data):
        r = self.client.post(
            url, data={"csrf_token": self.token, **data}, headers={"Accept": "text/html"}
        )
        self.text = r.get_data(as_text=True)
        return r

    def act(self, url, **data):
        """A form that is accepted: the page it leads to."""
        r = self.post(url, **data)
        assert r.status_code == 303, (r.status_code, notices(self.text))
        return self.get(r.headers["Location"])


def notices(text):
    found = re.findall(r'class="notice notice-(\w+)".*?<div>(.*?)</div>', text, re.S)
    return [(tone, re.sub("<.*?>", "", said).strip()) for tone, said in found]


@pytest.fixture
def table(city, client):
    desk = Desk(client, Role.SAMPLER, city.sites[0])
    desk.url = f"/sampling/{city.sites[0].site_id}"
    return desk


@pytest.fixture
def packer(city, app, clean_database):
    desk = Desk(app.test_client(), Role.PACKER, city.sites[0])
    desk.url = f"/packing/{city.sites[0].site_id}"
    return desk


def tube_of(number):
    db.session.rollback()
    return queries.get_tube(queries.get_key(number))


def filled(table, city, n=3, *, first=0, close=True):
    tube = city.tube()
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    for code in city.codes(first, n):
        table.act(f"{table.url}/bind", tube=tube, text=code)
    if close:
        table.act(f"{table.url}/close", tube=tube, n=n)
    return tube


# --- sampling -------------------------------------------------------------------------------


def test_the_only_site_is_opened_at_once(city, table):
    assert table.get("/sampling").headers["Location"] == table.url


def test_a_tube_is_opened_filled_and_closed_by_forms(city, table):
    tube = filled(table, city)
    row = tube_of(tube)
    assert (row["stage"], row["members"], row["complete"]) == (Stage.CLOSED, 3, True)
    assert fetch("SELECT count(*) FROM journal") == [(1,)]
    assert any(tone == "ok" and said.endswith("已封，3 人。") for tone, said in notices(table.text))


def test_the_seat_is_counted_and_the_name_read_back_masked(city, table):
    tube = city.tube()
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    table.act(f"{table.url}/bind", tube=tube, text=city.codes(0, 1)[0])
    table.act(f"{table.url}/bind", tube=tube, text=city.codes(1, 1)[0])
    assert ("ok", "居** 第 2 个。") in notices(table.text)
    assert "居民1" not in table.text


def test_a_stop_writes_nothing_and_says_why(city, table):
    tube = filled(table, city)
    r = table.post(f"{table.url}/bind", tube=tube, text=city.codes(9, 1)[0])
    assert r.status_code == 409 and notices(table.text)[0][0] == "stop"
    assert tube_of(tube)["members"] == 3


def test_a_person_sampled_before_is_taken_with_a_reason(city, table):
    filled(table, city)
    tube = city.tube()
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    who = city.codes(0, 1)[0]
    assert table.post(f"{table.url}/bind", tube=tube, text=who).status_code == 409
    assert 'name="reason"' in table.text and who in table.text
    table.act(f"{table.url}/bind", tube=tube, text=who, reason="前管遗失")
    assert fetch("SELECT reason FROM specimen WHERE barcode = %s", (tube,)) == [("前管遗失",)]


def test_a_called_back_person_is_led_to_a_single_tube(city, table):
    cell, person, code = city.people[0]
    run("UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s", (cell, person))
    db.session.commit()
    pool, single = city.tube(), city.tube()
    table.act(f"{table.url}/open", tube=pool, mode="pooled", size=10)
    assert table.post(f"{table.url}/bind", tube=pool, text=code, reason="x").status_code == 409
    assert notices(table.text)[0] == ("stop", "请到 2 号通道，单人单管采样。")
    table.act(f"{table.url}/open", tube=single, mode="single", size=1)
    table.act(f"{table.url}/bind", tube=single, text=code)
    assert fetch("SELECT purpose, of_record FROM specimen") == [(2, False)]


def test_a_person_without_a_card_is_written_by_hand(city, table):
    tube = city.tube()
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    given = {"doc_type": "passport", "doc_number": "533401372", "doc_country": "GBR"}
    table.act(f"{table.url}/bind", tube=tube, name="JOHN SMITH", phone="13800000000", **given)
    table.act(f"{table.url}/bind", tube=tube, name="李奶奶")
    assert tube_of(tube)["members"] == 2
    assert table.post(f"{table.url}/bind", tube=tube).status_code == 409


def test_a_wrong_check_digit_asks_for_a_second_person(city, table):
    tube = city.tube()
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    wrong = {"doc_type": "resident_id", "doc_number": ID[:-1] + "1", "name": "张三"}
    assert table.post(f"{table.url}/bind", tube=tube, **wrong).status_code == 409
    assert 'name="seen"' in table.text
    table.act(f"{table.url}/bind", tube=tube, seen="1", **wrong)
    assert tube_of(tube)["members"] == 1


def swabs(tube):
    return [str(r[0]) for r in fetch(
        "SELECT specimen_id FROM specimen WHERE barcode = %s ORDER BY seat", (tube,))]  # fmt: skip


def test_edge_21_screen_a_seat_is_undone_marked_or_moved(city, table):
    tube, other = filled(table, city, 3, close=False), filled(table, city, 1, first=9, close=False)
    one, two, three = swabs(tube)
    table.act(f"{table.url}/undo", tube=tube, swab=one)
    table.act(f"{table.url}/mark", tube=tube, swab=two, what="spilled")
    table.act(f"{table.url}/move", tube=tube, swab=three, to=other)
    assert fetch("SELECT void FROM specimen WHERE barcode = %s ORDER BY seat", (tube,)) == [
        (1,), (4,), (2,),
    ]  # fmt: skip
    assert tube_of(other)["members"] == 2


def test_edge_22_screen_a_closed_tube_is_changed_by_the_supervisor_only(city, table, app):
    tube = filled(table, city)
    assert table.post(f"{table.url}/undo", tube=tube, swab=swabs(tube)[0]).status_code == 403
    head = Desk(app.test_client(), Role.SITE_SUPERVISOR, city.sites[0])
    head.act(f"{table.url}/undo", tube=tube, swab=swabs(tube)[0], reason="错绑")
    assert ("stop", "名单与封管人数不符") in notices(head.text)
    assert tube_of(tube)["members"] == 2


def test_a_wrong_count_is_asked_for_again_and_then_believed(city, table):
    tube = filled(table, city, close=False)
    assert table.post(f"{table.url}/close", tube=tube, n=4).status_code == 409
    assert 'name="confirmed"' in table.text
    table.act(f"{table.url}/close", tube=tube, n=4, confirmed="1")
    row = tube_of(tube)
    assert (row["stage"], row["confirmed"], row["complete"]) == (Stage.CLOSED, 4, False)


def test_a_supervisor_opens_a_closed_tube_again(city, table, app):
    tube = filled(table, city)
    head = Desk(app.test_client(), Role.SITE_SUPERVISOR, city.sites[0])
    head.act(f"{table.url}/reopen", tube=tube, reason="漏一人")
    table.act(f"{table.url}/bind", tube=tube, text=city.codes(5, 1)[0])
    table.act(f"{table.url}/close", tube=tube, n=4)
    assert tube_of(tube)["complete"] and tube_of(tube)["holds"] == 0


def test_a_number_that_is_no_number_is_said_beside_the_field(city, table):
    tube = filled(table, city, close=False)
    r = table.post(f"{table.url}/close", tube=tube, n="三")
    assert r.status_code == 422 and "请填写数字" in table.text


def test_html_in_a_name_stays_text(city, table):
    tube = city.tube()
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    table.act(f"{table.url}/bind", tube=tube, name="<script>alert(1)</script>")
    assert "<script>alert" not in table.text


def test_another_sites_tube_is_not_shown(city, table, client):
    phone, tube = city.phone(1), city.tube()
    phone.fill(tube, city.codes(40, 2), close=False)
    phone.send(client)
    assert table.get(f"{table.url}?tube={tube}").status_code == 404


def test_edge_24_screen_anybody_at_the_site_goes_on_with_an_open_tube(city, table, app):
    tube = filled(table, city, 2, close=False)
    heir = Desk(app.test_client(), Role.SAMPLER, city.sites[0])
    heir.get(table.url)
    assert tube in heir.text, "tubes that stand open here are offered"
    heir.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    heir.act(f"{table.url}/bind", tube=tube, text=city.codes(2, 1)[0])
    heir.act(f"{table.url}/close", tube=tube, n=3)
    row = tube_of(tube)
    assert (row["stage"], row["complete"], row["holds"]) == (Stage.CLOSED, True, 0)
    assert fetch("SELECT count(*) FROM journal") == [(2,)]


def test_edge_07_screen_a_swab_heard_later_is_told_from_then_on(city, table, client):
    away, who, tube = city.phone(), city.codes(0, 1), city.tube()
    away.fill(city.tube(), who)
    table.act(f"{table.url}/open", tube=tube, mode="pooled", size=10)
    table.act(f"{table.url}/bind", tube=tube, text=who[0])  # nobody could know
    away.send(client)
    other = city.tube()
    table.act(f"{table.url}/open", tube=other, mode="pooled", size=10)
    assert table.post(f"{table.url}/bind", tube=other, text=who[0]).status_code == 409
    assert "本轮已采" in notices(table.text)[0][1]


def test_edge_32_screen_an_empty_tube_is_closed_as_void_and_said(city, table):
    tube = filled(table, city, 0, close=False)
    table.act(f"{table.url}/close", tube=tube, n=0)
    assert tube_of(tube)["stage"] == Stage.VOID_EMPTY


# --- packing --------------------------------------------------------------------------------


def opened_box(packer):
    box = make_code(Kind.BOX, make.number())
    r = packer.post(f"{packer.url}/box", box=box)
    return re.search("batch=([^&]*)", r.headers["Location"])[1], box


def packed(packer, tubes):
    batch, _ = opened_box(packer)
    for tube in tubes:
        packer.act(f"{packer.url}/pack", batch=batch, tube=tube)
    return batch


def test_a_box_is_packed_counted_compared_and_sealed(city, table, packer):
    tubes = [filled(table, city, 2), filled(table, city, 2, first=4)]
    batch = packed(packer, tubes)
    packer.get(f"{packer.url}?batch={batch}")
    assert tubes[0] not in packer.text, "the system's list is not shown before the count"
    packer.act(f"{packer.url}/count", batch=batch, n=2)
    assert ("ok", "2 管，点数相符，可以封箱。") in notices(packer.text)
    seal = make_code(Kind.SEAL, make.number())
    packer.act(f"{packer.url}/seal", batch=batch, n=2, seal=seal)
    assert seal in packer.text and {tube_of(t)["stage"] for t in tubes} == {Stage.PACKED}


def test_a_wrong_count_cannot_be_sealed_until_it_is_explained(city, table, packer):
    inside, forgotten = filled(table, city, 2), filled(table, city, 2, first=4)
    batch = packed(packer, [inside])
    packer.act(f"{packer.url}/count", batch=batch, n=2)
    assert forgotten in packer.text and notices(packer.text)[0][0] == "stop"
    seal = make_code(Kind.SEAL, make.number())
    assert packer.post(f"{packer.url}/seal", batch=batch, n=2, seal=seal).status_code == 409
    packer.act(f"{packer.url}/seal", batch=batch, n=2, seal=seal, **{"why.stays": 1})
    assert fetch("SELECT counted, known FROM batch") == [(2, 1)]
    assert fetch("SELECT kind FROM ticket WHERE state = 'open'") == []


def test_a_tube_is_taken_out_and_a_seal_opened_again(city, table, packer):
    tubes = [filled(table, city, 2), filled(table, city, 2, first=4)]
    batch = packed(packer, tubes)
    packer.act(f"{packer.url}/unpack", batch=batch, tube=tubes[0])
    assert tube_of(tubes[0])["stage"] == Stage.CLOSED
    packer.act(f"{packer.url}/seal", batch=batch, n=1, seal=make_code(Kind.SEAL, make.number()))
    packer.act(f"{packer.url}/unseal", batch=batch)
    packer.act(f"{packer.url}/pack", batch=batch, tube=tubes[0])
    assert fetch("SELECT stage, known FROM batch") == [(1, 2)]


# --- hand-over and reception ----------------------------------------------------------------


@pytest.fixture
def sealed(city, table, packer):
    tubes = [filled(table, city, 2), filled(table, city, 2, first=4)]
    batch, seal = packed(packer, tubes), make_code(Kind.SEAL, make.number())
    packer.act(f"{packer.url}/seal", batch=batch, n=2, seal=seal)
    return batch, seal, tubes


def given_over(city, packer, seal, **data):
    url = f"/hand-over/{city.sites[0].site_id}"
    courier = make.staff(Role.COURIER, city.sites[0].area)
    packer.act(f"{url}/scan", seal=seal, seals="")
    body = {"seals": seal, "boxes": 1, "temperature": "4.5", "lab_id": city.lab.lab_id}
    return courier, packer.post(url, courier=courier.staff_no, **{**body, **data})


def test_boxes_go_to_a_named_courier_with_their_temperature(city, packer, sealed):
    _, seal, tubes = sealed
    courier, r = given_over(city, packer, seal)
    assert r.status_code == 303, notices(packer.text)
    rows = fetch("SELECT stage, holder_id, lab_id, temperature FROM batch")
    assert rows == [(3, courier.staff_id, city.lab.lab_id, 45)]
    row = tube_of(tubes[0])
    assert (row["holder_kind"], row["holder_id"]) == ("courier", courier.staff_id)


def test_edge_29_screen_the_page_takes_a_difference_only_with_both_sides_words(
    city, packer, sealed
):
    _, seal, _ = sealed
    _, r = given_over(city, packer, seal, boxes=2)
    assert r.status_code == 409 and 'name="difference"' in packer.text
    _, r = given_over(city, packer, seal, boxes=2, difference="一箱随后")
    assert r.status_code == 303
    assert fetch("SELECT kind FROM ticket WHERE state = 'open'") == [("hand_over_mismatch",)]


def test_a_couriers_badge_names_the_courier(city, packer, sealed):
    _, seal, _tubes = sealed
    courier = make.staff(Role.COURIER, city.sites[0].area)
    url = f"/hand-over/{city.sites[0].site_id}"
    packer.act(f"{url}/scan", seal=seal, seals="")
    body = {"seals": seal, "boxes": 1, "temperature": "4.5", "lab_id": city.lab.lab_id}
    r = packer.post(url, courier=make_code(Kind.TUBE, 1), **body)
    assert r.status_code == 422
    r = packer.post(url, courier=make_code(Kind.BADGE, courier.staff_id), **body)
    assert r.status_code == 303, notices(packer.text)
    assert fetch("SELECT holder_id FROM batch") == [(courier.staff_id,)]


def test_nobody_but_a_courier_takes_a_box(city, packer, sealed):
    _, seal, _ = sealed
    _, r = given_over(city, packer, seal, lab_id="7")
    assert r.status_code == 422
    url = f"/hand-over/{city.sites[0].site_id}"
    body = {"seals": seal, "boxes": 1, "lab_id": city.lab.lab_id, "courier": packer.who.staff_no}
    assert packer.post(url, **body).status_code == 422 and "转运员" in packer.text


def test_a_box_is_unpacked_by_scan_with_missing_and_extra_named(city, table, packer, sealed, app):
    _, seal, tubes = sealed
    given_over(city, packer, seal)
    stray = filled(table, city, 2, first=12)
    bench = Desk(app.test_client(), Role.LAB_TECHNICIAN, city.lab)
    url = f"/reception/{city.lab.lab_id}"
    bench.get(url)
    assert seal in bench.text
    bench.act(f"{url}/arrive", seal=seal, temperature="5")
    bench.act(f"{url}/receive", seal=seal, tube=tubes[0])
    bench.act(f"{url}/receive", seal=seal, tube=stray)
    assert ("look", "此管不在这一箱的清单里，照收，差异会通知两边。") in notices(bench.text)
    bench.act(f"{url}/finish", seal=seal)
    assert ("look", "清点完毕，缺 1 管，已通知采样点。") in notices(bench.text)
    assert tube_of(tubes[0])["stage"] == tube_of(stray)["stage"] == Stage.RECEIVED
    kinds = fetch("SELECT kind, subject_id FROM ticket WHERE subject = 'tube' ORDER BY kind")
    assert kinds == [("missing_at_lab", tubes[1]), ("wrong_box", stray)]


def test_edge_35_screen_a_leaking_tube_is_rejected_with_its_reason(city, packer, sealed, app):
    _, seal, tubes = sealed
    bench = Desk(app.test_client(), Role.LAB_TECHNICIAN, city.lab)
    url = f"/reception/{city.lab.lab_id}"
    bench.act(f"{url}/arrive", seal=seal)
    bench.act(f"{url}/reject", seal=seal, tube=tubes[0], reason="leak")
    assert tube_of(tubes[0])["stage"] == Stage.REJECTED


def test_a_box_is_taken_by_seal_and_count_alone(city, packer, sealed, app):
    _, seal, _ = sealed
    bench = Desk(app.test_client(), Role.LAB_TECHNICIAN, city.lab)
    bench.act(f"/reception/{city.lab.lab_id}/arrive", seal=seal, n=1)
    assert fetch("SELECT stage FROM batch") == [(4,)]
    assert fetch("SELECT kind FROM ticket WHERE state = 'open'") == [("arrive_mismatch",)]


# --- paper ----------------------------------------------------------------------------------


def sheet(tube, people, **data):
    rows = {f"who{i}": who for i, (who, _) in enumerate(people, 1)}
    rows |= {f"name{i}": name for i, (_, name) in enumerate(people, 1)}
    return {"tube": tube, "mode": "pooled", "size": 10, "n": len(people), **rows, **data}


@pytest.fixture
def paper(table, city):
    table.paper = f"/paper/{city.sites[0].site_id}"
    return table


def test_edge_51_screen_a_sheet_is_entered_whole_with_its_hour(city, paper):
    tube = city.tube()
    paper.act(paper.paper, **sheet(tube, [(ID, "张三"), (city.codes(0, 1)[0], ""), ("", "李奶奶")],
                                   hour="00:00"))  # fmt: skip
    row = tube_of(tube)
    assert (row["stage"], row["members"], row["complete"]) == (Stage.CLOSED, 3, True)
    (hour,) = fetch("SELECT DISTINCT to_char(at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') "
                    "FROM specimen")[0]  # fmt: skip
    assert hour == "00:00"


def test_edge_51_screen_a_sheet_whose_count_differs_is_not_entered(city, paper):
    r = paper.post(paper.paper, **sheet(city.tube(), [(ID, "张三")], n=2))
    assert r.status_code == 422 and "纸上写 2 人" in paper.text
    assert fetch("SELECT count(*) FROM tube") == [(0,)]


def test_edge_51_screen_every_wrong_line_is_named_at_once(city, paper):
    people = [(ID[:-1] + "1", "张三"), ("R1.1-1-00", ""), (city.codes(0, 1)[0], "")]
    r = paper.post(paper.paper, **sheet(city.tube(), people))
    assert r.status_code == 422 and "第 1 行" in paper.text and "第 2 行" in paper.text


def test_a_document_that_is_wrong_on_paper_is_entered_as_it_stands(city, paper):
    tube = city.tube()
    paper.act(paper.paper, **sheet(tube, [(ID[:-1] + "1", "张三")], odd="1"))
    assert tube_of(tube)["complete"]


def test_only_a_supervisor_completes_a_list_from_paper(city, paper, client, app):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 2), close=False)
    phone.write("close", tube=tube, n=3)
    phone.send(client)
    lines = sheet(tube, [(ID, "张三")], n=3)
    assert paper.post(paper.paper, **lines).status_code == 403
    head = Desk(app.test_client(), Role.SITE_SUPERVISOR, city.sites[0])
    head.act(paper.paper, **lines)
    row = tube_of(tube)
    assert (row["members"], row["complete"], row["holds"]) == (3, True, 0)
    assert fetch("SELECT state FROM ticket WHERE kind = 'list_incomplete'") == [("closed",)]
