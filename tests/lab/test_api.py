"""The laboratory over HTTP and on pages: the whole way of a plate, refusals, two languages."""

from __future__ import annotations

import io

import pytest

from screening.accounts.roles import Role
from screening.db import db
from screening.lab import queries
from screening.lab.rules.rule_sets import GENERAL, to_dict
from tests import make
from tests.lab.bench import GREY, HOT, LOST, peek


@pytest.fixture
def lab(bench):
    return str(bench.city.lab.lab_id)


PIN = "284917"


def signed(bench, role, at=None, pin=None):
    return make.sign_in(bench.client, make.staff(role, at or bench.city.lab, pin=pin))


@pytest.fixture
def technician(bench):
    return signed(bench, Role.LAB_TECHNICIAN)


def post(bench, who, path, json=None, **kw):
    return bench.client.post(f"/api/v1{path}", json=json, headers=who, **kw)


def new_plate(bench, who, lab, code="P1", **kw):
    body = {"lab_id": lab, "code": code, "rule_id": str(bench.rules["general-ct40"]), **kw}
    return post(bench, who, "/plates", body)


def at(lab, plate):
    return f"/plates/{lab}/{plate['plate_id']}"


def upload(bench, who, path, data, name="run.csv"):
    return bench.client.post(
        f"/api/v1{path}/runs", data={"file": (io.BytesIO(data), name)}, headers=who
    )


def file_of(bench, plate, cts=None, **kw):
    row = queries.get_plate(bench.lab, int(plate["plate_id"]))
    return bench.file(row, cts, **kw)


def test_a_plate_goes_from_scan_to_alert_over_http(bench, lab, technician):
    tubes = bench.received(3)
    work = bench.client.get(f"/api/v1/bench/{lab}", headers=technician).json
    assert (work["tubes"]["waiting"], len(work["waiting"])) == (3, 3)
    plate = new_plate(bench, technician, lab).json
    for tube in tubes:
        r = post(bench, technician, f"{at(lab, plate)}/scans", {"code": tube})
        assert r.status_code == 201, r.json
    assert r.json == {"barcode": tubes[2], "wells": ["D1"], "uncaptured": False, "held": False}
    shown = upload(bench, technician, at(lab, plate), file_of(bench, plate, {tubes[0]: HOT}))
    assert shown.status_code == 201
    assert [c["outcome"] for c in shown.json["calls"]] == ["positive", "negative", "negative"]
    run = shown.json["run"]["run_id"]
    done = post(bench, technician, f"/runs/{lab}/{run}/confirm")
    assert done.json["run"]["state"] == "evaluated" and not done.json["already"]
    assert post(bench, technician, f"/runs/{lab}/{run}/confirm").json["already"]
    (alert,) = bench.client.get("/api/v1/alerts", headers=technician).json["items"]
    assert (alert["barcode"], alert["kind"]) == (tubes[0], "positive")
    plates = bench.client.get(f"/api/v1/plates?lab_id={lab}", headers=technician).json
    assert [(p["code"], p["state"], p["tubes"]) for p in plates["items"]] == [
        ("P1", "evaluated", 3)
    ]


def test_an_alert_is_acknowledged_by_the_bench_and_cleared_by_two(bench, lab, technician):
    (tube,) = bench.received(1)
    raised = post(bench, technician, "/alerts", {"lab_id": lab, "tube": tube})
    path = f"/alerts/{raised.json['cell_id']}/{raised.json['alert_id']}"
    assert post(bench, technician, f"{path}/acknowledge").json["seen_by"] is not None
    why = {"how": "contamination", "reason": "阴控扩增", "secret": PIN}
    assert post(bench, technician, f"{path}/clearing", why).status_code == 403
    reviewer, second = (signed(bench, Role.LAB_REVIEWER, pin=PIN) for _ in range(2))
    early = post(bench, reviewer, f"{path}/clearing", why)
    assert (early.status_code, early.json["code"]) == (422, "members_not_resampled")
    asked = post(bench, reviewer, f"{path}/clearing", why | {"early": "整板污染"})
    assert asked.json["settled_at"] is None
    own = post(bench, reviewer, f"{path}/clearing/answer", {"agree": True, "secret": PIN})
    assert (own.status_code, own.json["code"]) == (403, "clearing_second_person")
    done = post(bench, second, f"{path}/clearing/answer", {"agree": True, "secret": PIN})
    assert done.json["settled_how"] == "contamination"
    again = post(bench, reviewer, f"{path}/clearing", why | {"early": "整板污染"})
    assert (again.status_code, again.json["code"]) == (409, "alert_settled")


def test_a_tube_cannot_be_plated_twice(bench, lab, technician):
    (tube,) = bench.received(1)
    one = new_plate(bench, technician, lab, "P1").json
    two = new_plate(bench, technician, lab, "P2").json
    post(bench, technician, f"{at(lab, one)}/scans", {"code": tube})
    r = post(bench, technician, f"{at(lab, two)}/scans", {"code": tube})
    assert (r.status_code, r.json["code"], r.json["well"]) == (409, "already_plated", "B1")


