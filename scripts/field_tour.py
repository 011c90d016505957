"""A day in the field as pictures: phones enrol, sample, pack, hand over, receive, knock at doors."""

from __future__ import annotations

from playwright.sync_api import Page

from screening.tube.codes import Kind, make_code
from scripts.field_steps import (
    Phones,
    Shoot,
    at_work,
    home,
    keys,
    on,
    said,
    scan,
    sent,
    tap,
)
from scripts.field_tour_end import CHAT, chat_app, doors, doors_wanted, end, practice, trouble
from tests import devices
from tests.browser.field_town import PIN, FieldTown, type_scan


def tour(shoot: Shoot, town: FieldTown, phone: Phones) -> None:
    """All of it, in the order of a shift."""
    doors_wanted(town)
    first = start(shoot, town, phone())
    refusals(shoot, town, first)
    sampling(shoot, town, first)
    people(shoot, town, first)
    packing(shoot, town, phone)
    doors(shoot, town, phone())
    trouble(shoot, town, first)
    chat_app(shoot, phone(user_agent=CHAT))
    practice(shoot, phone())
    end(shoot, first)


# --- what the day brings ------------------------------------------------------------------------


def start(shoot: Shoot, town: FieldTown, page: Page) -> Page:
    left_open(town)
    page.goto("/field/")
    on(page, "welcome")
    page.wait_for_timeout(800)
    shoot(page, "welcome")
    tap(page, "enrol")
    on(page, "enrol")
    shoot(page, "enrol")
    page.goto("about:blank")
    page.goto(town.enrol_text())
    said(page, "enrolled")
    shoot(page, "enrolled")
    tap(page, "to-sign-in")
    on(page, "sign_in")
    scan(page, town.staff["sampler"].badge, "badge_read")
    shoot(page, "sign-in")
    page.locator("#field-secret").fill(PIN)
    tap(page, "sign-in")
    on(page, "shift")
    scan(page, town.site_code(), "site_ok")
    page.get_by_role("radio", name="1", exact=True).check()
    shoot(page, "shift")
    page.locator("[data-name^='join-']").first.evaluate("e => e.scrollIntoView({block: 'center'})")
    shoot(page, "take-over")
    tap(page, "begin")
    on(page, "home")
    sent(page)
    shoot(page, "home")
    return page


def left_open(town: FieldTown) -> None:
    """The previous shift left a tube."""
    with town.app.test_request_context():
        other = devices.phone(
            site=town.site, staff=town.staff["sampler"].staff_id, round=town.round_id
        )
        codes = [town.resident_code(i) for i in (50, 51)]
        other.fill(town.fresh(), codes, close=False)
        other.send(town.app.test_client())


def refusals(shoot: Shoot, town: FieldTown, page: Page) -> None:
    tap(page, "sampling")
    on(page, "sampling")
    shoot(page, "sampling-empty")
    scan(page, town.done_tube, "tube_used")
    shoot(page, "stop-used")
    scan(page, make_code(Kind.BOX, 12), "wrong_kind")
    shoot(page, "stop-kind")


def sampling(shoot: Shoot, town: FieldTown, page: Page) -> None:
    tap(page, "modes")
    page.locator("#field-size").fill("10")
    shoot(page, "modes")
    tap(page, "modes-ok")
    scan(page, town.fresh(), "tube_opened")
    for i in range(2, 9):
        scan(page, town.resident_code(i), "bind_ok")
        page.locator(f".tube-now[data-live='{i - 1}']").wait_for()
    shoot(page, "sampling")
    type_scan(page, town.resident_code(1))
    page.wait_for_timeout(400)
    shoot(page, "look-again")
    page.keyboard.press("Escape")
    scan(page, town.resident_code(0), "single_lane")
    shoot(page, "single-lane")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    for i in (9, 10):
        type_scan(page, town.resident_code(i))
        page.locator(f".tube-now[data-live='{i - 1}']").wait_for()
    type_scan(page, town.resident_code(11))
    said(page, "last_seat")
    shoot(page, "last-seat")
    page.locator(".actions [data-name=close]").click()
    shoot(page, "close")
    tap(page, "close-yes")
    said(page, "closed")


