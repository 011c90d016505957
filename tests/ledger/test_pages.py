"""The ledger at its doors: from a number to the last scan, explained and signed on pages."""

from __future__ import annotations

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from tests import make


@pytest.fixture
def desk(day):
    """Two dispatchers with a client each; `get`, `post` of the first unless `who` says."""
    headers = [make.sign_in(day.client, make.staff(Role.DISPATCHER)) for _ in range(2)]

    class Desk:
        def get(self, path, who=0):
            return day.client.get(path, headers={"Accept": "text/html", **headers[who]})

        def post(self, path, who=0, **kw):
            return day.client.post(path, headers={"Accept": "text/html", **headers[who]}, **kw)

    run("UPDATE tube SET due_at = %s WHERE cell_id = %s AND barcode = %s",
        (clock.now(), day.cell, day.waiting))  # fmt: skip
    db.session.commit()
    return Desk()


def part(day, name: str, act: str = "") -> str:
    return f"/ledger/{day.city.round_id}/parts/{name}" + (f"/{act}" if act else "")


def test_from_the_number_to_the_tube_and_its_last_scan(day, desk):
    page = desk.get("/ledger").get_data(as_text=True)
    assert part(day, "late") in page and day.city.sites[0].name in page
    listed = desk.get(part(day, "late")).get_data(as_text=True)
    assert day.waiting in listed and "封管" in listed
    assert desk.get(part(day, "nothing")).status_code == 404


def test_a_line_is_explained_by_one_and_closed_by_another_on_the_page(day, desk):
    chosen = {"subjects": day.waiting}
    r = desk.post(part(day, "late", "explain"), data={**chosen, "code": ""})
    assert r.status_code == 422 and "请选择一个原因" in r.get_data(as_text=True)
    r = desk.post(part(day, "late", "explain"), data={**chosen, "code": "never_used"})
    assert r.status_code == 303
    r = desk.post(part(day, "late", "close"), data=chosen)
    assert r.status_code == 409 and "不同的人" in r.get_data(as_text=True)
    assert desk.post(part(day, "late", "close"), who=1, data=chosen).status_code == 303
    assert "已核销" in desk.get(part(day, "late")).get_data(as_text=True)


def test_a_signature_that_is_refused_says_what_stands_in_the_way(day, desk):
    run("UPDATE round SET state = 'finishing', stopped_at = %s WHERE round_id = %s",
        (clock.now(), day.city.round_id))  # fmt: skip
    db.session.commit()
    r = desk.post(f"/rounds/{day.city.round_id}/sign-off")
    text = r.get_data(as_text=True)
    assert r.status_code == 409 and "还不能签核" in text and "日志未到齐" in text
    assert fetch("SELECT count(*) FROM sign_off") == [(0,)]


def test_a_recount_is_asked_for_and_kept(day, desk):
    from screening.jobs import KINDS

    assert desk.post(f"/rounds/{day.city.round_id}/check").status_code == 303
    (args,) = fetch("SELECT args FROM job WHERE kind = 'ledger_check'")[0]
    KINDS["ledger_check"](**args)
    db.session.commit()
    page = desk.get(f"/rounds/{day.city.round_id}/sign-off").get_data(as_text=True)
    assert "1 处不同" in page and day.waiting in page  # its deadline was set by this test


def test_the_api_lists_a_part_with_the_last_scan_of_each_tube(day, desk):
    r = desk.get(f"/api/v1/ledger/parts/late?round={day.city.round_id}")
    (item,) = r.json["items"]
    assert (item["subject_id"], item["state"], item["why"]) == (day.waiting, "open", "late")
    assert item["last_scan"]["verb"] == 2 and r.json["next"] is None
    b = desk.get(f"/api/v1/ledger?round={day.city.round_id}").json
    assert b["tubes"] == b["released"] + b["in_chain"] + b["left"] == 3
    assert sum(p["items"] for p in b["by_place"] if p["part"] == "late") == 1
    assert desk.get("/api/v1/ledger/parts/x?round=1").json["code"] == "no_such_part"
