"""The field app's shell in Chromium: offline, small, quick, one tab, versions that wait, for everybody."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import axe
from tests.browser.field_town import PIN, FieldTown, type_scan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "static" / "vendor" / "field"
LARGEST_KB = 600  # issue 3: the shell without the decoder, gzipped
OURS_KB = 200  # what it is held to here, so that growth is noticed
COLD_MS = 1500  # issue 3: cold start from cache
DECODER = re.compile(r"part-decoder|\.wasm$")

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
if not (BUILT / "app.js").exists():
    pytest.skip("the field app is not built: run `make setup`", allow_module_level=True)


def ready(page: Any) -> None:
    """The service worker holds the shell and governs the page."""
    page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")


def opened(page: Any, path: str = "/field/") -> Any:
    page.goto(path)
    page.locator("#screen").wait_for()
    return page


def named(page: Any, name: str) -> Any:
    return page.locator(f"[data-name={name}]").first


def shown(page: Any, screen: str) -> None:
    page.locator(f"main.screen-{screen}").wait_for()


def on_shift(page: Any, town: FieldTown) -> None:
    page.goto(town.enrol_text())
    named(page, "to-sign-in").click()
    shown(page, "sign_in")
    type_scan(page, town.staff["sampler"].badge)
    page.locator(".answer[data-code=badge_read]").wait_for()
    page.locator("#field-secret").fill(PIN)
    named(page, "sign-in").click()
    shown(page, "shift")
    type_scan(page, town.site_code())
    page.locator(".answer[data-code=site_ok]").wait_for()
    named(page, "begin").click()
    shown(page, "home")


# --- without a server ---------------------------------------------------------------------------


def test_after_the_first_visit_it_opens_without_a_server(field_page, field_town):
    opened(field_page)
    ready(field_page)
    field_town.stop()
    try:
        field_page.reload()
        shown(field_page, "welcome")
        context = field_page.context
        field_page.close()
        other = opened(context.new_page())
        named(other, "practise").click()
        shown(other, "home")
        found = other.evaluate(
            "async () => (await (await fetch('/static/vendor/field/zxing_reader.wasm')).blob()).size"
        )
        assert found > 900_000, "the camera's decoder is not on the phone"
    finally:
        field_town.start()


def test_a_cache_that_the_phone_dropped_is_filled_again(field_page, field_town):
    opened(field_page)
    ready(field_page)
    field_page.evaluate(
        "async () => { for (const name of await caches.keys()) await caches.delete(name); }"
    )
    opened(field_page)  # online
    field_page.wait_for_function(
        "async () => Boolean(await caches.match('/field/'))", timeout=10_000
    )
    field_town.stop()
    try:
        field_page.reload()
        shown(field_page, "welcome")
    finally:
        field_town.start()


def test_a_cold_start_from_cache_takes_less_than_a_second_and_a_half(field_page, field_town):
    on_shift(field_page, field_town)
    ready(field_page)
    context = field_page.context
    field_page.close()
    field_town.stop()
    try:
        took = []
        for _ in range(5):
            page = opened(context.new_page())
            shown(page, "home")
            took.append(page.evaluate("performance.getEntriesByName('app-shown')[0].startTime"))
            page.close()
    finally:
        field_town.start()
    median = sorted(took)[2]
    print(f"cold start from cache: median {median:.0f} ms of {[round(t) for t in took]}")
    assert median < COLD_MS


def test_the_shell_is_small():
    def packed(path: Path) -> float:
        return len(gzip.compress(path.read_bytes(), 6)) / 1000

    files = [p for p in BUILT.iterdir() if p.suffix in (".js", ".css", ".wasm", ".html")]
    shell = sum(packed(p) for p in files if not DECODER.search(p.name))
    decoder = sum(packed(p) for p in files if DECODER.search(p.name))
    print(f"shell {shell:.0f} kB gzipped, decoder {decoder:.0f} kB")
    assert shell < OURS_KB < LARGEST_KB


def test_nothing_is_asked_of_another_host(field_page, field_town):
    asked: list[str] = []
    field_page.context.on("request", lambda r: asked.append(r.url))
    opened(field_page)
    ready(field_page)
    named(field_page, "practise").click()
    shown(field_page, "home")
    own = (field_town.url, "data:", "blob:")
    assert asked
    assert [url for url in asked if not url.startswith(own)] == []


def test_a_phone_finds_nothing_that_hinders_installing(field_page):
    opened(field_page)
    ready(field_page)
    cdp = field_page.context.new_cdp_session(field_page)
    found = cdp.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [e["errorId"] for e in found if e["errorId"] != "in-incognito"] == []
    manifest = cdp.send("Page.getAppManifest")
    assert manifest["errors"] == []


# --- versions ------------------------------------------------------------------------------------


@pytest.fixture
def deploy(field_town: FieldTown, tmp_path: Path) -> Any:
    """Puts a newer version of the app on the server; the old one stands again at the end."""
    before = field_town.app.static_folder
    folder = tmp_path / "static"

    def put() -> None:
        shutil.copytree(str(before), folder, ignore=shutil.ignore_patterns("fonts", "swagger-ui"))
        built = folder / "vendor" / "field"
        app = built / "app.js"
        app.write_text(app.read_text() + ";document.documentElement.dataset.build='newer';")
        worker = built / "sw.js"
        worker.write_text(re.sub(r'"field-"|`field-', lambda m: m[0], worker.read_text()))
        old = re.search(r"\b[0-9a-f]{12}\b", worker.read_text())
        assert old, "the worker holds no version"
        worker.write_text(worker.read_text().replace(old[0], "feedfacecafe"))
        field_town.app.static_folder = str(folder)

    yield put
    field_town.app.static_folder = before


BLOCK = """() => {
  const fetched = globalThis.fetch;
  globalThis.fetch = (url, ...rest) => globalThis.blocked && String(url).includes("/api/v1/journal")
    ? Promise.reject(new TypeError("blocked")) : fetched(url, ...rest);
}"""


def test_a_new_version_waits_for_the_outbox_and_for_a_person(field_page, field_town, deploy):
    field_page.add_init_script(f"globalThis.blocked = true; ({BLOCK})()")
    on_shift(field_page, field_town)
    ready(field_page)
    field_page.locator(".truth:not([data-waiting='0'])").wait_for()
    deploy()
    named(field_page, "settings").click()
    named(field_page, "look-update").click()
    banner = field_page.locator(".banner", has_text="新版本")
    banner.wait_for()
    assert banner.locator("button").count() == 0
    field_page.reload()  # a reload alone does not change the version
    shown(field_page, "settings")
    assert field_page.evaluate("document.documentElement.dataset.build ?? null") is None
    field_page.evaluate("() => { globalThis.blocked = false; dispatchEvent(new Event('online')); }")
    field_page.locator(".truth[data-waiting='0']").wait_for()
    with field_page.expect_navigation():
        banner.locator("[data-name=update]").click()
    shown(field_page, "settings")
    assert field_page.evaluate("document.documentElement.dataset.build") == "newer"
    assert field_page.locator(".banner", has_text="新版本").count() == 0
    assert field_page.locator(".truth").get_attribute("data-held") != "0"
    names = field_page.evaluate("caches.keys()")
    assert sorted(names) == ["field-feedfacecafe", "field-meta"]


# --- one tab --------------------------------------------------------------------------------------


def test_a_second_tab_says_so_and_can_take_over(field_page, field_town):
    on_shift(field_page, field_town)
    second = opened(field_page.context.new_page())
    named(second, "take-over").wait_for()
    assert "另一个标签页" in second.locator("#screen").inner_text()
    named(second, "take-over").click()
    shown(second, "home")
    second.locator(".tile").first.wait_for()
    named(field_page, "take-over").wait_for()
    second.close()
    named(field_page, "take-over").click()
    field_page.locator(".tile").first.wait_for()


def test_an_enrolment_link_opened_over_the_running_app_is_taken_up(field_page, field_town):
    opened(field_page)
    field_page.evaluate("(text) => { location.href = text; }", field_town.enrol_text())
    field_page.locator(".answer[data-code=enrolled]").wait_for()
    assert "enrol=" not in field_page.url


def test_an_enrolment_link_in_a_second_tab_waits_for_its_place(field_page, field_town):
    opened(field_page)
    second = opened(field_page.context.new_page(), field_town.enrol_text())
    named(second, "take-over").click()
    second.locator(".answer[data-code=enrolled]").wait_for()
    assert "enrol=" not in second.url


# --- everybody ------------------------------------------------------------------------------------


def in_english(page: Any) -> None:
    page.evaluate("() => localStorage.setItem('screening-settings', JSON.stringify({lang: 'en'}))")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_welcome_settings_and_practice_are_for_everybody(field_page, lang):
    if lang == "en":
        field_page.goto("/field/manifest.webmanifest")
        in_english(field_page)
    opened(field_page)
    assert field_page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[lang]
    axe.check(field_page)
    named(field_page, "settings").click()
    shown(field_page, "settings")
    axe.check(field_page)
    if lang == "en":
        seen = field_page.locator("#screen").inner_text().replace("中文", "")
        assert not re.search(r"[\u4e00-\u9fff]", seen), seen
    field_page.go_back()
    named(field_page, "practise").click()
    shown(field_page, "home")
    axe.check(field_page)
    named(field_page, "practice-codes").click()
    field_page.locator("dialog[open]").wait_for()
    axe.check(field_page)


def test_targets_are_large_and_the_thing_to_do_is_at_the_thumb(field_page):
    opened(field_page)
    boxes = field_page.evaluate(
        "() => [...document.querySelectorAll('button, a.truth')]"
        ".map((b) => ({name: b.textContent.trim() || b.ariaLabel, ...b.getBoundingClientRect().toJSON()}))"
    )
    assert [b["name"] for b in boxes if b["height"] < 48 or b["width"] < 48] == []
    primary = field_page.locator(".big").bounding_box()
    assert primary["height"] >= 72
    assert primary["y"] + primary["height"] > 740 - 40


def test_at_twice_the_size_nothing_is_cut_or_covered(field_phone):
    page = opened(field_phone(viewport={"width": 180, "height": 370}).new_page())
    named(page, "practise").click()
    shown(page, "home")
    for name in ("home", "sampling", "packing", "hand_over", "doors", "reception", "settings"):
        page.evaluate("name => { location.hash = `#/${name}`; }", name)
        shown(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") == 180, name
    page.evaluate("location.hash = '#/sampling'")
    shown(page, "sampling")
    stuck = "e => getComputedStyle(e).position"
    assert [page.locator(at).evaluate(stuck) for at in (".top", ".actions")] == ["static"] * 2


def test_the_keyboard_alone_reaches_everything(field_page):
    opened(field_page)
    wanted = field_page.locator("#app button:visible, #app input:visible, #app a:visible").count()
    seen = set()
    for _ in range(wanted + 4):
        field_page.keyboard.press("Tab")
        seen.add(
            field_page.evaluate(
                "() => { const e = document.activeElement; const all = [...document.querySelectorAll("
                "'#app button, #app input, #app a')]; return all.indexOf(e); }"
            )
        )
    # of a group of radio buttons Tab reaches the chosen one; the arrows do the rest
    assert len(seen - {-1}) >= wanted - 1
    named(field_page, "practise").focus()
    field_page.keyboard.press("Enter")
    shown(field_page, "home")


def test_practice_leaves_nothing_behind(field_page: Any, field_town: FieldTown):
    opened(field_page)
    named(field_page, "practise").click()
    shown(field_page, "home")
    asked: list[str] = []
    field_page.on("request", lambda r: asked.append(r.url) if "/api/" in r.url else None)
    for kind, times in (("采样管", 1), ("居民", 2)):
        for _ in range(times):
            if field_page.locator("main.screen-home").count():
                field_page.locator(".tile", has_text="采样").click()
            named(field_page, "practice-codes").click()
            field_page.get_by_role("radio", name=kind).check()
            named(field_page, "simulate").click()
            field_page.locator(".answer").wait_for()
    assert field_page.locator(".counter-figure b").inner_text() == "2"
    named(field_page, "leave-practice").click()
    field_page.locator("dialog [data-name=true]").click()
    shown(field_page, "welcome")
    assert asked == []
    kept = field_page.evaluate(COUNTS)
    assert kept == {"log": 0, "journals": 0, "vault": 0}
    assert field_page.locator(".banner.practice").count() == 0


COUNTS = """() => new Promise((resolve) => {
  const open = indexedDB.open("screening-field");
  open.onsuccess = () => {
    const tx = open.result.transaction(["log", "journals", "vault"]);
    const asked = ["log", "journals", "vault"].map((name) => [name, tx.objectStore(name).count()]);
    tx.oncomplete = () => {
      open.result.close();
      resolve(Object.fromEntries(asked.map(([name, n]) => [name, n.result])));
    };
  };
})"""


def test_inside_a_chat_app_it_shows_the_way_out(field_phone: Callable[..., Any]):
    agent = "Mozilla/5.0 (Linux; Android 13) Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.49"
    page = opened(field_phone(user_agent=agent).new_page(), "/field/#enrol=ABCD-EFGH-JKMN")
    page.locator("svg.in-browser").wait_for()
    assert "微信" in page.locator("#screen").inner_text()
    assert named(page, "enrol").is_disabled()
    assert page.url.endswith("#enrol=ABCD-EFGH-JKMN")  # what the browser will then be given
    axe.check(page)
