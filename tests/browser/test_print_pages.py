"""The print desk and the paper desk in a real browser: axe, no sideways scroll, keys alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.field_town import PASSWORD, FieldTown
from tests.browser.test_pages import DESK, PHONE, axe_findings, listen, scrolls_sideways, speak
from tests.browser.wait import soon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

KEYS_A_SECOND = 5  # of somebody who types all day: 60 words a minute


def signed_in(field_browser: Any, field_town: FieldTown, word: str) -> Any:
    context = field_browser.new_context(
        base_url=field_town.url, viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    page = context.new_page()
    who = field_town.staff[word]
    page.goto("/")
    page.fill("[name=number]", who.staff_no)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")
    return page


@pytest.fixture
def desk(field_browser: Any, field_town: FieldTown) -> Any:
    """The supervisor's browser at a desk."""
    return signed_in(field_browser, field_town, "supervisor")


@pytest.fixture
def office(field_browser: Any, field_town: FieldTown) -> Any:
    """The community worker's."""
    return signed_in(field_browser, field_town, "worker")


def run_path(page: Any) -> str:
    page.goto("/print")
    return page.locator("#print-runs tbody a").last.get_attribute("href")


def paths(page: Any, town: FieldTown) -> list[str]:
    return ["/print", run_path(page), f"/print/sites/{town.site.site_id}",
            f"/paper/{town.site.site_id}"]  # fmt: skip


def look_at(page: Any, paths: list[str]) -> None:
    complaints, found = listen(page), []
    for path in paths:
        page.set_viewport_size(DESK)
        assert page.goto(path).ok, path
        assert page.locator("h1").count() == 1
        found += axe_findings(page)
        assert not scrolls_sideways(page), f"{path} at 1366"
        page.set_viewport_size(PHONE)
        assert not scrolls_sideways(page), f"{path} at 360"
    assert not found, "\n".join(found)
    assert not complaints


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_open_without_an_error_fit_a_phone_and_pass_axe(desk, field_town, lang):
    speak(desk, lang)
    look_at(desk, paths(desk, field_town))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_resident_codes_are_chosen_by_building(office, field_town, lang):
    speak(office, lang)
    community = field_town.site.area.area_id
    office.goto("/print")
    office.click("main a[href='/print/residents']")
    office.click(f"main a[href='/print/residents/{community}']")
    soon(office.locator(".buildings a"), count=6)
    office.locator(".buildings a").first.click()
    soon(office.locator("[name=person]:checked"), count=10)
    office.click("[data-tick=none]")
    soon(office.locator("[data-ticked]"), words="0")
    one = f"/print/residents/{community}"
    look_at(office, ["/print/residents", one, office.url.removeprefix(field_town.url)])


def test_the_print_desk_is_in_the_navigation(desk):
    desk.click("nav.side-nav a[href='/print']")
    soon(desk.locator("h1"), words="打印")


def test_the_picture_of_the_sheet_follows_the_choices(desk):
    desk.goto(run_path(desk))
    picture = desk.locator("[data-preview]")
    desk.check("[name=layout][value='64x34']")
    desk.fill("[name=used]", "5")
    desk.wait_for_function("() => document.querySelector('[data-preview]').src.includes('used=5')")
    assert "layout=64x34" in picture.get_attribute("src")
    desk.wait_for_function("() => document.querySelector('[data-preview]').naturalWidth > 0")
    assert re.search(r"共 \d+ 枚，用纸 \d+ 张", desk.locator("[data-pages]").inner_text())


def test_a_sheet_of_ten_is_entered_by_keys_alone_in_under_a_minute(desk, field_town):
    pressed = 0

    def keys(text: str, *more: str) -> None:
        nonlocal pressed
        desk.keyboard.type(text)
        for key in more:
            desk.keyboard.press(key)
        pressed += len(text) + len(more)

    desk.goto(f"/paper/{field_town.site.site_id}")
    desk.fill("[name=size]", "10")
    desk.focus("[name=tube]")
    tube, people = field_town.fresh(), field_town.people[20:30]
    desk.keyboard.type(tube)  # scanned: the wedge types it
    desk.keyboard.press("Enter")
    for one in people[:5]:
        keys(one.document, "Enter")
    for one in people[5:]:
        keys(one.document[-6:], "Enter")  # only a name is missing: the field beside it
        assert desk.evaluate("document.activeElement.name").startswith("name")
        keys(one.name, "Enter")
    assert desk.evaluate("document.activeElement.name") == "n", "ten lines are full"
    keys("10")
    desk.wait_for_function("() => document.querySelectorAll('.paper-lines .told-ok').length === 10")
    assert (
        desk.locator("[data-line='1'] [data-told]").inner_text().startswith(people[0].name[0] + "*")
    )
    assert desk.locator("[data-count-told]").inner_text() == "10 / 10"
    keys("", "Control+Enter")
    desk.wait_for_selector(".notice-ok")
    assert field_town.names_in(tube) == [p.name for p in people]
    desk.wait_for_function("() => document.activeElement.name === 'tube'")  # the next sheet
    # a Chinese name is two keys a character with an input method, and is chosen with a third
    pressed += sum(2 * len(p.name) + 1 for p in people[5:])
    print(
        f"\nten lines: {pressed} keys, {pressed / KEYS_A_SECOND:.0f} s at {KEYS_A_SECOND} a second"
    )
    assert pressed / KEYS_A_SECOND < 60


