"""Temporary accounts from a list: all of it or nothing, and every fault of every row."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from zipfile import ZipFile

import pytest

from screening import clock
from screening.accounts import queries, sessions, temporary
from screening.accounts.readers import staff_list
from screening.accounts.readers.staff_list import Row
from screening.accounts.roles import Actor, Role, Scope
from screening.db import fetch
from screening.errors import Faults
from tests import make

SOON = (clock.real_now() + timedelta(days=3)).date().isoformat()
HEAD = "姓名,电话,角色,采样点,截止"


@pytest.fixture
def site(db_session):
    return make.site(name="北门采样点")


@pytest.fixture
def boss(site):
    who = make.staff(Role.SITE_SUPERVISOR, site)
    return Actor(who.staff_id, who.staff_no, (Scope(Role.SITE_SUPERVISOR, site.place),))


def row(number=2, name="张三", phone="13800000001", role="采样员", place="北门采样点", until=SOON):
    return Row(number, name, phone, role, place, until)


def faults_of(rows, actor) -> list[tuple]:
    with pytest.raises(Faults) as e:
        temporary.make_temporary(rows, actor)
    return [(f.row, f.column, f.problem.code) for f in e.value.faults]


def test_a_list_makes_accounts_that_sign_in_once_and_then_change_their_password(site, boss):
    made = temporary.make_temporary([row(), row(3, "李四", "13800000002", "packer")], boss)
    assert [a.role for a in made] == [Role.SAMPLER, Role.PACKER]
    first = made[0]
    assert re.fullmatch("[0-9]{6}", first.staff_no)  # the serial of a badge's code
    entered = sessions.sign_in(first.staff_no, first.first_password, address="::1")
    assert entered.must_change
    held = queries.get_staff(first.staff_id)
    assert (held.name, held.until) == ("张三", first.until)
    actor = queries.find_actor(entered.token)
    assert actor.may([Role.SAMPLER], site.place)


def test_every_fault_of_every_row_is_told_and_nothing_is_made(site, boss):
    before = fetch("SELECT count(*) FROM staff")
    rows = [
        row(2),
        row(3, name="", phone="abc"),
        row(4, "王五", role="国王", until="2001-01-01"),
        row(5, "赵六", place="南门"),
        row(6, name="=cmd()"),
    ]
    assert faults_of(rows, boss) == [
        (3, "姓名", "empty_cell"),
        (3, "电话", "bad_phone"),
        (4, "角色", "bad_role"),
        (4, "截止", "bad_until"),
        (5, "采样点", "bad_place"),
        (6, "姓名", "bad_name"),
    ]
    assert fetch("SELECT count(*) FROM staff") == before


def test_a_supervisor_makes_no_supervisors_and_nobody_elsewhere(site, boss):
    other = make.site(name="别处")
    rows = [row(2, role="采样点负责人"), row(3, name="李四", place=other.code)]
    assert faults_of(rows, boss) == [(2, "角色", "may_not_give"), (3, "采样点", "bad_place")]


def test_a_laboratory_role_does_not_belong_to_a_site(site, db_session):
    who = make.staff(Role.ADMINISTRATOR)
    chief = Actor(who.staff_id, who.staff_no, (Scope(Role.ADMINISTRATOR, who.place),))
    assert faults_of([row(role="检验员")], chief) == [(2, "角色", "role_elsewhere")]


def test_the_same_person_twice_in_a_list_is_a_fault(site, boss):
    assert faults_of([row(2), row(3)], boss) == [(3, "姓名", "twice_in_list")]


def test_the_same_list_again_makes_nobody_twice(site, boss):
    temporary.make_temporary([row()], boss)
    assert faults_of([row()], boss) == [(2, "姓名", "already_there")]


def test_no_fault_repeats_a_personal_value(site, boss):
    with pytest.raises(Faults) as e:
        temporary.make_temporary([row(phone="秘密号码"), row(3, name="绝密" * 40)], boss)
    said = " ".join(str(f.to_dict("zh")) for f in e.value.faults)
    assert "秘密" not in said and "绝密" not in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_is_read_in_any_of_the_usual_encodings(encoding):
    text = f"{HEAD}\n张三,13800000001,采样员,北门采样点,{SOON}\n\n"
    assert staff_list.read_list(text.encode(encoding)) == [row()]


def test_columns_may_stand_in_another_order_and_in_english():
    text = f"role,name,until,phone,site\nsampler,张三,{SOON},13800000001,S1\n"
    assert staff_list.read_list(text.encode())[0].role == "sampler"


def test_missing_and_unknown_columns_are_all_told():
    with pytest.raises(Faults) as e:
        staff_list.read_list("姓名,电话,身高\n".encode())
    assert [(f.problem.code, f.column) for f in e.value.faults] == [
        ("unknown_column", "身高"),
        ("no_column", "角色"),
        ("no_column", "采样点"),
        ("no_column", "截止"),
    ]


def workbook(rows: list[list[str]]) -> bytes:
    """A small XLSX with texts in place."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in r) + "</row>"
        for r in rows
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',  # noqa: E501
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',  # noqa: E501
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',  # noqa: E501
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',  # noqa: E501
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with ZipFile(out, "w") as z:
        for name, text in parts.items():
            z.writestr(name, text)
    return out.getvalue()


def test_a_workbook_is_read_and_a_cut_one_is_refused():
    book = workbook([HEAD.split(","), list(row()[1:])])
    assert staff_list.read_list(book) == [row()]
    with pytest.raises(staff_list.NotAList):
        staff_list.read_list(book[: len(book) // 2])


@pytest.mark.parametrize("data", [b"", b"\0\1\2\3", b"\xff\xfe\xff"])
def test_what_is_no_list_is_refused_in_one_sentence(data):
    with pytest.raises(staff_list.NotAList):
        staff_list.read_list(data)


def test_a_long_list_is_refused_whole():
    text = HEAD + "\n" + "张三,1,2,3,4\n" * 501
    with pytest.raises(staff_list.LongList):
        staff_list.read_list(text.encode())


@pytest.mark.parametrize(
    "text", ["2026-11-30", "2026/11/30", "2026-11-30 18:00", "2026-11-30T18:00"]
)
def test_until_is_read_as_local_time(text):
    until = temporary.until_of(text)
    assert until.utcoffset() == timedelta(hours=8) and until.day == 30


def test_the_page_checks_first_and_shows_the_passwords_once(client, site, db_session):
    who = make.staff(Role.SITE_SUPERVISOR, site)
    headers = {**make.sign_in(client, who, cookie=True), "Accept": "text/html"}

    def send(act):
        text = f"{HEAD}\n张三,13800000001,采样员,北门采样点,{SOON}\n"
        data = {"file": (io.BytesIO(text.encode()), "list.csv"), "act": act}
        return client.post("/accounts/temporary", data=data, headers=headers)

    checked = send("check")
    assert checked.status_code == 200 and "1" in checked.get_data(as_text=True)
    assert fetch("SELECT count(*) FROM staff") == [(1,)]
    made = send("make").get_data(as_text=True)
    assert "张三" in made and fetch("SELECT count(*) FROM staff") == [(2,)]
    again = send("make")
    assert again.status_code == 422 and "已经有有效的账号" in again.get_data(as_text=True)
