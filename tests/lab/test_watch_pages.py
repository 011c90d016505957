"""What a laboratory's head watches, on pages: controls, positivity, load, curves, the archive."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db
from screening.lab.queries import get_lab
from screening.lab.queries.capacity import list_loads
from screening.lab.service.curves import curves_of
from tests import make
from tests.lab.bench import CLEAN
from tests.lab.watch_day import curved_file, weeks, with_curves


@pytest.fixture
def lab(app, client, db_session):
    with app.test_request_context():
        yield weeks(client)


@pytest.fixture
def technician(lab):
    return make.sign_in(lab.bench.client, make.staff(Role.LAB_TECHNICIAN, lab.bench.city.lab))


def page(lab, who, path, **kw):
    r = lab.bench.client.get(f"/lab/{lab.lab_id}/{path}", headers=who, **kw)
    assert r.status_code == 200, r.text[:500]
    return r.text


def test_the_control_charts_show_mean_limits_and_broken_rules(lab, technician):
    html = page(lab, technician, "charts")
    assert "x̄ 33.0" in html and "20260301" in html
    assert "1-3s" in html and html.count("<figure") >= 3
    assert "失控" in html
    english = page(lab, technician, "charts", query_string={"kit": "general-ct40"})
    assert "QC23" in english


def test_a_new_lot_begins_its_charts_anew(lab, technician):
    path = f"/lab/{lab.lab_id}/lots"
    done = lab.bench.client.post(
        path, data={"kit": "general-ct40", "lot": "20260401"}, headers=technician
    )
    assert done.status_code == 303
    assert "还没有质控值" in page(lab, technician, "charts")
    lots = page(lab, technician, "charts", query_string={"kit": "general-ct40", "lot": "-"})
    assert "20260401" in lots
    refused = lab.bench.client.post(
        path, data={"kit": "general-ct40", "lot": " "}, headers=technician
    )
    assert refused.status_code == 422 and "批号" in refused.text


def test_positivity_is_shown_by_the_hour_with_its_band(lab, technician):
    html = page(lab, technician, "positivity")
    assert 'class="band"' in html and "CURVES" in html and "QC00" in html


def test_the_load_is_counted_from_what_stands_and_what_was_judged(lab, technician):
    load = list_loads([get_lab(lab.lab_id)], clock.now())[lab.lab_id]
    assert load.judged_day == load.judged == 29
    assert load.received_day == 29
    # of the plate with curves the doubtful and the failed one go back to the rack
    assert (load.waiting, load.plated, load.signing) == (2, 0, 21)
    assert load.turnaround.tubes == 6
    assert load.turnaround.worst >= load.turnaround.median
    html = page(lab, technician, "capacity")
    assert "负荷率" in html and "中位数" in html


def test_a_run_shows_its_plate_its_controls_and_every_call(lab, technician):
    html = page(lab, technician, f"runs/{lab.curved}")
    assert "质控孔" in html and "合格" in html and "板图与判读" in html
    assert html.count("called-stop") == 1


def test_a_run_says_which_rules_its_controls_break(lab, technician):
    assert "ORF1ab 1-2s 1-3s" in page(lab, technician, f"runs/{lab.runs[-1]}")
    assert "1-2s" not in page(lab, technician, f"runs/{lab.runs[5]}")
    waits = with_curves(lab.bench, "DRIFT", confirm=False, control=(33.9, 34.9, 30.0))
    assert "ORF1ab 1-2s 1-3s" in page(lab, technician, f"runs/{waits}")


def test_curves_are_read_again_from_the_sealed_file_and_lead_to_a_well(lab, technician):
    found = curves_of(lab.lab_id, lab.curved)
    assert {c.target for c in found} == {"ORF1ab", "N", "IC"}
    html = page(lab, technician, f"runs/{lab.curved}/curves", query_string={"well": "a1"})
    assert html.count("<figure") == 3 and "curve-stop" in html and "picked" in html
    assert "没有扩增曲线" in page(lab, technician, f"runs/{lab.runs[0]}/curves")


def test_a_well_without_a_call_is_not_drawn_as_a_negative(lab, technician):
    assert 'curve-ok" data-well' in page(lab, technician, f"runs/{lab.curved}/curves")
    plate = lab.bench.plate("OTHERS")
    lab.bench.load(plate, lab.bench.received(1, 1))
    shows = {w: CLEAN for w in (*plate.layout, "B2", "C2")}
    held = lab.bench.run(plate, curved_file(plate, shows)).run
    assert held.state == "quarantined"
    html = page(lab, technician, f"runs/{held.run_id}/curves")
    assert "curve-none" in html and 'curve-ok" data-well' not in html


def test_a_file_that_was_only_looked_at_shows_its_curves_too(lab, technician):
    run_id = with_curves(lab.bench, "LATER", confirm=False)
    db.session.commit()
    assert "curve-stop" in page(lab, technician, f"runs/{run_id}/curves")


def test_the_archive_finds_a_tube_and_says_when_it_may_go(lab, technician):
    html = page(lab, technician, "archive", query_string={"tube": lab.kept[2]})
    assert "R1 / B1 / 3" in html and "保存期未到" in html
    assert lab.kept[0][-6:] in page(
        lab, technician, "archive", query_string={"rack": "R1", "box": "B1"}
    )
    assert "没有可以销毁的试管" in page(lab, technician, "archive/discards")


def test_a_scan_puts_a_tube_away_and_another_takes_it_out(lab, technician):
    base = f"/lab/{lab.lab_id}/archive"
    moved = lab.bench.client.post(
        base, data={"rack": "R2", "box": "B7", "code": lab.kept[0]}, headers=technician
    )
    assert moved.status_code == 200 and "放在第 1 位" in moved.text
    refused = lab.bench.client.post(
        base, data={"rack": "", "box": "", "code": lab.kept[1]}, headers=technician
    )
    assert refused.status_code == 422
    taken = lab.bench.client.post(f"{base}/take", data={"code": lab.kept[0]}, headers=technician)
    assert taken.status_code == 303
    early = lab.bench.client.post(
        f"{base}/discards", data={"code": lab.kept[0]}, headers=technician
    )
    assert early.status_code == 409 and "须保存到" in early.text
