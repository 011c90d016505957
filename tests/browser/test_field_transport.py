"""A box on three phones without a server: packed, handed over twice, unpacked; then the server's word."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import pytest

from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage
from tests import devices
from tests.browser.field_town import FieldTown, type_scan
from tests.browser.test_field_shift import at_work, enrol, on, sign_in, without_server
from tests.browser.wait import soon

CHUNK = 560
DOUBLE_PULL = 1600  # ms in which a scanner's second pull of the trigger is dropped


def frames(payload: dict[str, Any], prefix: str = "ST1") -> list[str]:
    """What a phone shows as QR codes (docs/journal.md, Carried)."""
    raw = json.dumps(payload).encode()
    name = hashlib.sha256(raw).hexdigest()[:8].upper()
    text = base64.b32encode(raw).decode().rstrip("=")
    chunks = [text[i : i + CHUNK] for i in range(0, len(text), CHUNK)]
    return [f"{prefix}.{name}.{i}.{len(chunks)}.{c}" for i, c in enumerate(chunks, 1)]


def said(page: Any, code: str) -> str:
    """The answer's words, once it is this one."""
    answer = page.locator(f".answer[data-code='{code}']")
    answer.wait_for(timeout=10_000)
    return answer.inner_text()


def scan(page: Any, text: str, code: str) -> str:
    """Scan, and the words it comes to; where the screen shows its last read, those of this one."""
    before = page.evaluate(LAST)
    type_scan(page, text)
    if before is not None:
        page.wait_for_function(f"(before) => ({LAST})() !== before", arg=before, timeout=10_000)
    return said(page, code)


LAST = "() => document.querySelector('.scan-last')?.dataset.last ?? null"


def tap(page: Any, name: str) -> None:
    page.locator(f"[data-name={name}]").first.click()


def keys(page: Any, text: str) -> None:
    """Fingers on the number pad."""
    for digit in text:
        page.locator(f".pad-key[data-key='{digit}']:visible").first.click()


def opened(page: Any, screen: str) -> None:
    tap(page, screen)
    on(page, screen)


def sent(page: Any) -> None:
    page.locator(".truth[data-waiting='0']").wait_for(timeout=30_000)


def table(town: FieldTown, tubes: list[str], first: int) -> devices.Phone:
    """A sampling table whose journal nobody has heard yet; two people a tube."""
    with town.app.test_request_context():
        phone = devices.phone(
            site=town.site, staff=town.staff["sampler"].staff_id, round=town.round_id
        )
        for i, tube in enumerate(tubes):
            codes = [town.resident_code(first + 2 * i + k) for k in (0, 1)]
            phone.fill(tube, codes, mode="single" if i == 0 else "pooled")
    return phone


def send(town: FieldTown, phone: devices.Phone) -> None:
    with town.app.test_request_context():
        answer = phone.send(town.app.test_client())
    assert answer.status_code == 200 and not answer.json["parked"], answer.json


def at_lab(page: Any, town: FieldTown) -> None:
    enrol(page, town, place=town.lab)
    tap(page, "to-sign-in")
    sign_in(page, town, "technician")
    on(page, "shift")
    tap(page, "begin")
    on(page, "home")


def batch_of(town: FieldTown, seal: str) -> dict[str, Any]:
    return next(b for b in town.tables().batches if b["seal"] == seal)


def tickets_of(town: FieldTown, *subjects: object) -> set[str]:
    """Kinds of the tickets about these that nothing has explained."""
    wanted = {str(s) for s in subjects}
    return {
        t["kind"]
        for t in town.tables().tickets
        if t["subject_id"] in wanted and t["state"] in ("open", "noted")
    }


