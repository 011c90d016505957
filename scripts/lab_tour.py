"""Pictures of the laboratory's night for docs/lab.md: `python -m scripts.lab_tour`, part of
`make screenshots`. A laboratory of its own is built, served and walked through in two languages."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import threading
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from screening import embedded
from tests import database

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "lab"
DESK, PHONE = ViewportSize(width=1366, height=768), ViewportSize(width=360, height=740)
LANGS = ("zh", "en")
WIDEST, QUALITY, BUDGET = 1024, 50, 1_500_000
PASSWORD = "night-shift-2026-lamp"  # noqa: S105


class Night(NamedTuple):
    """`number` signs in; `arrived` and `waiting` are tubes at the door; `codes` of residents."""

    lab: int
    number: str
    arrived: list[str]
    waiting: list[str]
    plate: int
    runs: dict[str, int]
    alert: str
    codes: list[str]


def build(app: Flask) -> Night:
    """Weeks of controls, a plate that is being filled, runs in every state."""
    from screening import clock
    from screening.accounts.roles import Role
    from screening.db import db, run
    from screening.lab.queries import list_waiting
    from screening.reporting import service
    from tests import make
    from tests.lab.bench import CLEAN, HOT, peek
    from tests.lab.watch_day import weeks, with_curves

    with app.test_request_context():
        made = weeks(app.test_client())
        bench, lab = made.bench, made.lab_id
        runs = {
            "previewed": with_curves(bench, "N0412", confirm=False),
            "differs": with_curves(bench, "N0409", values=[CLEAN] * 9 + [HOT], differs=True),
            "held": with_curves(bench, "N0410", values=[HOT] * 4 + [CLEAN] * 6),
            "curved": made.curved,
        }
        half = bench.plate("N0413")
        bench.load(half, bench.received(13, 1))
        arrived = bench.sampled(2, 1)
        bench.received(6, 1)
        who = make.staff(Role.ADMINISTRATOR, password=PASSWORD)
        for role in Role:
            if role != Role.ADMINISTRATOR:
                make.grant(who, role)
        cell, person, _ = bench.city.people[0]
        code = service.issue_codes([(cell, person)], by=None, at=clock.now())[0][0]
        waiting = [w.barcode for w in list_waiting(bench.lab, clock.now(), limit=12)]
        (alert_cell, alert_id), *_rest = peek("SELECT cell_id, alert_id FROM alert ORDER BY 2")
        run("UPDATE lab SET name = %s", ("第一检测中心",))
        db.session.commit()
        db.session.remove()
    alert = f"/alerts/{alert_cell}/{alert_id}"
    return Night(lab, who.staff_no, arrived, waiting, half.plate_id, runs, alert, [code])


class Camera:
    """Takes what a page shows; counts what it took."""

    def __init__(self, lang: str) -> None:
        self.lang, self.taken = lang, 0

    def __call__(self, page: Page, name: str) -> None:
        page.wait_for_timeout(250)  # what moves has come to rest
        picture = Image.open(BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        picture.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
        picture.save(OUT / f"{name}-{self.lang}.webp", "WEBP", quality=QUALITY, method=6)
        self.taken += 1


def tour(shoot: Camera, page: Page, night: Night) -> None:
    """The night in its order: door, bench, instrument, review, release, watch."""
    lab = f"/lab/{night.lab}"
    page.goto(f"/reception/{night.lab}")
    scan(page, night.arrived[0])
    shoot(page, "reception")
    page.goto(f"{lab}/plates/{night.plate}/build")
    scan(page, night.waiting[0], stays=True)
    shoot(page, "build")
    page.goto(lab)
    shoot(page, "bench")
    at(page, f"{lab}/runs/{night.runs['previewed']}")
    shoot(page, "preview")
    at(page, f"{lab}/runs/{night.runs['curved']}/curves?well=A1")
    shoot(page, "curves")
    at(page, "/alerts")
    shoot(page, "alerts")
    at(page, night.alert)
    shoot(page, "alert")
    at(page, "/reporting")
    shoot(page, "reviews")
    at(page, f"/reporting/runs/{night.lab}/{night.runs['differs']}")
    shoot(page, "review")
    at(page, f"/reporting/runs/{night.lab}/{night.runs['held']}")
    shoot(page, "hold")
    for name in ("charts", "positivity", "capacity"):
        at(page, f"{lab}/{name}")
        shoot(page, name)
    at(page, f"{lab}/archive?rack=R1&box=B1")
    shoot(page, "archive")
    page.set_viewport_size(PHONE)
    page.goto("/r")
    page.fill("#code", night.codes[0])
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    shoot(page, "resident")


def at(page: Page, path: str) -> None:
    answer = page.goto(path)
    if answer is None or not answer.ok:
        raise SystemExit(f"{path} does not open")


def scan(page: Page, code: str, *, stays: bool = False) -> None:
    """What a wedge scanner does: keys and Enter."""
    page.keyboard.type(code)
    if stays:
        page.keyboard.press("Enter")
        page.locator(".scan-last .code", has_text=code).wait_for()
        return
    with page.expect_navigation():
        page.keyboard.press("Enter")


def signed_in(browser: Browser, url: str, night: Night, lang: str) -> Page:
    context = browser.new_context(
        base_url=url, viewport=DESK, timezone_id="Asia/Shanghai", service_workers="block",
        locale="zh-CN" if lang == "zh" else "en-GB",
    )  # fmt: skip
    context.add_cookies([{"name": "lang", "value": lang, "url": url}])
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=number]", night.number)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")
    return page


def walk(database_url: str, chromium: str) -> int:
    from screening.app import create_app
    from screening.config import Settings
    from screening.db import db

    taken = 0
    with tempfile.TemporaryDirectory() as instance, sync_playwright() as p:
        settings: Any = Settings(database_url=database_url, instance=Path(instance), testing=True)
        app = create_app(settings)
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for lang in LANGS:
            night = build(app)
            server = make_server("127.0.0.1", 0, app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            camera = Camera(lang)
            try:
                url = f"http://127.0.0.1:{server.server_port}"
                tour(camera, signed_in(browser, url, night, lang), night)
            finally:
                server.shutdown()
                server.server_close()
                database.clean(database_url)
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
    with database.own_copy(embedded.ensure(ROOT / "instance"), "lab_pictures") as url:
        taken = walk(url, chromium)
    size = sum(f.stat().st_size for f in OUT.glob("*.webp"))
    sys.stdout.write(f"{taken} pictures taken; docs/lab holds {size / 1e6:.1f} MB\n")
    return 0 if size < BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
