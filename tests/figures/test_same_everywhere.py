"""The same figure everywhere: every screen, answer, export and report for one round, area and cut-off."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest

from screening import clock, jobs
from screening.accounts.roles import Role
from screening.bulletins import queries as bulletins
from screening.bulletins import service as bulletin_service
from screening.bulletins.rules import Kind
from screening.coverage import service as coverage
from screening.coverage.rules import REASONS
from screening.db import db, insert
from screening.figures import service
from screening.figures.queries import Scene, sheet_of
from screening.figures.rules import OF_COVERAGE, Sheet
from screening.ledger.rules import PARTS
from tests import make
from tests.ledger.day import Day
from tests.reporting import bench as made

COUNT = re.compile(r'class="funnel-count" href="[^"]*" aria-label="(\S+) ([\d,]+)"')
HEADLINE = re.compile(r'aria-label="(应检|已采|已出|初筛) ([\d,]+) ')
CARD = re.compile(r'class="fig-value">(?:<a href="[^"]*" aria-label="(\S+) ([\d,]+))?')


class Morning:
    """A day with every kind of trouble, a head of its county, and what the figures say of it."""

    def __init__(self, client: Any, day: Day) -> None:
        self.client, self.day, self.round_id = client, day, day.city.round_id
        trouble(day)
        steps = day.city.sites[0].area.path.strip("/").split("/")
        self.county, self.street, self.community = (int(s) for s in steps[-3:])
        self.head = make.sign_in(client, make.staff(Role.DISTRICT_HEAD, self.area(self.county)))
        self.settle()

    def area(self, area_id: int) -> make.MadeArea:
        from screening.places.queries import find_area

        node = find_area(area_id)
        return make.MadeArea(*(getattr(node, f) for f in make.MadeArea._fields))

    def settle(self) -> None:
        coverage.mark_new()
        coverage.mark([(self.day.cell, self.round_id, coverage.TUBES)])
        while coverage.take_marks(at=clock.now()):
            pass
        service.take_rollups(at=clock.now())
        jobs.KINDS["ticket_counts"]()
        db.session.commit()

    def sheet(self, area_id: int | None = None) -> Sheet:
        return sheet_of(Scene(self.round_id, area_id or self.county, at=clock.now()))

    def get(self, path: str, accept: str = "text/html") -> Any:
        r = self.client.get(path, headers={**self.head, "Accept": accept})
        assert r.status_code == 200, (path, r.text[:500])
        return r

    def page(self, path: str) -> str:
        return self.get(path).text

    def json(self, path: str) -> Any:
        return self.get(path, "application/json").json


def trouble(day: Day) -> None:
    """A positive pool, a tube without a list, somebody excused, called, refused."""
    day.bench.through(day.waiting, outcome=made.POS)
    day.bench.test(day.bench.fill(30, 4), outcome=made.POS)
    day.bench.fill(40, 5, confirmed=6)
    rows = [(cell, person) for cell, person, _ in day.city.people[60:64]]
    now = clock.now()
    columns = (
        "cell_id",
        "contact_id",
        "round_id",
        "person_id",
        "community_id",
        "kind",
        "outcome",
        "at",
    )
    insert("contact", columns, [
        (cell, make.number(), day.city.round_id, person, day.city.sites[1].area.area_id, "call", word, now)
        for (cell, person), word in zip(rows, ("refused", "unreachable", "visit", "will_come"), strict=True)
    ])  # fmt: skip
    db.session.commit()


@pytest.fixture
def morning(app, client, db_session):
    with app.test_request_context():
        yield Morning(client, Day(made.set_up(client)))


def areas(m: Morning) -> list[int]:
    return [m.county, m.street, m.community]


def test_the_trouble_shows_in_the_figures(morning):
    sheet = morning.sheet()
    assert sheet["positive_tubes"] == 2 and sheet["callbacks_open"] == 3
    assert sheet["tickets"] > 0 and sheet["alerts_unseen"] == 1
    assert sheet["due"] == sheet["reached"] + sheet["missed"]
    assert sheet["missed"] == sum(sheet[part] for part, _, _ in REASONS)


def test_the_answers_of_coverage_and_figures_are_the_sheet(morning):
    for area_id in areas(morning):
        sheet, asked = morning.sheet(area_id), f"area={area_id}&round={morning.round_id}"
        told = morning.json(f"/api/v1/coverage?{asked}")
        assert {k: told[k] for k in OF_COVERAGE} == {k: sheet[k] for k in OF_COVERAGE}
        found = {f["key"]: f["value"] for f in morning.json(f"/api/v1/figures?{asked}")["figures"]}
        assert found == {k: f.value for k, f in sheet.figures.items()}


def test_the_coverage_table_for_spreadsheets_is_the_sheet(morning):
    sheet = morning.sheet()
    text = morning.get(f"/api/v1/coverage.csv?area={morning.county}&round={morning.round_id}").text
    head, *rows = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    own = dict(zip(head, rows[-1], strict=True))
    names = {"底数": "register", "豁免": "exempt", "应检": "due", "已检": "reached", "未检": "missed",
             "已出结果": "resulted", **{zh: part for part, zh, _ in REASONS}}  # fmt: skip
    assert {zh: int(own[zh]) for zh in names} == {zh: sheet[key] for zh, key in names.items()}


@pytest.mark.parametrize("path", ["/?round={r}", "/rounds/overview?round={r}",
                                  "/coverage/{a}?round={r}", "/command/{a}?round={r}"])  # fmt: skip
def test_every_drawing_of_the_funnel_shows_the_sheet(morning, path):
    sheet = morning.sheet()
    page = morning.page(path.format(r=morning.round_id, a=morning.county))
    told = {label: int(n.replace(",", "")) for label, n in COUNT.findall(page)}
    assert told == {"应检": sheet["due"], "采": sheet["reached"], "送": sheet["delivered"],
                    "检": sheet["tested"], "报": sheet["resulted"]}  # fmt: skip


def test_the_headline_of_every_level_is_the_sheet(morning):
    for area_id in areas(morning):
        sheet = morning.sheet(area_id)
        page = morning.page(f"/command/{area_id}?round={morning.round_id}")
        told = {label: int(n.replace(",", "")) for label, n in HEADLINE.findall(page)}
        assert told == {"应检": sheet["due"], "已采": sheet["reached"], "已出": sheet["resulted"],
                        "初筛": sheet["positive_tubes"]}  # fmt: skip


def test_the_cards_of_the_home_are_the_sheet(morning):
    sheet = morning.sheet()
    cards = {k: int(n.replace(",", "")) for k, n in CARD.findall(morning.page("/")) if k}
    assert cards["未检人员"] == sheet["missed"] and cards["待复采"] == sheet["callbacks_open"]
    assert cards["未归账"] == sheet["unaccounted"] and cards["待处理工单"] == sheet["tickets"]


def test_the_lists_have_as_many_rows_as_their_numbers(morning):
    for area_id in areas(morning):
        sheet, asked = morning.sheet(area_id), f"area={area_id}&round={morning.round_id}"
        lines = morning.get(f"/api/v1/missed?{asked}&format=ndjson").text.splitlines()
        assert len(lines) == sheet["missed"]
        for part, _, _ in REASONS:
            some = morning.get(
                f"/api/v1/missed?{asked}&format=ndjson&state={part}"
            ).text.splitlines()
            assert len(some) == sheet[part], part
        called = morning.client.get(f"/api/v1/callbacks?area_id={area_id}&state=running",
                                    headers=callers(morning)).json["items"]  # fmt: skip
        assert len(called) == sheet["callbacks_open"]


def callers(m: Morning) -> dict[str, str]:
    head = make.sign_in(m.client, make.staff(Role.DISTRICT_HEAD, m.area(m.county)))
    db.session.commit()
    return head


def test_the_ledger_and_the_tickets_are_the_sheet(morning):
    sheet = morning.sheet()
    told = morning.json(f"/api/v1/ledger?round={morning.round_id}")
    assert sum(p["open"] for p in told["parts"].values()) == sheet["unaccounted"]
    listed = [morning.json(f"/api/v1/ledger/parts/{p}?round={morning.round_id}") for p in PARTS]
    assert sum(len(x["items"]) for x in listed) == sheet["unaccounted"]
    waiting = morning.json(f"/api/v1/tickets?round_id={morning.round_id}&limit=500")["tickets"]
    assert len([t for t in waiting if t["weight"] != "note"]) == sheet["tickets"]


def test_a_report_of_a_cut_off_says_what_was_frozen_and_later_looks_do_not_change_it(morning):
    at = clock.now()
    number = bulletin_service.freeze(Kind.DAILY, morning.round_id, morning.county, by=1, at=at)
    frozen = service.freeze(morning.round_id, morning.county, at)
    db.session.commit()
    body = bulletins.get_bulletin(number).body
    assert body["figures"] == {k: f.value for k, f in frozen.figures.items()}
    live = morning.sheet()
    assert body["figures"] == {k: f.value for k, f in live.figures.items()}
    coverage_rows = {r.area_id: r for r in coverage.freeze(morning.round_id, at)}
    own = coverage_rows[morning.county]
    assert {k: getattr(own, k) for k in OF_COVERAGE} == {k: frozen[k] for k in OF_COVERAGE}
    morning.day.bench.fill(50, 6)
    morning.settle()
    assert morning.sheet()["reached"] == frozen["reached"] + 6
    asked = f"area={morning.county}&round={morning.round_id}&cut_off={at.isoformat()}".replace(
        "+", "%2B"
    )
    told = {f["key"]: f["value"] for f in morning.json(f"/api/v1/figures?{asked}")["figures"]}
    assert told == {k: f.value for k, f in frozen.figures.items()}
