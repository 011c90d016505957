"""The people near a positive tube: who is listed, who may look, and what is left in the audit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.bulletins import near, queries, service
from screening.db import db, fetch, run
from screening.registry.keys import RoundPurged, destroy_round_key
from tests import make
from tests.bulletins.conftest import Desk
from tests.reporting.bench import POS


def opened(number: int) -> dict[str, list[dict]]:
    db.session.rollback()
    people = service.open_sealed(queries.get_bulletin(number))
    return {
        b["key"]: [dict(zip(b["columns"], r, strict=True)) for r in b["rows"]]
        for b in people["blocks"]
    }


def make_near(desk: Desk, tube: str) -> int:
    number = near.make(tube, "tracing", by=actor_of(desk.head.staff_id), at=clock.now())
    db.session.commit()
    return number


def test_members_and_those_at_the_site_within_half_an_hour_are_listed(desk):
    desk.fill(10, 3)
    tube = desk.fill(0, 4)
    desk.fill(20, 2)
    desk.fill(50, 2, site=1)
    desk.through(tube, outcome=POS)
    found = opened(make_near(desk, tube))
    assert len(found["members"]) == 4
    assert {r["name"] for r in found["members"]} == {f"居民{i}" for i in range(4)}
    assert {r["name"] for r in found["near"]} == {"居民10", "居民11", "居民12", "居民20", "居民21"}
    assert {r["state"] for r in found["members"]} == {"c_open"}


def test_who_came_an_hour_later_was_not_near(desk):
    tube, later = desk.fill(0, 2), desk.fill(10, 2)
    run("UPDATE specimen SET at = at + interval '1 hour' WHERE barcode = %s", (later,))
    run(
        "UPDATE tube SET opened_at = opened_at + interval '1 hour', "
        "closed_at = closed_at + interval '1 hour' WHERE barcode = %s",
        (later,),
    )
    db.session.commit()
    desk.through(tube, outcome=POS)
    assert opened(make_near(desk, tube))["near"] == []


def test_the_window_reaches_from_before_the_first_to_after_the_last():
    first, last = clock.real_now(), clock.real_now() + timedelta(minutes=10)
    half = timedelta(minutes=30)
    assert near.window([last, first]) == (first - half, last + half)
    assert near.window([]) is None


def test_a_tube_without_a_signal_stays_closed(desk):
    tube = desk.fill(0, 2)
    desk.through(tube)
    with pytest.raises(near.NoSignal):
        make_near(desk, tube)


def test_an_alert_is_enough(desk):
    tube = desk.fill(0, 2)
    desk.alert(tube, "hand", POS)
    assert len(opened(make_near(desk, tube))["members"]) == 2


def test_a_reason_is_asked_for(desk):
    tube = desk.fill(0, 2)
    desk.alert(tube, "hand", POS)
    with pytest.raises(near.UnknownReason):
        near.make(tube, "", by=actor_of(desk.head.staff_id), at=clock.now())


def test_every_person_opened_is_audited_and_so_is_every_later_look(desk, client):
    desk.fill(10, 1)
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    number = make_near(desk, tube)
    read = "SELECT count(*) FROM audit WHERE action = 'special_report' AND subject = 'person'"
    assert fetch(read)[0][0] == 3
    db.session.rollback()
    make.sign_in(client, desk.head, cookie=True)
    page = client.get(f"/bulletins/{number}").get_data(as_text=True)
    assert "居民0" not in page and "居**" in page
    db.session.rollback()
    assert fetch(read)[0][0] == 6


def test_names_are_shown_for_a_reason_only(desk, client):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    number = make_near(desk, tube)
    token = make.sign_in(client, desk.head, cookie=True)["X-CSRF-Token"]
    asked = {"csrf_token": token, "reason": ""}
    assert client.post(f"/bulletins/{number}/people", data=asked).status_code == 422
    asked["reason"] = "tracing"
    page = client.post(f"/bulletins/{number}/people", data=asked).get_data(as_text=True)
    assert "居民0" in page
    db.session.rollback()
    rows = fetch("SELECT detail ->> 'reason' FROM audit WHERE action = 'near_opened'")
    assert [r[0] for r in rows] == ["tracing", "tracing"]


def test_both_genes_stand_in_the_report(desk):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    run('UPDATE call SET cts = \'{"ORF1ab": 33.1, "N": 34.25, "IC": 28}\'')
    db.session.commit()
    body = queries.get_bulletin(make_near(desk, tube)).body
    calls = next(b for b in body["blocks"] if b["key"] == "calls")
    row = dict(zip(calls["columns"], calls["rows"][0], strict=True))
    assert (row["orf"], row["n"], row["others"]) == ("33.10", "34.25", "IC 28.00")


def test_after_the_purge_the_figures_stay_and_the_people_are_gone(desk, client):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    number = make_near(desk, tube)
    destroy_round_key(desk.city.round_id)
    db.session.commit()
    with pytest.raises(RoundPurged):
        service.open_sealed(queries.get_bulletin(number))
    db.session.rollback()
    make.sign_in(client, desk.head, cookie=True)
    page = client.get(f"/bulletins/{number}")
    assert page.status_code == 200 and "已经销毁" in page.get_data(as_text=True)


def test_a_file_with_names_says_on_every_page_who_took_it(desk, client):
    import io

    from pypdf import PdfReader

    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    number = make_near(desk, tube)
    token = make.sign_in(client, desk.head, cookie=True)["X-CSRF-Token"]
    asked = {"csrf_token": token, "reason": "tracing", "form": "pdf"}
    r = client.post(f"/bulletins/{number}/people", data=asked)
    pages = [p.extract_text() for p in PdfReader(io.BytesIO(r.get_data())).pages]
    assert "居民0" in "".join(pages)
    assert all(desk.head.staff_no in page for page in pages)
