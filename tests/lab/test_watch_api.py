"""Charts, positivity, the archive and the tray over HTTP: the same numbers, the same acts as on pages."""

from __future__ import annotations

import io

import pytest

from screening.accounts.roles import Role
from screening.db import db
from tests import make
from tests.lab.watch_day import curved_file, weeks


@pytest.fixture
def lab(app, client, db_session):
    with app.test_request_context():
        yield weeks(client)


@pytest.fixture
def ask(lab):
    headers = make.sign_in(lab.bench.client, make.staff(Role.LAB_TECHNICIAN, lab.bench.city.lab))

    def request(method: str, path: str, **kw):
        db.session.commit()
        path = f"/api/v1/{path.replace('LAB', str(lab.lab_id))}"
        r = lab.bench.client.open(path, method=method, headers=headers, **kw)
        return r.status_code, r.json

    return request


def test_charts_and_positivity_tell_what_the_pages_draw(lab, ask):
    code, out = ask("GET", "control-charts/LAB")
    assert (code, out["kit"]) == (200, "general-ct40")
    assert [x["lot"] for x in out["lots"]] == ["20260301"]
    first = out["charts"][0]
    assert (first["kind"], round(first["base"]["mean"], 1), first["base"]["n"]) == ("pc", 33.0, 20)
    broken = [p for c in out["charts"] for p in c["points"] if "1-3s" in p["broken"]]
    assert broken and all(p["rejected"] and p["run_id"].isdigit() for p in broken)
    assert (
        ask("POST", "control-charts/LAB/lots", json={"kit": "general-ct40", "lot": "L2"})[0] == 201
    )
    assert ask("GET", "control-charts/LAB")[1]["charts"] == []
    code, out = ask("GET", "positivity/LAB")
    assert code == 200 and out["own"]["tubes"] == sum(h["tubes"] for h in out["hours"]) == 29
    assert {p["plate"] for p in out["plates"]} >= {"CURVES", "QC00"}
    assert {h["state"] for h in out["hours"]} <= {"high", "low", "within"}


def test_a_tube_is_put_away_found_taken_out_and_not_thrown_away_early(lab, ask):
    tube = lab.kept[0]
    code, stay = ask(
        "POST", "archive/LAB", json={"tube": tube, "rack": "R9", "box": "B9", "place": 4}
    )
    assert (code, stay["place"], stay["ended_how"]) == (201, 4, None)
    taken = {"tube": lab.kept[1], "rack": "R9", "box": "B9", "place": 4}
    assert ask("POST", "archive/LAB", json=taken)[1]["code"] == "archive_place_taken"
    assert ("R9", "B9", 1) in [
        (b["rack"], b["box"], b["tubes"]) for b in ask("GET", "archive/LAB")[1]
    ]
    box = {"rack": "R9", "box": "B9"}
    assert [s["barcode"] for s in ask("GET", "archive/LAB/box", query_string=box)[1]] == [tube]
    code, found = ask("GET", f"archive/LAB/tubes/{tube}")
    assert (found["now"]["place"], found["fate"]["code"]) == (4, "too_early")
    assert [s["ended_how"] for s in found["stays"]] == [None, "moved"]
    assert ask("GET", "archive/LAB/discards")[1] == {"free": [], "asked": []}
    assert ask("POST", "archive/LAB/discards", json={"tube": tube})[0] == 409
    assert ask("POST", "archive/LAB/take", json={"tube": tube})[1]["ended_how"] == "taken"
    assert ask("GET", f"archive/LAB/tubes/{tube}")[1]["now"] is None


def test_a_file_waits_in_the_tray_until_its_plate_is_named(lab, ask):
    plate = lab.bench.plate("TRAY-1")
    wells = lab.bench.load(plate, lab.bench.received(2, 1))
    quiet = (None, None, 28.0)
    rows = curved_file(plate, dict.fromkeys([*plate.layout, *wells.values()], quiet))
    nameless = rows.replace(b"* Experiment Barcode = TRAY-1\n", b"")

    def drop(data: bytes):
        file = {"file": (io.BytesIO(data), "run.txt")}
        return ask("POST", "tray/LAB", data=file, content_type="multipart/form-data")

    assert drop(b"not a run file")[0] == 422
    code, came = drop(nameless)
    assert (code, came["state"], came["why"]) == (200, "waiting", "no_plate_code")
    out = ask("GET", "tray/LAB")[1]
    assert (out["waiting"], [f["file_id"] for f in out["items"]]) == (1, [came["file_id"]])
    assert ask("POST", f"tray/LAB/{came['file_id']}/discard", json={})[0] == 422
    path = f"tray/LAB/{came['file_id']}/assign"
    run_id = ask("POST", path, json={"plate_id": str(plate.plate_id)})[1]["run_id"]
    assert ask("GET", f"runs/LAB/{run_id}")[1]["run"]["state"] == "previewed"
    ended = ask("GET", "tray/LAB/ended")[1]["items"]
    assert [(f["state"], f["run_id"]) for f in ended] == [("assigned", run_id)]
