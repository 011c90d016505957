"""Rule sets in a real browser: a version proposed, tried on past runs, approved by somebody else."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from screening import clock
from screening.db import db
from screening.lab.plates.layout import tube_wells
from screening.lab.rules.rule_sets import GENERAL, to_dict
from screening.lab.service import plates, rule_sets, runs
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
from tests.lab.bench import HOT, run_file

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SOMEBODY_ELSE = 1


@pytest.fixture(scope="module")
def past(app: Flask, town: Town) -> dict[str, Any]:
    """A plate that was judged, and a proposal that would lose the tube at Ct 39."""
    with app.test_request_context():
        lab, now = make.lab(), clock.now()
        rule_sets.ensure_defaults(at=now)
        base = next(v for v in rule_sets.list_in_force(at=now) if v.name == GENERAL.name)
        plate = plates.create(lab.lab_id, code="UK", rule_id=base.rule_id, round_id=0, by=1, at=now)
        tubes = [make_code(Kind.TUBE, 6_000_000 + make.number()) for _ in range(3)]
        advance(Verb.RECEIVE, {t: {"lab_id": lab.lab_id} for t in tubes}, kind="receive",
                round_id=0, by=1, cell=lab.cell_id, at=now, recorded_at=now)  # fmt: skip
        wells = dict(zip(tube_wells(96), tubes, strict=False))
        plates.fill(lab.lab_id, plate.plate_id, wells, by=1, at=now)
        file = run_file(plate, wells, {tubes[0]: HOT, tubes[1]: (39.0, 39.2, 28.0)})
        shown = runs.preview(lab.lab_id, plate.plate_id, file, by=1, at=clock.now())
        runs.confirm(lab.lab_id, shown.run.run_id, by=1, at=clock.now())
        body = to_dict(GENERAL)
        limits = [t | {"positive_below": 37} for t in body["targets"]]
        made = rule_sets.propose(body | {"targets": limits}, by=SOMEBODY_ELSE, at=now)
        db.session.commit()
        db.session.remove()
    return {"rule_id": made.rule_id, "lost": tubes[1], "kept": tubes[0]}


def test_a_version_is_tried_seen_and_approved_with_the_keyboard(page, town, past):
    complaints = listen(page)
    sign_in(page, town)
    page.goto("/lab/rule-sets")
    page.click(f"#rule-{past['rule_id']} a.btn-outline-primary")
    page.fill("[name=days]", "7")
    page.press("[name=days]", "Enter")
    page.wait_for_selector("#lines")
    lines = page.locator("#lines tbody tr")
    assert lines.count() == 1
    assert past["lost"] in lines.first.inner_text()
    assert "阳性" in lines.first.inner_text()
    assert "targets[ORF1ab].positive_below" in page.locator("#fields").inner_text()
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
    page.focus("details.confirm summary")
    page.keyboard.press("Enter")
    page.focus("details.confirm .btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/lab/rule-sets")
    panel = page.locator(f"#rule-{past['rule_id']}")
    assert "生效中" in panel.inner_text()
    assert not complaints


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_draft_is_typed_on_a_phone_and_leads_to_its_dry_run(page, town, past, lang):
    complaints = listen(page)
    sign_in(page, town)
    speak(page, lang)
    page.goto("/lab/rule-sets")
    assert not axe_findings(page)
    page.click(f"#rule-{past['rule_id']} a[href$='/draft']")
    for size in (DESK, PHONE):
        page.set_viewport_size(size)
        assert not axe_findings(page)
        assert not scrolls_sideways(page)
    page.fill("[name='targets.0.positive_below']", "38")
    page.fill("[name=source]", "validation of this week")
    page.press("[name='targets.0.positive_below']", "Enter")
    page.wait_for_url("**/dry-run")
    assert "38" in page.locator("#fields").inner_text()
    assert not complaints
