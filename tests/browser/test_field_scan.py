"""Scanners in a real Chromium: keys through an input method, pictures and a film through the decoder."""

from __future__ import annotations

import csv
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from screening.registry.check_digits import gb11643
from screening.registry.person_codes import make_resident_code
from screening.tube.codes import Kind, make_code
from screening.web import HEADERS
from tests.browser.field_town import key_of, type_scan
from tests.browser.film import flags, label, make_film

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT.parent / "shared" / "data" / "barcodes"
TUBES = [make_code(Kind.TUBE, n) for n in (427, 428)]
PERSON = make_resident_code(4, 12)
CITIZEN = "11010519491231002" + gb11643("11010519491231002")
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>扫码</title><link rel="icon" href="data:,">
<body><div id="host"></div><form id="form"><input id="field"><input id="number" type="number">
<input id="free" data-wedge="off"><input id="paper" name="number"><button id="ok" type="button">好</button></form>
<script type="module" src="app.js"></script></body></html>"""


def check_digit(field: str) -> str:
    """ICAO 9303-3, section 4.9."""
    values = (0 if char == "<" else int(char, 36) for char in field)
    return str(sum(value * (7, 3, 1)[i % 3] for i, value in enumerate(values)) % 10)


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder, under the headers of the real server."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".wasm": "application/wasm"}

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, node: str) -> Iterator[tuple[str, Path]]:
    """Address and folder of a page with the scanners alone."""
    folder = tmp_path_factory.mktemp("scan")
    esbuild = ROOT / "node_modules" / ".bin" / "esbuild"
    built = ROOT / "static" / "vendor" / "field" / "zxing_reader.wasm"
    if not esbuild.exists() or not built.exists():
        pytest.skip("The browser code is not built (run `npm ci` and `npm run build`).")
    entry = ROOT / "tests" / "browser" / "scan_bench.js"
    subprocess.run(
        [str(esbuild), f"app={entry}", "--bundle", "--format=esm", "--splitting",
         "--target=es2022", "--log-level=error", f"--outdir={folder}"],
        check=True, cwd=ROOT,
    )  # fmt: skip
    shutil.copy(built, folder)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")
    if PICTURES.is_dir():
        shutil.copytree(PICTURES, folder / "pictures")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


class Stage:
    """A page of the bench, with every address it asked for and every word of its console."""

    def __init__(self, browser: Any, url: str) -> None:
        self.page = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda e: self.said.append(str(e)))
        self.page.goto(url)
        self.until("window.bench")
        self.keys = self.page.context.new_cdp_session(self.page)

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.said.append(message.text)

    def until(self, expression: str, seconds: float = 20) -> None:
        """Wait in Python: the page's policy forbids what wait_for_function evaluates."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, expression
            self.page.wait_for_timeout(40)

    def reads(self, count: int, field: str = "number") -> list[Any]:
        self.until(f"bench.reads.length >= {count}")
        return [r[field] for r in self.page.evaluate("bench.reads")]

    def value(self, selector: str = "#field") -> str:
        return str(self.page.input_value(selector))

    def ime_key(self, char: str, composed: str) -> None:
        """A key as it comes through a Chinese input method: "Process", and a composition grows."""
        code, shift = key_of(char)
        common = {
            "key": "Process", "code": code, "windowsVirtualKeyCode": 229,
            "nativeVirtualKeyCode": 229, "modifiers": 8 if shift else 0,
        }  # fmt: skip
        self.keys.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **common})
        if composed:
            self.keys.send(
                "Input.imeSetComposition",
                {"text": composed, "selectionStart": len(composed), "selectionEnd": len(composed)},
            )
        self.keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **common})

    def ime_scan(self, text: str, gap_ms: float = 0, *, field: bool) -> None:
        """A scan with a pinyin input method on: it turns what it gets into something else."""
        composed = ""
        for char in text:
            composed = (composed + ("号" if char.isdigit() else char))[-12:] if field else ""
            self.ime_key(char, composed)
            if gap_ms:
                self.page.wait_for_timeout(gap_ms)
        self.ime_key("\n", "")
        if field:  # the input method gives up its text after Enter
            self.keys.send("Input.insertText", {"text": composed})


@pytest.fixture(scope="module")
def launched(chromium: str) -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as p:
        yield partial(p.chromium.launch, executable_path=chromium)


