"""Every page of the navigation in a real browser: no error, no sideways scroll, no axe finding."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PASSWORD, Town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
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
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{page.url}: {v['id']}: {v['help']}: {n['html'][:200]}"
        for v in found
        if v["impact"] in SERIOUS
        for n in v["nodes"][:3]
    ]


def keep(page: Any, name: str) -> None:
    """A picture for whoever wants to see one: SCREENING_SHOTS names a folder."""
    folder = os.environ.get("SCREENING_SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def look_over(page: Any, pages: dict[str, str], lang: str) -> None:
    """Every page at both sizes: nothing that axe calls serious, nothing wider than the screen."""
    for name, url in pages.items():
        for size_name, size in (("desk", DESK), ("phone", PHONE)):
            page.set_viewport_size(size)
            page.goto(url)
            keep(page, f"{name}-{lang}-{size_name}")
            assert not axe_findings(page), (name, size_name)
            assert not scrolls_sideways(page), (name, size_name)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_opens_without_an_error_and_fits_a_phone(page, town, lang):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, lang)
    page.goto("/")
    pages, wide = links(page), []
    assert len(pages) > 25
    for href in pages:
        page.set_viewport_size(DESK)
        assert page.goto(href).ok, href
        page.locator("h1").first.wait_for()  # the field app draws its own
        assert page.locator("h1").count() == 1, f"{href} has no single heading"
        wide += [f"{href} at 1366"] if scrolls_sideways(page) else []
        page.set_viewport_size(PHONE)
        wide += [f"{href} at 360"] if scrolls_sideways(page) else []
    assert not complaints
    assert not wide, f"scroll sideways: {wide}"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (run `make setup`)")
def test_no_page_has_a_serious_axe_finding(page, town):
    sign_in(page, town)
    found = []
    for href in links(page):
        page.set_viewport_size(DESK)
        page.goto(href)
        found += axe_findings(page)
    assert not found, "\n".join(found)
