"""Signatures: whose, and at which desk."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from screening import clock
from screening.db import db, fetch, insert, new_id, run
from screening.reporting import service
from screening.tube.queries import get_key
from tests import make
from tests.reporting.bench import PIN, POS
from tests.reporting.test_gates import said_by_instrument


@pytest.fixture
def tube(bench):
    made = bench.fill(0, 3)
    return made, bench.test(made)


def sign(bench, browser, who, tube, step: int) -> None:
    """Through the page, in this browser, as a person signs."""
    barcode, run_id = tube
    headers = make.sign_in(browser, who, cookie=True)
    db.session.commit()
    r = browser.post(
        f"/reporting/runs/{bench.lab_id}/{run_id}/review",
        data={"barcode": barcode, "step": step, "secret": PIN}, headers=headers,
    )  # fmt: skip
    assert r.status_code == 303, r.text


def marks() -> list[tuple]:
    db.session.rollback()
    return fetch(
        "SELECT staff_id, subject_id, detail->>'tubes', detail->>'other' FROM audit "
        "WHERE action = 'signed_at_one_desk' /* fan-out: test */"
    )


def test_two_signatures_in_one_browser_close_together_are_marked_for_the_auditor(bench, app, tube):
    browser = app.test_client()
    sign(bench, browser, bench.technician, tube, 1)
    assert marks() == []
    sign(bench, browser, bench.reviewer, tube, 2)
    by, other = bench.reviewer.staff_id, str(bench.technician.staff_id)
    assert marks() == [(by, str(tube[1]), "1", other)]


def test_two_browsers_are_two_desks(bench, app, tube):
    sign(bench, app.test_client(), bench.technician, tube, 1)
    sign(bench, app.test_client(), bench.reviewer, tube, 2)
    assert marks() == []


def test_one_desk_an_hour_later_is_not_marked(bench, app, tube):
    browser = app.test_client()
    sign(bench, browser, bench.technician, tube, 1)
    run("UPDATE review SET at = at - interval '1 hour' WHERE cell_id = %s",
        (get_key(tube[0]).cell_id,))  # fmt: skip
    db.session.commit()
    sign(bench, browser, bench.reviewer, tube, 2)
    assert marks() == []


def test_only_a_hash_of_a_desk_is_kept(bench, app, tube):
    browser = app.test_client()
    sign(bench, browser, bench.technician, tube, 1)
    mark = browser.get_cookie("desk_mark")
    assert mark and mark.http_only and mark.same_site == "Strict"
    ((desk,),) = fetch("SELECT desk FROM review")
    assert len(desk) == 16 and mark.value.encode() not in bytes(desk)


def test_a_negative_plate_is_one_act_and_its_exceptions_are_named_one_by_one(bench):
    negatives, positive = [bench.fill(0, 2), bench.fill(2, 2)], bench.fill(4, 2)
    run_id = bench.test(*negatives)
    bench._test_one(positive, run_id, POS, "B1", alert=True)
    db.session.commit()
    by = bench.actor(bench.technician)
    now = {"lab_id": bench.lab_id, "by": by, "secret": PIN, "at": clock.now()}
    out = service.review([], 1, run_id=run_id, **now)
    assert sorted(out.signed) == sorted(negatives)
    assert [(p.code, p.details["barcode"]) for p in out.refused] == [("look_alone", positive)]
    out = service.review([positive], 1, run_id=run_id, **now)
    assert out.signed == [positive]


def test_the_desk_shows_holds_and_differing_calls_and_takes_both_decisions(bench, app, tube):
    barcode, run_id = tube
    said_by_instrument(bench, run_id, "instrument_doubt")
    lab = bench.city.lab
    told = Jsonb({"tubes": 300, "signals": 0, "expected": 0.05, "wells": []})
    columns = ("cell_id", "hold_id", "lab_id", "run_id", "kind", "told", "opened_at")
    hold = new_id()
    insert("run_hold", columns, [(lab.cell_id, hold, lab.lab_id, run_id, "lab_low", told,
                                  clock.now())])  # fmt: skip
    db.session.commit()
    browser, at = app.test_client(), f"/reporting/runs/{bench.lab_id}/{run_id}"

    def page(who, path="", **data):
        headers = make.sign_in(browser, who, cookie=True)
        db.session.commit()
        if not path:
            return browser.get(at, headers=headers).text
        r = browser.post(at + path, data={**data, "secret": PIN}, headers=headers)
        return r.status_code

    shown = page(bench.reviewer)
    assert "整板暂缓：实验室阳性率偏低" in shown and "0 / 300" in shown and "5.00 %" in shown
    assert f"仪器判读不同：{barcode}" in shown
    assert page(bench.reviewer, f"/decide/{barcode}", how="keep", reason="看过曲线") == 303
    assert page(bench.reviewer, f"/holds/{hold}", reason="") == 422
    assert page(bench.reviewer, f"/holds/{hold}", reason="新试剂批次已核对") == 303
    assert "您已申请解除" in page(bench.reviewer)
    assert page(bench.reviewer, f"/holds/{hold}") == 403
    assert "新试剂批次已核对" in page(bench.second)
    assert page(bench.second, f"/holds/{hold}") == 303
    shown = page(bench.reviewer)
    assert "整板暂缓" not in shown and "仪器判读不同" not in shown


def test_a_release_in_a_browser_where_another_person_just_signed_is_marked_too(bench, app, tube):
    browser = app.test_client()
    sign(bench, browser, bench.technician, tube, 1)
    sign(bench, app.test_client(), bench.reviewer, tube, 2)
    assert marks() == []
    headers = make.sign_in(browser, bench.reviewer, cookie=True)
    barcode, run_id = tube
    url = f"/reporting/runs/{bench.lab_id}/{run_id}/release"
    r = browser.post(url, data={"barcode": barcode}, headers=headers)
    assert r.status_code == 303, r.text
    by, other = bench.reviewer.staff_id, str(bench.technician.staff_id)
    assert marks() == [(by, str(run_id), "1", other)]


def test_who_signed_and_releases_at_the_own_desk_is_not_marked(bench, app, tube):
    sign(bench, app.test_client(), bench.technician, tube, 1)
    browser = app.test_client()
    sign(bench, browser, bench.reviewer, tube, 2)
    headers = make.sign_in(browser, bench.reviewer, cookie=True)
    url = f"/reporting/runs/{bench.lab_id}/{tube[1]}/release"
    assert browser.post(url, data={"barcode": tube[0]}, headers=headers).status_code == 303
    assert marks() == []