def people(shoot: Shoot, town: FieldTown, page: Page) -> None:
    scan(page, town.fresh(), "tube_opened")
    scan(page, town.resident_code(12), "bind_ok")
    tap(page, "search")
    on(page, "search")
    page.locator("#field-find").fill(town.people[20].name[0])
    shoot(page, "search")
    page.locator("[name=way]").nth(1).check()
    shoot(page, "document")
    page.go_back()
    on(page, "sampling")
    tap(page, "seat-1")
    on(page, "person")
    shoot(page, "person")
    page.go_back()
    tap(page, "tube")
    on(page, "tube")
    shoot(page, "tube")
    home(page)
    tap(page, "sampling")
    page.evaluate("location.hash = '#/tube'")
    on(page, "tube")
    shoot(page, "tubes")
    tap(page, "table-qr")
    shoot(page, "table-qr")
    page.keyboard.press("Escape")
    home(page)


def closed_elsewhere(town: FieldTown, tubes: list[str]) -> None:
    with town.app.test_request_context():
        other = devices.phone(
            site=town.site, staff=town.staff["sampler"].staff_id, round=town.round_id
        )
        for i, tube in enumerate(tubes):
            other.fill(tube, [town.resident_code(30 + 2 * i + k) for k in (0, 1)])
        other.send(town.app.test_client())


def packing(shoot: Shoot, town: FieldTown, phone: Phones) -> None:
    tubes, seal = [town.fresh() for _ in range(4)], town.fresh("seals")
    closed_elsewhere(town, tubes)
    courier = at_work(phone(), town, "courier")
    page = at_work(phone(), town, "packer")
    tap(page, "packing")
    on(page, "packing")
    type_scan(page, town.fresh("boxes"))
    for tube in tubes[:3]:
        scan(page, tube, "tube_in")
        page.wait_for_timeout(200)
    shoot(page, "packing")
    tap(page, "count")
    shoot(page, "packing-count")
    keys(page, "4")
    tap(page, "compare")
    said(page, "seal_count")
    shoot(page, "packing-differs")
    scan(page, tubes[3], "seal_ok")
    shoot(page, "packing-agrees")
    type_scan(page, seal)
    said(page, "sealed")
    shoot(page, "packing-sealed")
    hand_over(shoot, town, page, courier, seal)
    reception(shoot, town, at_work(phone(), town, "technician", town.lab), seal, tubes)


def hand_over(shoot: Shoot, town: FieldTown, page: Page, courier: Page, seal: str) -> None:
    tap(page, "to-hand-over")
    on(page, "hand_over")
    page.locator("[data-name=seal-read]").wait_for()
    shoot(page, "hand-over")
    tap(page, "to-count")
    keys(page, "1")
    tap(page, "check-boxes")
    page.locator("[data-step='2']").wait_for()
    scan(page, town.staff["courier"].badge, "person_ok")
    page.get_by_role("radio", name=town.lab.name).check()
    shoot(page, "hand-over-who")
    page.locator("summary").click()
    keys(page, "4.5")
    tap(page, "to-confirm")
    shoot(page, "hand-over-confirm")
    tap(page, "hand-over")
    said(page, "handed_over")
    shoot(page, "hand-over-done")
    sent(page)
    tap(courier, "hand_over")
    on(courier, "hand_over")
    shoot(courier, "courier")


def reception(shoot: Shoot, town: FieldTown, page: Page, seal: str, tubes: list[str]) -> None:
    tap(page, "reception")
    on(page, "reception")
    page.locator("[data-name=coming]").wait_for()
    shoot(page, "reception")
    type_scan(page, seal)
    page.wait_for_timeout(500)
    shoot(page, "arrive")
    tap(page, "intact")
    tap(page, "arrive")
    page.wait_for_timeout(500)
    for tube in tubes[:3]:
        type_scan(page, tube)
        page.wait_for_timeout(500)
    shoot(page, "unpacking")
    tap(page, "reject")
    page.wait_for_timeout(1600)  # the same code within 1.5 s is one read
    type_scan(page, tubes[2])
    page.locator("[data-name=reject-leak]").wait_for()
    shoot(page, "reject")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    tap(page, "finish")
    page.wait_for_timeout(400)
    shoot(page, "missing-tube")
