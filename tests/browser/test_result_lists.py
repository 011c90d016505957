"""A result list in a real browser: the template down, faults beside their rows, the open tubes seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from screening import clock
from screening.db import db
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

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def owed(app: Flask, town: Town) -> tuple[int, list[str]]:
    """A laboratory with its own system, and the tubes that it received."""
    with app.test_request_context():
        lab, now = make.lab(own_lis=True), clock.now()
        tubes = sorted(make_code(Kind.TUBE, 7_000_000 + make.number()) for _ in range(4))
        advance(Verb.RECEIVE, {t: {"lab_id": lab.lab_id} for t in tubes}, kind="receive",
                round_id=0, by=1, cell=lab.cell_id, at=now, recorded_at=now)  # fmt: skip
        db.session.commit()
        db.session.remove()
    return lab.lab_id, tubes


def upload(page: Any, lines: list[str]) -> None:
    data = (
        "\n".join(["管码,结果,ORF1ab Ct,N Ct,内标 Ct,试剂盒,检测时间,检测人", *lines]) + "\n"
    ).encode()
    page.set_input_files(
        "[name=file]", {"name": "results.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.press("form.panel button.btn-primary", "Enter")


def looks_right(page: Any) -> None:
    for lang in ("zh", "en"):
        speak(page, lang)
        page.set_viewport_size(DESK)
        page.reload()
        assert not axe_findings(page)
        assert not scrolls_sideways(page)
        page.set_viewport_size(PHONE)
        assert not scrolls_sideways(page)
    page.set_viewport_size(DESK)
    speak(page, "zh")
    page.reload()


def test_a_list_is_uploaded_put_right_seen_and_confirmed(page, town, owed):
    lab, (a, b, c, d) = owed
    said = listen(page)
    sign_in(page, town)
    page.goto(f"/lab/{lab}")
    page.click("text=结果清单")
    looks_right(page)
    with page.expect_download() as got:
        page.click('a[download]:has-text("CSV")')
    template = Path(got.value.path()).read_text("utf-8-sig")
    assert [line.split(",")[0] for line in template.splitlines()[1:]] == [a, b, c, d]

    upload(page, [f"{a},阴性,24.5,25.1,28,,,", f"{b},阳姓,,,,,,", f"{b},,,,,,,", f"{c},阴性,,,,,,"])
    page.wait_for_selector(".problems")
    problems = page.inner_text(".problems")
    assert "第 3 行" in problems and "不认识的结果用词" in problems and "第 4 行" in problems
    assert page.locator("#lists").count() == 0  # nothing was kept
    assert all("422" in x for x in said), said  # the refusal itself
    said.clear()

    upload(page, [f"{a},阴性,24.5,25.1,28,,,", f"{b},阳性,22.5,23.1,28,,,T01", f"{c},阴性,,,,,,"])
    page.wait_for_selector("#lines")
    looks_right(page)
    assert "与清单上的结果不同" in page.inner_text("#lines")
    assert d in page.inner_text("#open")
    page.check("[name=seen_open]")
    page.click("text=确认采用")
    page.wait_for_selector("text=去审核")
    page.click("text=去审核")
    page.wait_for_selector(f"text={b}")
    page.goto("/alerts")
    assert {a, b} <= set(page.locator("td.kind-code").all_inner_texts())
    assert not said
