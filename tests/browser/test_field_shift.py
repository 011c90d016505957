"""The start and the end of a shift on a phone: enrolling, signing in, taking over, closing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from screening.accounts import service as accounts
from screening.db import db, fetch
from tests import devices
from tests.browser import axe
from tests.browser.field_town import PIN, FieldTown, type_scan


def answered(page: Any, code: str) -> None:
    page.locator(f".answer[data-code='{code}']").wait_for()


@contextmanager
def without_server(town: FieldTown) -> Iterator[None]:
    town.stop()
    try:
        yield
    finally:
        town.start()


STORES = """() => new Promise((resolve, reject) => {
  const open = indexedDB.open("screening-field");
  open.onerror = () => reject(open.error);
  open.onsuccess = () => {
    const tx = open.result.transaction(["log", "vault"]);
    const log = tx.objectStore("log").count();
    const vault = tx.objectStore("vault").get("slice");
    tx.oncomplete = () => {
      open.result.close();
      const kept = vault.result ?? {};
      resolve({ entries: log.result, roster: Boolean(kept.data), wiped: kept.wiped?.reason ?? null });
    };
  };
})"""


def stores(page: Any) -> dict[str, Any]:
    """What lies on the phone's disk: entries of the journal, whether a roster, why it was wiped."""
    return page.evaluate(STORES)


def change_person(page: Any) -> None:
    page.locator("[data-name=change-staff]").click()
    page.locator("dialog [data-name=yes]").click()
    on(page, "sign_in")
    page.wait_for_timeout(1600)  # the same badge within 1.5 s is one read


def on(page: Any, screen: str) -> None:
    page.locator(f"main.screen-{screen}").wait_for()


def enrol(page: Any, town: FieldTown, **kw: Any) -> None:
    page.goto(town.enrol_text(**kw))
    answered(page, "enrolled")


def sign_in(page: Any, town: FieldTown, who: str = "sampler", secret: str = PIN) -> None:
    on(page, "sign_in")
    type_scan(page, town.staff[who].badge)
    answered(page, "badge_read")
    page.locator("#field-secret").fill(secret)
    page.locator("[data-name=sign-in]").click()


def start(page: Any, town: FieldTown, *, table: int = 1) -> None:
    on(page, "shift")
    type_scan(page, town.site_code())
    answered(page, "site_ok")
    page.get_by_role("radio", name=str(table), exact=True).check()
    page.locator("[data-name=begin]").click()
    on(page, "home")
    page.locator(".truth[data-waiting='0']").wait_for()


def at_work(page: Any, town: FieldTown, who: str = "sampler") -> None:
    enrol(page, town)
    page.locator("[data-name=to-sign-in]").click()
    sign_in(page, town, who)
    start(page, town)


