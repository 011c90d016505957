"""How a picture-taker moves about the field app: taps, scans, waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.browser.field_town import PIN, FieldTown, type_scan

Shoot = Callable[[Page, str], None]
Phones = Callable[..., Page]


def on(page: Page, screen: str) -> None:
    page.locator(f"main.screen-{screen}").wait_for()


def tap(page: Page, name: str) -> None:
    page.locator(f"[data-name='{name}']:visible").first.click()


def said(page: Page, code: str) -> None:
    page.locator(f".answer[data-code='{code}']").wait_for()


def scan(page: Page, text: str, code: str) -> None:
    type_scan(page, text)
    said(page, code)


def keys(page: Page, text: str) -> None:
    for digit in text:
        page.locator(f".pad-key[data-key='{digit}']:visible").first.click()


def home(page: Page) -> None:
    """Back to the first screen, whatever stands open."""
    page.evaluate("location.hash = '#/home'")
    on(page, "home")


def sent(page: Page) -> None:
    page.locator(".truth[data-waiting='0']").wait_for(timeout=30_000)


def sign_in(page: Page, town: FieldTown, who: str) -> None:
    on(page, "sign_in")
    scan(page, town.staff[who].badge, "badge_read")
    page.locator("#field-secret").fill(PIN)
    tap(page, "sign-in")


def at_work(page: Page, town: FieldTown, who: str, place: Any = None) -> Page:
    page.goto(town.enrol_text(place=place))
    said(page, "enrolled")
    tap(page, "to-sign-in")
    sign_in(page, town, who)
    on(page, "shift")
    if place is None:
        scan(page, town.site_code(), "site_ok")
        page.get_by_role("radio", name="1", exact=True).check()
    tap(page, "begin")
    on(page, "home")
    return page