def test_what_is_wrong_is_marked_while_one_types(desk, field_town):
    desk.goto(f"/paper/{field_town.site.site_id}")
    one = field_town.people[40]
    wrong = one.document[:-1] + ("1" if one.document[-1] != "1" else "2")
    desk.fill("[name=who1]", wrong)
    assert "校验位" in desk.locator("#told-1").inner_text(), "told without the server"
    desk.fill("[name=who1]", one.document)
    desk.fill("[name=who2]", field_town.resident_code(40))
    desk.wait_for_function(
        "() => document.querySelector('#told-2').textContent.includes('第 1 行')"
    )
    desk.fill("[name=n]", "5")
    desk.wait_for_selector("[data-count-told].told-stop")
    desk.fill("[name=tube]", field_town.fresh())
    desk.fill("[name=who2]", "")
    desk.press("[name=n]", "Enter")
    desk.wait_for_selector(".problems")
    assert "纸上写 5 人，录入后是 1 人" in desk.locator(".problems").inner_text()
    assert desk.input_value("[name=who1]") == one.document, "nothing typed is lost"


def test_a_scanner_moves_on_and_more_lines_come_when_the_tube_is_over_full(desk, field_town):
    desk.goto(f"/paper/{field_town.site.site_id}")
    desk.fill("[name=size]", "2")
    assert desk.locator("[data-line]:visible").count() == 2
    desk.focus("[name=who1]")
    for i in (41, 42):
        desk.keyboard.type(field_town.resident_code(i))
        desk.keyboard.press("Enter")
    soon(desk.locator("[data-line]:visible"), count=3)
    assert desk.evaluate("document.activeElement.name") == "n", "the tube is full"
    desk.focus("[name=who2]")
    desk.keyboard.press("ArrowUp")
    assert desk.evaluate("document.activeElement.name") == "who1"


def test_single_tubes_are_entered_by_two_scans_each(desk, field_town):
    desk.goto(f"/paper/{field_town.site.site_id}?mode=single&size=1")
    tubes = [field_town.fresh(), field_town.fresh()]
    for tube, i in zip(tubes, (47, 48), strict=True):
        desk.locator("[data-paper][data-ready]").wait_for()
        desk.wait_for_function("() => document.activeElement.name === 'tube'")
        desk.keyboard.type(tube)
        desk.keyboard.press("Enter")
        desk.keyboard.type(field_town.resident_code(i))
        desk.keyboard.press("Enter")
        desk.locator(".notice-ok", has_text=tube[-4:]).wait_for()
    assert [field_town.names_in(t) for t in tubes] == [
        [field_town.people[i].name] for i in (47, 48)
    ]


def test_enter_of_an_input_method_does_not_leave_the_field(desk, field_town):
    desk.goto(f"/paper/{field_town.site.site_id}")
    desk.focus("[name=name1]")
    chosen = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true})"
    desk.evaluate(f"document.activeElement.dispatchEvent({chosen})")
    assert desk.evaluate("document.activeElement.name") == "name1"


def test_a_sheet_is_taken_back_from_the_list(desk, field_town):
    desk.goto(f"/paper/{field_town.site.site_id}")
    tube = field_town.fresh()
    desk.fill("[name=tube]", tube)
    desk.fill("[name=who1]", f"{field_town.people[45].name} {field_town.people[45].phone}")
    desk.fill("[name=n]", "1")
    desk.press("[name=n]", "Control+Enter")
    desk.wait_for_selector(".notice-ok")
    line = desk.locator("#entered tbody tr", has_text=tube)
    line.locator("summary").click()
    line.locator(".confirm-panel .btn-danger").click()
    desk.wait_for_selector(".notice-look")
    assert desk.input_value("[name=tube]") == tube
    assert field_town.names_in(tube) == []


def test_a_sheet_typed_without_a_network_is_told_when_it_is_entered(desk, field_town):
    desk.goto(f"/paper/{field_town.site.site_id}")
    desk.context.set_offline(True)
    desk.fill("[name=tube]", field_town.fresh())
    desk.fill("[name=who1]", field_town.resident_code(53))
    desk.wait_for_timeout(500)
    assert desk.locator("#told-1").inner_text() == ""
    desk.context.set_offline(False)
    desk.fill("[name=n]", "1")
    desk.wait_for_selector("#told-1.told-ok")
