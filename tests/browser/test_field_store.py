"""The journal in a real browser: killed in the middle, cut off from the server, carried by hand."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from screening.crypto import unb64
from screening.db import db, fetch, run
from screening.field import chain
from tests.browser import axe
from tests.browser.field_town import PASSWORD, FieldTown, type_scan
from tests.browser.killable import Killable
from tests.browser.test_field_shift import at_work, on, without_server

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "**/static/store-bench.js"


@pytest.fixture(scope="module")
def bench(node: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The store's modules as one script."""
    out = tmp_path_factory.mktemp("bench") / "store.js"
    esbuild = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    if not esbuild.exists():
        pytest.skip("esbuild is not here (run `make setup`): the store is not tried in a browser")
    source = ROOT / "tests" / "browser" / "store_bench.js"
    run = [node, str(esbuild), str(source), "--bundle", "--format=iife", f"--outfile={out}"]
    subprocess.run([*run, "--log-level=warning"], check=True, cwd=ROOT)
    return out.read_text("utf-8")


@pytest.fixture
def phone(driver: Any, chromium: str, tmp_path: Path) -> Iterator[Killable]:
    made = Killable(driver, chromium, tmp_path / "profile")
    yield made
    made.kill()


def on_bench(page: Any, town: FieldTown, script: str) -> Any:
    def serve(route: Any) -> None:
        route.fulfill(body=script, content_type="text/javascript")

    page.route(SCRIPT, serve)
    page.goto(f"{town.url}/session")
    page.add_script_tag(url=f"{town.url}/static/store-bench.js")
    return page


def checked(made: dict[str, Any]) -> list[bytes]:
    """The entries of a batch as the server would read it: chain and signature hold."""
    batch = chain.read(made["body"].encode())
    chain.check_signature(batch, unb64(made["point"]))
    return batch.entries


@pytest.mark.timeout(120)
def test_a_browser_killed_while_writing_has_lost_nothing_that_it_said_was_kept(
    field_town: FieldTown, phone: Killable, bench: str
) -> None:
    sure = 0
    for _ in range(2):
        page = on_bench(phone.open(), field_town, bench)
        kept: list[int] = []

        def heard(message: Any, kept: list[int] = kept) -> None:
            if message.text.startswith("kept "):
                kept.append(int(message.text.split()[2]))

        page.on("console", heard)
        page.evaluate("() => { bench.rush(3000); }")
        until = time.monotonic() + 30
        while len(kept) < 220 and time.monotonic() < until:
            page.wait_for_timeout(20)
        phone.kill()
        assert len(kept) >= 220
        sure = max(kept)
    page = on_bench(phone.open(), field_town, bench)
    made = page.evaluate("() => bench.batch()")
    entries = checked(made)
    assert len(entries) >= sure >= 300
    assert made["records"] == len(entries)
    page.evaluate("() => bench.rush(5)")
    assert len(checked(page.evaluate("() => bench.batch()"))) == len(entries) + 7


@pytest.mark.timeout(120)
def test_a_full_journal_of_version_1_is_carried_over_though_the_browser_is_killed(
    field_town: FieldTown, phone: Killable, bench: str
) -> None:
    page = on_bench(phone.open(), field_town, bench)
    was = page.evaluate("() => bench.versionOne(2000)")
    page.evaluate("() => { bench.batch(); }")
    page.wait_for_timeout(60)  # in the middle of it
    phone.kill()
    page = on_bench(phone.open(), field_town, bench)
    made = page.evaluate("() => bench.batch()")
    assert [e.decode() for e in checked(made)] == was["texts"]
    assert chain.read(made["body"].encode()).head.hex() == was["head"]
    assert made["point"] == was["point"]


# --- the app ------------------------------------------------------------------------------------


def fill(page: Any, town: FieldTown, tube: str, people: list[int]) -> None:
    page.evaluate("() => { location.hash = '#/sampling'; }")
    on(page, "sampling")
    type_scan(page, tube)
    for person in people:
        type_scan(page, town.resident_code(person))


