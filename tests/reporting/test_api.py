"""Reporting over HTTP, as a laboratory's desk, a community and a resident use it."""

from __future__ import annotations

import re

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.lab.service import alerts, archive
from screening.reporting import service
from screening.tube.queries import get_key
from tests import make
from tests.reporting.bench import NEG, PIN, POS


@pytest.fixture
def as_(bench, client):
    """A POST or GET of somebody: as_(who).post(url, json)."""

    class Caller:
        def __init__(self, who):
            self.headers = make.sign_in(client, who)

        def post(self, url, body):
            db.session.commit()
            return client.post(f"/api/v1{url}", json=body, headers=self.headers)

        def get(self, url, **query):
            db.session.commit()
            return client.get(f"/api/v1{url}", query_string=query, headers=self.headers)

    return Caller


def test_a_run_is_reviewed_and_released_as_a_whole(bench, as_):
    a, b = bench.fill(0, 3), bench.fill(3, 3, confirmed=4)
    run_id = bench.test(a, b)
    body = {"lab_id": str(bench.lab_id), "run_id": str(run_id)}
    r = as_(bench.technician).post("/reviews", {**body, "step": 1, "secret": PIN})
    assert (r.status_code, sorted(r.json["signed"])) == (200, sorted([a, b]))
    r = as_(bench.reviewer).post("/reviews", {**body, "step": 2, "secret": PIN})
    assert sorted(r.json["signed"]) == sorted([a, b])
    r = as_(bench.reviewer).post("/releases", body)
    assert r.json["released"] == [a] and {x["barcode"] for x in r.json["refused"]} == {b}
    assert r.json["refused"][0]["code"] == "list_incomplete"
    assert "名单不全" in r.json["refused"][0]["detail"]
    r = as_(bench.reviewer).post("/releases", {"lab_id": body["lab_id"], "barcodes": [a]})
    assert (r.json["released"], r.json["repeated"]) == ([], [a])


def test_a_refusal_names_each_tube_and_every_reason(bench, as_):
    a = bench.fill(0, 3, confirmed=4)
    bench.test(a)
    r = as_(bench.reviewer).post("/releases", {"lab_id": str(bench.lab_id), "barcodes": [a, "1"]})
    assert (r.status_code, r.json["code"]) == (409, "refused_tubes")
    told = {(f["field"], f["code"]) for f in r.json["faults"]}
    assert {("1", "unknown_tube_here"), (a, "not_reviewed"), (a, "list_incomplete")} <= told


def test_what_was_tested_again_is_not_signed_under_the_old_run(bench, as_):
    a = bench.fill(0, 3)
    old = bench.test(a)
    key = get_key(a)
    from screening.reporting import rules
    from screening.tube import service as tubes
    from screening.tube.queries import list_lines
    from screening.tube.rules import Verb

    plating = rules.current_test(list_lines(key.cell_id, key.round_id, [a])[a]).plating
    tubes.advance(Verb.RERUN, {a: {"answers": plating}}, kind="rerun", cell=key.cell_id,
                  round_id=key.round_id, by=1, at=clock.now(), recorded_at=clock.now())  # fmt: skip
    bench.test(a)
    body = {"lab_id": str(bench.lab_id), "run_id": str(old), "step": 1, "secret": PIN}
    r = as_(bench.technician).post("/reviews", body)
    assert (r.status_code, r.json["faults"][0]["code"]) == (409, "other_run")


def test_nothing_is_asked_for_nothing(bench, as_):
    r = as_(bench.reviewer).post("/releases", {"lab_id": str(bench.lab_id)})
    assert (r.status_code, r.json["faults"][0]["field"]) == (422, "barcodes"), r.json


def test_somebody_without_a_pin_signs_with_the_password(bench, as_):
    tube = bench.fill(0, 2)
    bench.test(tube)
    who = make.staff(Role.LAB_TECHNICIAN, bench.city.lab, password="right horse battery")
    body = {"lab_id": str(bench.lab_id), "barcodes": [tube], "step": 1}
    r = as_(who).post("/reviews", {**body, "secret": "wrong"})
    assert r.status_code in (401, 403, 422) and fetch("SELECT count(*) FROM review") == [(0,)]
    r = as_(who).post("/reviews", {**body, "secret": "right horse battery"})
    assert r.status_code == 200, r.json