def test_a_box_travels_from_the_table_to_the_laboratory_without_a_server(
    field_town: FieldTown, field_phone: Any
) -> None:
    town = field_town
    heard, unheard = [town.fresh() for _ in range(3)], [town.fresh() for _ in range(2)]
    stranger, box, seal = town.fresh(), town.fresh("boxes"), town.fresh("seals")
    one, two = table(town, heard, 10), table(town, unheard, 20)
    send(town, one)
    packer, courier, bench = (field_phone().new_page() for _ in range(3))
    at_work(packer, town, "packer")
    at_work(courier, town, "courier")
    at_lab(bench, town)

    with without_server(town):
        pack(packer, town, box, heard, unheard, stranger)
        count_and_seal(packer, seal, stranger)
        hand_over(packer, town, seal)
    for page in (packer, courier, bench):
        sent(page)
    send(town, two)
    batch = batch_of(town, seal)
    assert (batch["counted"], batch["known"], batch["box_code"]) == (5, 5, box)
    assert batch["holder_id"] == town.staff["courier"].staff_id
    assert batch["lab_id"] == town.lab.lab_id
    assert tickets_of(town, batch["batch_id"]) == set()
    stages = {town.tables().tubes[t]["stage"] for t in [*heard, *unheard]}
    assert stages == {Stage.IN_TRANSIT}
    opened(bench, "reception")
    tap(bench, "refresh")  # what the phone heard last stays when the server goes
    bench.locator("[data-name=coming]", has_text="东门采样点").wait_for()

    with without_server(town):
        carry(courier, town, seal)
        receive(bench, town, seal, heard, unheard, stranger)
    for page in (courier, bench):
        sent(page)
    settled(town, seal, heard, unheard, stranger)


def pack(
    page: Any, town: FieldTown, box: str, heard: list[str], unheard: list[str], stranger: str
) -> None:
    opened(page, "packing")
    scan(page, heard[0], "box_not_open")
    scan(page, make_code(Kind.BOX, 5, practice=True), "practice_code")
    type_scan(page, box)
    page.locator("[data-name=last-packed]", has_text=heard[0][-4:]).wait_for()  # it waited
    scan(page, town.site_code(), "wrong_kind")
    scan(page, town.done_tube, "tube_used")
    scan(page, heard[1], "tube_in")
    for frame in frames({
        "site": str(town.site.site_id), "table": 2, "device": "D9", "at": int(time.time() * 1000),
        "tubes": [[t, 2, int(time.time() * 1000), False] for t in unheard],
    }):  # fmt: skip
        type_scan(page, frame)
    assert "2" in said(page, "tables_heard")
    assert "D9" in scan(page, unheard[0], "not_sent")
    scan(page, stranger, "nobody_knows")
    groups = page.locator(".table-group").all_inner_texts()
    assert any("2 台" in g and "1 支" in g for g in groups), groups
    page.reload()
    page.locator("main.screen-packing").wait_for()
    page.locator("[data-name=last-packed]", has_text=stranger[-4:]).wait_for()
    scan(page, unheard[1], "not_sent")
    page.wait_for_timeout(DOUBLE_PULL)
    type_scan(page, unheard[1])
    said(page, "packed_here")
    scan(page, heard[2], "tube_in")


def count_and_seal(page: Any, seal: str, stranger: str) -> None:
    """Six are in the list, five in the box: nothing of the list is shown before the count."""
    assert "6" not in page.locator("main").inner_text().replace("\n", " ").split()
    tap(page, "count")
    scan(page, seal, "count_first")
    keys(page, "5")
    tap(page, "compare")
    assert "5" in said(page, "seal_count") and "6" in said(page, "seal_count")
    named = page.locator("[data-name=unheard]").all_inner_texts()
    assert sum("D9 已封，未上传" in x for x in named) == 2
    assert sum("没有任何设备记录过此管" in x for x in named) == 1
    tap(page, "walk")
    page.locator("[data-name=not-met]").nth(5).wait_for()
    lost = page.locator("[data-name=not-met]", has_text=stranger[-4:])
    lost.wait_for()
    page.locator(".row-with-side", has=lost).locator("[data-name=not-there]").click()
    tap(page, "out")
    said(page, "seal_ok")
    tap(page, "seal-now")
    said(page, "sealed")