def test_a_plate_code_is_used_once_in_a_laboratory(bench, lab, technician):
    new_plate(bench, technician, lab, "P1")
    r = new_plate(bench, technician, lab, "P1")
    assert (r.status_code, r.json["code"]) == (409, "plate_code_taken")


def test_the_pages_of_a_plate_say_what_is_wrong_where_it_was_typed(bench, lab):
    plate = bench.plate("P1")
    headers = make.sign_in(
        bench.client, make.staff(Role.LAB_TECHNICIAN, bench.city.lab), cookie=True
    )

    def form(path, **data):
        return bench.client.post(f"/lab/{bench.lab.lab_id}/{path}", data=data, headers=headers)

    rule = bench.rules["general-ct40"]
    r = form("plates", code="P1", size="96m", rule_id=rule)
    assert r.status_code == 409 and "请换一个，或打开那块板" in r.text and 'value="P1"' in r.text
    r = form(f"plates/{plate.plate_id}/scan", code="CMD-UNDO")
    assert "指令码 CMD-UNDO 只用于扫码加样" in r.text
    # a file that was looked at and left is no matter of a plate that has its result
    bench.load(plate, bench.received(2))
    bench.preview(plate, bench.file(plate, code="P9"))
    here = f"/lab/{bench.lab.lab_id}/plates/{plate.plate_id}"
    assert "还没有确认" in bench.client.get(here).text
    bench.run(plate, bench.file(plate))
    assert "还没有确认" not in bench.client.get(here).text