@pytest.fixture(scope="module")
def browser(launched: Any) -> Iterator[Any]:
    browser = launched(args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def stage(browser: Any, bench: tuple[str, Path]) -> Iterator[Stage]:
    stage = Stage(browser, bench[0])
    yield stage
    assert not stage.said
    assert all(url.startswith((bench[0], "blob:", "data:")) for url in stage.asked)
    stage.page.context.close()


# --- scanners that type ----------------------------------------------------------------------


@pytest.mark.parametrize("gap_ms", [0, 120])
@pytest.mark.parametrize("focus", ["#field", "#number", "#ok", None])
def test_a_scan_is_read_whole_whatever_has_the_focus_and_however_slow(stage, focus, gap_ms):
    if focus:
        stage.page.focus(focus)
    type_scan(stage.page, TUBES[0], gap_ms)
    type_scan(stage.page, CITIZEN, gap_ms)
    assert stage.reads(2, "kind") == ["tube", "document"]
    assert stage.page.evaluate("bench.texts") == [TUBES[0], CITIZEN]
    assert stage.value() == "" and stage.value("#number") == ""


@pytest.mark.parametrize("gap_ms", [0, 120])
@pytest.mark.parametrize("focus", ["#field", None])
@pytest.mark.parametrize("prefix", ["", "~"])
def test_a_chinese_input_method_neither_splits_nor_loses_a_scan(stage, focus, gap_ms, prefix):
    stage.page.evaluate("p => { bench.settings.prefix = p; }", prefix)
    if focus:
        stage.page.fill(focus, "张")
        stage.page.focus(focus)
    for text in (TUBES[0], PERSON):
        stage.ime_scan(prefix + text, gap_ms, field=focus is not None and not prefix)
    assert stage.reads(2, "kind") == ["tube", "resident"]
    assert stage.page.evaluate("bench.texts") == [TUBES[0], PERSON]
    assert stage.value() == ("张" if focus else "")


def test_what_is_typed_by_hand_stays_and_a_scan_in_the_middle_is_taken_out_again(stage):
    stage.page.focus("#field")
    stage.page.keyboard.type("13800138000")
    stage.page.keyboard.press("Enter")
    assert stage.value() == "13800138000"
    stage.page.fill("#field", "")
    stage.page.focus("#field")
    stage.page.keyboard.type("zhang ")
    type_scan(stage.page, TUBES[0])
    assert stage.reads(1) == [TUBES[0]]
    assert stage.value() == "zhang "
    stage.page.keyboard.type("san")
    assert stage.value() == "zhang san"


def test_a_field_may_keep_its_keys_and_buttons_keep_theirs(stage):
    stage.page.evaluate(
        "() => { window.pressed = 0;"
        " document.querySelector('#ok').addEventListener('click', () => { pressed += 1; }); }"
    )
    stage.page.focus("#free")
    type_scan(stage.page, TUBES[0])
    assert stage.value("#free") == TUBES[0]
    stage.page.focus("#ok")
    stage.page.keyboard.press("Enter")
    stage.page.keyboard.press("Space")
    type_scan(stage.page, TUBES[1])
    assert stage.reads(1) == [TUBES[1]]
    assert stage.page.evaluate("window.pressed") == 2


def test_what_was_typed_elsewhere_or_dealt_with_does_not_stick_to_a_scan(stage):
    box = make_code(Kind.BOX, 9)
    stage.page.focus("#field")
    stage.page.keyboard.type("0123")
    stage.page.evaluate("document.querySelector('#field').value = ''")
    type_scan(stage.page, box)
    stage.page.keyboard.type(TUBES[1])
    stage.page.focus("#ok")
    type_scan(stage.page, TUBES[0])
    assert stage.reads(2) == [box, TUBES[0]]
    assert stage.value() == TUBES[1]


def test_a_pda_that_inserts_text_is_read_from_the_field(stage):
    stage.page.focus("#field")
    stage.keys.send("Input.insertText", {"text": TUBES[0]})
    stage.page.keyboard.press("Enter")
    assert stage.reads(1) == [TUBES[0]]
    assert stage.value() == ""


def test_the_lines_of_a_passport_come_with_an_enter_each_and_are_one_read(stage):
    lines = ["P<GBRERIKSSON<<ANNA<MARIA".ljust(44, "<"), "E12345678"]
    parts = [lines[1], "740812", "300415"]
    number, birth, expiry = (part + check_digit(part) for part in parts)
    optional = "<" * 14
    total = check_digit(number + birth + expiry + optional + "<")
    type_scan(stage.page, lines[0])
    type_scan(stage.page, f"{number}GBR{birth}F{expiry}{optional}<{total}")
    assert stage.reads(1, "kind") == ["document"]
    assert stage.reads(1, "shown") == ["…5678"]
    assert stage.reads(1, "problem") == [None]


def test_a_document_form_keeps_the_number_it_asks_for_and_gives_up_a_tube(stage):
    stage.page.focus("#paper")
    type_scan(stage.page, CITIZEN, end="")
    stage.page.keyboard.press("Tab")
    assert stage.value("#paper") == CITIZEN
    stage.page.focus("#paper")
    stage.page.keyboard.press("End")
    type_scan(stage.page, TUBES[0])
    assert stage.reads(1) == [TUBES[0]]
    assert stage.value("#paper") == CITIZEN


def test_a_slip_on_the_prefix_key_gives_the_field_its_keys_back(stage):
    stage.page.evaluate("() => { bench.settings.prefix = '~'; }")
    stage.page.focus("#field")
    type_scan(stage.page, "a~", end="")
    stage.page.wait_for_timeout(2_800)
    type_scan(stage.page, "b", end="")
    assert stage.value() == "ab"


def test_scans_faster_than_the_screen_wait_in_line_and_a_double_pull_counts_once(stage):
    stage.page.evaluate("bench.slow = 120")
    wanted = [make_code(Kind.TUBE, n) for n in range(12)]
    for text in wanted:
        type_scan(stage.page, text)
        type_scan(stage.page, text)
    assert stage.reads(12) == wanted
    stage.page.wait_for_timeout(300)
    assert stage.page.evaluate("bench.reads.length") == 12


# --- pictures ----------------------------------------------------------------------------------


def _expected() -> list[dict[str, str]]:
    with (PICTURES / "EXPECTED.tsv").open(encoding="utf-8") as rows:
        return list(csv.DictReader(rows, delimiter="\t"))


def _plain(text: str) -> str:
    """As EXPECTED.tsv writes it: separators named, breaks as \\r\\n, order of several codes free."""
    shown = text.replace("\x1d", "<FNC1>").replace("\r", "\\r").replace("\n", "\\n")
    return shown.replace("<FNC1>", "").strip()


def test_the_bundled_decoder_reads_as_many_real_pictures_as_zxing_cpp(stage, capsys):
    if not PICTURES.is_dir():
        pytest.skip("The real barcode pictures (../shared/data/barcodes) are not here.")
    rows = _expected()
    right, wrong = [], []
    for row in rows:
        found = stage.page.evaluate("url => bench.decode(url)", f"pictures/{row['file']}")
        wanted = {_plain(part) for part in row["content"].split("|")}
        read = {_plain(text) for text in found}
        (right if wanted <= read else wrong).append(row["file"])
    sure = [r["file"] for r in rows if r["decoded_by_zxing-cpp_3"] == "yes"]
    lost = sorted(set(sure) & set(wrong))
    with capsys.disabled():
        print(
            f"\n  decoder: {len(right)} of {len(rows)} pictures read, {len(sure) - len(lost)} of "
            f"the {len(sure)} that a default zxing-cpp reads; not read: {', '.join(wrong)}"
        )
    assert len(right) >= len(sure)
    assert not lost


# --- the camera --------------------------------------------------------------------------------


def test_the_camera_reads_moving_tilted_blurred_codes_and_asks_no_other_host(
    launched, bench, tmp_path
):
    wanted = [TUBES[0], PERSON, TUBES[1], make_code(Kind.BOX, 9)]
    film = make_film(tmp_path / "table.mjpeg", wanted)
    browser = launched(args=["--no-sandbox", *flags(film)])
    try:
        stage = Stage(browser, bench[0])
        stage.page.evaluate("bench.camera(document.querySelector('#host'))")
        stage.until("bench.reads.length >= 4", 60)
        reads = stage.page.evaluate("bench.reads")
        seen = {r["number"] or r["code"] for r in reads}
        assert seen == set(wanted)
        assert {r["source"] for r in reads} == {"camera"}
        assert len(stage.page.workers) == 1, "the decoder works beside the page, not in it"
        assert not stage.page.evaluate("bench.problems")
        stage.page.evaluate("bench.open.stop()")
        assert stage.page.evaluate("bench.open.camera.stream") is None
        assert stage.page.locator("#host video").count() == 0
        assert all(url.startswith((bench[0], "blob:")) for url in stage.asked), stage.asked
        assert not stage.said
    finally:
        browser.close()


def test_a_refused_camera_says_so_and_offers_a_picture(launched, bench, tmp_path):
    browser = launched(args=["--no-sandbox"])
    try:
        stage = Stage(browser, bench[0])
        stage.page.evaluate("bench.camera(document.querySelector('#host'))")
        stage.until("bench.problems.length")
        assert stage.page.evaluate("bench.problems[0]") in ("denied", "missing")
        assert stage.page.locator("[role=alert]").count() == 1
        picture = tmp_path / "label.jpg"
        label(TUBES[0]).save(picture)
        stage.page.set_input_files("#host input[type=file]", str(picture))
        assert stage.reads(1) == [TUBES[0]]
        assert stage.page.evaluate("document.querySelector('#host input[type=file]').value") == ""
    finally:
        browser.close()