def test_a_correction_goes_from_one_to_the_other(bench, as_):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    asked = as_(bench.reviewer).post("/corrections", {
        "lab_id": str(bench.lab_id), "barcode": tube, "outcome": "negative", "reason": "复看曲线",
        "secret": PIN,
    })  # fmt: skip
    assert asked.status_code == 201, asked.json
    waiting = as_(bench.second).get("/corrections", state="asked").json
    assert [(c["barcode"], c["outcome"], c["state"]) for c in waiting] == [
        (tube, "negative", "asked")
    ]
    path = f"/corrections/{asked.json['cell_id']}/{asked.json['correction_id']}/settlement"
    r = as_(bench.reviewer).post(path, {"agree": True, "secret": PIN})
    assert (r.status_code, r.json["code"]) == (403, "own_correction")
    r = as_(bench.second).post(path, {"agree": True, "secret": PIN})
    assert (r.status_code, r.json["state"]) == (200, "done")
    seen = as_(bench.technician).get(f"/results/{tube}").json
    assert [v["outcome"] for v in seen["versions"]] == ["positive", "negative"]
    assert seen["callbacks"] == {"withdrawn": 3}


def test_edge_33_the_tubes_page_names_who_saw_the_old_result(bench, client):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    worker = make.staff(Role.COMMUNITY_WORKER, bench.city.sites[0].area, name="看过的人")
    make.sign_in(client, worker, cookie=True)
    cell, person, _ = bench.city.people[1]
    assert client.get(f"/persons/{cell}/{person}/timeline").status_code == 200
    bench.correct(tube, NEG)
    make.sign_in(client, bench.reviewer, cookie=True)
    page = client.get(f"/reporting/tubes/{tube}").text
    assert "看过旧结果的人" in page and "看过的人" in page.split('id="seen"')[1]


def test_a_tubes_result_its_alert_and_its_place_lead_to_each_other(bench, client):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    alerts.raise_by_hand(bench.lab_id, tube, by=5, at=clock.now())
    archive.put(bench.lab_id, tube, rack="R1", box="B1", place=7, by=7, at=clock.now())
    db.session.commit()
    make.sign_in(client, bench.reviewer, cookie=True)
    page = client.get(f"/reporting/tubes/{tube}").text
    (door,) = set(re.findall(r'href="(/alerts/\d+/\d+)"', page))
    assert f'href="/reporting/tubes/{tube}"' in client.get(door).text
    where = client.get(f"/tubes/{tube}").text
    assert "R1 / B1 / 7" in where and f"/lab/{bench.lab_id}/archive?tube={tube}" in where
    make.sign_in(client, make.staff(Role.SITE_SUPERVISOR, bench.city.sites[0]), cookie=True)
    where = client.get(f"/tubes/{tube}").text
    assert "R1 / B1 / 7" in where and "/archive?" not in where
    assert bench.city.lab.name in where  # whoever reviewed it, it lies where it was received


def test_a_community_sees_whom_to_reach_and_the_read_is_audited(bench, as_):
    tube = bench.fill(0, 2)
    bench.through(tube, outcome=POS)
    community = bench.city.sites[0].area
    worker = make.staff(Role.COMMUNITY_WORKER, community)
    r = as_(worker).get("/callbacks", area_id=community.area_id)
    assert r.status_code == 200, r.json
    assert {i["name"] for i in r.json["items"]} == {"居民0", "居民1"}
    assert {i["state"] for i in r.json["items"]} == {"open"} and r.json["items"][0]["address"]
    reads = fetch("SELECT subject_id FROM audit WHERE action = 'callback_list'")
    assert {int(x) for (x,) in reads} == {p[1] for p in bench.city.people[:2]}
    first = r.json["items"][0]
    path = f"/callbacks/{first['cell_id']}/{first['callback_id']}/attempts"
    assert as_(worker).post(path, {"outcome": "moved"}).status_code == 201
    again = as_(worker).get("/callbacks", area_id=community.area_id).json["items"][0]
    assert again["contact"] == "moved"
    other = as_(worker).get("/callbacks", area_id=bench.city.sites[1].area.area_id)
    assert other.status_code == 403


# --- the resident -----------------------------------------------------------------------------


def code_for(bench, i) -> str:
    cell, person, _ = bench.city.people[i]
    found = service.issue_codes([(cell, person)], by=None, at=clock.now())[0][0]
    db.session.commit()
    return found


def look(client, code, **more):
    return client.post("/api/v1/results/lookup", json={"code": code, **more})


def acknowledge() -> None:
    run("UPDATE alert SET seen_by = 1, seen_at = now()")
    db.session.commit()


