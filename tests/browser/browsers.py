"""One driver and one Chromium for all tests of a process: starting them takes longer than many a
walk. Each test opens contexts of its own, and they are closed behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def driver(chromium: str) -> Iterator[Any]:
    """Playwright, for whoever starts a Chromium of his own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as p:
        yield p


@pytest.fixture(scope="session")
def started(driver: Any, chromium: str) -> Iterator[Any]:
    browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def browser(started: Any) -> Iterator[Any]:
    """A Chromium in which nothing is open."""
    yield started
    for context in started.contexts:
        context.close()
