"""The plate builder in a real browser: scanner and keyboard, another computer, files in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

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
from tests.browser.test_pages import (
    DESK,
    PHONE,
    axe_findings,
    listen,
    scrolls_sideways,
    sign_in,
    speak,
)
from tests.browser.wait import soon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


class Stand(NamedTuple):
    lab: int
    plate: int
    big: int
    tubes: list[str]


@pytest.fixture(scope="module")
def stand(app: Flask, town: Town) -> Stand:
    """A laboratory with received tubes, a marked 96 plate and a 384 plate."""
    with app.test_request_context():
        lab, now = make.lab(), clock.now()
        tubes = [make_code(Kind.TUBE, 7_500_000 + make.number()) for _ in range(8)]
        advance(Verb.RECEIVE, {t: {"lab_id": lab.lab_id} for t in tubes}, kind="receive",
                round_id=0, by=1, cell=lab.cell_id, at=now, recorded_at=now)  # fmt: skip
        rule_sets.ensure_defaults(at=now)
        rule = next(v.rule_id for v in rule_sets.list_in_force(at=now) if v.name == "general-ct40")
        made = [
            plates.create(lab.lab_id, code=code, rule_id=rule, size=size, marked=True, by=1, at=now)
            for code, size in (("PB-96", 96), ("PB-384", 384))
        ]
        db.session.commit()
        db.session.remove()
    return Stand(lab.lab_id, made[0].plate_id, made[1].plate_id, tubes)


def address(stand: Stand, plate: int | None = None) -> str:
    return f"/lab/{stand.lab}/plates/{plate or stand.plate}/build"


def scan(page: Any, text: str) -> None:
    """As a wedge scanner types: quick keys and Enter, wherever the focus is."""
    page.keyboard.type(text, delay=1)
    page.keyboard.press("Enter")


def heard(page: Any, words: str) -> None:
    page.wait_for_function(
        "w => document.querySelector('[data-scan-last]').textContent.includes(w)", arg=words
    )


def held(app: Flask, stand: Stand) -> dict[str, str]:
    with app.test_request_context():
        row = queries.get_plate(queries.get_lab(stand.lab), stand.plate)
        found = {w: r.barcode for w, r in queries.list_wells(row).items()}
        db.session.remove()
    return found


def looks_right(page: Any, keep: Path | None = None) -> None:
    for lang in ("zh", "en"):
        speak(page, lang)
        sizes = [("desk", DESK), ("phone", PHONE)]
        for n, (name, size) in enumerate(sizes if lang == "zh" else sizes[::-1]):
            page.set_viewport_size(size)
            if n == 0:
                page.reload()
                assert not axe_findings(page), (lang, name)
            assert not scrolls_sideways(page), (lang, name)
            if keep:
                page.screenshot(path=f"{keep}-{lang}-{name}.png", full_page=True)
    page.set_viewport_size(DESK)
    speak(page, "zh")
    page.reload()


def test_a_plate_is_built_by_scanner_and_keyboard_and_goes_on_elsewhere(
    app, page, town, stand, tmp_path
):
    said = listen(page)
    sign_in(page, town)
    page.goto(address(stand))
    one, two, three, four, *_ = stand.tubes
    # two quick scans: the second waits for the first, none is lost
    scan(page, one)
    scan(page, two)
    heard(page, two)
    heard(page, "已放入 C1")
    assert held(app, stand) == {"B1": one, "C1": two}
    # the plate as another computer sees it, where the next tube follows
    other = page.context.new_page()
    other.goto(address(stand))
    assert other.locator('[data-well="C1"]').inner_text() == two[-6:]
    scan(other, three)
    heard(other, "已放入 D1")
    other.close()
    # point at a well with the arrow keys: the next tube goes there
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    soon(page.locator(".well-pointed [data-well]"), count=1)
    well = page.locator(".well-pointed [data-well]").get_attribute("data-well")
    scan(page, four)
    heard(page, f"已放入 {well}")
    assert held(app, stand)[well] == four
    # the same tube again is refused, in words, and nothing changes
    scan(page, four)
    heard(page, "已在一块板上")
    assert len(held(app, stand)) == 4
    # a command takes the last step back; a click and Delete take a tube out
    scan(page, "CMD-UNDO")
    heard(page, f"已撤销 {well}")
    page.click('[data-well="B1"]')
    page.keyboard.press("Delete")
    page.wait_for_function("() => !document.querySelector('[data-well=B1] .well-code')")
    assert sorted(held(app, stand)) == ["C1", "D1"]
    # a reload shows what the server holds
    page.reload()
    assert page.locator(".well-tube [data-well]").count() == 2
    assert all("409" in x for x in said), said
    looks_right(page, tmp_path / "builder")
    page.goto(address(stand, stand.big))
    looks_right(page, tmp_path / "builder384")


def test_a_lost_answer_is_said_and_the_scans_behind_it_wait(page, town, stand):
    sign_in(page, town)
    page.goto(address(stand))
    page.route(
        "**/build",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    scan(page, stand.tubes[5])
    heard(page, "没有保存")
    page.unroute("**/build")
    page.wait_for_timeout(1700)
    scan(page, stand.tubes[5])
    heard(page, "已放入")


def test_a_sheet_is_shown_and_confirmed_and_the_set_up_comes_out(app, page, town, stand, tmp_path):
    said = listen(page)
    sign_in(page, town)
    page.goto(f"/lab/{stand.lab}/plates/{stand.plate}")
    six, seven = stand.tubes[6:8]

    def upload(text: str) -> None:
        page.set_input_files(
            "[name=sheet]", {"name": "s.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        page.click("text=读取并预览")

    upload(f"孔位,管码\nA3,{six}\nA3,{seven}\nZ9,{seven}\n")
    page.wait_for_selector(".problems")
    problems = page.inner_text(".problems")
    assert (
        "第 3 行" in problems and "不得把已混采的管再次混合" in problems and "第 4 行" in problems
    )
    assert all("422" in x for x in said), said
    said.clear()
    upload(f"孔位,管码\nA3,{six}\nA2,{seven}\n")
    page.wait_for_selector("#proposed")
    assert not axe_findings(page)
    assert "A3" not in held(app, stand)
    page.click("text=确认放入 2 孔")
    page.wait_for_selector(".plate")
    assert held(app, stand)["A3"] == six
    with page.expect_download() as got:
        page.click("text=QuantStudio")
    text = Path(got.value.path()).read_text("utf-8")
    assert "[Sample Setup]" in text and six in text and "MARK" in text
    looks_right(page, tmp_path / "plate")
    page.goto(f"/lab/{stand.lab}/plates/{stand.plate}/map")
    assert page.locator(".map-code svg").count() == 2  # for the scan field, and for a phone
    assert not axe_findings(page)
    page.goto("/lab/wells")
    looks_right(page, tmp_path / "wells-labs")
    page.goto(f"/lab/{stand.lab}/wells")
    looks_right(page, tmp_path / "wells")
    page.fill("[name=wells]", "96")
    page.fill("[name=reactions]", "90")
    page.click("text=填报用量")
    page.wait_for_selector("#days td:has-text('96')")
    for pdf in (f"/lab/{stand.lab}/plates/{stand.plate}/map.pdf", f"/lab/{stand.lab}/commands.pdf"):
        assert page.request.get(pdf).body().startswith(b"%PDF")
    assert said == []
