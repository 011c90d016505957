"""Pictures of the field app for docs/field.md: `make screenshots`, or with words of their names.

A town of its own is built and served, phones walk through it, and each screen is taken at 360 by
740, by day and by night, in Chinese and in English. Nothing outside docs/field/ is written."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from screening import embedded
from scripts import desk_tour, field_tour
from tests import database
from tests.browser import field_town

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "field"
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
SCALE = 1.25  # pixels a point: sharp enough to read, small enough to keep
QUALITY = 50
LANGS, THEMES = ("zh", "en"), ("day", "night")
BUDGET = 4_000_000  # bytes of all pictures together


class Camera:
    """Takes what a page shows, in both themes; counts what it took."""

    def __init__(self, lang: str, wanted: list[str]) -> None:
        self.lang, self.wanted, self.taken = lang, wanted, 0

    def __call__(self, page: Page, name: str) -> None:
        if self.wanted and not any(word in name for word in self.wanted):
            return
        page.wait_for_timeout(250)  # what moves has come to rest
        for theme in THEMES:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            self.save(page, f"{name}-{self.lang}-{theme}")
        page.evaluate("document.documentElement.dataset.theme = 'day'")

    def desk(self, page: Page, name: str) -> None:
        """Desks have one theme."""
        if not self.wanted or any(word in name for word in self.wanted):
            self.save(page, f"desk-{name}-{self.lang}")

    def save(self, page: Page, name: str) -> None:
        picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        picture.thumbnail((1024, 1024), Image.Resampling.LANCZOS)
        picture.save(OUT / f"{name}.webp", "WEBP", quality=QUALITY, method=6)
        self.taken += 1


def phones(browser: Any, town: field_town.FieldTown, lang: str) -> Callable[..., Page]:
    """Makes phones of one language: by day, silent."""
    settings = f'{{"lang": "{lang}", "theme": "day", "voice": false, "sound": false}}'

    def make(**kw: Any) -> Page:
        context = browser.new_context(
            base_url=town.url, viewport=PHONE, device_scale_factor=SCALE, has_touch=True,
            locale="zh-CN" if lang == "zh" else "en-GB", timezone_id="Asia/Shanghai", **kw,
        )  # fmt: skip
        context.add_init_script(f"localStorage.setItem('screening-settings', '{settings}')")
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    return make


def desks(browser: Any, town: field_town.FieldTown, lang: str) -> Callable[[], Page]:
    """Makes browsers of a desk, in one language."""

    def make() -> Page:
        context = browser.new_context(
            base_url=town.url, viewport=DESK, locale="zh-CN" if lang == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
        )  # fmt: skip
        return context.new_page()

    return make


def walk(url: str, chromium: str, wanted: list[str]) -> int:
    """Every screen in every language; how many pictures were taken."""
    from screening.app import create_app
    from screening.config import Settings
    from screening.db import db

    taken = 0
    with tempfile.TemporaryDirectory() as instance, sync_playwright() as p:
        app = create_app(Settings(database_url=url, instance=Path(instance), testing=True))
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for lang in LANGS:
            town = field_town.build(app)
            town.start()
            camera = Camera(lang, wanted)
            try:
                field_tour.tour(camera, town, phones(browser, town, lang))
                desk_tour.desks(camera.desk, town, desks(browser, town, lang))
            finally:
                town.stop()
                database.clean(url)
            taken += camera.taken
        browser.close()
        with app.app_context():
            db.engine.dispose()
    return taken


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.stderr.write("Chromium is needed: install it, then run this again.\n")
        return 1
    OUT.mkdir(exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = embedded.ensure(ROOT / "instance")
    with database.own_copy(server, "pictures") as url:
        taken = walk(url, chromium, sys.argv[1:])
    size = sum(f.stat().st_size for f in OUT.glob("*.webp"))
    sys.stdout.write(f"{taken} pictures taken; docs/field holds {size / 1e6:.1f} MB\n")
    return 0 if size < BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
