"""Alerts and duty in a real browser: a post is manned, an alert answered, listed, cleared by two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import EVERYWHERE, Role
from screening.accounts.signing import Signature
from screening.db import db, fetch
from screening.i18n import ZONE
from screening.lab.queries.duty import place_of
from screening.lab.service import alerts, duty
from tests import make
from tests.browser.conftest import PASSWORD, Town
from tests.browser.test_pages import (
    DESK,
    PHONE,
    axe_findings,
    listen,
    scrolls_sideways,
    sign_in,
    speak,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def raised(app: Flask, town: Town) -> dict[str, Any]:
    """An alert by hand on a tube of the day with members, and one that waits for a second person."""
    with app.test_request_context():
        now = clock.now()
        lab_id, name = fetch("SELECT lab_id, name FROM lab ORDER BY code LIMIT 1")[0]
        who = make.staff(Role.LAB_TECHNICIAN, EVERYWHERE, phone="13000000000", name="值班甲")
        boss = actor_of(make.staff(Role.ADMINISTRATOR).staff_id)
        assert boss
        place = place_of("lab", lab_id)
        duty.add(place, who.staff_no, now, now + timedelta(hours=8), by=boss, at=now)
        tubes = [r[0] for r in fetch(
            "SELECT barcode FROM tube WHERE members > 1 ORDER BY barcode LIMIT 2 /* fan-out: test */"
        )]  # fmt: skip
        one, other = (alerts.raise_by_hand(None, t, by=1, at=now) for t in tubes)
        alerts.acknowledge(other.cell_id, other.alert_id, by=1, at=now)
        alerts.ask_clearing(
            other.cell_id,
            other.alert_id,
            "contamination",
            "阴控扩增",
            "整板污染",
            by=Signature(2),
            at=now,
        )
        second = make.staff(Role.LAB_TECHNICIAN, EVERYWHERE, phone="13000000001", name="值班乙")
        db.session.commit()
        db.session.remove()
    return {"one": one, "other": other, "lab": lab_id, "name": name, "second": second.staff_no}


def at(alert: Any, more: str = "") -> str:
    return f"/alerts/{alert.cell_id}/{alert.alert_id}{more}"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_of_alerts_and_duty_is_clean_at_both_sizes(page, town, raised, lang, tmp_path):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, lang)
    paths = ("/alerts", "/duty", at(raised["one"]), at(raised["one"], "/members"),
             at(raised["other"]))  # fmt: skip
    for path in paths:
        page.goto(path)
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            assert (size is DESK) != (lang == "zh") or not axe_findings(page), path
            assert not scrolls_sideways(page), path
    assert not complaints


def test_a_post_is_manned_and_a_slip_says_what_is_wrong(page, town, raised):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, "zh")
    page.goto("/duty")
    assert "值班甲" in page.locator("[data-table=duty]").inner_text()
    now = clock.now().astimezone(ZONE)
    form = page.locator("form", has=page.locator("[name=staff_no]"))
    form.locator("[name=place]").select_option(f"lab-{raised['lab']}")
    form.locator("[name=staff_no]").fill("T99999X")
    form.locator("[name=starts_at]").fill(f"{now + timedelta(hours=8):%Y-%m-%dT%H:%M}")
    form.locator("[name=ends_at]").fill(f"{now + timedelta(hours=6):%Y-%m-%dT%H:%M}")
    form.locator("button").click()
    page.wait_for_selector(".fault")
    assert page.locator(".fault").count() == 2
    assert not axe_findings(page)
    form.locator("[name=staff_no]").fill(raised["second"])
    form.locator("[name=ends_at]").fill(f"{now + timedelta(hours=16):%Y-%m-%dT%H:%M}")
    form.locator("button").click()
    page.wait_for_selector("[data-table=duty] >> text=值班乙")
    assert [c for c in complaints if "422" not in c] == []


def test_an_alert_is_answered_listed_and_asked_to_be_cleared(page, town, raised):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, "zh")
    page.goto("/alerts")
    assert raised["one"].barcode in page.locator("[data-table=unanswered]").inner_text()
    page.goto(at(raised["one"]))
    page.click("text=确认收到")
    page.wait_for_selector("text=申请解除预警")
    assert page.locator("[data-table=calls] >> text=待确认").count() == 0
    page.click("text=打开管内人员名单")
    page.wait_for_url("**/members")
    assert "居民" in page.locator("[data-table=members]").inner_text()
    page.go_back()
    page.fill("[name=reason]", "阴控扩增")
    page.fill("[name=secret]", PASSWORD)
    page.click("button.btn-danger")
    page.wait_for_selector("text=只有 0 人有单管结果")
    assert page.input_value("[name=reason]") == "阴控扩增"  # what was typed is still there
    page.fill("[name=early]", "整板污染，今晚必须放行")
    page.fill("[name=secret]", PASSWORD)
    page.click("button.btn-danger")
    page.wait_for_selector("text=须由另一人确认。")
    page.goto(at(raised["other"]))
    page.fill("[name=secret]", PASSWORD)
    page.click("text=同意解除预警")
    page.wait_for_selector("text=处理经过")
    assert [c for c in complaints if "422" not in c] == []
