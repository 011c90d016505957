"""The paper desk: lines in any order, told as they are typed; sheets of today; taking one back."""

from __future__ import annotations

import pytest

from screening.accounts.roles import Role
from screening.db import db, fetch, insert
from screening.field.written import Written, take_apart
from screening.registry import seals
from screening.registry.documents import DocType, Document
from screening.registry.service.persons import ring
from screening.tube.rules import Stage
from tests import make, world
from tests.field.test_desk_pages import ID, Desk, notices, sheet, tube_of


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def desk(city, client):
    made = Desk(client, Role.SAMPLER, city.sites[0])
    made.paper = f"/paper/{city.sites[0].site_id}"
    return made


@pytest.fixture
def head(city, app):
    made = Desk(app.test_client(), Role.SITE_SUPERVISOR, city.sites[0])
    made.paper = f"/paper/{city.sites[0].site_id}"
    return made


def resident(city, name: str, number: str, site: int = 0) -> tuple[int, int]:
    """One more person of the register, with a document."""
    home, keys = city.sites[site].area, ring()
    person = make.number() + 7_000_000
    details = seals.Details(name, number, None, None, "1", "101")
    doc = seals.doc_hash(keys, Document(DocType.RESIDENT_ID, number))
    columns = ("cell_id", "person_id", "community_id", "doc_type", "doc_hash", "name_hash",
               "sealed", "flags", "lane", "created_at")  # fmt: skip
    insert("person", columns, [(
        home.cell_id, person, home.area_id, 1, doc, seals.name_hash(keys, name),
        seals.seal_person(keys, details), 0, 0, fetch("SELECT now()")[0][0],
    )])  # fmt: skip
    insert("person_key", ("doc_hash", "person_id", "cell_id"), [(doc, person, home.cell_id)])
    db.session.commit()
    return home.cell_id, person


def told(desk, *lines, tube=""):
    """What the page hears about lines typed as (who, name, phone)."""
    body = {"tube": tube, "lines": [
        {"row": i, **dict(zip(("who", "name", "phone"), line, strict=False))}
        for i, line in enumerate(lines, 1)
    ]}  # fmt: skip
    r = desk.client.post(f"{desk.paper}/lines", json=body, headers={"X-CSRF-Token": desk.token})
    assert r.status_code == 200
    return r.json


# --- one line -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("张三 31002X", ("31002X", "张三", "")),
        ("31002x张三", ("31002X", "张三", "")),
        ("张三 13800000000", ("", "张三", "13800000000")),
        ("11010519491231002X 张三 13800000000", ("11010519491231002X", "张三", "13800000000")),
        ("110105 19491231 002X", ("11010519491231002X", "", "")),
        ("１１０１０５１９４９１２３１００２Ｘ", ("11010519491231002X", "", "")),
        ("E 12345678", ("E12345678", "", "")),
        ("LI SI 31002X", ("31002X", "LI SI", "")),
        ("买买提·艾山 31002X", ("31002X", "买买提·艾山", "")),
        ("军字第12345678号", ("军字第12345678号", "", "")),
        ("R1.12-345-28", ("R1.12-345-28", "", "")),
        ("张三", ("", "张三", "")),
    ],
)
def test_one_field_takes_a_line_in_any_order(typed, meant):
    assert take_apart(typed) == Written(*meant)


def test_what_stands_in_its_own_field_wins():
    assert take_apart("张三 31002X", "李四", "1") == Written("31002X", "李四", "1")


def test_a_resident_is_shown_masked_and_the_look_is_audited(city, desk):
    out = told(desk, (city.codes(0, 1)[0],))["lines"][0]
    assert (out["tone"], out["name"]) == ("ok", "居**")
    assert out["key"] and "居民0" not in str(out)
    assert fetch("SELECT count(*) FROM audit WHERE subject = 'person'") == [(1,)]