def test_a_phone_is_enrolled_by_its_link_and_at_work_in_under_a_minute(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    enrol(page, field_town)
    assert "enrol=" not in page.url
    assert field_town.site.name in page.locator("main").inner_text()
    page.locator("[data-name=to-sign-in]").click()
    sign_in(page, field_town)
    start(page, field_town)
    page.locator(".truth[data-waiting='0']").wait_for()
    assert "白露" in page.locator("main").inner_text()
    assert page.locator("[data-name=sampling]").is_visible()
    assert not page.locator("[data-name=reception]").is_visible()


def test_a_shift_is_begun_by_keyboard_alone_and_only_at_the_own_site(
    field_town: FieldTown, field_page: Any
) -> None:
    page, who = field_page, field_town.staff["sampler"]
    enrol(page, field_town)
    page.locator("[data-name=to-sign-in]").click()
    on(page, "sign_in")
    page.locator("#field-staff-no").focus()
    page.keyboard.type(who.staff_no.lower(), delay=30)
    page.keyboard.press("Enter")
    page.locator("#field-secret:focus").wait_for()
    page.keyboard.type(who.pin, delay=30)
    page.keyboard.press("Enter")
    on(page, "shift")
    type_scan(page, field_town.site_code(field_town.other_site))
    answered(page, "other_site")
    assert page.locator("[data-name=begin]").is_disabled()
    type_scan(page, f"SITE:{field_town.site.code}")  # the sheet as it was printed before
    answered(page, "site_ok")
    page.locator("[data-name=begin]").focus()
    page.keyboard.press("Enter")
    on(page, "home")


def left_open(town: FieldTown, tube: str) -> None:
    """Another phone of the site opened a tube, bound two people, and its battery died."""
    with town.app.test_request_context():
        other = devices.phone(
            site=town.site, staff=town.staff["sampler"].staff_id, round=town.round_id
        )
        other.fill(tube, [town.resident_code(20), town.resident_code(21)], close=False)
        answer = other.send(town.app.test_client())
        assert answer.status_code == 200 and not answer.json["parked"], answer.json


def test_an_open_tube_of_another_phone_is_taken_over_by_one_tap(
    field_town: FieldTown, field_page: Any
) -> None:
    tube, page = field_town.fresh(), field_page
    left_open(field_town, tube)
    enrol(page, field_town)
    page.locator("[data-name=to-sign-in]").click()
    sign_in(page, field_town)
    on(page, "shift")
    mine = page.locator(f"[data-name='tube-{tube}']")
    mine.wait_for()
    assert "2/10" in mine.inner_text()
    page.locator(f"[data-name='join-{tube}']").click()
    answered(page, "joined")
    start(page, field_town)
    page.locator(".truth[data-held='2'][data-waiting='0']").wait_for()
    assert field_town.tables().tubes[tube]["stage"] is not None
    assert not field_town.tables().parked


def test_a_tube_is_taken_over_by_scanning_it_with_the_server_gone(
    field_town: FieldTown, field_page: Any
) -> None:
    tube, page = field_town.fresh(), field_page
    left_open(field_town, tube)
    at_work(page, field_town)
    with without_server(field_town):
        page.locator("[data-name=take-over]").click()
        on(page, "shift")
        type_scan(page, tube)
        answered(page, "joined")
        page.wait_for_timeout(1600)
        type_scan(page, tube)
        answered(page, "already_mine")
        page.locator(".truth[data-waiting='1']").wait_for()
    page.locator("[data-name=done]").click()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.locator(".truth[data-held='2'][data-waiting='0']").wait_for()


def test_a_person_of_this_phone_gets_in_without_a_network_and_a_stranger_works_unchecked(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    at_work(page, field_town)
    with without_server(field_town):
        change_person(page)
        sign_in(page, field_town)
        on(page, "home")
        assert not page.get_by_text("名单没有打开").is_visible()
        change_person(page)
        sign_in(page, field_town, "packer")
        on(page, "home")
        assert page.locator(".home-name").inner_text().endswith("未核对")
        assert page.locator("[data-name=packing]").is_visible()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.get_by_text("谷雨").first.wait_for()
    page.locator(".truth[data-held='2'][data-waiting='0']").wait_for()
    assert not field_town.tables().parked


def test_five_wrong_pins_wipe_the_roster_and_not_the_journal(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    at_work(page, field_town)
    with without_server(field_town):
        change_person(page)
        before = stores(page)
        assert before["roster"]
        type_scan(page, field_town.staff["sampler"].badge)
        for left in (4, 3, 2, 1, 0):
            page.locator("#field-secret").fill("000000")
            page.locator("[data-name=sign-in]").click()
            page.get_by_text(f"再错 {left} 次" if left else "名单已清除").first.wait_for()
        assert stores(page) == {**before, "roster": False, "wiped": "tries"}
        page.reload()
        on(page, "sign_in")
        assert stores(page)["entries"] == before["entries"]


def test_a_revoked_phone_loses_the_roster_and_keeps_what_it_has_not_sent(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    at_work(page, field_town)
    page.locator(".truth[data-held='1'][data-waiting='0']").wait_for()
    with without_server(field_town):
        change_person(page)
        sign_in(page, field_town, "packer")
        on(page, "home")
        page.locator(".truth[data-waiting='1']").wait_for()
    with field_town.app.test_request_context():
        device = fetch("SELECT device_id FROM device ORDER BY enrolled_at DESC LIMIT 1")[0][0]
        accounts.revoke_device(device)
        db.session.commit()
        db.session.remove()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    on(page, "enrol")
    assert stores(page) == {"entries": 2, "roster": False, "wiped": "revoked"}
    page.reload()
    on(page, "enrol")
    page.get_by_text("本机已被服务器停用").first.wait_for()


def test_a_slice_that_is_over_is_wiped_and_sampling_stays_open(
    field_town: FieldTown, field_phone: Callable[..., Any]
) -> None:
    page = field_phone().new_page()
    page.clock.install()
    at_work(page, field_town)
    with without_server(field_town):
        page.clock.fast_forward("20:00:00")
        page.get_by_text("名单没有打开").first.wait_for()
        assert stores(page)["wiped"] == "expired"
        assert page.locator("[data-name=sampling]").is_visible()


def test_a_shift_ends_with_its_own_number_and_leaves_no_roster(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    at_work(page, field_town)
    page.locator("[data-name=end]").click()
    on(page, "shift_end")
    page.locator("[data-name=finish]").click()
    answered(page, "shift_ended")
    page.locator(".truth[data-held='2'][data-waiting='0']").wait_for()
    closed = max(field_town.tables().journals, key=lambda j: j["heard_at"])
    assert (closed["last"], closed["closed_at"]) == (2, 2)
    assert stores(page) == {"entries": 2, "roster": False, "wiped": "shift_end"}
    type_scan(page, field_town.staff["packer"].badge)  # the next person, without a tap
    on(page, "sign_in")
    answered(page, "badge_read")


def test_every_screen_of_a_shift_passes_axe_and_keeps_to_its_width(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    left_open(field_town, field_town.fresh())
    enrol(page, field_town)
    axe.check(page)
    page.locator("[data-name=to-sign-in]").click()
    on(page, "sign_in")
    axe.check(page)
    sign_in(page, field_town, "supervisor")
    on(page, "shift")
    page.locator("[data-name=join-all], [data-name^='join-']").first.wait_for()
    axe.check(page)
    start(page, field_town)
    axe.check(page)
    page.locator("[data-name=end]").click()
    on(page, "shift_end")
    axe.check(page)
    page.locator("[data-name=finish]").click()
    answered(page, "shift_ended")
    axe.check(page)