def test_every_fault_of_a_map_is_told_in_the_readers_language(bench, lab, technician):
    plate = new_plate(bench, technician, lab).json
    wells = {"A1": bench.city.tube(), "Z99": bench.city.tube()}
    r = post(bench, technician | {"Accept-Language": "en"}, f"{at(lab, plate)}/wells",
             {"wells": wells})  # fmt: skip
    assert (r.status_code, r.json["code"]) == (422, "faults")
    assert {f["field"]: f["detail"] for f in r.json["faults"]} == {
        "wells.A1": "Well A1 holds a control.",
        "wells.Z99": "There is no well Z99 on the plate.",
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "run_file_empty"),
        (b"well,sample,target\nA1,x,N\n", "run_file_columns"),
        (b"PK\x03\x04 broken", "run_file_cut_off"),
        ("姓名,电话\n张三,1\n".encode(), "not_a_run_file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(bench, lab, technician, data, code):
    plate = new_plate(bench, technician, lab).json
    r = upload(bench, technician, at(lab, plate), data)
    assert (r.status_code, r.json["code"]) == (422, code)
    assert "张三" not in r.text
    assert peek("SELECT count(*) FROM run") == [(0,)]


def test_an_upload_without_a_file_is_told(bench, lab, technician):
    plate = new_plate(bench, technician, lab).json
    r = bench.client.post(f"/api/v1{at(lab, plate)}/runs", data={}, headers=technician)
    assert (r.status_code, [f["field"] for f in r.json["faults"]]) == (422, ["file"])


def test_every_missing_field_of_a_new_plate_is_named(bench, technician, lab):
    r = post(bench, technician, "/plates", {"lab_id": lab, "size": 95})
    assert {f["field"] for f in r.json["faults"]} == {"code", "rule_id", "size"}


def test_a_rule_set_needs_two_persons(bench):
    chief = signed(bench, Role.ADMINISTRATOR, make.place_of(None))
    made = post(bench, chief, "/rule-sets", {"body": to_dict(GENERAL)})
    assert (made.status_code, made.json["version"], made.json["valid_from"]) == (201, 2, None)
    path = f"/rule-sets/{made.json['rule_id']}/approve"
    assert post(bench, chief, path, {}).json["code"] == "own_proposal"
    reviewer = signed(bench, Role.LAB_REVIEWER)
    assert post(bench, reviewer, path, {}).json["code"] == "dry_run_first"
    trial = post(bench, reviewer, f"/rule-sets/{made.json['rule_id']}/dry-runs", {"days": 7})
    assert (trial.status_code, trial.json["runs"], trial.json["changed"]) == (201, 0, 0)
    seen = {"trial_id": trial.json["trial_id"]}
    assert post(bench, reviewer, path, seen).json["valid_from"] is not None


def test_a_dry_run_over_http_lists_what_would_change(bench):
    plate, tubes = bench.plate(), bench.received(1)
    bench.load(plate, tubes)
    bench.run(plate, bench.file(plate, {tubes[0]: (38.0, 38.0, 28.0)}))
    chief = signed(bench, Role.ADMINISTRATOR, make.place_of(None))
    limits = [t | {"positive_below": 37} for t in to_dict(GENERAL)["targets"]]
    made = post(bench, chief, "/rule-sets", {"body": to_dict(GENERAL) | {"targets": limits}})
    path = f"/rule-sets/{made.json['rule_id']}/dry-runs"
    told = post(bench, chief, path, {}).json
    (line,) = told["lines"]
    assert (line["barcode"], line["old"], line["new"]) == (tubes[0], 2, 1)
    assert bench.client.get(f"/api/v1{path}", headers=chief).json == [told]
    assert post(bench, chief, path, {"days": 91}).status_code == 422


def test_a_rule_set_that_cannot_be_meant_is_refused(bench):
    chief = signed(bench, Role.ADMINISTRATOR, make.place_of(None))
    r = post(bench, chief, "/rule-sets", {"body": {"name": "x"}})
    assert (r.status_code, r.json["code"]) == (422, "bad_rule_set")


# --- pages --------------------------------------------------------------------------------------


@pytest.fixture
def desk(bench):
    """A technician's browser; (get, post) with the form token."""
    token = make.sign_in(bench.client, make.staff(Role.LAB_TECHNICIAN, bench.city.lab), cookie=True)

    def get(path, lang="zh"):
        return bench.client.get(path, headers={"Accept": "text/html", "Accept-Language": lang})

    def send(path, **data):
        return bench.client.post(path, data=data, headers={"Accept": "text/html", **token})

    return get, send


def test_the_only_laboratory_opens_at_once(bench, lab, desk):
    get, _ = desk
    assert get("/lab").headers["Location"] == f"/lab/{lab}"
    assert "没有待布板的试管" in get(f"/lab/{lab}").text


def test_the_scan_page_answers_with_the_well_and_keeps_the_order(bench, lab, desk):
    _, send = desk
    (tube,) = bench.received(1)
    plate = bench.plate()
    page = send(f"/lab/{lab}/plates/{plate.plate_id}/scan", code=tube, order="row").text
    assert "已放入 A2" in page and 'value="row" checked' in page


def test_a_refused_scan_says_why_on_the_same_page_and_moves_nothing(bench, lab, desk):
    _, send = desk
    plate = bench.plate()
    r = send(f"/lab/{lab}/plates/{plate.plate_id}/scan", code="<b>4711</b>")
    assert r.status_code == 422 and "scan-stop" in r.text and "<b>4711" not in r.text
    assert queries.list_wells(plate) == {}


def test_a_run_is_looked_at_and_confirmed_on_its_page(bench, lab, desk):
    get, send = desk
    tubes = bench.received(3)
    plate = bench.plate()
    bench.load(plate, tubes)
    data = bench.file(plate, {tubes[0]: HOT, tubes[1]: GREY, tubes[2]: LOST})
    r = send(f"/lab/{lab}/plates/{plate.plate_id}/runs", file=(io.BytesIO(data), "a.csv"))
    path = r.headers["Location"]
    page = get(path).text
    assert "确认采用" in page and "只有一个靶标阳性" in page and "内标未扩增或过晚" in page
    send(f"{path}/confirm")
    assert "确认采用" not in get(path).text
    assert "only one target is positive" in get(path, "en").text
    plate_page = get(f"/lab/{lab}/plates/{plate.plate_id}").text
    assert plate_page.count("called-stop") == 1 and "阳性" in plate_page
    again = send(f"/lab/{lab}/plates/{plate.plate_id}/runs", file=(io.BytesIO(data), "b.csv"))
    assert "没有重复导入" in get(again.headers["Location"]).text


def test_a_quarantined_plate_shows_each_difference(bench, lab, desk):
    get, _ = desk
    tubes = bench.received(2)
    plate = bench.plate()
    bench.load(plate, tubes)
    shown = bench.run(plate, b"\n".join(bench.file(plate).splitlines()[:-3]) + b"\n")
    page = get(f"/lab/{lab}/runs/{shown.run.run_id}").text
    assert "板图有而文件没有的孔" in page and tubes[1] in page


def test_edge_32_an_alert_of_a_tube_without_a_list_shows_the_tubes_around_it(bench, lab, desk):
    get, _ = desk
    before, unknown = bench.city.tube(), bench.city.tube()
    after = bench.city.tube()
    phone = bench.city.phone()
    for tube, first in ((before, 0), (after, 2)):
        phone.fill(tube, bench.city.codes(first, 2))
    assert phone.send(bench.client).status_code == 200
    plate = bench.plate()
    bench.scan(plate, unknown)
    bench.run(plate, bench.file(plate, {unknown: HOT}))
    (alert,) = queries.list_alerts(queries.reach([bench.city.lab.place], []))
    page = get(f"/alerts/{alert.cell_id}/{alert.alert_id}").text
    assert before in page and after in page and bench.city.sites[0].name in page


def test_edge_32_a_tube_with_its_own_opening_is_found_between_its_devices_tubes(bench):
    phone = bench.city.phone()
    tubes = [bench.city.tube() for _ in range(3)]
    for i, tube in enumerate(tubes):
        phone.fill(tube, [] if i == 1 else bench.city.codes(i, 1), close=i != 1)
    assert phone.send(bench.client).status_code == 200
    key = queries.alerts.find_keys([tubes[1]])[tubes[1]]
    assert [n.barcode for n in queries.neighbours_of(key)] == [tubes[0], tubes[2]]
    db.session.rollback()