def test_name_and_last_six_find_the_resident(city, desk):
    cell, person = resident(city, "张三", ID)
    out = told(desk, ("张三 31002X",), ("31002X", "张三"), ("张三 31002Y",))["lines"]
    assert out[0]["key"] == out[1]["key"] == f"{cell}:{person}"
    assert out[0]["name"] == "张*" and out[0]["document"]
    assert out[2]["tone"] != "ok"


def test_somebody_of_the_next_street_is_found_too(city, desk):
    cell, person = resident(city, "李四", ID, site=1)
    assert told(desk, ("李四 31002X",))["lines"][0]["key"] == f"{cell}:{person}"


def test_two_of_one_name_and_end_need_the_whole_number(city, desk):
    resident(city, "张三", ID)
    resident(city, "张三", "14010519501231002X")
    out = told(desk, ("张三 31002X",))["lines"][0]
    assert out["tone"] == "stop" and "2 人" in out["text"]


def test_what_is_wrong_with_a_line_is_said_while_it_is_typed(city, desk):
    bad, unknown, name = told(desk, (ID[:-1] + "1",), (ID,), ("王五",))["lines"]
    assert bad["tone"] == "stop" and "校验" in bad["text"]
    assert unknown["tone"] == "stop" and "姓名" in unknown["text"]
    assert name["tone"] == "look"


def test_somebody_swabbed_already_is_said_and_entered(city, desk, client):
    phone = city.phone(1)
    phone.fill(city.tube(), city.codes(0, 1))
    phone.send(client)
    out = told(desk, (city.codes(0, 1)[0],))["lines"][0]
    assert out["tone"] == "look" and "本轮已采" in out["text"]
    desk.act(desk.paper, **sheet(city.tube(), [(city.codes(0, 1)[0], "")]))


# --- the tube -----------------------------------------------------------------------------------


def test_a_tube_is_told_before_its_lines_are_typed(city, desk, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 2))
    phone.send(client)
    out = told(desk, tube=tube)["tube"]
    assert (out["tone"], out["members"], len(out["keys"])) == ("look", 2, 2)
    assert told(desk, tube=city.tube())["tube"]["tone"] == "ok"
    assert told(desk, tube="123")["tube"]["tone"] == "stop"


def test_another_sites_tube_is_told_without_its_list(city, desk, client):
    phone, tube = city.phone(1), city.tube()
    phone.fill(tube, city.codes(0, 2))
    phone.send(client)
    out = told(desk, tube=tube)["tube"]
    assert (out["tone"], out["members"], out["keys"]) == ("stop", 0, [])


@pytest.mark.parametrize("body", [None, [], {"lines": "x"}, {"lines": [1, None]}, {"tube": 5}])
def test_nonsense_is_answered_with_nothing(desk, body):
    r = desk.client.post(f"{desk.paper}/lines", json=body, headers={"X-CSRF-Token": desk.token})
    assert r.status_code == 200 and r.json["lines"] == []


def test_looking_without_the_forms_token_is_refused(desk):
    assert desk.client.post(f"{desk.paper}/lines", json={"lines": []}).status_code == 403


# --- the sheet ----------------------------------------------------------------------------------


def test_ten_lines_of_name_and_last_six_become_ten_residents(city, desk):
    numbers = [f"1101051949123{i}" for i in range(10)]
    for i, number in enumerate(numbers):
        resident(city, f"赵{'一二三四五六七八九十'[i]}", f"{number}{i:04d}"[:17] + "X")
    tails = [f"赵{'一二三四五六七八九十'[i]} {(f'{n}{i:04d}'[:17] + 'X')[-6:]}"
             for i, n in enumerate(numbers)]  # fmt: skip
    tube = city.tube()
    desk.act(desk.paper, **sheet(tube, [(t, "") for t in tails]))
    assert tube_of(tube)["members"] == 10
    assert fetch("SELECT count(*) FROM specimen WHERE person_id > 7000000 AND reason = 'paper'"
                 " AND person_id < 8000000") == [(10,)]  # fmt: skip


