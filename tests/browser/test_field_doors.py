"""Going from door to door with a phone: callbacks first, in a stairwell, nothing told twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from screening import clock
from screening.db import db, fetch, insert, new_id
from tests.browser import axe
from tests.browser.field_town import FieldTown, type_scan
from tests.browser.test_field_shift import answered, at_work, on, without_server

CALLED = (2, 8)  # of the town's people: two households apart
TO_VISIT = (4, 5, 12)  # 4 and 5 live together


@pytest.fixture(scope="module")
def doors_town(field_town: FieldTown) -> FieldTown:
    """Two people were called back, three are to be visited."""
    with field_town.app.test_request_context():
        home, at = field_town.site.area.area_id, clock.now()
        insert("callback", CALLBACK, [
            (p.cell, new_id(), p.person, home, field_town.round_id, p.cell, field_town.done_tube,
             "pool_positive", "open", at, at + timedelta(hours=4 - i))
            for i, p in enumerate(field_town.people[n] for n in CALLED)
        ])  # fmt: skip
        insert("contact", CONTACT, [
            (p.cell, new_id(), field_town.round_id, p.person, home, "call", "visit", at)
            for p in (field_town.people[n] for n in TO_VISIT)
        ])  # fmt: skip
        db.session.commit()
        db.session.remove()
    return field_town


CALLBACK = (
    "cell_id", "callback_id", "person_id", "community_id", "round_id", "tube_cell", "barcode",
    "reason", "state", "opened_at", "due_at",
)  # fmt: skip
CONTACT = (
    "cell_id",
    "contact_id",
    "round_id",
    "person_id",
    "community_id",
    "kind",
    "outcome",
    "at",
)


def visits(town: FieldTown, person: int) -> list[str]:
    with town.app.app_context():
        one = town.people[person]
        rows = fetch(
            "SELECT outcome FROM contact WHERE cell_id = %s AND person_id = %s AND kind = 'visit' "
            "ORDER BY at",
            (one.cell, one.person),
        )
        db.session.remove()
    return [r[0] for r in rows]


def not_met(town: FieldTown) -> list[tuple[str, str]]:
    """Tickets of called-back people who were not met: person and state."""
    tickets = town.tables().tickets
    return [(t["subject_id"], t["state"]) for t in tickets if t["kind"] == "callback_not_met"]


def to_doors(page: Any) -> None:
    page.locator("[data-name=doors]").click()
    on(page, "doors")
    page.locator(".screen-doors .row").first.wait_for()


def person(page: Any, town: FieldTown, i: int) -> Any:
    return page.locator(f".door-person[data-code='{town.resident_code(i)}']")


def open_door(page: Any, town: FieldTown, i: int) -> Any:
    page.locator(".screen-doors .row", has_text=town.people[i].name).click()
    on(page, "door")
    return person(page, town, i)


def sent(page: Any) -> None:
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.locator(".truth[data-waiting='0']").wait_for()


def test_callbacks_stand_first_by_deadline_then_doors_by_address(
    doors_town: FieldTown, field_page: Any
) -> None:
    page, people = field_page, doors_town.people
    at_work(page, doors_town)
    to_doors(page)
    rows = page.locator(".screen-doors .row").all_inner_texts()
    wanted = [people[8].name, people[2].name, people[4].name, people[12].name]
    assert [next(n for n in wanted if n in row) for row in rows] == wanted
    assert people[5].name in rows[2]
    page.locator("#field-doors-find").fill(people[12].name[0])
    assert page.locator(".screen-doors .row").count() == 1


def test_a_round_of_a_stairwell_without_a_network_is_told_once_and_whole(
    doors_town: FieldTown, field_page: Any
) -> None:
    page, town = field_page, doors_town
    at_work(page, town)
    to_doors(page)
    with without_server(town):
        called = open_door(page, town, 2)
        assert "单人单管" in called.inner_text()
        called.locator("[data-name=absent]").click()
        page.locator("dialog [data-name=yes]").click()
        answered(page, "visit_absent")
        assert "一有网络就报调度" in called.inner_text()
        page.locator("[data-name=back]").click()
        on(page, "doors")
        open_door(page, town, 12).locator("[data-name=refused]").click()
        answered(page, "visit_refused")
        person(page, town, 12).locator("[data-name=undo]").click()
        answered(page, "visit_undone")
        person(page, town, 12).locator("[data-name=come-back]").click()
        page.locator("dialog .big").first.click()
        answered(page, "visit_come_back")
        page.locator("[data-name=back]").click()
        on(page, "doors")
        page.reload()
        on(page, "doors")
        page.locator(".part-later").wait_for()
        page.locator(".part-absent").wait_for()
    sent(page)
    assert visits(town, 2) == ["absent"]
    assert visits(town, 12) == ["later"]
    assert not_met(town) == [(str(town.people[2].person), "open")]
    page.locator(".screen-doors .row", has_text=town.people[2].name).click()
    page.get_by_text("已报调度").wait_for()


def test_a_called_back_person_gets_a_tube_alone_and_the_door_is_done(
    doors_town: FieldTown, field_page: Any
) -> None:
    page, town, tube = field_page, doors_town, doors_town.fresh()
    at_work(page, town)
    to_doors(page)
    with without_server(town):
        open_door(page, town, 8).locator("[data-name=sample]").click()
        on(page, "sampling")
        answered(page, "single_wanted")
        type_scan(page, tube)
        page.locator(f".tube-now[data-tube='{tube}'][data-live='1']").wait_for()
        page.locator("[data-name=back-door]").click()
        on(page, "door")
        page.locator(
            f".door-person[data-code='{town.resident_code(8)}'][data-state=done]"
        ).wait_for()
    sent(page)
    held = town.tables()
    swab = next(s for s in held.specimens if s["barcode"] == tube)
    assert (swab["person_id"], swab["purpose"]) == (town.people[8].person, 2)
    assert visits(town, 8) == ["already_done"]
    assert not held.parked


def test_a_family_shares_one_tube(doors_town: FieldTown, field_page: Any) -> None:
    page, town, tube = field_page, doors_town, doors_town.fresh()
    at_work(page, town)
    to_doors(page)
    open_door(page, town, 5)
    page.locator("[data-name=household]").click()
    on(page, "sampling")
    answered(page, "household_wanted")
    type_scan(page, tube)
    page.locator(f".tube-now[data-tube='{tube}']").wait_for()
    page.wait_for_timeout(300)
    page.locator("[data-name^='family-']").first.click()
    page.locator(f".tube-now[data-tube='{tube}'][data-live='2']").wait_for()
    page.locator("[data-name=back-door]").click()
    page.locator(".door-person[data-state=done]").nth(1).wait_for()
    sent(page)
    inside = town.names_in(tube)
    assert sorted(inside) == sorted(town.people[i].name for i in (4, 5))


def test_the_list_lies_under_the_rosters_lock(doors_town: FieldTown, field_page: Any) -> None:
    page, town = field_page, doors_town
    at_work(page, town)
    to_doors(page)
    with without_server(town):
        page.locator("[data-name=back]").click()
        on(page, "home")
        page.locator("[data-name=change-staff]").click()
        page.locator("dialog [data-name=yes]").click()
        on(page, "sign_in")
        page.wait_for_timeout(1600)  # the same badge within 1.5 s is one read
        type_scan(page, town.staff["supervisor"].badge)
        page.locator("#field-secret").fill("1")
        page.locator("[data-name=sign-in]").click()
        on(page, "home")
        page.locator("[data-name=doors]").click()
        on(page, "doors")
        page.get_by_text("没有上门名单").wait_for()
        assert town.people[12].name not in page.locator("main").inner_text()


def test_every_screen_of_the_doors_passes_axe_and_keeps_to_its_width(
    doors_town: FieldTown, field_page: Any
) -> None:
    page, town = field_page, doors_town
    at_work(page, town)
    to_doors(page)
    axe.check(page)
    open_door(page, town, 2)
    axe.check(page)
    person(page, town, 2).locator("[data-name=come-back]").click()
    page.locator("dialog[open]").wait_for()
    axe.check(page)
