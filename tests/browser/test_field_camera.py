"""A tube of ten by the phone's camera: a film of real codes, a hand that shakes, a server that dies."""

from __future__ import annotations

from pathlib import Path

import pytest

from screening.tube.rules import Stage
from tests.browser.field_fixtures import PHONE
from tests.browser.field_town import FieldTown
from tests.browser.film import flags, make_film
from tests.browser.test_field_sampling import at_most, count, sent, to_table
from tests.browser.test_field_shift import at_work

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_ten_people_and_their_tube_are_read_by_the_camera_with_the_server_away(
    field_town: FieldTown, chromium: str, tmp_path: Path
) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    town, tube = field_town, field_town.fresh()
    people = range(2, 12)
    codes = [town.resident_code(i, signed=i % 2 == 0) for i in people]
    film = make_film(tmp_path / "table.mjpeg", [tube, *codes], seconds=1.2, rest=60)
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox", *flags(film)])
        page = browser.new_context(
            base_url=town.url, viewport=PHONE, has_touch=True, locale="zh-CN"
        ).new_page()
        hosts: set[str] = set()
        page.on("request", lambda r: hosts.add(r.url.split("/field")[0].split("/static")[0]))
        at_work(page, town)
        to_table(page)
        at_most(page, 10)
        page.locator("[data-name=camera]").click()
        page.locator(".camera-host video").wait_for()
        page.locator(".tube-now").wait_for(timeout=30_000)
        town.stop()
        for seat in range(1, 11):
            count(page, seat)
        town.start()
        sent(page)
        browser.close()
    assert town.names_in(tube) == [town.people[i].name for i in people]
    assert town.tables().tubes[tube]["stage"] in (Stage.OPEN, Stage.CLOSED)
    assert not [host for host in hosts if not host.startswith((town.url, "blob:", "data:"))]