def outbox(page: Any, waiting: int) -> None:
    page.locator(f".truth[data-waiting='{waiting}']").wait_for(timeout=20_000)


def to(page: Any, screen: str) -> None:
    page.evaluate("(to) => { history.pushState(null, '', to); }", f"#/{screen}")
    page.reload()
    on(page, screen)


def last(town: FieldTown) -> dict[str, Any]:
    """The journal that the server heard last."""
    return max(town.tables().journals, key=lambda j: j["heard_at"])


@pytest.mark.timeout(180)
def test_the_outbox_tells_the_truth_while_the_server_is_away_and_when_it_is_back(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    at_work(page, field_town)
    outbox(page, 0)
    with without_server(field_town):
        fill(page, field_town, field_town.fresh(), [30, 31, 32])
        outbox(page, 4)
        to(page, "outbox")
        outbox(page, 4)
        words = page.locator("main").inner_text()
        assert "4 条自" in words
        assert "服务器存有 1-1" in words
    page.locator("[data-name=try-now]").click()
    outbox(page, 0)
    assert "全部传完" in page.locator("main").inner_text()
    held = last(field_town)
    assert held["last"] == 5
    assert page.locator(".truth").get_attribute("data-held") == "5"


JOURNAL = """() => new Promise((resolve) => {
  const open = indexedDB.open("screening-field");
  open.onsuccess = () => {
    const all = open.result.transaction("journals").objectStore("journals").getAll();
    all.onsuccess = () => { open.result.close(); resolve(all.result[0].id); };
  };
})"""


def wire_of(page: Any) -> str:
    """The id of a phone's journal."""
    return page.evaluate(JOURNAL)


def frames(page: Any) -> list[str]:
    """Every QR code of the chain that a phone shows, read one by one."""
    page.locator("[data-name=show-codes]").click()
    page.locator("[data-frame]").wait_for()
    if page.locator("[data-name=frame-play]").count():
        page.locator("[data-name=frame-play]").click()
    seen: dict[str, None] = {}
    while (text := page.locator("[data-frame]").get_attribute("data-frame")) not in seen:
        seen[text] = None
        page.locator("[data-name=frame-next]").click()
    return list(seen)


@pytest.mark.timeout(240)
def test_a_phone_without_a_network_hands_its_journal_to_another_by_qr_codes(
    field_town: FieldTown, field_phone: Callable[..., Any]
) -> None:
    lost, found = field_phone().new_page(), field_phone().new_page()
    at_work(lost, field_town)
    outbox(lost, 0)
    lost.context.set_offline(True)
    fill(lost, field_town, field_town.fresh(), [40, 41])
    outbox(lost, 3)
    lost.evaluate("() => { location.hash = '#/carry'; }")
    on(lost, "carry")
    chain_ = frames(lost)
    assert len(chain_) > 2
    at_work(found, field_town)
    found.evaluate("() => { location.hash = '#/carry'; }")
    on(found, "carry")
    found.get_by_role("radio", name="代收别人的").check()
    for frame in [*reversed(chain_[1:]), chain_[-1]]:
        type_scan(found, frame)
    found.get_by_text("还差 1", exact=False).wait_for()
    type_scan(found, chain_[0])
    found.get_by_text("新收 3 条", exact=False).first.wait_for()
    wire = wire_of(lost)
    assert [j["last"] for j in field_town.tables().journals if j["wire_id"] == wire] == [4]
    lost.context.set_offline(False)
    outbox(lost, 0)


def restore(town: FieldTown, wire: str) -> None:
    """The server is put back to a backup in which it held this journal's first block only."""
    with town.app.app_context():
        rows = fetch(
            "SELECT cell_id, device_id, journal_id FROM journal WHERE wire_id = %s "
            "/* fan-out: test */",
            (wire,),
        )
        first = "cell_id = %s AND device_id = %s AND journal_id = %s"
        run(f"DELETE FROM journal_block WHERE {first} AND first > 1", rows[0])
        run(
            f"UPDATE journal SET (last, head) = (SELECT last, head FROM journal_block WHERE {first}) "
            f"WHERE {first}",
            (*rows[0], *rows[0]),
        )
        db.session.commit()
        db.session.remove()


@pytest.mark.timeout(180)
def test_what_a_restored_server_has_lost_is_sent_again(
    field_town: FieldTown, field_page: Any
) -> None:
    page = field_page
    at_work(page, field_town)
    outbox(page, 0)
    fill(page, field_town, field_town.fresh(), [25, 26])
    page.locator(".truth[data-held='4'][data-waiting='0']").wait_for(timeout=20_000)
    wire = wire_of(page)
    restore(field_town, wire)
    assert [j["last"] for j in field_town.tables().journals if j["wire_id"] == wire] == [1]
    swabs = len(field_town.tables().specimens)
    to(page, "outbox")  # the app asks for the receipt when it starts
    page.locator(".truth[data-held='4'][data-waiting='0']").wait_for(timeout=20_000)
    for _ in range(100):  # the line says what it was told last until the receipt is here
        held = [j["last"] for j in field_town.tables().journals if j["wire_id"] == wire]
        if held == [4]:
            break
        page.wait_for_timeout(200)
    assert held == [4]
    assert len(field_town.tables().specimens) == swabs
    assert not [p for p in field_town.tables().parked]


@pytest.mark.timeout(240)
def test_a_copied_phone_forks_the_journal_and_both_sides_are_kept(
    field_town: FieldTown, phone: Killable, tmp_path: Path
) -> None:
    page = phone.open()
    at_work(page, field_town)
    outbox(page, 0)
    phone.kill()
    shutil.copytree(phone.profile, tmp_path / "copy", ignore=shutil.ignore_patterns("Singleton*"))
    tubes = [field_town.fresh(), field_town.fresh()]
    twin = Killable(phone.playwright, phone.chromium, tmp_path / "copy")
    page = phone.open()
    page.goto(f"{field_town.url}/field/")
    fill(page, field_town, tubes[0], [33])
    page.locator(".truth[data-held='3'][data-waiting='0']").wait_for(timeout=20_000)
    phone.kill()
    try:
        with without_server(field_town):
            page = twin.open()
            page.goto(f"{field_town.url}/field/")
            fill(page, field_town, tubes[1], [34])
            outbox(page, 2)
        to(page, "outbox")
        page.locator(".truth.tone-stop").wait_for()
        wire = wire_of(page)
    finally:
        twin.kill()
    held = field_town.tables()
    assert sorted(j["branch"] for j in held.journals if j["wire_id"] == wire) == [0, 1]
    assert all(tube in held.tubes for tube in tubes)
    assert [t for t in held.tickets if t["kind"] == "fork"]


def desk_of(phone: Any, town: FieldTown) -> Any:
    """The supervisor at the desk's computer."""
    page = phone.new_page()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/")
    page.fill("[name=number]", town.staff["supervisor"].staff_no)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")
    page.goto("/carried")
    return page


def seen(picture: Any) -> str:
    """What a camera reads of a part of the screen."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed")
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    found = zxingcpp.read_barcodes(image.open(io.BytesIO(picture.screenshot())))
    return found[0].text if found else ""


@pytest.mark.timeout(240)
def test_the_desk_reads_a_phones_codes_with_its_scanner(
    field_town: FieldTown, field_phone: Callable[..., Any]
) -> None:
    lost = field_phone().new_page()
    at_work(lost, field_town)
    outbox(lost, 0)
    lost.context.set_offline(True)
    fill(lost, field_town, field_town.fresh(), [18, 19, 22, 23])
    outbox(lost, 5)
    lost.evaluate("() => { location.hash = '#/carry'; }")
    on(lost, "carry")
    chain_ = frames(lost)
    assert seen(lost.locator(".qr")) == chain_[0]
    desk = desk_of(field_phone(), field_town)
    axe.check(desk, themes=("day",))
    for frame in chain_[1:]:
        type_scan(desk, frame)
    desk.get_by_text(f"{len(chain_) - 1} / {len(chain_)}，还差 1").wait_for()
    type_scan(desk, chain_[0])
    desk.get_by_text("这次新收 5 条", exact=False).wait_for()
    lost.context.set_offline(False)
    outbox(lost, 0)


@pytest.mark.timeout(240)
def test_an_exported_file_is_kept_by_another_phone_until_there_is_a_network(
    field_town: FieldTown, field_phone: Callable[..., Any], tmp_path: Path
) -> None:
    lost, found = field_phone().new_page(), field_phone().new_page()
    at_work(lost, field_town)
    outbox(lost, 0)
    at_work(found, field_town)
    outbox(found, 0)
    lost.context.set_offline(True)
    found.context.set_offline(True)
    fill(lost, field_town, field_town.fresh(), [50])
    outbox(lost, 2)
    lost.evaluate("() => { navigator.canShare = () => false; location.hash = '#/carry'; }")
    with lost.expect_download() as got:
        lost.locator("[data-name=save-file]").click()
    file = tmp_path / got.value.suggested_filename
    got.value.save_as(file)
    assert "110105" not in file.read_text()
    found.evaluate("() => { location.hash = '#/carry'; }")
    on(found, "carry")
    found.get_by_role("radio", name="代收别人的").check()
    found.locator("input[name=carry-file]").set_input_files(file)
    found.get_by_text("已收在本机", exact=False).first.wait_for()
    found.reload()
    found.context.set_offline(False)
    found.locator("[data-name=deliver]").or_(found.locator(".truth")).first.wait_for()
    until = time.monotonic() + 30
    wire = json.loads(file.read_text().splitlines()[0])["journal"]
    while not [j for j in field_town.tables().journals if (j["wire_id"], j["last"]) == (wire, 3)]:
        assert time.monotonic() < until
        found.wait_for_timeout(250)
    r = field_town.app.test_client().post(
        "/api/v1/journal/carried", data=file.read_bytes(), content_type="application/x-ndjson"
    )
    assert (r.status_code, r.json["new"], r.json["last"]) == (200, 0, 3)


@pytest.mark.timeout(240)
def test_the_screens_of_the_journal_pass_axe_in_both_languages(
    field_town: FieldTown, field_phone: Callable[..., Any]
) -> None:
    phone = field_phone()
    page = phone.new_page()
    at_work(page, field_town)
    outbox(page, 0)
    phone.set_offline(True)
    fill(page, field_town, field_town.fresh(), [12, 13])
    outbox(page, 3)
    for lang in ("zh", "en"):
        page.evaluate(
            "(lang) => localStorage.setItem('screening-settings', JSON.stringify({lang}))", lang
        )
        page.evaluate("() => { location.hash = '#/outbox'; }")
        page.reload()
        on(page, "outbox")
        page.locator(f"html[lang^='{lang}']").wait_for()
        looked_at(page, f"outbox-{lang}")
        page.locator("[data-name=carry]").click()
        on(page, "carry")
        looked_at(page, f"carry-{lang}")
        page.locator("[data-name=show-codes]").click()
        page.locator("[data-frame]").wait_for()
        page.locator("[data-name=frame-play]").click()
        looked_at(page, f"codes-{lang}")
        page.get_by_role("radio", name="代收别人的" if lang == "zh" else "In from another").check()
        looked_at(page, f"carry-in-{lang}")


def looked_at(page: Any, name: str) -> None:
    axe.check(page)
    if folder := os.environ.get("SCREENS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
