"""The missed list over HTTP: streamed, masked, neutral, in one snapshot; contacts and visits."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import timedelta

import orjson
import pytest
from python_calamine import CalamineWorkbook

from screening import clock
from screening.accounts.roles import Role
from screening.coverage.missed_rules import Wanted
from screening.db import db, fetch
from screening.reminders import exports, queries
from screening.reminders.queries import get_node
from tests import make
from tests.reminders.town import person

HTML = {"Accept": "text/html"}


@pytest.fixture
def people(town):
    a, b = town.communities
    building = make.area("building", a, name="3号楼")
    made = [
        person(a, "张大山", "13800000001", household=7, building=building, room="301"),
        person(a, "=HYPERLINK(1)", "13800000002", building=building),
        person(b, "李小河", "13800000003"),
    ]
    from screening.places.queries import TREE

    db.session.commit()
    TREE.forget()
    return made


def export(town, client, who, form="ndjson", area=None, **query):
    return client.get(
        "/api/v1/missed",
        query_string={
            "area": area or town.county, "round": town.city.round_id, "format": form, **query,
        },
        headers=make.sign_in(client, who),
    )  # fmt: skip


@pytest.fixture
def head(town):
    return make.staff(Role.DISTRICT_HEAD)


def test_a_district_head_gets_everybody_with_names_and_phones_masked(town, client, people, head):
    rows = [orjson.loads(x) for x in export(town, client, head).data.splitlines()]
    assert {(r["name"], r["phone"]) for r in rows} == {
        ("张*山", "138****0001"), ("=***", "138****0002"), ("李*河", "138****0003"),
    }  # fmt: skip
    assert {r["room"] for r in rows} == {""} and {r["state"] for r in rows} == {"未联系"}
    assert rows[0]["building"] == "3号楼"


def test_who_works_in_a_community_sees_its_phones_and_rooms(town, client, people):
    a = town.communities[0]
    worker = make.staff(Role.COMMUNITY_WORKER, a)
    r = export(town, client, worker, area=a.area_id)
    rows = [orjson.loads(x) for x in r.data.splitlines()]
    assert [(r["phone"], r["room"]) for r in rows] == [
        ("13800000001", "301"), ("13800000002", "101"),
    ]  # fmt: skip
    assert export(town, client, worker).status_code == 403


def test_both_communities_and_a_building_can_be_asked_for(town, client, people, head):
    building = fetch("SELECT building_id FROM person WHERE person_id = %s /* fan-out: test */",
                     (people[0][1],))[0][0]  # fmt: skip
    assert len(export(town, client, head, area=building).data.splitlines()) == 2
    b = town.communities[1].area_id
    assert len(export(town, client, head, area=b).data.splitlines()) == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_of_a_file_is_a_formula(town, client, people, head, form):
    r = export(town, client, head, form)
    assert r.status_code == 200 and f"missed-{get_node(town.county).code}" in str(r.headers)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(r.data.decode("utf-8-sig"))))
    else:
        book = CalamineWorkbook.from_filelike(io.BytesIO(r.data))
        rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == [*exports.HEADINGS["zh"], "水印"] and len(rows) == 4
    assert all(row[-1].startswith(head.staff_no) for row in rows[1:]), "every line says who"
    assert "'=***" in {row[4] for row in rows}
    assert not [v for row in rows for v in row if str(v)[:1] in "=+-@" and v]


def test_the_headings_follow_the_language_of_the_caller(town, client, people, head):
    headers = {**make.sign_in(client, head), "Accept-Language": "en"}
    query = {"area": town.county, "round": town.city.round_id, "format": "csv"}
    r = client.get("/api/v1/missed", query_string=query, headers=headers)
    assert b"community,building" in r.data and b"not contacted" in r.data


def test_the_audit_row_is_there_before_the_first_line(town, client, people, head):
    r = client.get(
        "/api/v1/missed", query_string={"area": town.county, "round": town.city.round_id},
        headers=make.sign_in(client, head), buffered=False,
    )  # fmt: skip
    db.session.rollback()
    noted = fetch("SELECT subject_id, detail FROM audit WHERE action = 'exported_missed' "
                  "/* fan-out: test */")  # fmt: skip
    assert noted == [(str(town.county), {"round": town.city.round_id, "format": "ndjson"})]
    r.close()


def test_the_whole_file_is_one_moment(app, town, people):
    order = exports.Order(
        get_node(town.county), town.city.round_id, Wanted(), lambda p: True, "zh", clock.now()
    )
    body = exports.stream(app, order, "ndjson", app.extensions["settings"].instance)
    first = next(body)
    person(town.communities[1], "后来人", "13800000009")
    db.session.commit()
    rest = list(body)
    assert len([first, *rest]) == 3, "whoever came after the first line is not in the file"
    body.close()


def test_an_export_writes_nothing_and_gives_its_connection_back(app, town, people):
    order = exports.Order(
        get_node(town.county), town.city.round_id, Wanted(), lambda p: True, "zh", clock.now()
    )
    out = db.engine.pool.checkedout()
    body = exports.stream(app, order, "csv", app.extensions["settings"].instance)
    next(body), next(body)
    assert db.engine.pool.checkedout() == out + 1
    body.close()
    assert db.engine.pool.checkedout() == out
    with pytest.raises(StopIteration):
        next(body)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_memory_stays_flat_however_many_communities_there_are(app, town, monkeypatch, form):
    """Rows of a community are let go before the next is read: ten times the communities must not
    cost twice the memory."""
    from tests import world

    community = town.communities[0]
    world.people(community, 300)
    db.session.commit()
    node = get_node(community.area_id)

    def peak(times):
        monkeypatch.setattr(exports, "communities_of", lambda _node: [node] * times)
        order = exports.Order(node, town.city.round_id, Wanted(), lambda p: True, "zh", clock.now())
        body = exports.stream(app, order, form, app.extensions["settings"].instance / "tmp")
        tracemalloc.start()
        size = sum(map(len, body))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        body.close()
        return size, most

    peak(1)
    small, one = peak(1)
    large, ten = peak(10)
    assert large > 5 * small and ten < 2 * one


def test_temporary_files_of_a_workbook_are_gone_afterwards(app, town, client, people, head):
    export(town, client, head, "xlsx").close()
    folder = app.extensions["settings"].instance / "tmp"
    assert list(folder.iterdir()) == [] and folder.stat().st_mode & 0o777 == 0o700


# -- contacts and visits ---------------------------------------------------------------------------


def contact(town, client, worker, who, outcome, **more):
    return client.post(
        "/api/v1/contacts",
        json={"cell_id": str(who[0]), "person_id": str(who[1]), "round_id": town.city.round_id,
              "outcome": outcome, **more},
        headers=make.sign_in(client, worker),
    )  # fmt: skip


def state_of(town, who):
    db.session.rollback()
    found = queries.open_missed(
        get_node(town.communities[0].area_id), town.city.round_id, at=clock.now()
    )
    return {p.person_id: p.missed.state for p in found}.get(who[1])


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("will_come", "will_come"), ("already_done", "will_come"), ("exempt_pending", "pending"),
     ("refused", "refused"), ("unreachable", "unreachable"), ("visit", "visit")],
)  # fmt: skip
def test_what_came_of_a_call_is_how_coverage_counts_the_person(
    town, client, people, outcome, state
):
    worker = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    assert contact(town, client, worker, people[0], outcome).status_code == 201
    assert state_of(town, people[0]) == state
    marks = fetch(
        "SELECT count(*) FROM dirty WHERE cell_id = %s AND community_id = %s",
        (people[0][0], town.communities[0].area_id),
    )
    assert marks[0][0]


def test_who_is_away_counts_as_away_until_that_day(town, client, people):
    worker = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    until = (clock.now() + timedelta(seconds=1)).isoformat()
    r = contact(town, client, worker, people[0], "away")
    assert (r.status_code, r.json["code"]) == (422, "contact_until")
    far = (clock.now() + timedelta(days=2)).isoformat()
    assert contact(town, client, worker, people[0], "away", until=far).status_code == 201
    assert state_of(town, people[0]) == "away"
    found = queries.open_missed(
        get_node(town.communities[0].area_id), town.city.round_id,
        at=clock.now() + timedelta(days=3),
    )  # fmt: skip
    assert {p.missed.state for p in found} == {"new"} and until


def test_contacts_are_read_back_the_latest_first(town, client, people):
    worker = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    for outcome in ("unreachable", "refused"):
        contact(town, client, worker, people[0], outcome)
    r = client.get(
        "/api/v1/contacts",
        query_string={"cell": people[0][0], "person_id": people[0][1],
                      "round": town.city.round_id},
        headers=make.sign_in(client, worker),
    )  # fmt: skip
    assert [c["outcome"] for c in r.json] == ["refused", "unreachable"]


def test_the_visit_list_holds_who_asked_and_who_cannot_be_reached(town, client, people):
    worker = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    contact(town, client, worker, people[0], "visit")
    contact(town, client, worker, people[1], "unreachable")
    r = client.get(
        "/api/v1/visits",
        query_string={"area": town.communities[0].area_id, "round": town.city.round_id},
        headers=make.sign_in(client, worker),
    )
    assert [(v["building"], v["room"], v["state"]) for v in r.json] == [
        ("3号楼", "101", "unreachable"), ("3号楼", "301", "visit"),
    ], "floor by floor"  # fmt: skip
    noted = fetch("SELECT count(*) FROM audit WHERE action = 'visit_list' /* fan-out: test */")
    assert noted[0][0] == 2


def test_a_round_that_is_over_takes_no_contacts(town, client, people):
    from screening.db import run
    from screening.registry.queries import ROUNDS

    worker = make.staff(Role.COMMUNITY_WORKER, town.communities[0])
    run("UPDATE round SET state = 'closed' WHERE round_id = %s", (town.city.round_id,))
    db.session.commit()
    ROUNDS.forget()
    r = contact(town, client, worker, people[0], "refused")
    assert (r.status_code, r.json["code"]) == (409, "reminder_round_not_open")


def test_a_household_is_one_line_and_never_torn_between_two_pages(town, client, monkeypatch):
    from screening.reminders.pages import frame

    monkeypatch.setattr(frame, "PAGE", 2)
    a = town.communities[0]
    for home in (1, 2):
        for n in range(3):
            person(a, f"王第{n}", f"1380000{home}00{n}", household=home, room=f"{home}01")
    db.session.commit()
    worker = make.staff(Role.COMMUNITY_WORKER, a)
    headers = {**make.sign_in(client, worker), **HTML}
    url = f"/missed/{a.area_id}?round={town.city.round_id}&view=households"
    first = client.get(url, headers=headers).text
    assert "1-101" in first and "1-201" not in first
    assert all(f"1380000100{n}" in first for n in range(3)) and "共 2" in first
    noted = fetch("SELECT count(*) FROM audit WHERE action = 'missed_list' /* fan-out: test */")
    assert noted[0][0] == 3, "only who is shown is read"


def test_a_filter_that_does_not_exist_is_refused_in_words(town, client, people, head):
    url = f"/missed/{town.communities[0].area_id}?round={town.city.round_id}"
    headers = {**make.sign_in(client, head), **HTML}
    assert client.get(f"{url}&cohort=pirates", headers=headers).status_code == 422
    assert export(town, client, head, cohort="pirates").status_code == 422
    assert len(export(town, client, head, cohort="general").data.splitlines()) == 3
    assert export(town, client, head, age="80+").data == b""
