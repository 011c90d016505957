"""A district head makes the day's report, opens who was near a positive tube, takes a list away."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from screening import jobs
from screening.db import db, fetch, insert, new_id
from screening.registry.queries import ROUNDS
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

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
SHOTS = os.environ.get("SHOTS")  # a folder for pictures of every page, to be looked at


def work(app: Any) -> None:
    """What the worker does meanwhile."""
    with app.app_context():
        ROUNDS.forget()
        jobs.run_due()
        db.session.remove()


def alerted(app: Any, town: Town) -> str:
    """A tube of the day with people in it and an alert."""
    with app.app_context():
        cell, barcode = fetch(
            "SELECT cell_id, barcode FROM tube WHERE round_id = %s AND members > 0 "
            "ORDER BY opened_at LIMIT 1 /* fan-out: test */",
            (town.round_id,),
        )[0]
        insert(
            "alert",
            ("cell_id", "alert_id", "round_id", "barcode", "kind", "outcome", "raised_at"),
            [(cell, new_id(), town.round_id, barcode, "hand", 2, fetch("SELECT now()")[0][0])],
        )
        db.session.commit()
        db.session.remove()
        return barcode


def look(page: Any, name: str, lang: str) -> list[str]:
    """What is wrong with the page as it stands, at both sizes."""
    wrong = []
    for size, word in ((DESK, "desk"), (PHONE, "phone")):
        page.set_viewport_size(size)
        page.wait_for_timeout(150)
        wrong += [f"{name} is wider than {word}"] if scrolls_sideways(page) else []
        wrong += axe_findings(page) if (size is DESK) == (lang == "zh") else []
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{lang}-{word}.png"), full_page=True)
    page.set_viewport_size(DESK)
    return wrong


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_is_made_read_and_taken_away(page, town, app, lang):
    complaints, wrong = listen(page), []
    sign_in(page, town)
    speak(page, lang)
    page.goto(f"/bulletins?round={town.round_id}")
    wrong += look(page, "bulletins", lang)
    page.click("form[action='/bulletins'] button.btn-primary")
    page.wait_for_selector("section.job-waiting")
    work(app)
    page.goto(f"/bulletins?round={town.round_id}")
    page.click("#bulletins tbody tr a")
    page.wait_for_selector("#b-coverage")
    wrong += look(page, "bulletin", lang)
    with page.expect_download() as held:
        page.click("a[href$='/pdf']")
    data = Path(held.value.path()).read_bytes()
    assert ("检测率排名" if lang == "zh" else "ranking") in PdfReader(io.BytesIO(data)).pages[
        0
    ].extract_text()
    if SHOTS:
        (Path(SHOTS) / f"bulletin-{lang}.pdf").write_bytes(data)
    page.fill("[name=text]", "更正：一管迟报")
    page.click("form[action$='/addenda'] button")
    page.wait_for_selector("text=更正：一管迟报")
    assert not wrong and not complaints, [*wrong, *complaints]


def test_who_was_near_a_positive_tube_is_opened_for_a_reason(page, town, app):
    complaints, wrong = listen(page), []
    tube = alerted(app, town)
    sign_in(page, town)
    speak(page, "zh")
    page.goto(f"/bulletins/near?tube={tube}")
    wrong += look(page, "near", "zh")
    page.select_option("[name=reason]", "tracing")
    page.click("form[action='/bulletins/near'] button")
    page.wait_for_selector("#b-members")
    assert "居民" not in page.inner_text("#b-members")
    wrong += look(page, "special", "zh")
    page.select_option("[name=reason]", "tracing")
    page.click("form[action$='/people'] button.btn-primary")
    page.wait_for_selector("text=居民")
    wrong += look(page, "special-open", "zh")
    with page.expect_download() as held:
        page.click("form[action$='/people'] button[value=pdf]")
    data = Path(held.value.path()).read_bytes()
    if SHOTS:
        (Path(SHOTS) / "special.pdf").write_bytes(data)
    assert "居民" in PdfReader(io.BytesIO(data)).pages[-1].extract_text()
    assert not wrong and not complaints, [*wrong, *complaints]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_list_is_made_with_a_bar_and_downloaded(page, town, app, lang):
    complaints, wrong = listen(page), []
    sign_in(page, town)
    speak(page, lang)
    page.goto("/exports")
    page.select_option("[name=kind]", "persons")
    page.select_option("[name=round_id]", str(town.round_id))
    page.click("form[action='/exports'] button.btn-primary")
    page.wait_for_selector("section.job-waiting")
    wrong += look(page, "exports", lang)
    work(app)
    own = "#" + str(page.locator("section.job").first.get_attribute("id"))
    page.wait_for_selector(f"{own}.job-done a.btn", timeout=20_000)  # the bar asks by itself
    with page.expect_download() as held:
        page.click(f"{own} a.btn")
    text = Path(held.value.path()).read_text("utf-8-sig")
    assert ("水印" if lang == "zh" else "watermark") in text.splitlines()[0]
    wrong += look(page, "exports-done", lang)
    assert not wrong and not complaints, [*wrong, *complaints]


def test_the_checklist_of_a_round_leads_to_its_rows(page, town):
    complaints, wrong = listen(page), []
    sign_in(page, town)
    speak(page, "zh")
    page.goto(f"/rounds/{town.round_id}/sign-off")
    doors = page.eval_on_selector_all(
        "#checklist tbody a", "found => found.map(a => a.getAttribute('href'))"
    )
    assert len(doors) >= 9
    wrong += look(page, "checklist", "zh")
    for href in doors:
        assert page.goto(href).ok, href
    assert not wrong and not complaints, [*wrong, *complaints]
