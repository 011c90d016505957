"""The district head's morning in a real browser: read from one page, down to the rows and a call."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service as coverage
from screening.db import db, fetch, insert, run
from screening.figures import service
from screening.figures.forecast import slot_of
from tests import make
from tests.browser.conftest import PASSWORD, Town
from tests.browser.test_pages import (
    DESK,
    PHONE,
    axe_findings,
    keep,
    listen,
    scrolls_sideways,
    speak,
)
from tests.browser.wait import soon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def morning(app: Flask, town: Town) -> dict[str, Any]:
    """An hour's pace, an alert, a silent phone, and people who answer for street, site and lab."""
    with app.test_request_context():
        now = clock.now()
        tube, cell, site_id = fetch(
            "SELECT barcode, cell_id, site_id FROM tube WHERE stage = 3 ORDER BY since DESC LIMIT 1 "
            "/* fan-out: test */"
        )[0]
        county = int(
            fetch("SELECT path FROM area WHERE area_id = %s", (cell,))[0][0].split("/")[-3]
        )
        head = make.staff(Role.DISTRICT_HEAD, area(county), name="周区长", password=PASSWORD)
        make.staff(Role.DISTRICT_HEAD, area(cell), name="严街长", phone="13900001234")
        keeper = make.staff(Role.SITE_SUPERVISOR, name="韩点长", phone="13900005678")
        run("UPDATE site SET responsible_id = %s", (keeper.staff_id,))
        run("UPDATE lab SET responsible_id = %s", (keeper.staff_id,))
        columns = ("cell_id", "alert_id", "round_id", "barcode", "kind", "outcome", "raised_at")
        insert("alert", columns, [(cell, make.number(), town.round_id, tube, "positive", 2, now)])
        make.device(site(site_id))
        coverage.mark([(cell, town.round_id, coverage.TUBES)])
        coverage.take_marks(at=now)
        service.take_rollups(at=now)
        paces(cell, town.round_id, site_id, now)
        db.session.commit()
        db.session.remove()
    return {"number": head.staff_no, "county": county, "tube": tube}


def area(area_id: int) -> make.MadeArea:
    from screening.places.queries import find_area

    node = find_area(area_id)
    return make.MadeArea(*(getattr(node, f) for f in make.MadeArea._fields))


def site(site_id: int) -> Any:
    from screening.places.queries import get_site

    row = get_site(site_id)
    where = area(row.area_id)
    return make.MadeSite(row.site_id, row.code, row.name, where, where.cell_id, row.kind)


def paces(cell: int, round_id: int, site_id: int, now: Any) -> None:
    """An hour behind, as if the site had worked since before."""
    columns = ("cell_id", "round_id", "site_id", "slot", "tubes", "persons", "tables", "released",
               "resulted", "as_of")  # fmt: skip
    last = slot_of(now)
    run("DELETE FROM site_pace WHERE cell_id = %s", (cell,))
    insert("site_pace", columns, [
        (cell, round_id, site_id, last - i, 3, n, 2, 1, max(0, n - 12), now)
        for i, n in enumerate([4, 31, 28, 24, 36, 30, 33, 25, 18])
    ])  # fmt: skip
    run(
        "UPDATE round SET started_at = started_at - interval '3 hours' WHERE round_id = %s",
        (round_id,),
    )
    from screening.registry.queries import ROUNDS

    ROUNDS.forget()


def sign_in(page: Any, number: str) -> None:
    page.goto("/")
    page.fill("[name=number]", number)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_page_is_clean_at_both_sizes_and_in_both_languages(page, morning, lang):
    complaints = listen(page)
    sign_in(page, morning["number"])
    speak(page, lang)
    page.goto("/command")
    page.wait_for_selector("[data-drawn] canvas")
    for name, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.wait_for_timeout(300)
        keep(page, f"command-{lang}-{name}")
        assert (size is DESK) != (lang == "zh") or not axe_findings(page)
        assert not scrolls_sideways(page)
    assert not complaints


def test_a_district_head_reads_the_morning_and_calls_who_lags(page, morning):
    complaints = listen(page)
    sign_in(page, morning["number"])
    speak(page, "zh")
    page.set_viewport_size(PHONE)
    page.goto("/command")
    head = page.locator(".headline").inner_text()
    assert "应检" in head and "80" in head and "初筛" in head
    assert "预警无人确认" in page.locator(".notice-stop").inner_text()
    assert page.locator(".foretold").first.inner_text().count("至") >= 2
    call = page.locator("#command-children a.call").first
    assert call.get_attribute("href") == "tel:13900001234"
    assert call.bounding_box()["height"] >= 24
    page.locator("#command-children tbody a[href^='/command/']").first.click()
    page.wait_for_selector(".trail")
    page.locator(".trail a").last.click()
    page.locator(".headline-stop a").click()
    soon(page.locator("#command-tubes"), words=morning["tube"])
    page.go_back()
    page.locator(".heard a").click()
    soon(page.locator("#command-devices"), words="未上报")
    assert not axe_findings(page)
    assert not complaints


def test_the_page_renews_itself_and_costs_nothing_while_nothing_moved(app, page, morning):
    sign_in(page, morning["number"])
    page.goto("/command")
    answers: list[int] = []
    page.on("response", lambda r: "/now?" in r.url and answers.append(r.status))
    section = "document.getElementById('command-now')"
    ask = f"fetch({section}.dataset.poll, {{cache: 'no-cache'}}).then((r) => r.text())"
    page.evaluate(ask)
    page.evaluate(ask)
    assert answers and answers[-1] in (200, 304)
    tag = f"fetch({section}.dataset.poll).then((r) => r.headers.get('etag'))"
    found = page.evaluate(tag)
    again = f"fetch({section}.dataset.poll, {{headers: {{'If-None-Match': '{found}'}}, cache: 'no-store'}})"
    assert page.evaluate(f"{again}.then((r) => r.status)") == 304
