"""The register over HTTP: bad input gets sentences, good input is told once, nothing leaks."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from screening import jobs
from screening.accounts.roles import Role
from screening.db import db, fetch
from screening.registry import documents
from screening.registry.service import Newcomer, make_provisional
from tests import make

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
ID = documents.normalise("resident_id", "11010519491231002X")


@pytest.fixture
def home(db_session):
    return make.area("community")


@pytest.fixture
def worker(client, home):
    return make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, home))


@pytest.fixture
def chief(client, home):
    return make.sign_in(client, make.staff(Role.ADMINISTRATOR))


@pytest.fixture
def lisi(home):
    ((person, cell),) = make_provisional(
        [Newcomer("李四·买买提", ID, phone="13800000001")],
        cell=home.cell_id,
        community=home.area_id,
        at=AT,
    )
    db.session.commit()
    return cell, person


def search(client, headers, home, **wanted):
    body = {"area_id": str(home.area_id), **wanted}
    return client.post("/api/v1/persons/search", json=body, headers=headers)


@pytest.mark.parametrize(
    "wanted",
    [
        {"number": "11010519491231002x"},
        {"phone": "138-0000-0001"},
        {"name": "李四 买买提"},
        {"last4": "002x"},
        {"part_of_name": "买"},
    ],
)
def test_a_person_is_found_by_whatever_is_known(client, worker, home, lisi, wanted):
    r = search(client, worker, home, **wanted)
    assert r.status_code == 200, r.json
    (found,) = r.json
    assert (found["cell_id"], found["person_id"]) == tuple(map(str, lisi))
    assert found["document"] == documents.mask(ID) and "13800000001" not in r.text
    assert ID.number not in r.text


def test_every_person_shown_is_audited_and_the_search_term_is_not(client, worker, home, lisi):
    search(client, worker, home, name="李四·买买提")
    lines = fetch(
        "SELECT subject_id, a::text FROM audit a WHERE cell_id = %s AND action = 'read'",
        (lisi[0],),
    )
    assert [line[0] for line in lines] == [str(lisi[1])]
    assert "李四" not in lines[0][1] and ID.number not in lines[0][1]


def test_people_of_other_areas_are_not_found(client, home, lisi):
    other = make.area("community")
    headers = make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, other))
    assert search(client, headers, other, number=ID.number).json == []
    assert search(client, headers, home, number=ID.number).status_code == 403


def test_a_wrong_number_is_told_in_a_sentence_without_the_number(client, worker, home):
    r = search(client, worker, home, number="110105194912310021")
    assert (r.status_code, r.json["code"]) == (422, "document_check_digit")
    assert "110105194912310021" not in r.text


def test_an_empty_search_finds_nobody_and_says_what_is_missing(client, worker, home):
    r = search(client, worker, home)
    assert (r.status_code, r.json["code"]) == (422, "nothing_to_find")


def test_a_search_cannot_be_put_into_an_address(client, worker):
    assert client.get("/api/v1/persons/search?name=x", headers=worker).status_code == 405


def test_a_list_of_documents_is_looked_up_at_once(client, worker, home, lisi):
    docs = [{"number": ID.number}, {"number": "440524188001010014"}]
    r = client.post(
        "/api/v1/persons/lookup",
        json={"area_id": str(home.area_id), "documents": docs},
        headers=worker,
    )
    assert [p["person_id"] for p in r.json] == [str(lisi[1]), None]


def test_a_resident_written_down_twice_is_one_person(client, worker, home):
    body = {"community_id": str(home.area_id), "name": "李四", "number": "11010519491231002x"}
    first = client.post("/api/v1/persons", json=body, headers=worker)
    again = client.post("/api/v1/persons", json=body, headers=worker)
    assert first.status_code == 201 and first.json == again.json
    assert fetch("SELECT flags FROM person") == [(0,)]


def test_somebody_without_a_document_is_told_apart_by_home(client, worker, home):
    body = {"community_id": str(home.area_id), "name": "李四", "type": "none", "room": "101"}
    first = client.post("/api/v1/persons", json=body, headers=worker).json
    other = client.post("/api/v1/persons", json={**body, "room": "102"}, headers=worker).json
    assert first != other


def upload(client, headers, content, area):
    data = {"area_id": str(area.area_id), "file": (io.BytesIO(content), "x.csv")}
    return client.post("/api/v1/persons/imports", data=data, headers=headers)


def test_an_import_walks_from_upload_to_loaded_through_the_worker(app, client, worker, home):
    rows = f"姓名,证件号码,社区代码\n李四,{ID.number},{home.code}\n王五,123,{home.code}\n"
    r = upload(client, worker, rows.encode("gbk"), home)
    assert r.status_code == 202 and r.json["state"] == "checking"
    at = f"/api/v1/persons/imports/{r.json['import_id']}"
    jobs.run_due()
    seen = client.get(at, headers=worker).json
    assert (seen["state"], seen["faults"], seen["report"]["good"]) == ("checked", 1, 1)
    faults = client.get(at + "/faults", headers=worker).json["items"]
    assert faults == [
        {
            "seq": 1,
            "row": 3,
            "column": "证件号码",
            "code": "document_length",
            "detail": "证件号码有 3 位，应为 15 / 18 位。",
        }
    ]
    file = client.get(at + "/faulty-rows.csv", headers=worker)
    assert file.data.decode("utf-8-sig").splitlines()[1].startswith("王五,123,")
    assert client.post(at + "/start", json={}, headers=worker).status_code == 202
    jobs.run_due()
    assert client.get(at, headers=worker).json["report"]["added"] == 1


def test_a_corrected_file_goes_to_its_importer_only(client, worker, home):
    r = upload(client, worker, f"姓名,证件号码,社区代码\n李,1,{home.code}\n".encode(), home)
    jobs.run_due()
    other = make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, home))
    at = f"/api/v1/persons/imports/{r.json['import_id']}/faulty-rows.csv"
    assert client.get(at, headers=other).status_code == 403


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_table"),
        (b"PK\x03\x04cut", "cut_table"),
        ("姓名,证件号码,社区代码\n".encode(), "empty_table"),
        (b"\xff\xfe\x00", "bad_encoding"),
        ("甲,乙\n1,2\n".encode(), "faults"),
    ],
)
def test_a_bad_file_gets_a_problem_and_leaves_nothing(client, worker, home, content, code):
    r = upload(client, worker, content, home)
    assert (r.status_code, r.mimetype, r.json["code"]) == (422, "application/problem+json", code)
    assert fetch("SELECT count(*) FROM import_run") == [(0,)]


def test_markup_in_a_name_stays_text_on_the_page(app, client, home):
    ((person, cell),) = make_provisional(
        [Newcomer("<script>alert(1)</script>", ID)],
        cell=home.cell_id, community=home.area_id, at=AT,
    )  # fmt: skip
    db.session.commit()
    headers = make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, home))
    page = client.get(f"/persons/{cell}/{person}", headers={**headers, "Accept": "text/html"})
    assert "<script>alert" not in page.text and "&lt;script&gt;" in page.text


def test_a_round_is_set_up_and_started_over_http(client, chief, home):
    now = datetime.now(UTC)
    body = {
        "name": "第1轮",
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=8)).isoformat(),
        "area_ids": [str(home.area_id)],
        "limits": {"closed": 90},
        "pool_rules": [{"mode": "pooled", "capacity": 10}],
    }
    made = client.post("/api/v1/rounds", json=body, headers=chief)
    assert made.status_code == 201, made.json
    at = f"/api/v1/rounds/{made.json['id']}"
    assert client.post(at + "/start", headers=chief).json["code"] == "wrong_round_state"
    assert client.post(at + "/approve", headers=chief).json["state"] == "scheduled"
    assert client.post(at + "/start", headers=chief).json["state"] == "sampling"
    got = client.get(at, headers=chief).json
    assert got["limits"]["closed"] == 90 and got["limits"]["open"] == 60
    assert client.post(at + "/stop", headers=chief).json["state"] == "finishing"


def test_every_fault_of_a_round_comes_back_with_its_field(client, chief, home):
    body = {
        "name": "",
        "starts_at": "2026-11-22T06:00:00+08:00",
        "ends_at": "2026-11-22T05:00:00+08:00",
        "area_ids": [str(home.area_id)],
        "kind": "cohort",
    }
    r = client.post("/api/v1/rounds", json=body, headers=chief)
    assert {f["field"] for f in r.json["faults"]} == {"name", "ends_at", "cohorts"}


def test_site_numbers_are_given_once(client, chief, home):
    body = {"code": "S01", "area_id": str(home.area_id), "name": "点", "kind": "community"}
    assert client.post("/api/v1/sites", json=body, headers=chief).status_code == 201
    again = client.post("/api/v1/sites", json=body, headers=chief)
    assert (again.status_code, again.json["code"]) == (409, "site_code_taken")


def test_an_exemption_is_given_listed_and_ended(client, worker, home, lisi):
    body = {"cell_id": str(lisi[0]), "person_id": str(lisi[1]), "code": "medical"}
    made = client.post("/api/v1/exemptions", json=body, headers=worker)
    assert made.status_code == 201
    where = {"area_id": home.area_id}
    listed = client.get("/api/v1/exemptions", query_string=where, headers=worker).json["items"]
    assert [e["exemption_id"] for e in listed] == [made.json["id"]]
    end = f"/api/v1/exemptions/{lisi[0]}/{made.json['id']}/end"
    assert client.post(end, headers=worker).status_code == 204
    assert client.get("/api/v1/exemptions", query_string=where, headers=worker).json["items"] == []


def test_a_cohort_list_is_matched_to_people(client, worker, home, lisi):
    body = {
        "area_id": str(home.area_id),
        "cohort": "close_contact",
        "documents": [{"number": "440524188001010014"}, {"number": ID.number}],
        "since": AT.isoformat(),
    }
    r = client.post("/api/v1/cohorts/members", json=body, headers=worker)
    assert r.json == {"matched": 1, "unmatched": [1]}


def test_areas_are_walked_level_by_level_and_found_by_name(client, worker, home):
    r = client.get("/api/v1/areas", query_string={"name": home.name}, headers=worker)
    assert [a["area_id"] for a in r.json["items"]] == [str(home.area_id)]


def test_files_are_loaded_by_command_too(app, tmp_path, home):
    staff = make.staff(Role.ADMINISTRATOR)
    file = tmp_path / "r.csv"
    file.write_text(f"姓名,证件号码,社区代码\n李四,{ID.number},{home.code}\n", "utf-8")
    run = app.test_cli_runner().invoke
    said = run(args=["registry", "persons", str(file), "--by", staff.staff_no])
    assert said.exit_code == 0 and "r.csv: done rows 1 faults 0" in said.output
    assert run(args=["registry", "persons", str(file), "--by", "nobody"]).exit_code == 1
    areas = tmp_path / "a.csv"
    areas.write_text("code,name,parent,level,code12\n99,X,,province,990000000000\n", "utf-8")
    assert "added 1" in run(args=["registry", "areas", str(areas)]).output
