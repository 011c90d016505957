"""A Chromium with a profile of its own that can be killed like a phone whose battery is torn out."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

PHONE = {"width": 360, "height": 740}
FLAGS = (
    "--headless=new", "--no-sandbox", "--remote-debugging-port=0", "--no-first-run",
    "--disable-gpu", "--disable-background-networking", "--accept-lang=zh-CN,zh",
    "--window-size=360,740",
)  # fmt: skip


class Killable:
    """`open()` starts it (again) on the same profile; `kill()` is SIGKILL to all of its processes."""

    def __init__(self, playwright: Any, chromium: str, profile: Path) -> None:
        self.playwright, self.chromium, self.profile = playwright, chromium, profile
        self.process: subprocess.Popen[bytes] | None = None
        self.browser: Any = None

    def open(self) -> Any:
        """The page of the one window."""
        port = self.profile / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [self.chromium, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + 30
        while not (port.exists() and port.read_text().count("\n")):
            if time.monotonic() > until or self.process.poll() is not None:
                self.kill()
                raise TimeoutError("Chromium did not start")
            time.sleep(0.05)
        number = port.read_text().splitlines()[0]
        self.browser = self.playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{number}")
        context = self.browser.contexts[0]
        page = context.pages[0] if context.pages else context.new_page()
        page.set_viewport_size(PHONE)
        return page

    def kill(self) -> None:
        """Nothing is flushed, nothing is closed."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        with contextlib.suppress(Exception):
            self.browser.close()