def hand_over(page: Any, town: FieldTown, seal: str) -> None:
    tap(page, "to-hand-over")
    on(page, "hand_over")
    page.locator("[data-name=seal-read]").wait_for()
    scan(page, make_code(Kind.SEAL, 999_001), "seal_unknown")
    tap(page, "undo")
    tap(page, "to-count")
    keys(page, "2")
    tap(page, "check-boxes")
    tap(page, "again")
    tap(page, "to-count")
    keys(page, "1")
    tap(page, "check-boxes")
    page.locator("[data-step='2']").wait_for()
    scan(page, town.staff["packer"].badge, "not_oneself")
    type_scan(page, town.staff["courier"].badge)
    assert "惊蛰" in said(page, "person_ok")
    page.get_by_role("radio", name="一号检测室").check()
    page.locator("summary").click()
    keys(page, "4.5")
    tap(page, "to-confirm")
    soon(page.locator(".two-names"), words="谷雨")
    tap(page, "hand-over")
    words = said(page, "handed_over")
    assert "谷雨" in words and "惊蛰" in words
    page.locator(".qr svg").wait_for()


def carry(page: Any, town: FieldTown, seal: str) -> None:
    """The courier takes the box with the list that the packer's phone shows, and gives it on."""
    opened(page, "hand_over")
    tap(page, "take")
    hour_ago = int(time.time() * 1000) - 3600_000
    for frame in frames({"site": str(town.site.site_id), "name": "东门采样点", "table": None,
                         "device": "", "at": hour_ago, "tubes": [],
                         "boxes": [[seal, 5, hour_ago]]}):  # fmt: skip
        type_scan(page, frame)
    said(page, "boxes_heard")
    scan(page, seal, "seal_read")
    tap(page, "to-count")
    page.locator("#pad-boxes").fill("1")
    page.keyboard.press("Enter")
    type_scan(page, town.staff["packer"].badge)
    said(page, "person_ok")
    page.get_by_role("radio", name="一号检测室").check()
    tap(page, "to-confirm")
    soon(page.locator(".two-names > div").first, words="谷雨")
    tap(page, "hand-over")
    said(page, "handed_over")
    assert "5 管" in page.locator("[data-name=van-site]").inner_text()
    tap(page, "finished")
    opened(page, "hand_over")
    tap(page, "give")
    page.locator("[data-name=seal-waiting]", has_text="东门采样点").wait_for()
    page.wait_for_timeout(DOUBLE_PULL)
    type_scan(page, seal)
    tap(page, "to-count")
    keys(page, "1")
    tap(page, "check-boxes")
    unknown = make_code(Kind.BADGE, 77)
    scan(page, unknown, "person_unconfirmed")
    tap(page, "other-person")
    type_scan(page, town.staff["technician"].badge)
    page.locator("[data-step='3']").wait_for()
    tap(page, "to-confirm")
    tap(page, "hand-over")
    said(page, "handed_over")
    assert page.locator("[data-name=van-site]").count() == 0


def receive(
    page: Any, town: FieldTown, seal: str, heard: list[str], unheard: list[str], stranger: str
) -> None:
    """The manifest came before the server went: one tube is first, one is strange, one is missing."""
    type_scan(page, seal)
    said(page, "arrive_ok")
    tap(page, "intact")
    page.locator("summary").click()
    page.locator("#pad-degrees").fill("12.5")
    tap(page, "arrive")
    said(page, "warm_box")
    scan(page, heard[0], "priority")
    scan(page, heard[1], "receive_ok")
    scan(page, stranger, "unlisted_tube")
    page.reload()
    page.locator("main.screen-reception").wait_for()
    page.locator(".received[data-received='2'][data-total='5']").wait_for()
    scan(page, unheard[0], "priority")
    page.wait_for_timeout(DOUBLE_PULL)
    type_scan(page, unheard[0])
    said(page, "received_here")
    tap(page, "reject")
    type_scan(page, heard[2])
    tap(page, "reject-leak")
    said(page, "rejected")
    tap(page, "finish")
    words = said(page, "not_unpacked")
    assert "1" in words and unheard[1][-4:] in page.locator("main").inner_text()
    tap(page, "finish-now")
    said(page, "finished_missing")


