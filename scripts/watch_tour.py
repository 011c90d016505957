"""Those who watch, as pictures for docs/command.md and docs/community.md: the district head's
morning and the community worker's day, at a desk and on a phone, in both languages.

`make screenshots`, or `python -m scripts.watch_tour` with words of their names. Nothing outside
docs/watch/ is written; pictures that no guide shows are not kept."""

from __future__ import annotations

import logging
import re
import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from screening import embedded
from scripts.watch_town import Town, served, signed_in
from tests import database

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "watch"
GUIDES = ("command.md", "command.zh-CN.md", "community.md", "community.zh-CN.md")
SHOWN = re.compile(r"\(watch/([a-z-]+)-(zh|en)-(desk|phone)\.webp\)")
SIZES = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 360, "height": 740}}
LANGS = ("zh", "en")
WIDEST = {"desk": 1024, "phone": 360}  # pixels
QUALITY = 45
BUDGET = 3_000_000  # bytes of all pictures together


class Stop(NamedTuple):
    """One picture: whose page, its address, what is scrolled to, what is clicked before."""

    name: str
    path: str
    at: str = ""
    click: str = ""


def morning(town: Town) -> list[Stop]:
    """The district head's way from one page down to the rows."""
    county, street, home = places(town)
    mass, evening = town.rounds["R1"], town.rounds["R2"]
    return [
        Stop("command", f"/command/{county}?round={mass}"),
        Stop("command-waiting", f"/command/{county}?round={mass}", "#command-stragglers-caption"),
        Stop("command-sites", f"/command/{county}?round={mass}", "#command-sites-caption"),
        Stop("command-street", f"/command/{street}?round={mass}"),
        Stop("command-tubes", f"/command/{county}/tubes/positive_tubes?round={mass}"),
        Stop("dispatch", f"/dispatch/{county}?round={mass}"),
        Stop("zones", f"/command/{county}/zones?round={mass}"),
        Stop("map", f"/command/{county}/map?round={mass}"),
        Stop("due", f"/due/{county}"),
        Stop("coverage", f"/coverage/{street}?round={mass}"),
        Stop("ledger", f"/ledger?round={mass}"),
        Stop("missed-areas", f"/missed/{street}?round={mass}"),
        Stop("wave-new", f"/waves/new/{county}?round={mass}"),
        Stop("waves", "/waves"),
        Stop("slots", f"/slots/{home}?round={evening}"),
        Stop("inbound", f"/inbound/areas/{county}"),
        Stop("bulletins", "/bulletins"),
        Stop("bulletin", "/bulletins", click="table.grid tbody a"),
        Stop("tube-mates", "/bulletins/near"),
        Stop("exports", "/exports"),
    ]


def day(town: Town) -> list[Stop]:
    """The community worker's way through the own list."""
    _county, _street, home = places(town)
    mass = town.rounds["R1"]
    return [
        Stop("worker-home", "/"),
        Stop("worker-day", f"/day/{home}?round={mass}"),
        Stop("worker-doors", f"/day/{home}?round={mass}&tab=visit"),
        Stop("worker-lists", f"/day/{home}?round={mass}&tab=lists"),
        Stop("worker-found", f"/day/{home}/found?round={mass}"),
        Stop("worker-item", f"/day/{home}?round={mass}&tab=lists", click=".day-who a"),
        Stop("worker-visits", f"/visits/{home}?round={mass}"),
        Stop("worker-missed", f"/missed/{home}?round={mass}"),
        Stop("worker-callbacks", f"/callbacks?area_id={home}"),
    ]


def places(town: Town) -> tuple[int, int, int]:
    """District, street and community of the day's positive pool."""
    stands = next(f.where for f in town.plan.faults if f.kind == "positive_pool")
    site = next(s for s in town.plan.sites if s.ref == stands)
    home = next(c for c in town.plan.communities if c.code12 == site.community)
    county, street, own = (town.areas[c] for c in (home.county, home.street, home.code12))
    return county, street, own


def shown() -> set[tuple[str, str, str]]:
    """(name, language, size) of the pictures that the guides show."""
    return {
        found for guide in GUIDES for found in SHOWN.findall((ROOT / "docs" / guide).read_text("utf-8"))
    }  # fmt: skip


def tour(browser: Browser, town: Town, wanted: list[str]) -> int:
    """Every picture that is shown and wanted; how many were taken."""
    pictures = {p for p in shown() if not wanted or any(w in p[0] for w in wanted)}
    for lang in LANGS:
        for role, stops in (("district_head", morning(town)), ("community_worker", day(town))):
            context = browser.new_context(
                base_url=town.url, locale="zh-CN" if lang == "zh" else "en-GB",
                timezone_id="Asia/Shanghai", service_workers="block",
            )  # fmt: skip
            page = signed_in(context.new_page(), town, role)
            for stop in stops:
                for size in SIZES:
                    if (stop.name, lang, size) in pictures:
                        shoot(page, stop, lang, size)
            context.close()
    return len(pictures)


def shoot(page: Page, stop: Stop, lang: str, size: str) -> None:
    page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
    answer = page.goto(stop.path)
    assert answer is not None
    assert answer.ok, (stop.name, answer.status)
    if stop.click:
        page.locator(stop.click).first.click()
    page.wait_for_load_state("networkidle")
    if stop.at:
        page.evaluate("at => document.querySelector(at).scrollIntoView()", stop.at)
    page.wait_for_timeout(300)
    picture: Any = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    picture.thumbnail((WIDEST[size], 2 * WIDEST[size]), Image.Resampling.LANCZOS)
    picture.save(OUT / f"{stop.name}-{lang}-{size}.webp", "WEBP", quality=QUALITY, method=6)


def main() -> int:
    from screening.app import create_app
    from screening.config import Settings
    from screening.db import db

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        sys.stderr.write("Chromium is needed: install it, then run this again.\n")
        return 1
    OUT.mkdir(exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = embedded.ensure(ROOT / "instance")
    with database.own_copy(server, "watch") as url, tempfile.TemporaryDirectory() as instance:
        app = create_app(Settings(database_url=url, instance=Path(instance)))
        with served(app) as town, sync_playwright() as p:
            browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            taken = tour(browser, town, sys.argv[1:])
            browser.close()
        with app.app_context():
            db.engine.dispose()
    size = sum(f.stat().st_size for f in OUT.glob("*.webp"))
    sys.stdout.write(f"{taken} pictures taken; docs/watch holds {size / 1e6:.1f} MB\n")
    return 0 if size < BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
