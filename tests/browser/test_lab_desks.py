"""Every page of the laboratory's and the reviewers' desks with a day's work in it, in a browser: two
sizes, two languages, no error, nothing wider than the phone, no serious axe finding."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from flask import Flask

from tests.browser.conftest import Town
from tests.browser.test_pages import listen, look_over, sign_in, speak
from tests.browser.wait import soon
from tests.lab.bench import CLEAN, HOT
from tests.lab.watch_day import Weeks, weeks, with_curves

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
DEAD = (None, None, None)


class Desks(NamedTuple):
    """Runs in every state, and the laboratory they were made at."""

    weeks: Weeks
    runs: dict[str, int]
    plate: int

    @property
    def pages(self) -> list[str]:
        lab, tube = f"/lab/{self.weeks.lab_id}", self.weeks.kept[0]
        own = ["", "/charts", "/positivity", "/capacity", "/archive", f"/archive?tube={tube}",
               "/archive?rack=R1&box=B1", "/archive/discards", "/scan", "/files", "/wells",
               "/work", "/result-lists", f"/plates/{self.plate}", f"/plates/{self.plate}/build"]  # fmt: skip
        runs = [f"{lab}/runs/{r}" for r in self.runs.values()]
        curves = [f"{lab}/runs/{self.runs[n]}/curves" for n in ("evaluated", "held")]
        picked = [f"{lab}/runs/{self.runs['evaluated']}/curves?well=A1"]
        reviews = [f"/reporting/runs/{self.weeks.lab_id}/{self.runs[n]}"
                   for n in ("evaluated", "held", "differs", "invalid")]  # fmt: skip
        rule = f"/lab/rule-sets/{self.weeks.bench.rules['general-ct40']}"
        others = ["/lab", "/lab/runs", "/alerts", "/duty", "/lab/rule-sets", f"{rule}/draft",
                  "/reporting", "/reporting/holds", "/reporting/corrections", "/callbacks",
                  f"/reporting/tubes/{tube}", "/packages", "/me"]  # fmt: skip
        return [lab + p for p in own] + runs + curves + picked + reviews + others


@pytest.fixture(scope="module")
def desks(app: Flask, town: Town) -> Desks:
    from screening.db import db

    with app.test_request_context():
        made = weeks(app.test_client())
        bench = made.bench
        runs = {
            "evaluated": made.curved,
            "held": with_curves(bench, "HELD", values=[HOT] * 4 + [CLEAN] * 3),
            "differs": with_curves(bench, "DIFFERS", values=[CLEAN, CLEAN, HOT], differs=True),
            "invalid": with_curves(bench, "INVALID", control=DEAD),
            "previewed": with_curves(bench, "WAITS", confirm=False),
        }
        plate = bench.plate("OTHER")
        bench.load(plate, bench.received(2, 1))
        runs["quarantined"] = bench.run(plate, bench.file(plate, code="NOT-THIS")).run.run_id
        half = bench.plate("HALF")
        bench.load(half, bench.received(3, 1))
        db.session.commit()
        db.session.remove()
    return Desks(made, runs, half.plate_id)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_desk_page_opens_fits_and_is_read_aloud(page: Any, town, desks, lang):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, lang)
    wrong = look_over(page, desks.pages, lang)
    assert not complaints + wrong, "\n".join(complaints + wrong)


def test_a_well_under_the_pointer_brings_its_curves_to_the_front(page: Any, town, desks):
    sign_in(page, town)
    page.goto(f"/lab/{desks.weeks.lab_id}/runs/{desks.runs['evaluated']}/curves")
    page.hover("[data-pick='B1']")
    soon(page.locator(".curve.picked"), count=3)
    page.focus("[data-pick='A1']")
    soon(page.locator(".curve.picked[data-well='A1']"), count=3)
    page.click("[data-pick='A1']")
    page.wait_for_url("**well=A1")
    soon(page.locator(".curves-picked .curve.picked"), count=3)


def test_tubes_are_put_away_by_scanner_alone(page: Any, town, desks):
    sign_in(page, town)
    page.goto(f"/lab/{desks.weeks.lab_id}/archive")
    page.fill("[name=rack]", "R9")
    page.fill("[name=box]", "B1")
    for n, tube in enumerate(desks.weeks.kept[:3], 1):
        page.fill("[name=code]", tube)
        page.press("[name=code]", "Enter")
        page.locator(".scan-ok .code", has_text=tube).wait_for()
        soon(page.locator(".box-grid .held"), count=n)
        page.wait_for_function("document.activeElement.name === 'code'", timeout=5000)