def test_a_resident_sees_the_own_state_and_never_the_others(bench, client):
    tube = bench.fill(0, 3)
    bench.through(tube)
    r = look(client, code_for(bench, 1))
    assert (r.status_code, r.json["state"]) == (200, "negative")
    seen = r.json["swabs"][0]
    assert (seen["state"], seen["pooled"], seen["version"]) == ("negative", 3, 1)
    assert tube not in r.text and "居民" not in r.text and "member" not in r.text


def test_a_member_of_a_positive_pool_reads_pending_and_until_when(bench, client):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    acknowledge()
    r = look(client, code_for(bench, 1))
    assert r.json["state"] == "pending_recheck" and r.json["callback_due"]
    assert "positive" not in r.text


def test_a_swab_on_its_way_reads_waiting_and_nobody_reads_nothing(bench, client):
    bench.fill(0, 3)
    assert look(client, code_for(bench, 1)).json["state"] == "waiting"
    assert look(client, code_for(bench, 7)).json == {
        "state": "not_sampled", "swabs": [], "callback_due": None
    }  # fmt: skip


def test_a_code_is_typed_in_any_case_without_its_hyphens(bench, client):
    code = code_for(bench, 0)
    assert look(client, code.replace("-", "").lower()).status_code == 200


def test_a_new_code_ends_the_old_one(bench, client):
    old = code_for(bench, 0)
    new = code_for(bench, 0)
    assert look(client, old).status_code == 404 and look(client, new).status_code == 200


def test_a_code_runs_out(bench, client):
    code = code_for(bench, 0)
    run("UPDATE access_code SET until = %s", (clock.now(),))
    db.session.commit()
    assert look(client, code).status_code == 404


def test_the_code_itself_is_stored_nowhere(bench, client):
    code = code_for(bench, 0)
    for text in (code, code.replace("-", "")):
        assert text not in str(fetch("SELECT * FROM access_code"))
        assert text not in str(fetch("SELECT * FROM audit"))


def wrong() -> str:
    import secrets

    from screening.registry.person_codes import new_access_code

    return new_access_code(secrets.randbelow)


def test_a_guesser_is_slowed_and_neighbours_at_the_address_are_not(bench, client):
    right = code_for(bench, 0)
    answers = [look(client, wrong()).status_code for _ in range(8)]
    assert answers[:3] == [404] * 3 and 429 in answers
    assert look(client, right).status_code == 200
    assert look(client, right).status_code == 200


def test_whoever_has_a_document_types_its_last_four_too(bench, client):
    from screening.registry import seals
    from screening.registry.service.persons import ring

    right = code_for(bench, 0)
    cell, person, _ = bench.city.people[0]
    run("UPDATE person SET last4_hash = %s WHERE cell_id = %s AND person_id = %s",
        (seals.last4_hash(ring(), "002X"), cell, person))  # fmt: skip
    db.session.commit()
    r = look(client, right)
    assert (r.status_code, r.json["code"]) == (403, "last4_needed")
    assert look(client, right, last4="002x").status_code == 200
    assert look(client, right, last4="1111").status_code in (404, 429)


def test_a_slip_of_the_finger_is_not_a_guess(bench, client):
    for _ in range(40):
        assert look(client, "AAAA-BBBB-CCCC").json["code"] == "bad_access_code"
    assert fetch("SELECT count(*) FROM throttle") == [(0,)]


def test_a_site_hands_codes_to_those_it_swabbed_only(bench, as_):
    bench.fill(0, 2)
    site = bench.city.sites[0]
    sampler = as_(make.staff(Role.SAMPLER, site))
    body = {"site_id": str(site.site_id)}
    r = sampler.post("/access-codes", {**body, "person": bench.city.people[0][2]})
    assert r.status_code == 201 and len(r.json["code"]) == 14
    r = sampler.post("/access-codes", {**body, "person": bench.city.people[9][2]})
    assert (r.status_code, r.json["code"]) == (403, "not_sampled_here")
    assert sampler.post("/access-codes", {"person": bench.city.people[0][2]}).status_code == 403


def test_a_look_up_asks_one_statement_and_writes_nothing(bench, client):
    import psycopg

    tube = bench.fill(0, 3)
    bench.through(tube)
    code, asked = code_for(bench, 1), []
    assert look(client, code).status_code == 200
    real = psycopg.Connection.execute

    def counted(self, statement, *a, **kw):
        asked.append(statement)
        return real(self, statement, *a, **kw)

    psycopg.Connection.execute = counted
    try:
        assert look(client, code).status_code == 200
    finally:
        psycopg.Connection.execute = real
    apart = (b"FROM round", b"pg_current_snapshot")  # caches, and the tests' own guard
    asked = [str(s)[:60] for s in asked if not any(a in s for a in apart)]
    assert len(asked) == 1, "\n".join(asked)
    assert asked[0][2:].startswith("WITH w AS")


