"""The print desk: who sees what, what comes out, and that it is noted."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from screening.accounts.roles import Role
from screening.db import fetch
from screening.tube.codes import Kind, make_code
from tests import world
from tests.field.test_desk_pages import Desk
from tests.tube.test_printers import decoded, render

CODE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def head(city, client):
    return Desk(client, Role.SITE_SUPERVISOR, city.sites[0])


def run_id() -> int:
    return fetch("SELECT run_id FROM label_run")[0][0]


def fetched(desk, url):
    return desk.client.get(url, headers={"Accept": "text/html"})


def pages(r) -> list[str]:
    assert r.status_code == 200 and r.mimetype == "application/pdf"
    assert r.headers["Content-Disposition"].startswith("inline")
    return [p.extract_text() for p in PdfReader(BytesIO(r.data)).pages]


def test_a_supervisor_finds_the_sites_runs_and_the_site(city, head):
    head.get("/print")
    assert f"/print/labels/{run_id()}" in head.text
    assert f"/print/sites/{city.sites[0].site_id}" in head.text
    assert f"/print/sites/{city.sites[1].site_id}" not in head.text


def test_a_sampler_prints_paper_but_no_labels(city, client):
    desk = Desk(client, Role.SAMPLER, city.sites[0])
    desk.get("/print")
    assert "/print/labels/" not in desk.text and "/print/sites/" in desk.text
    assert desk.get(f"/print/labels/{run_id()}").status_code == 403


def test_numbers_that_are_used_are_skipped_by_default(city, head, client):
    phone = city.phone()
    for _ in range(3):
        phone.fill(city.tube(), city.codes(0, 1))
    phone.send(client)
    head.get(f"/print/labels/{run_id()}")
    assert 'name="skip" value="3"' in head.text
    picture = head.get(f"/print/labels/{run_id()}/page.svg?skip=3&used=2").get_data(as_text=True)
    assert make_code(Kind.TUBE, city.first + 3)[-4:] in picture
    assert picture.count("<text") == 1 + 2 * 27, "30 labels less 3, and the head"


def test_what_the_page_chooses_is_what_is_printed(city, head, tmp_path):
    r = fetched(head, f"/api/v1/label-runs/{run_id()}/pdf?layout=64x34&skip=4&count=2&copies=2"
                 "&used=20&right=0.5&down=-1&dpi=203")  # fmt: skip
    assert len(pages(r)) == 1
    codes = [make_code(Kind.TUBE, city.first + i) for i in (4, 5)]
    assert decoded(render(r.data, tmp_path), only="Code128") == sorted(codes * 2)


@pytest.mark.parametrize("bad", ["layout=9x9", "right=50", "used=-1", "copies=0"])
def test_a_choice_that_no_sheet_can_hold_is_refused(head, bad):
    assert head.get(f"/api/v1/label-runs/{run_id()}/pdf?{bad}").status_code == 422


def test_paper_sheets_carry_the_sites_code_and_are_noted(city, head, tmp_path):
    site = city.sites[0]
    r = fetched(head, f"/print/sites/{site.site_id}/sheets.pdf?copies=3&lines=10")
    said = pages(r)
    assert len(said) == 3 and f"{site.code}" in said[0] and "page 3 of 3" in said[2]
    assert head.who.staff_no in said[0]
    assert decoded(render(r.data, tmp_path), only="QR") == [make_code(Kind.SITE, site.site_id)]
    assert fetch("SELECT count(*) FROM audit WHERE action = 'paper_printed'") == [(1,)]


def test_more_sheets_than_a_shift_needs_are_not_printed(city, head):
    r = fetched(head, f"/print/sites/{city.sites[0].site_id}/sheets.pdf?copies=99999&lines=500")
    assert len(pages(r)) == 100


def test_what_a_site_prints_is_one_press_away(city, head):
    head.get(f"/print/sites/{city.sites[0].site_id}")
    for path in ("/sheet", "/badges", "/sheets.pdf"):
        assert path in head.text


def test_a_laboratorys_badges_are_offered_to_administrators_only(city, client, app):
    admin = Desk(client, Role.ADMINISTRATOR, None)
    admin.get("/print")
    assert f"/labs/{city.lab.lab_id}/badges" in admin.text
    worker = Desk(app.test_client(), Role.DISPATCHER, None)
    worker.get("/print")
    assert "/badges" not in worker.text


# --- resident codes -------------------------------------------------------------------------


@pytest.fixture
def worker(city, app):
    made = Desk(app.test_client(), Role.COMMUNITY_WORKER, city.sites[0].area)
    made.url = f"/print/residents/{city.sites[0].area.area_id}"
    return made


def cards_of(desk, people, **data):
    body = {"csrf_token": desk.token, "building": 0, "person": people, **data}
    return desk.client.post(desk.url, data=body, headers={"Accept": "text/html"})


def test_a_community_worker_finds_the_own_people_masked(city, worker):
    worker.get("/print/residents")
    assert city.sites[0].area.name in worker.text and city.sites[1].area.name not in worker.text
    worker.get(worker.url)
    assert worker.text.count('name="person"') == 40 and "居**" in worker.text
    assert "居民1" not in worker.text
    assert fetch("SELECT count(*) FROM audit WHERE subject = 'person'") == [(40,)]


def test_cards_carry_codes_that_the_table_reads(city, worker, tmp_path):
    r = cards_of(worker, [p for _, p, _ in city.people[:3]])
    assert len(pages(r)) == 1 and "居**" in pages(r)[0]
    read = decoded(render(r.data, tmp_path), only="QR")
    assert len(read) == 3 and all(text.startswith("R2.") for text in read)
    assert fetch("SELECT count(*) FROM access_code") == [(0,)]


def test_a_look_up_code_is_printed_only_when_asked_for(city, worker, client):
    r = cards_of(worker, [p for _, p, _ in city.people[:2]], codes="1")
    assert len(CODE.findall(pages(r)[0])) == 2
    assert fetch("SELECT count(*) FROM access_code WHERE revoked_at IS NULL") == [(2,)]
    cards_of(worker, [city.people[0][1]], codes="1")
    assert fetch("SELECT count(*) FROM access_code WHERE revoked_at IS NOT NULL") == [(1,)]


def test_people_of_another_community_are_not_printed(city, worker):
    foreign = [p for _, p, _ in city.people[40:42]]
    assert cards_of(worker, foreign).status_code == 422
    assert fetch("SELECT count(*) FROM access_code") == [(0,)]


def test_nobody_ticked_is_said_on_the_page(city, worker):
    r = cards_of(worker, [])
    assert r.status_code == 422 and "没有可打印的内容" in r.get_data(as_text=True)
