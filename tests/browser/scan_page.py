"""A page that has nothing but scanners, behind the real server's headers, and a hand on its keys."""

from __future__ import annotations

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

from screening.web import HEADERS
from tests.browser.field_town import key_of

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT.parent / "shared" / "data" / "barcodes"
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>扫码</title><link rel="icon" href="data:,">
<body><div id="host"></div><form id="form"><input id="field"><input id="number" type="number">
<input id="free" data-wedge="off"><input id="paper" name="number"><button id="ok" type="button">好</button></form>
<script type="module" src="app.js"></script></body></html>"""


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
def scan_bench(tmp_path_factory: pytest.TempPathFactory, node: str) -> Iterator[tuple[str, Path]]:
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
def scan_launch(driver: Any, chromium: str) -> Any:
    return partial(driver.chromium.launch, executable_path=chromium)


@pytest.fixture
def scan_browser(browser: Any) -> Any:
    return browser


@pytest.fixture
def scan_stage(scan_browser: Any, scan_bench: tuple[str, Path]) -> Iterator[Stage]:
    stage = Stage(scan_browser, scan_bench[0])
    yield stage
    assert not stage.said
    assert all(url.startswith((scan_bench[0], "blob:", "data:")) for url in stage.asked)
    stage.page.context.close()
