"""The rest of the day as pictures: doors, what goes wrong, practice, the end of the shift."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page

from screening import clock
from screening.db import db, insert, new_id
from scripts.field_steps import Shoot, at_work, home, on, sent, tap
from tests.browser.field_town import FieldTown, type_scan

CHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0"


def doors_wanted(town: FieldTown) -> None:
    """Visits that were asked for, and one person called back."""
    with town.app.test_request_context():
        now, home = clock.now(), town.site.area.area_id
        columns = ("cell_id", "contact_id", "round_id", "person_id", "community_id", "kind",
                   "outcome", "at")  # fmt: skip
        insert("contact", columns, [
            (p.cell, new_id(), town.round_id, p.person, home, "call", "visit", now)
            for p in (town.people[i] for i in (14, 15, 22, 23, 24, 36, 44, 45))
        ])  # fmt: skip
        called = town.people[0]
        columns = ("cell_id", "callback_id", "person_id", "community_id", "round_id", "tube_cell",
                   "barcode", "reason", "state", "opened_at", "due_at")  # fmt: skip
        due = now.replace(microsecond=0) + timedelta(hours=5)
        insert("callback", columns, [(
            called.cell, new_id(), called.person, home, town.round_id, town.site.cell_id,
            town.done_tube, "pool_positive", "open", now, due,
        )])  # fmt: skip
        db.session.commit()
        db.session.remove()


def doors(shoot: Shoot, town: FieldTown, page: Page) -> None:
    at_work(page, town, "supervisor")
    tap(page, "doors")
    on(page, "doors")
    page.locator("[data-name^='door-']").first.wait_for()
    shoot(page, "doors")
    page.locator("[data-name^='door-']").first.click()
    on(page, "door")
    shoot(page, "door-callback")
    page.go_back()
    on(page, "doors")
    page.locator("[data-name^='door-']").nth(1).click()
    on(page, "door")
    shoot(page, "door")
    tap(page, "come-back")
    shoot(page, "door-appoint")
    page.keyboard.press("Escape")
    tap(page, "absent")
    page.wait_for_timeout(500)
    shoot(page, "door-absent")


# --- when something goes wrong ------------------------------------------------------------------


def trouble(shoot: Shoot, town: FieldTown, page: Page) -> None:
    home(page)
    sent(page)
    town.stop()
    tap(page, "sampling")
    on(page, "sampling")
    for i in (13, 26, 27):
        type_scan(page, town.resident_code(i))
        page.wait_for_timeout(300)
    shoot(page, "offline")
    page.evaluate("location.hash = '#/outbox'")
    on(page, "outbox")
    page.wait_for_timeout(600)
    shoot(page, "outbox")
    tap(page, "carry")
    on(page, "carry")
    shoot(page, "carry")
    tap(page, "show-codes")
    page.wait_for_timeout(600)
    shoot(page, "carry-codes")
    page.evaluate("location.hash = '#/settings'")
    on(page, "settings")
    shoot(page, "settings")
    town.start()
    second = page.context.new_page()
    second.goto("/field/")
    second.wait_for_timeout(1500)
    shoot(second, "second-tab")
    second.close()
    home(page)


def chat_app(shoot: Shoot, page: Page) -> None:
    """Opened from a link in a chat."""
    page.goto("/field/")
    on(page, "welcome")
    page.wait_for_timeout(800)
    shoot(page, "open-in-browser")


def practice(shoot: Shoot, page: Page) -> None:
    page.goto("/field/")
    on(page, "welcome")
    page.wait_for_timeout(500)
    tap(page, "practise")
    page.locator(".banner.practice").wait_for()
    shoot(page, "practice-home")
    tap(page, "practice-codes")
    page.wait_for_timeout(400)
    shoot(page, "practice-codes")


def end(shoot: Shoot, page: Page) -> None:
    home(page)
    tap(page, "end")
    on(page, "shift_end")
    shoot(page, "shift-end")
