"""A dispatcher's desk in a real browser: the board, a box sent elsewhere, zones, the map."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service as coverage
from screening.db import db, fetch, insert, run
from screening.field import service as field
from screening.tube.codes import Kind, make_code
from tests import devices, make
from tests.browser.conftest import PASSWORD, Town
from tests.browser.test_command import area, keep, sign_in, site
from tests.browser.test_pages import DESK, PHONE, axe_findings, listen, scrolls_sideways, speak
from tests.browser.wait import soon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def shift(app: Flask, town: Town) -> dict[str, Any]:
    """A box at its site and one on the road, a full laboratory and an idle one, a locked zone."""
    with app.test_request_context():
        now = clock.now()
        tube, cell, site_id = fetch(
            "SELECT barcode, cell_id, site_id FROM tube WHERE stage = 3 ORDER BY since DESC LIMIT 1 "
            "/* fan-out: test */"
        )[0]
        here = site(site_id)
        county = int(area(cell).path.split("/")[-3])
        lab_id = fetch("SELECT lab_id FROM lab LIMIT 1")[0][0]
        keeper = make.staff(Role.SITE_SUPERVISOR, here, name="韩点长", phone="13900005678")
        courier = make.staff(Role.COURIER, here, name="马师傅", phone="13900002345")
        run("UPDATE site SET responsible_id = %s", (keeper.staff_id,))
        run("UPDATE lab SET capacity = 12, responsible_id = %s", (keeper.staff_id,))
        make.lab(area(cell), name="湾东检测室", capacity=2400)
        seals = []
        for i, number in enumerate((tube, make_code(Kind.TUBE, 77_000_001))):
            seal, box = make_code(Kind.SEAL, 77_000_001 + i), make_code(Kind.BOX, 77_000_001 + i)
            batch = f"{cell}-{2 * make.number():016x}"
            phone = devices.phone(site=here, round=town.round_id)
            if i:
                phone.write("open", tube=number, mode="pooled", size=10)
                phone.write("bind", tube=number, seat=1, who={"name": "甲"})
                phone.write("close", tube=number, n=1)
            phone.write("box_open", batch=batch, box=box)
            phone.write("pack", batch=batch, box=box, tube=number)
            phone.write("seal", batch=batch, box=box, seal=seal, n=1)
            if i:
                phone.write("hand_over", seal=seal, to=courier.staff_id, to_lab=lab_id, boxes=1)
            assert not field.ingest(phone.batch(), received_at=now).parked
            seals.append(seal)
        insert("zone", ("zone_id", "name", "kind", "starts_at"),
               [(77, "东城封控区", "lock", now - timedelta(hours=2))])  # fmt: skip
        insert("zone_area", ("zone_id", "area_id"), [(77, here.area.area_id)])
        make.area("street", area(county), name="新区街道")
        coverage.mark([(cell, town.round_id, coverage.TUBES)])
        coverage.take_marks(at=now)
        dispatcher = make.staff(Role.DISPATCHER, area(county), name="丁调度", password=PASSWORD)
        for role in (Role.ADMINISTRATOR, Role.DISTRICT_HEAD):
            make.grant(dispatcher, role, area(county))
        streets = fetch(
            "SELECT code, name FROM area WHERE parent_id = %s AND name <> '新区街道' ORDER BY code",
            (county,),
        )
        db.session.commit()
        db.session.remove()
    return {"number": dispatcher.staff_no, "county": county, "seals": seals, "streets": streets,
            "courier": courier.staff_no}  # fmt: skip


def boundaries(streets: list) -> bytes:
    """Two streets side by side, one with a lake in it."""
    border = [[112.5 + 0.01 * ((i * 3) % 4), 37.0 + i / 40] for i in range(41)]
    lake = [[112.1, 37.4], [112.3, 37.4], [112.2, 37.6], [112.1, 37.4]]
    west = [[112.0, 37.0], *border, [112.0, 38.0], [112.0, 37.0]]
    east = [[113.2, 38.0], *border[::-1], [113.2, 37.0], [113.2, 38.0]]
    (one, _), (_, two) = streets
    return json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": one, "properties": {},
         "geometry": {"type": "Polygon", "coordinates": [west, lake]}},
        {"type": "Feature", "properties": {"name": two},
         "geometry": {"type": "MultiPolygon", "coordinates": [[east]]}},
    ]}).encode()  # fmt: skip


def look(page: Any, name: str, lang: str) -> None:
    for size_name, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.wait_for_timeout(200)
        keep(page, f"{name}-{lang}-{size_name}")
        assert (size is DESK) != (lang == "zh") or not axe_findings(page)
        assert not scrolls_sideways(page)
    page.set_viewport_size(DESK)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_board_zones_and_map_are_clean_at_both_sizes_and_in_both_languages(page, shift, lang):
    complaints = listen(page)
    sign_in(page, shift["number"])
    speak(page, lang)
    page.goto("/dispatch")
    look(page, "dispatch", lang)
    page.locator("#dispatch-boxes a.btn").first.click()
    look(page, "destination", lang)
    county = shift["county"]
    page.goto(f"/command/{county}/boundaries")
    file = {"name": "map.geojson", "mimeType": "application/json",
            "buffer": boundaries(shift["streets"])}  # fmt: skip
    page.set_input_files("[name=file]", file)
    page.locator("main button.btn-primary").click()
    page.wait_for_selector(".notice-ok")
    look(page, "boundaries", lang)
    page.goto(f"/command/{county}/map")
    look(page, "map", lang)
    page.goto(f"/command/{county}/zones")
    look(page, "zones", lang)
    page.locator("#zones tbody a").first.click()
    look(page, "zone", lang)
    assert not complaints


def test_a_proposal_leads_to_the_form_and_the_box_goes_elsewhere(page, shift):
    complaints = listen(page)
    sign_in(page, shift["number"])
    speak(page, "zh")
    page.goto("/dispatch")
    first = page.locator(".proposals li").first
    assert "湾东检测室" in first.inner_text()
    first.locator("a").click()
    soon(page.locator("[name=lab_id] option:checked"), words="湾东检测室")
    page.fill("[name=told]", "")
    page.locator("[name=told]").evaluate("e => e.removeAttribute('required')")
    page.locator("main form.panel button").click()
    page.wait_for_selector(".field-wrong")
    page.fill("[name=told]", shift["courier"])
    page.select_option("[name=reason]", "idle")
    page.locator("main form.panel button").click()
    page.wait_for_selector("#dispatch-history")
    assert "马师傅" in page.locator("#dispatch-history").inner_text()
    assert page.locator("#dispatch-boxes a.call").first.get_attribute("href").startswith("tel:")
    assert len([c for c in complaints if "422" not in c]) == 0


def test_the_map_is_walked_by_keyboard_and_leads_down(page, shift):
    sign_in(page, shift["number"])
    speak(page, "zh")
    page.goto(f"/command/{shift['county']}/map")
    assert page.locator(".map path").count() == 2
    assert "新区街道" in page.locator(".notice-look").inner_text()
    page.locator(".map a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".headline")


def test_zones_print_on_paper_without_the_frame(page, shift):
    sign_in(page, shift["number"])
    page.goto(f"/command/{shift['county']}/zones/77")
    page.emulate_media(media="print")
    assert page.locator("#zone-parts").is_visible()
    assert not page.locator("nav.side-nav").is_visible()
