"""The bench in a real browser: scanner keys, two computers, files dropped, the tray, the work list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from screening import clock
from screening.db import db
from screening.lab import queries
from screening.lab.service import plates, rule_sets
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Verb
from screening.tube.service import advance
from tests import make
from tests.browser.conftest import Town
from tests.browser.test_pages import DESK, PHONE, listen, sign_in, speak
from tests.browser.test_result_lists import looks_right
from tests.lab.bench import run_file

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
SHOTS = os.environ.get("SCREENING_SHOTS")  # a folder to look at the pages afterwards


@pytest.fixture(scope="module")
def lab(app: Flask, town: Town) -> tuple[int, list[str], bytes]:
    """A laboratory with six received tubes, and the file of its started plate DONE1."""
    with app.test_request_context():
        made, now = make.lab(), clock.now()
        tubes = sorted(make_code(Kind.TUBE, 7_500_000 + make.number()) for _ in range(6))
        advance(Verb.RECEIVE, {t: {"lab_id": made.lab_id} for t in tubes}, kind="receive",
                round_id=0, by=1, cell=made.cell_id, at=now, recorded_at=now)  # fmt: skip
        rule_sets.ensure_defaults(at=now)
        rule = next(v.rule_id for v in rule_sets.list_in_force(at=now) if "ct40" in v.name)
        plate = plates.create(made.lab_id, code="DONE1", rule_id=rule, by=1, at=now)
        plates.scan(made.lab_id, plate.plate_id, tubes[5], by=1, at=now)
        plates.create(made.lab_id, code="P1", rule_id=rule, by=1, at=now)
        wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
        data = run_file(plate, wells, {}, code="DONE1")
        db.session.commit()
        db.session.remove()
    return made.lab_id, tubes, data


def scan(page: Any, text: str) -> str:
    """What a wedge scanner does: keys and Enter; what the page says of it."""
    with page.expect_navigation():
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    return page.inner_text("[data-scan-last]")


def shoot(page: Any, name: str) -> None:
    if not SHOTS:
        return
    for lang in ("en", "zh"):
        speak(page, lang)
        page.reload()
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            page.screenshot(path=Path(SHOTS) / f"{name}-{lang}-{size['width']}.png", full_page=True)


def test_a_plate_is_filled_by_scanner_alone_at_two_computers(page, town, lab):
    lab_id, tubes, _ = lab
    said = listen(page)
    sign_in(page, town)
    page.goto(f"/lab/{lab_id}")
    page.click("text=扫码加样")
    looks_right(page)
    assert "换到板 P1" in scan(page, "P1")
    assert "已放入 B1" in scan(page, tubes[0])
    assert "已放入 C1" in scan(page, tubes[1])
    assert "已撤销 C1" in scan(page, "CMD-UNDO")
    assert "请扫漏的那一管" in scan(page, "CMD-LEAK")
    looks_right(page)
    shoot(page, "scan-leak")

    other = page.context.browser.new_context(base_url=town.url, locale="zh-CN").new_page()
    heard = listen(other)
    sign_in(other, town)
    other.goto(f"/lab/{lab_id}/scan")  # the same person, another computer, the same step
    assert "等待扫漏管" in other.inner_text("#content")
    assert "已退样" in scan(other, tubes[1])
    assert "已放入 C1" in scan(other, tubes[2])
    other.context.close()

    page.reload()
    assert "已放入 C1" in page.inner_text("[data-scan-last]")
    page.reload()
    assert page.locator("#steps tbody tr").count() == 7
    shoot(page, "scan")
    assert not said and not heard


def test_files_are_dropped_matched_or_left_in_the_tray(page, town, lab):
    lab_id, _, data = lab
    said = listen(page)
    sign_in(page, town)
    page.goto(f"/lab/{lab_id}/files")
    strange = data.replace(b"DONE1", b"NOWHERE").replace(b"28.0", b"28.5")
    drop = """([one, two, three]) => {
      const all = new DataTransfer();
      all.items.add(new File([one], "a.csv"));
      all.items.add(new File([two], "b.csv"));
      all.items.add(new File([three], "c.csv"));
      document.body.dispatchEvent(
        new DragEvent("drop", { dataTransfer: all, bubbles: true, cancelable: true }));
    }"""
    with page.expect_navigation():
        page.evaluate(drop, [data.decode(), strange.decode(), "hello\n"])
    rows = page.inner_text("#came")
    assert "已对上板，待确认" in rows and "放入待领" in rows and "拒收" in rows
    page.goto(f"/lab/{lab_id}/files")
    looks_right(page)
    shoot(page, "tray")
    page.select_option("article select", label="P1")
    page.click("text=归板并预览")
    page.wait_for_url("**/runs/*")
    assert "另一块板的板号" in page.inner_text("#differences")
    assert not said


def test_the_work_list_pages_and_the_reception_look_right(page, town, lab):
    lab_id, tubes, _ = lab
    said = listen(page)
    sign_in(page, town)
    for path, name in ((f"/lab/{lab_id}", "bench"), (f"/lab/{lab_id}/work", "work"),
                       (f"/reception/{lab_id}", "reception")):  # fmt: skip
        page.goto(path)
        looks_right(page)
        shoot(page, name)
    seal = make_code(Kind.SEAL, 7_600_000)
    page.goto(f"/reception/{lab_id}")
    with page.expect_navigation():
        page.keyboard.type(seal)
        page.keyboard.press("Enter")
    assert seal in page.inner_text("#content")
    looks_right(page)
    shoot(page, "box")
    assert tubes[4] and not said