# --- pages ------------------------------------------------------------------------------------


def test_the_residents_page_shows_the_result_in_words(bench, client):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    acknowledge()
    assert "查询检测结果" in client.get("/r").text
    page = client.post("/r", data={"code": code_for(bench, 0)})
    assert (
        page.status_code == 200
        and "待复核" in page.text
        and "阳性" not in page.text.replace("不代表您阳性", "")
    )
    page = client.post("/r", data={"code": wrong()})
    assert page.status_code == 404 and "补打" in page.text
    foreign = client.post("/r", data={"code": "x"}, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 403


def test_the_desk_leads_from_the_plate_to_the_release(bench, client):
    tube = bench.fill(0, 3)
    run_id = bench.test(tube)
    bench.review(tube, step=1)
    db.session.commit()
    headers = make.sign_in(client, bench.reviewer, cookie=True)
    url = f"/reporting/runs/{bench.lab_id}/{run_id}"
    page = client.get(url).text
    assert tube in page and "第 2 审" in page and "33.1" in page
    r = client.post(f"{url}/review", headers=headers,
                    data={"barcode": tube, "step": "2", "secret": "999999"})  # fmt: skip
    assert r.status_code >= 400 and "PIN" in r.text
    r = client.post(f"{url}/review", headers=headers,
                    data={"barcode": tube, "step": "2", "secret": PIN})  # fmt: skip
    assert r.status_code == 303
    assert "可发布" in client.get(url).text
    r = client.post(f"{url}/release", headers=headers, data={"barcode": tube})
    assert r.status_code == 303 and bench.results(tube) == [(1, NEG, 3)]
    assert "已发布 1 管" in client.get(url).text
    assert "1" in client.get(f"/reporting/tubes/{tube}").text


def test_the_desk_does_nothing_without_a_tick_and_keeps_the_ticks_of_a_refused_page(bench, client):
    tubes = [bench.fill(n, 1) for n in range(3)]
    run_id = bench.test(*tubes)
    headers = make.sign_in(client, bench.technician, cookie=True)
    url = f"/reporting/runs/{bench.lab_id}/{run_id}"

    def post(act, *ticked, pin=PIN):
        data = {"barcode": list(ticked), "step": "1", "secret": pin}
        return client.post(f"{url}/{act}", headers=headers, data=data)

    def ticked(page):
        return [t for t in tubes if f'aria-label="{t}" checked' in page.text]

    assert ticked(client.get(url)) == tubes
    r = post("review")
    assert r.status_code == 422 and "没有勾选试管" in r.text and ticked(r) == []
    r = post("review", *tubes[:2], pin="999999")
    assert "PIN" in r.text and ticked(r) == tubes[:2]
    assert post("review", *tubes[:2]).status_code == 303
    assert ticked(client.get(url)) == tubes[2:]
    bench.review(*tubes[:2], step=2)
    bench.review(tubes[2], step=1)
    headers = make.sign_in(client, bench.second, cookie=True)
    r = post("release")
    assert r.status_code == 422 and all(bench.results(t) == [] for t in tubes)


def test_the_history_of_a_person_names_every_link(bench, client):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    cell, person, _ = bench.city.people[0]
    worker = make.staff(Role.COMMUNITY_WORKER, bench.city.sites[0].area)
    headers = make.sign_in(client, worker, cookie=True)
    page = client.get(f"/persons/{cell}/{person}/timeline")
    for word in ("采样", "上机", "发布：待复核", "要求单采复核", "混管异常"):
        assert word in page.text
    slip = client.post(f"/persons/{cell}/{person}/access-code", headers=headers)
    assert slip.status_code == 200 and slip.headers["Cache-Control"] == "no-store"
    names = client.get("/callbacks").text
    assert "居民0" in names and "待单采" in names


def test_the_pages_speak_english(bench, client):
    tube = bench.fill(0, 2)
    run_id = bench.test(tube)
    make.sign_in(client, bench.reviewer, cookie=True)
    client.set_cookie("lang", "en")
    assert "first review due" in client.get(f"/reporting/runs/{bench.lab_id}/{run_id}").text
    assert "With a look-up code" in client.get("/r").text