def settled(
    town: FieldTown, seal: str, heard: list[str], unheard: list[str], stranger: str
) -> None:
    held = town.tables()
    assert not held.parked
    batch = batch_of(town, seal)
    assert batch["temperature"] == 125 and batch["arrived_at"] is not None
    assert {heard[0], heard[1], unheard[0]} <= {
        t for t, row in held.tubes.items() if row["stage"] == Stage.RECEIVED
    }
    assert held.tubes[heard[2]]["stage"] == Stage.REJECTED
    assert {"warm_box", "leak"} <= tickets_of(town, batch["batch_id"])
    assert "missing_at_lab" in tickets_of(town, unheard[1])
    assert held.tubes[stranger]["received_at"] is not None


def test_a_difference_explained_by_a_tap_does_not_stop_the_van(
    field_town: FieldTown, field_phone: Any
) -> None:
    town = field_town
    tubes, seal = [town.fresh() for _ in range(2)], town.fresh("seals")
    send(town, table(town, tubes, 30))
    page = field_phone().new_page()
    at_work(page, town, "packer")
    with without_server(town):
        opened(page, "packing")
        type_scan(page, town.fresh("boxes"))
        scan(page, tubes[0], "tube_in")
        tap(page, "count")
        keys(page, "2")
        tap(page, "compare")
        said(page, "seal_count")
        outside = page.locator(".row-with-side", has_text=tubes[1][-4:])
        outside.locator("[data-name=explain]").click()
        tap(page, "reason-broken")
        said(page, "seal_explained")
        type_scan(page, seal)
        said(page, "sealed")
        tap(page, "all-boxes")
        tap(page, "sealed-box")
        tap(page, "open")
        type_scan(page, town.staff["courier"].badge)
        said(page, "not_supervisor")
        type_scan(page, town.staff["supervisor"].badge)
        page.locator("dialog[data-name=unseal]").get_by_text("重新清点").click()
        said(page, "box_goes_on")
        scan(page, tubes[1], "tube_in")
        tap(page, "count")
        keys(page, "2")
        tap(page, "compare")
        said(page, "seal_ok")
        page.wait_for_timeout(DOUBLE_PULL)
        type_scan(page, seal)
        said(page, "seal_used")
        again = town.fresh("seals")
        type_scan(page, again)
        said(page, "sealed")
    sent(page)
    batch = batch_of(town, again)
    assert (batch["counted"], batch["known"]) == (2, 2)
    assert tickets_of(town, batch["batch_id"]) == set()
    assert not town.tables().parked


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_step_passes_axe_and_keeps_to_its_width(
    field_town: FieldTown, field_phone: Any, lang: str
) -> None:
    from tests.browser import axe

    town = field_town
    tubes, box, seal = [town.fresh() for _ in range(3)], town.fresh("boxes"), town.fresh("seals")
    send(town, table(town, tubes, 40))

    def speaking() -> Any:
        phone = field_phone()
        phone.add_init_script(
            f"localStorage.setItem('screening-settings', JSON.stringify({{lang: '{lang}'}}))"
        )
        return phone.new_page()

    page = speaking()
    at_work(page, town, "packer")
    opened(page, "packing")
    axe.check(page)
    type_scan(page, box)
    scan(page, tubes[0], "tube_in")
    scan(page, town.fresh(), "nobody_knows")
    axe.check(page)
    tap(page, "count")
    axe.check(page)
    keys(page, "3")
    tap(page, "compare")
    said(page, "seal_count")
    axe.check(page)
    tap(page, "explain")
    axe.check(page)
    tap(page, "close-sheet")
    tap(page, "recount")
    keys(page, "1")
    tap(page, "compare")
    tap(page, "walk")
    axe.check(page)
    tap(page, "recount")
    keys(page, "2")
    tap(page, "compare")
    said(page, "seal_ok")
    axe.check(page)
    type_scan(page, seal)
    said(page, "sealed")
    axe.check(page)
    tap(page, "to-hand-over")
    on(page, "hand_over")
    axe.check(page)
    tap(page, "to-count")
    axe.check(page)
    keys(page, "1")
    tap(page, "check-boxes")
    axe.check(page)
    page.locator("[data-name=colleague]", has_text="惊蛰").click()
    page.get_by_role("radio", name="一号检测室").check()
    axe.check(page)
    tap(page, "to-confirm")
    axe.check(page)
    tap(page, "hand-over")
    said(page, "handed_over")
    page.locator(".qr svg").wait_for()
    axe.check(page)
    sent(page)

    bench = speaking()
    at_lab(bench, town)
    opened(bench, "reception")
    bench.locator("[data-name=coming]", has_text=seal[-4:]).wait_for()
    axe.check(bench)
    type_scan(bench, seal)
    bench.locator("[data-name=intact]").wait_for()
    axe.check(bench)
    tap(bench, "broken")
    tap(bench, "arrive")
    said(bench, "arrived")
    axe.check(bench)
    scan(bench, tubes[0], "priority")
    scan(bench, town.fresh(), "unlisted_tube")
    tap(bench, "unknown")
    axe.check(bench)
    tap(bench, "finish")
    axe.check(bench)


