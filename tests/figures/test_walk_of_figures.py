"""Every screen, file, answer and print of one round, area and cut-off is read, and says the same."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from screening import clock, jobs
from screening.bulletins import service as bulletins
from screening.bulletins.rules import Kind
from screening.coverage.rules import REASONS
from screening.db import db, fetch
from screening.figures.rules import OF_COVERAGE, Sheet
from tests.figures.test_same_everywhere import Morning
from tests.ledger.day import Day
from tests.reporting import bench as made

MARKED = re.compile(r'data-figure="([a-z_]+)" data-value="([^"]*)"')
FUNNEL = {"due", "reached", "delivered", "tested", "resulted"}
PARTS = {part for part, _, _ in REASONS}
# screen: figures that it shows at least; parts of the missed are shown where there are any
SCREENS = {
    "/?round={r}": FUNNEL | {"missed", "callbacks_open", "unaccounted"},
    "/rounds/overview?round={r}": FUNNEL,
    "/coverage/{a}?round={r}": FUNNEL | PARTS,
    "/command/{a}?round={r}": FUNNEL | PARTS | {
        "positive_tubes", "unaccounted", "tickets", "callbacks_open", "callbacks_late",
        "recheck_positive", "tubes_late", "tubes_gone", "packages_waiting",
    },
    "/command/{a}/now?round={r}": FUNNEL | PARTS | {"positive_tubes", "tickets"},
    "/missed/{a}?round={r}": {"missed", "due", "reached"},
    "/missed/{a}?round={r}&view=areas": {"missed", "due", "reached"},
}  # fmt: skip
BELOW = {"/missed/{a}?round={r}&view=households": {"missed", "due", "reached"}}
HEADS = {"底数": "register", "豁免": "exempt", "应检": "due", "已检": "reached", "未检": "missed",
         "已送达": "delivered", "已检出": "tested", "已出": "resulted", "开始后新增": "added",
         **{zh: part for part, zh, _ in REASONS}}  # fmt: skip
SAID = re.compile(
    r"应检([\d,]+)人，已检([\d,]+)人，检测率[\d.%—]+（([\d,]+)/([\d,]+)）；已采([\d,]+)管，"
    r"已出([\d,]+)管、([\d,]+)人；初筛([\d,]+)管，涉及([\d,]+)人；复采阳性([\d,]+)人"
)
OF_SAID = ("due", "reached", "reached", "due", "tubes_collected", "tubes_released", "resulted",
           "positive_tubes", "positive_persons", "recheck_positive")  # fmt: skip


@pytest.fixture
def morning(app, client, db_session):
    with app.test_request_context():
        yield Morning(client, Day(made.set_up(client)))


def values(sheet: Sheet) -> dict[str, int]:
    return {k: f.value for k, f in sheet.figures.items()}


def marked(page: str) -> dict[str, set[int]]:
    out: dict[str, set[int]] = {}
    for key, value in MARKED.findall(page):
        out.setdefault(key, set()).add(int(value))
    return out


def test_every_screen_shows_the_same_figures(morning):
    for area_id in (morning.county, morning.street, morning.community):
        told = values(morning.sheet(area_id))
        screens = SCREENS | (BELOW if area_id == morning.community else {})
        for path, least in screens.items():
            if "{a}" not in path and area_id != morning.county:
                continue  # these begin at the own area
            where = path.format(a=area_id, r=morning.round_id)
            shown = marked(morning.page(where))
            wrong = {k: (n, told[k]) for k, n in shown.items() if n != {told[k]}}
            assert not wrong, f"{where}: (shown, counted) {wrong}"
            assert least <= set(shown), f"{where} lacks {least - set(shown)}"


def test_every_answer_of_the_api_says_the_same(morning):
    for area_id in (morning.county, morning.street, morning.community):
        told, asked = values(morning.sheet(area_id)), f"area={area_id}&round={morning.round_id}"
        got = morning.json(f"/api/v1/figures?{asked}")
        assert {f["key"]: f["value"] for f in got["figures"]} == told
        got = morning.json(f"/api/v1/coverage?{asked}")
        assert {k: got[k] for k in OF_COVERAGE} == {k: told[k] for k in OF_COVERAGE}


def taken_away(m: Morning, kind: str, area_id: int, form: str) -> list[list[str]]:
    """The rows of a list that was asked for as a file, its heading first."""
    body = {"kind": kind, "area_id": area_id, "round_id": m.round_id, "format": form}
    r = m.client.post("/api/v1/exports", json=body, headers=m.head)
    assert r.status_code == 202, r.text
    jobs.run_due()
    number = fetch("SELECT max(export_id) FROM export_file")[0][0]
    db.session.rollback()
    data = m.client.get(f"/api/v1/exports/{number}/file", headers=m.head).get_data()
    if form == "csv":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    if form == "ndjson":
        lines = [json.loads(x) for x in data.splitlines()]
        return [list(lines[0]), *([str(v) for v in x.values()] for x in lines)]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    return [
        [str(int(v)) if isinstance(v, float) else str(v) for v in row] for row in sheet.to_python()
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_coverage_that_is_taken_away_says_the_same(morning, form):
    head, *rows = taken_away(morning, "coverage", morning.county, form)
    by_code = {row[head.index("代码")]: row for row in rows}
    for area_id in (morning.county, morning.street, morning.community):
        told = values(morning.sheet(area_id))
        code = fetch("SELECT code FROM area WHERE area_id = %s", (area_id,))[0][0]
        own = dict(zip(head, by_code[code], strict=True))
        assert {HEADS[h]: int(own[h]) for h in HEADS} == {k: told[k] for k in HEADS.values()}


@pytest.mark.parametrize("form", ["csv", "xlsx", "ndjson"])
def test_the_missed_that_are_taken_away_are_as_many(morning, form):
    for area_id in (morning.county, morning.street, morning.community):
        told, asked = values(morning.sheet(area_id)), f"area={area_id}&round={morning.round_id}"
        data = morning.get(f"/api/v1/missed?{asked}&format={form}", "*/*").get_data()
        if form == "xlsx":
            sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
            lines = [r for r in sheet.to_python() if any(str(v).strip() for v in r)][1:]
        else:
            lines = data.decode("utf-8-sig").splitlines()[1 if form == "csv" else 0 :]
        assert len(lines) == told["missed"], (area_id, form)


def words_of(form: str, data: bytes) -> str:
    """All the words of a print, without spaces and line ends."""
    if form == "pdf":
        text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(data)).pages)
    elif form == "html":
        text = re.sub(r"<[^>]+>", "", data.decode())
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as held:
            found = [held.read(n).decode() for n in held.namelist() if n.endswith(".xml")]
        text = re.sub(r"<[^>]+>", "", "".join(found))
    return re.sub(r"\s+", "", text)


def test_a_report_says_in_every_form_what_the_screens_said_at_its_cut_off(morning):
    for area_id in (morning.county, morning.street, morning.community):
        at = clock.now()
        told = values(morning.sheet(area_id))
        number = bulletins.freeze(Kind.DAILY, morning.round_id, area_id, by=1, at=at)
        db.session.commit()
        expected = [told[k] for k in OF_SAID]
        assert morning.json(f"/api/v1/bulletins/{number}")["body"]["figures"] == told
        for form in ("html", "pdf", "xlsx", "docx"):
            path = f"/bulletins/{number}" + ("" if form == "html" else f"/{form}")
            found = SAID.search(words_of(form, morning.get(path).get_data()))
            assert found, (form, area_id)
            assert [int(n.replace(",", "")) for n in found.groups()] == expected, form
        asked = f"area={area_id}&round={morning.round_id}&cut_off={at.isoformat()}"
        got = morning.json(f"/api/v1/figures?{asked.replace('+', '%2B')}")
        assert {f["key"]: f["value"] for f in got["figures"]} == told
