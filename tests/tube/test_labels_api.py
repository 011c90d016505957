"""Label runs over HTTP and on pages: made, printed, taken back."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from screening.accounts.roles import Role
from screening.tube.codes import Kind, make_code
from tests import make, world


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def office(city, client):
    """A dispatcher's requests as JSON."""
    headers = make.sign_in(client, make.staff(Role.DISPATCHER))

    def call(method, url, **kw):
        return client.open(f"/api/v1{url}", method=method, headers=headers, **kw)

    return call


@pytest.fixture
def run(office, city):
    r = office("POST", "/label-runs", json={"count": 100, "site_id": city.sites[0].site_id})
    assert r.status_code == 201, r.json
    return r.json


def test_a_run_is_made_and_its_ledger_is_whole(office, run):
    got = office("GET", f"/label-runs/{run['run_id']}/ledger").json
    assert (got["printed"], got["blank"], got["whole"]) == (100, 100, True)


def test_sheets_streams_and_their_parts(office, run):
    url = f"/label-runs/{run['run_id']}"
    sheet = office("GET", f"{url}/pdf")
    assert sheet.mimetype == "application/pdf"
    assert len(PdfReader(BytesIO(sheet.data)).pages) == 3  # 45 on a sheet
    part = office("GET", f"{url}/pdf?skip=90&count=20&layout=50x25")
    assert len(PdfReader(BytesIO(part.data)).pages) == 1
    first = make_code(Kind.TUBE, run["first"])
    zpl, tspl = office("GET", f"{url}/zpl?count=2").data, office("GET", f"{url}/tspl?count=2").data
    assert zpl.count(b"^XA") == 2 and first.encode() in zpl
    assert tspl.count(b"PRINT 1,1") == 2


def test_a_part_beyond_the_end_prints_nothing(office, run):
    r = office("GET", f"/label-runs/{run['run_id']}/zpl?skip=100")
    assert (r.status_code, r.json["code"]) == (422, "nothing_to_print")


def test_labels_come_back_by_first_and_last_number(office, run):
    body = {
        "what": "returned",
        "first": make_code(Kind.TUBE, run["first"] + 10),
        "last": make_code(Kind.TUBE, run["first"] + 19),
    }
    url = f"/label-runs/{run['run_id']}"
    assert office("POST", f"{url}/returns", json=body).json == {"count": 10}
    assert office("GET", f"{url}/ledger").json["returned"] == 10


def test_every_fault_of_a_request_is_told_at_once(office):
    r = office("POST", "/label-runs", json={"count": 0, "kind": "dog", "more": 1, "site_id": 1})
    # a site that is not there is refused before the rest is looked at
    assert r.status_code == 404
    r = office("POST", "/label-runs", json={"count": 0})
    assert r.status_code in (404, 422)


def test_foreign_labels_are_configured_registered_and_not_printed(office, city, client):
    admin = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    made = client.post(
        "/api/v1/code-patterns", headers=admin, json={"name": "外厂", "regex": "AB[0-9]{8}"}
    ).json
    body = {"pattern_id": made["pattern_id"], "site_id": city.sites[0].site_id}
    r = office("POST", "/label-runs/foreign", json={**body, "first": "AB00000001",
                                                    "last": "AB00000010"})  # fmt: skip
    assert (r.status_code, r.json["count"]) == (201, 10)
    r = office("GET", f"/label-runs/{r.json['run_id']}/pdf")
    assert (r.status_code, r.json["code"]) == (409, "foreign_run")
    r = office("POST", "/label-runs/foreign", json={**body, "numbers": ["AB1", "AB00000011"]})
    assert r.json["faults"][0]["row"] == 1


def test_a_pattern_that_could_be_slow_is_refused(client, db_session):
    admin = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    r = client.post("/api/v1/code-patterns", headers=admin,
                    json={"name": "x", "regex": "(A+)+B"})  # fmt: skip
    assert (r.status_code, r.json["code"]) == (422, "bad_pattern")


def test_badges_and_the_sites_sheet_are_printed(office, city, client):
    site = city.sites[0]
    make.staff(Role.SAMPLER, site, name="王护士")
    head = make.sign_in(client, make.staff(Role.SITE_SUPERVISOR, site))
    r = client.get(f"/api/v1/sites/{site.site_id}/badges", headers=head)
    assert r.status_code == 200 and len(PdfReader(BytesIO(r.data)).pages) == 1
    r = client.get(f"/api/v1/sites/{site.site_id}/sheet", headers=head)
    assert site.code in PdfReader(BytesIO(r.data)).pages[0].extract_text()


def test_resident_codes_are_printed_masked_and_audited(city, client):
    community = city.sites[0].area
    worker = make.sign_in(client, make.staff(Role.COMMUNITY_WORKER, community))
    mine = [p for _, p, _ in city.people[:3]]
    other = [city.people[40][1]]
    r = client.post("/api/v1/resident-codes", headers=worker,
                    json={"community_id": community.area_id, "person_ids": mine + other})  # fmt: skip
    text = PdfReader(BytesIO(r.data)).pages[0].extract_text()
    assert text.count("R1.") == 3, "another community's people are not printed"
    assert "居民0" not in text


def test_the_page_makes_a_run_and_takes_labels_back(city, client):
    who = make.sign_in(client, make.staff(Role.ADMINISTRATOR), cookie=True)
    page = {"headers": {**who, "Accept": "text/html"}}
    r = client.post("/label-runs", data={"kind": "tube", "count": "20",
                                         "site_id": city.sites[0].site_id}, **page)  # fmt: skip
    assert r.status_code == 303
    url = r.headers["Location"]
    shown = client.get(url, **page).get_data(as_text=True)
    number = shown.split('href="/tubes/')[1][:14]
    r = client.post(
        f"{url}/returns", data={"what": "void", "first": number, "last": number}, **page
    )
    assert r.status_code == 303
    assert number in client.get(f"{url}?part=void", **page).get_data(as_text=True)
    r = client.post(f"{url}/returns", data={"what": "void", "first": "1", "last": "2"}, **page)
    assert r.status_code == 422 and "不在这个批次里" in r.get_data(as_text=True)


def test_a_count_that_is_no_number_is_said_beside_its_field(city, client):
    who = make.sign_in(client, make.staff(Role.ADMINISTRATOR), cookie=True)
    data = {"kind": "tube", "count": "many", "site_id": city.sites[0].site_id}
    r = client.post("/label-runs", data=data, headers={**who, "Accept": "text/html"})
    assert r.status_code == 422 and "请填写数字" in r.get_data(as_text=True)
