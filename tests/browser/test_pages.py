"""Every page of the navigation in a real browser: no error, no sideways scroll, no axe finding."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import axe
from tests.browser.axe import AXE
from tests.browser.conftest import PASSWORD, Town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

DESK = {"width": 1366, "height": 768}
PHONE = {"width": 360, "height": 740}


def sign_in(page: Any, town: Town) -> None:
    page.goto("/")
    page.fill("[name=number]", town.number)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")


def speak(page: Any, lang: str) -> None:
    url = page.context.pages[0].url
    page.context.add_cookies([{"name": "lang", "value": lang, "url": url}])


def links(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        "nav.side-nav a", "found => found.map(a => a.getAttribute('href'))"
    )


def listen(page: Any) -> list[str]:
    """What the browser complains of, with the page on which it does."""
    said: list[str] = []
    page.on("console", lambda m: m.type == "error" and said.append(f"{page.url}: {m.text}"))
    page.on("pageerror", lambda e: said.append(f"{page.url}: {e}"))
    page.on("response", lambda r: r.status >= 400 and said.append(f"{r.url}: {r.status}"))
    return said


def scrolls_sideways(page: Any) -> bool:
    return page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


def axe_findings(page: Any) -> list[str]:
    return axe.findings(page) if AXE.exists() else []


def keep(page: Any, name: str) -> None:
    """A picture for whoever wants to see one: SCREENING_SHOTS names a folder."""
    folder = os.environ.get("SCREENING_SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def look_over(page: Any, pages: Iterable[str], lang: str, name: str = "") -> list[str]:
    """What is wrong with pages at both sizes: one heading, nothing wider than the screen, nothing
    that axe calls serious. Each size is opened in one language, and reached in the other; axe, to
    which a translation is hardly news, sees every page in Chinese and each fourth in English."""
    sizes = [("desk", DESK), ("phone", PHONE)]
    wrong = []
    for i, path in enumerate(pages):
        for n, (word, size) in enumerate(sizes if lang == "zh" else sizes[::-1]):
            page.set_viewport_size(size)
            if n == 0:
                wrong += [] if page.goto(path).ok else [f"{path} does not open"]
                page.locator("h1").first.wait_for()  # the field app draws its own
                if page.locator("h1").count() != 1:
                    wrong.append(f"{path} has no single heading")
                if lang == "zh" or i % 4 == 0:
                    wrong += axe_findings(page)
            keep(page, f"{name}{path.strip('/').replace('/', '-')}-{lang}-{word}")
            wrong += [f"{path} scrolls sideways: {word}"] if scrolls_sideways(page) else []
    return wrong


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_opens_without_an_error_fits_and_is_read_aloud(page, town, lang):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, lang)
    page.goto("/")
    pages = links(page)
    assert len(pages) > 25
    wrong = look_over(page, pages, lang)
    assert not complaints + wrong, "\n".join(complaints + wrong)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (run `make setup`)")
def test_axe_finds_what_nobody_can_read_and_what_has_no_name(page, town):
    page.goto("/session")
    assert not axe_findings(page)
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        " '<button></button><p class=pale>看不清的一句话</p>');"
        "document.querySelector('.pale').style.cssText = 'color: #eee; background: #fff'"
    )
    found = "\n".join(axe_findings(page))
    assert "button-name" in found and "color-contrast" in found
    speak(page, "en")
    page.goto("/session")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button/>')")
    assert "button-name" in "\n".join(axe_findings(page))