def test_a_box_is_packed_and_sealed_by_keyboard_alone(
    field_town: FieldTown, field_phone: Any
) -> None:
    town = field_town
    tube, late, seal = town.fresh(), town.fresh(), town.fresh("seals")
    send(town, table(town, [tube, late], 50))
    page = field_phone().new_page()
    at_work(page, town, "packer")
    opened(page, "packing")
    type_scan(page, town.fresh("boxes"))
    scan(page, tube, "tube_in")
    press(page, "count")
    page.locator("#pad-count").focus()
    page.keyboard.type("1")
    type_scan(page, late)  # one more turned up: into the box, not into the figure
    said(page, "tube_in")
    press(page, "count")
    page.locator("#pad-count").focus()
    assert page.locator("#pad-count").input_value() == ""
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    said(page, "seal_ok")
    type_scan(page, seal)
    said(page, "sealed")
    press(page, "to-hand-over")
    page.locator("[data-name=seal-read]").wait_for()


def test_a_van_of_two_sites_shows_what_it_holds_and_what_time_is_left(
    field_town: FieldTown, field_phone: Any
) -> None:
    from tests.browser import axe

    town, page = field_town, field_phone().new_page()
    at_work(page, town, "courier")
    with without_server(town):
        opened(page, "hand_over")
        axe.check(page)
        tap(page, "take")
        axe.check(page)
        for site in (town.site, town.other_site):
            page.wait_for_timeout(DOUBLE_PULL)
            type_scan(page, town.site_code(site))
            said(page, "site_read")
            scan(page, town.fresh("seals"), "seal_read")
            tap(page, "to-count")
            keys(page, "1")
            tap(page, "check-boxes")
            type_scan(page, town.staff["packer"].badge)
            page.get_by_role("radio", name="一号检测室").check()
            tap(page, "to-confirm")
            tap(page, "hand-over")
            said(page, "handed_over")
            axe.check(page)
            tap(page, "again")
        tap(page, "van")
        soon(page.locator("[data-name=van-site]"), count=2)
        assert "东门采样点" in page.locator("[data-name=van-site]").first.inner_text()
        assert "剩" in page.locator("[data-name=van-site]").first.inner_text()
        axe.check(page)
    sent(page)
    assert not town.tables().parked


def press(page: Any, name: str) -> None:
    """Tab to a button, then Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset.name") == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by Tab")
