"""The desk's side of paper as pictures: what is printed, and how a sheet is entered."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.field_town import PASSWORD, FieldTown

Desks = Callable[[], Page]


def desks(shoot: Callable[[Page, str], None], town: FieldTown, desk: Desks) -> None:
    page = signed_in(desk(), town, "supervisor")
    page.goto("/print")
    page.locator("#print-runs tbody a").last.click()
    page.fill("[name=used]", "7")
    page.locator("[data-preview][src*='used=7']").wait_for()
    page.wait_for_function("() => document.querySelector('[data-preview]').naturalWidth > 0")
    shoot(page, "print-labels")
    page.goto(f"/paper/{town.site.site_id}?size=10&hour=06:40")
    sheet(page, town)
    shoot(page, "paper-entry")
    page = signed_in(desk(), town, "worker")
    page.goto(f"/print/residents/{town.site.area.area_id}")
    page.locator(".buildings a").first.click()
    page.locator("[data-cards]").wait_for()
    shoot(page, "resident-codes")


def signed_in(page: Page, town: FieldTown, who: str) -> Page:
    page.goto("/")
    page.fill("[name=number]", town.staff[who].staff_no)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")
    return page


def sheet(page: Page, town: FieldTown) -> None:
    """A sheet half typed: found, known by the last six, the same person twice, a slip of the pen."""
    page.locator("[data-paper][data-ready]").wait_for()
    page.fill("[name=tube]", town.fresh())
    people = town.people
    typed = [
        people[52].document,
        f"{people[53].name} {people[53].document[-6:]}",
        town.resident_code(54),
        people[52].document,
        people[55].document[:-1] + ("1" if people[55].document[-1] != "1" else "2"),
        f"{people[56].name} {people[56].document[-6:]} {people[56].phone}",
    ]
    for row, text in enumerate(typed, 1):
        page.fill(f"[name=who{row}]", text)
    page.locator("#told-6.told-ok").wait_for()
    page.focus("[name=who7]")
