"""The resident's page in a real browser: a phone of 360 pixels, no script, both languages, axe."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Town
from tests.browser.test_pages import AXE, DESK, PHONE, axe_findings, scrolls_sideways
from tests.browser.wait import soon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def slip(app: Any, town: Town) -> str:
    """A code for somebody of the town whose result is out."""
    from screening import clock
    from screening.db import db, fetch
    from screening.reporting import service

    with app.test_request_context():
        rows = fetch(
            "SELECT s.cell_id, s.person_id FROM specimen s JOIN result r ON r.cell_id = s.tube_cell "
            "AND r.barcode = s.barcode WHERE r.outcome = 1 AND s.void = 0 LIMIT 1"
        )
        code = service.issue_codes([tuple(rows[0])], by=None, at=clock.now())[0][0]
        db.session.commit()
        db.session.remove()
    return code


@pytest.fixture
def plain(browser: Any, town: Town) -> Any:
    """A browser that runs no script at all."""
    context = browser.new_context(
        base_url=town.url, viewport=PHONE, locale="zh-CN", java_script_enabled=False
    )
    return context.new_page()


def look(page: Any, code: str) -> None:
    page.goto("/r")
    page.fill("#code", code)
    page.click("button[value=code]")


def test_without_script_a_code_leads_to_the_result_and_back(plain, slip):
    look(plain, slip)
    assert plain.locator(".answer-word").inner_text() == "阴性"
    assert plain.locator(".answer-other").first.inner_text() == "negative"
    assert plain.url.endswith("/r")
    plain.click("text=查另一个码")
    soon(plain.locator("#code"), count=1)
    assert plain.locator("#code").input_value() == ""


def test_without_script_a_message_is_asked_for_and_typed(plain):
    plain.goto("/r")
    plain.click("summary")
    plain.fill("#phone", "16100000042")
    plain.fill("#tail", "1234")
    plain.click("button[value=ask]")
    soon(plain.locator("main"), words="如果这个手机号")
    plain.fill("#code", "123456")
    plain.click("button[value=phone]")
    plain.locator("[role=alert]").wait_for()
    assert plain.locator("#code").is_visible()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (run `make setup`)")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_step_fits_a_phone_and_has_no_serious_axe_finding(page, town, slip, lang):
    page.context.add_cookies([{"name": "lang", "value": lang, "url": town.url}])
    found = []

    def held_to() -> None:
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            if scrolls_sideways(page):
                found.append(f"{page.url} scrolls sideways at {size['width']}")
        page.set_viewport_size(PHONE)
        small = page.eval_on_selector_all(
            "main button, main input:not([type=hidden]), main summary, main a.btn",
            "all => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 48)"
            ".map(e => e.outerHTML)",
        )
        found.extend(f"smaller than 48 pixels: {s}" for s in small)
        found.extend(axe_findings(page))

    page.goto("/r")
    page.click("summary")
    held_to()
    page.fill("#code", "AAAA-BBBB-CCCC")
    page.click("button[value=code]")
    held_to()
    look(page, slip)
    assert page.locator(".answer-word").is_visible()
    held_to()
    page.goto("/r")
    page.click("summary")
    page.fill("#phone", "16100000043")
    page.fill("#tail", "1234")
    page.click("button[value=ask]")
    held_to()
    assert not found, "\n".join(found)
