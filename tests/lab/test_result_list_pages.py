"""Result lists over HTTP and on pages: template in, faults beside their rows, open tubes, two languages."""

from __future__ import annotations

import io

import pytest

from screening.accounts.roles import Role
from screening.db import db, run
from tests import make
from tests.lab.bench import peek, stages


@pytest.fixture
def lab(bench):
    run("UPDATE lab SET own_lis = true WHERE lab_id = %s", (bench.city.lab.lab_id,))
    db.session.commit()
    return bench.city.lab.lab_id


@pytest.fixture
def technician(bench, lab):
    return make.sign_in(bench.client, make.staff(Role.LAB_TECHNICIAN, bench.city.lab))


def upload(bench, who, path, text, **kw):
    data = {"file": (io.BytesIO(text.encode("gb18030")), "结果.csv")}
    return bench.client.post(path, data=data, headers=who, **kw)


def test_a_list_goes_from_template_to_alert_over_http(bench, lab, technician):
    a, b = bench.received(2)
    base = f"/api/v1/result-lists/{lab}"
    got = bench.client.get(f"{base}/template?format=csv", headers=technician)
    assert got.headers["Content-Disposition"].startswith("attachment")
    lines = got.data.decode("utf-8-sig").splitlines()
    assert sorted(line.split(",")[0] for line in lines[1:]) == sorted([a, b])
    filled = "\n".join([lines[0], f"{a},阳性,24.1,25.0,28,,,", f"{b},待检,,,,,,"]) + "\n"
    seen = upload(bench, technician, base, filled)
    assert (seen.status_code, seen.json["open"]) == (201, [b])
    path = f"{base}/{seen.json['list']['list_id']}"
    done = bench.client.post(f"{path}/confirm", json={}, headers=technician)
    assert (done.status_code, done.json["verdict"]["alerts"]) == (200, 1)
    assert [x["outcome"] for x in done.json["lines"]] == [2, None]
    (kept,) = bench.client.get("/api/v1/result-lists", headers=technician).json["items"]
    assert kept["list_id"] == seen.json["list"]["list_id"]
    assert upload(bench, technician, base, filled).json["already"] is True


def test_every_fault_comes_back_with_its_row(bench, lab, technician):
    a, b = bench.received(2)
    r = upload(bench, technician, f"/api/v1/result-lists/{lab}", f"管码,结果\n{a},阴\n{b},好\n")
    assert (r.status_code, r.json["code"]) == (422, "list_faults")
    assert [(e["row"], e["column"], e["code"]) for e in r.json["faults"]] == [
        (3, "result", "list_unknown_result")
    ]


def test_open_tubes_are_named_before_a_confirmation(bench, lab, technician):
    a, _b = bench.received(2)
    base = f"/api/v1/result-lists/{lab}"
    made = upload(bench, technician, base, f"管码,结果\n{a},阴性\n").json
    path = f"{base}/{made['list']['list_id']}/confirm"
    refused = bench.client.post(path, json={}, headers=technician)
    assert (refused.status_code, refused.json["code"]) == (409, "list_open_tubes")
    assert stages(a) == stages(_b)
    kept = bench.client.post(path, json={"seen_open": True}, headers=technician)
    assert kept.json["verdict"]["open"] == [_b]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_desk_leads_from_upload_to_review(bench, lab, technician, lang):
    a, b = bench.received(2)
    bench.client.set_cookie("lang", lang)
    who = technician
    page = f"/lab/{lab}/result-lists"
    assert bench.client.get(f"/lab/{lab}", headers=who).text.count(page) == 1
    assert bench.client.get(page, headers=who).status_code == 200
    wrong = upload(bench, who, page, f"管码,结果\n{a},阴姓\n")
    assert (wrong.status_code, peek("SELECT count(*) FROM run")) == (422, [(0,)])
    assert ("第 2 行" if lang == "zh" else "Row 2") in wrong.text
    r = upload(bench, who, page, f"管码,结果,ORF1ab Ct,检测时间\n{a},阴性,24,\n{b},阳性,,\n")
    assert r.status_code == 303
    seen = bench.client.get(r.location, headers=who)
    assert ("与清单上的结果不同" if lang == "zh" else "differs from the result") in seen.text
    done = bench.client.post(f"{r.location}/confirm", headers=who)
    assert done.status_code == 303
    kept = bench.client.get(done.location, headers=who).text
    assert f"/reporting/runs/{lab}/" in kept
    run_id = r.location.rsplit("/", 1)[1]
    review = bench.client.get(f"/reporting/runs/{lab}/{run_id}", headers=who)
    assert b in review.text
    there = bench.client.get(f"/lab/{lab}/runs/{run_id}", headers=who)
    assert there.location.endswith(f"/result-lists/{run_id}")
    assert bench.client.get("/lab/runs", headers=who).status_code == 200
    assert bench.client.get("/reporting", headers=who).status_code == 200


def test_the_desk_asks_for_a_look_at_the_open_tubes(bench, lab, technician):
    a, b = bench.received(2)
    r = upload(bench, technician, f"/lab/{lab}/result-lists", f"管码,结果\n{a},阴性\n")
    assert "1 管已签收而不在清单里" in bench.client.get(r.location, headers=technician).text
    asked = bench.client.post(f"{r.location}/confirm", headers=technician)
    assert asked.status_code == 409 and "请看过待检名单后再确认" in asked.text
    done = bench.client.post(f"{r.location}/confirm", data={"seen_open": "1"}, headers=technician)
    assert done.status_code == 303
    assert b in bench.client.get(done.location, headers=technician).text


def test_a_laboratory_without_its_own_system_is_told_so(bench):
    who = make.sign_in(bench.client, make.staff(Role.LAB_TECHNICIAN, bench.city.lab))
    page = f"/lab/{bench.city.lab.lab_id}/result-lists"
    assert "没有登记" in bench.client.get(page, headers=who).text
    assert upload(bench, who, page, "管码,结果\n1,阴性\n").status_code == 403
    template = bench.client.get(f"{page}/template.csv", headers=who)
    assert template.status_code == 403


def test_tubes_that_moved_since_the_preview_are_told_on_the_page(bench, lab, technician):
    (a,) = bench.received(1)
    page = f"/lab/{lab}/result-lists"
    seen = upload(bench, technician, page, f"管码,结果\n{a},阳性\n").location
    bench.load(bench.plate(), [a])
    assert bench.client.get(seen, headers=technician).status_code == 422
    refused = bench.client.post(f"{seen}/confirm", headers=technician)
    assert refused.status_code == 422 and "这一管在板上" in refused.text
    assert peek("SELECT count(*) FROM alert") == [(0,)]


def test_a_list_with_a_positive_that_is_put_away_is_shown_in_quarantine(bench, lab, technician):
    (a,) = bench.received(1)
    page = f"/lab/{lab}/result-lists"
    seen = upload(bench, technician, page, f"管码,结果\n{a},阳性\n").location
    gone = bench.client.post(f"{seen}/discard", headers=technician)
    assert gone.status_code == 303
    assert "已发出 1 条暂定预警" in bench.client.get(gone.location, headers=technician).text
    kept = bench.client.get(seen, headers=technician)
    assert kept.status_code == 200 and "已隔离" in kept.text and "确认采用" not in kept.text