def test_the_same_person_twice_is_refused_until_somebody_has_compared(city, desk):
    code = city.codes(0, 1)[0]
    tube = city.tube()
    r = desk.post(desk.paper, **sheet(tube, [(code, ""), (code, "")]))
    assert r.status_code == 422 and "与第 1 行是同一个人" in desk.text
    desk.act(desk.paper, **sheet(tube, [(code, ""), (code, "")], odd="1"))
    assert tube_of(tube)["confirmed"] == 2


def test_the_same_name_and_digits_are_the_same_person_the_next_time(city, desk):
    for _ in range(2):
        desk.act(desk.paper, **sheet(city.tube(), [("钱六 31002X", "")]))
    desk.act(desk.paper, **sheet(city.tube(), [("孙七 31002X", "")]))
    people = fetch("SELECT person_id, count(*) FROM specimen GROUP BY person_id ORDER BY 2 DESC")
    assert [n for _, n in people] == [2, 1], "equal digits alone do not make one person"


def test_the_next_sheet_comes_with_the_same_hour_and_mode(city, desk):
    r = desk.post(desk.paper, **sheet(city.tube(), [("王五", "")], hour="00:01", size=5))
    assert r.status_code == 303 and "hour=00" in r.headers["Location"]
    desk.get(r.headers["Location"])
    assert 'name="hour" value="00:01"' in desk.text and 'name="size" value="5"' in desk.text
    assert "王五" not in desk.text and "王五" not in r.headers["Location"]


def test_sheets_of_today_are_listed_with_their_counts(city, desk, client):
    phone = city.phone()
    phone.fill(scanned := city.tube(), city.codes(10, 2))
    phone.send(client)
    tubes = [city.tube(), city.tube()]
    desk.act(desk.paper, **sheet(tubes[0], [("王五", ""), ("赵六", "")]))
    desk.act(desk.paper, **sheet(tubes[1], [("孙七", "")]))
    assert "今天已录入 2 张，3 人" in desk.text
    assert scanned not in desk.text


# --- taking a sheet back ------------------------------------------------------------------------


def test_a_supervisor_takes_a_sheet_back_and_it_is_entered_anew(city, desk, head):
    tube = city.tube()
    desk.act(desk.paper, **sheet(tube, [("王五", ""), ("赵六", "")]))
    assert "整张撤销" not in desk.text
    assert desk.post(f"{desk.paper}/undo", tube=tube).status_code == 403
    head.get(head.paper)
    assert "整张撤销" in head.text
    head.act(f"{head.paper}/undo", tube=tube)
    assert f'name="tube" value="{tube}"' in head.text
    row = tube_of(tube)
    assert (row["stage"], row["members"]) == (Stage.OPEN, 0)
    desk.act(desk.paper, **sheet(tube, [("孙七", ""), (city.codes(3, 1)[0], "")]))
    row = tube_of(tube)
    assert (row["stage"], row["members"], row["complete"]) == (Stage.CLOSED, 2, True)
    assert row["holds"] == 0
    assert fetch("SELECT kind FROM ticket WHERE state = 'open' AND subject = 'tube'") == []


def test_a_tube_with_scanned_people_is_not_taken_back(city, head, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 2), close=False)
    phone.write("close", tube=tube, n=3)
    phone.send(client)
    head.act(head.paper, **sheet(tube, [("王五", "")], n=3))
    r = head.post(f"{head.paper}/undo", tube=tube)
    assert r.status_code == 409 and notices(head.text)[0][0] == "stop"
    assert tube_of(tube)["members"] == 3


def test_a_person_who_lies_in_the_tube_already_is_not_typed_again(city, head, client):
    phone, tube = city.phone(), city.tube()
    phone.fill(tube, city.codes(0, 2), close=False)
    phone.write("close", tube=tube, n=3)
    phone.send(client)
    people = [(city.codes(1, 1)[0], ""), ("王五", "")]
    r = head.post(head.paper, **sheet(tube, people, n=3))
    assert r.status_code == 422 and "已在这支管的名单里（第 2 个）" in head.text
