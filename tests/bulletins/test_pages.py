"""Bulletins on the desk: asked for, read, printed, corrected; no form speaks of a diagnosis."""

from __future__ import annotations

import io
import zipfile

import pytest
from pypdf import PdfReader

from screening import jobs
from screening.accounts.roles import Role
from screening.bulletins.rules import NEVER, Kind
from screening.db import db, fetch
from tests import make
from tests.reporting.bench import POS

FORMS = ("pdf", "xlsx", "docx")


@pytest.fixture
def signed_in(desk, client):
    return make.sign_in(client, desk.head, cookie=True)


def words_of(form: str, data: bytes) -> str:
    """All the words of a produced file."""
    if form == "pdf":
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    with zipfile.ZipFile(io.BytesIO(data)) as held:
        return "\n".join(held.read(n).decode() for n in held.namelist() if n.endswith(".xml"))


def test_a_report_is_asked_for_made_by_the_worker_and_read(desk, client, signed_in):
    desk.through(desk.fill(0, 5))
    form = {"kind": "daily", "round_id": desk.city.round_id, "area_id": desk.county.area_id,
            "csrf_token": signed_in["X-CSRF-Token"]}  # fmt: skip
    assert client.post("/bulletins", data=form).status_code == 303
    assert "排队中" in client.get("/bulletins").get_data(as_text=True)
    jobs.run_due()
    number = fetch("SELECT bulletin_id FROM bulletin")[0][0]
    db.session.rollback()
    page = client.get(f"/bulletins/{number}").get_data(as_text=True)
    assert "应检 80 人，已检 5 人" in page
    assert "检测率排名" in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_form_of_any_report_speaks_of_a_diagnosis(desk, client, signed_in, lang):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    desk.through(desk.fill(0, 1, mode="single", purpose="recheck"), outcome=POS)
    client.set_cookie("lang", lang)
    form = {"tube": tube, "reason": "resample", "csrf_token": signed_in["X-CSRF-Token"]}
    numbers = [desk.freeze(Kind.DAILY), desk.freeze(Kind.CLOSING)]
    r = client.post("/bulletins/near", data=form)
    numbers.append(int(r.headers["Location"].rsplit("/", 1)[1]))
    for number in numbers:
        said = client.get(f"/bulletins/{number}").get_data(as_text=True)
        for form in FORMS:
            r = client.get(f"/bulletins/{number}/{form}")
            assert r.status_code == 200, (number, form)
            said += words_of(form, r.get_data())
        assert not [w for w in NEVER if w in said.lower()]
        assert ("复采阳性" if lang == "zh" else "re-sample") in said


def test_the_pdf_carries_its_chinese_font(desk, client, signed_in):
    number = desk.freeze()
    pdf = PdfReader(io.BytesIO(client.get(f"/bulletins/{number}/pdf").get_data()))
    fonts = [f.get_object() for f in pdf.pages[0]["/Resources"]["/Font"].values()]
    assert any("/FontFile2" in f["/FontDescriptor"] for f in fonts if "/FontDescriptor" in f)
    assert "日报" in pdf.pages[0].extract_text()


def test_a_report_shows_its_addenda_on_every_print(desk, client, signed_in):
    number = desk.freeze()
    form = {"text": "更正：漏报一管", "csrf_token": signed_in["X-CSRF-Token"]}
    assert client.post(f"/bulletins/{number}/addenda", data=form).status_code == 303
    for kind in FORMS:
        said = words_of(kind, client.get(f"/bulletins/{number}/{kind}").get_data())
        assert "更正：漏报一管" in said, kind


def test_a_cell_of_a_workbook_is_never_a_formula(desk, client, signed_in):
    number = desk.freeze()
    form = {"text": "=1+1", "csrf_token": signed_in["X-CSRF-Token"]}
    client.post(f"/bulletins/{number}/addenda", data=form)
    data = client.get(f"/bulletins/{number}/xlsx").get_data()
    with zipfile.ZipFile(io.BytesIO(data)) as held:
        sheets = [held.read(n).decode() for n in held.namelist() if "/worksheets/sheet" in n]
    assert sheets and not [s for s in sheets if "<f>" in s]


def test_a_community_worker_does_not_see_special_reports(desk, client, signed_in):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    form = {"tube": tube, "reason": "resample", "csrf_token": signed_in["X-CSRF-Token"]}
    number = client.post("/bulletins/near", data=form).headers["Location"].rsplit("/", 1)[1]
    worker = make.staff(Role.COMMUNITY_WORKER, desk.head.place)
    make.sign_in(client, worker, cookie=True)
    assert client.get(f"/bulletins/{number}").status_code == 403
    assert client.get(f"/bulletins/{number}/pdf").status_code == 403
    assert tube not in client.get("/bulletins").get_data(as_text=True)


def test_the_headline_is_what_the_figures_of_the_same_cut_off_say(desk, client, signed_in):
    desk.through(desk.fill(0, 5))
    desk.through(desk.fill(5, 2), outcome=POS)
    number = desk.freeze()
    headers = make.sign_in(client, desk.head)
    held = client.get(f"/api/v1/bulletins/{number}", headers=headers).json
    desk.fill(10, 5)  # what came later is in no figure of that cut-off
    asked = {"area": desk.county.area_id, "round": desk.city.round_id,
             "cut_off": held["body"]["cut_off"]}  # fmt: skip
    r = client.get("/api/v1/figures", query_string=asked, headers=headers)
    assert r.status_code == 200, r.json
    told, figures = held["body"]["told"], held["body"]["figures"]
    found = {f["key"]: f["value"] for f in r.json["figures"]}
    assert found == figures
    assert (told["due"], told["reached"], told["signals"]) == (
        found["due"], found["reached"], found["positive_tubes"]
    )  # fmt: skip
    assert (told["tubes"], told["released"]) == (2, 2)
