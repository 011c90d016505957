"""A list becomes a file: in the background, in pieces, masked, marked, limited, forgotten."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from screening import clock, jobs
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db, fetch, run
from screening.errors import NotAllowed
from screening.exports import kinds, queries, rules, service
from screening.places.queries import TREE
from tests import make, world


@pytest.fixture
def city(db_session, app):
    with app.test_request_context():
        made = world.city(persons=20)
        TREE.forget()
        yield made


def county_of(city) -> int:
    return int(city.sites[0].area.path.strip("/").split("/")[-3])


def head_of(city):
    from screening.places.rules import Place

    node = TREE.fresh().by_id[county_of(city)]
    return make.staff(Role.DISTRICT_HEAD, Place("area", node.area_id, node.path))


def ask(city, who, kind="persons", form="csv", **kw) -> int:
    number = service.ask(
        kind, county_of(city), city.round_id, form, by=actor_of(who.staff_id), lang="zh", **kw
    )
    db.session.commit()
    return number


def made(city, who, kind="persons", form="csv", **kw) -> bytes:
    number = ask(city, who, kind, form, **kw)
    jobs.run_due()
    row = queries.get_export(number)
    assert row.state == rules.DONE
    return whole(number)


def whole(number: int) -> bytes:
    from flask import current_app

    size = queries.get_export(number).size
    return b"".join(queries.read_bytes(number, 0, size - 1, current_app.extensions["keys"]))


def lines(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_a_list_of_persons_is_masked_and_every_line_says_who_took_it(city):
    who = head_of(city)
    head, *rows = lines(made(city, who))
    assert head[-1] == "水印" and len(rows) == 40
    assert {r[4] for r in rows} == {"居**", "居***"}
    assert {r[3] for r in rows} == {""}
    assert all(r[-1].startswith(who.staff_no) for r in rows)


def test_an_open_list_needs_a_reason_and_shows_names_and_doors(city):
    who = head_of(city)
    with pytest.raises(service.ReasonMissing):
        ask(city, who, unmasked=True)
    _head, *rows = lines(made(city, who, unmasked=True, reason="visits"))
    assert "居民0" in {r[4] for r in rows} and {r[3] for r in rows} == {"101"}
    noted = fetch("SELECT detail ->> 'reason' FROM audit WHERE action = 'export_asked'")
    assert noted == [("visits",)]


def test_who_may_only_read_masked_lists_gets_no_open_one(city):
    worker = make.staff(Role.COMMUNITY_WORKER, city.sites[0].area)
    with pytest.raises(NotAllowed):
        service.ask("persons", city.sites[0].area.area_id, city.round_id, "csv",
                    by=actor_of(worker.staff_id), lang="zh", unmasked=True, reason="visits")  # fmt: skip


def test_the_day_ends_the_number_of_open_lists(city):
    who = head_of(city)
    for _ in range(rules.OPEN_FILES.value):
        made(city, who, unmasked=True, reason="calls")
    with pytest.raises(service.OpenLimit):
        ask(city, who, unmasked=True, reason="calls")
    assert ask(city, who)


def test_an_open_list_that_passes_the_days_rows_is_not_given(city, monkeypatch):
    monkeypatch.setattr(rules, "OPEN_ROWS", rules.Limit(30, "test"))
    number = ask(city, head_of(city), unmasked=True, reason="calls")
    jobs.run_due()
    row = queries.get_export(number)
    assert (row.state, row.size) == (rules.LIMITED, 0)
    assert fetch("SELECT count(*) FROM export_piece") == [(0,)]


def test_pieces_are_sealed_and_a_range_is_read_from_their_middle(city, monkeypatch):
    monkeypatch.setattr(rules, "PIECE", rules.Limit(1000, "test"))
    monkeypatch.setattr(rules.cut, "__defaults__", (1000,))
    from flask import current_app

    number = ask(city, head_of(city))
    jobs.run_due()
    data = whole(number)
    pieces = fetch("SELECT body FROM export_piece WHERE export_id = %s ORDER BY seq", (number,))
    assert len(pieces) == -(-len(data) // 1000) > 3
    assert not [p for (p,) in pieces if "社区".encode() in bytes(p) or b"area" in bytes(p)]
    keys = current_app.extensions["keys"]
    for first, last in ((0, 0), (999, 1000), (500, 2500), (len(data) - 1, len(data) - 1)):
        assert b"".join(queries.read_bytes(number, first, last, keys)) == data[first : last + 1]


def test_a_download_goes_on_where_it_broke_off(city, client):
    who = head_of(city)
    number = ask(city, who)
    jobs.run_due()
    data = whole(number)
    db.session.rollback()
    headers = make.sign_in(client, who)
    url = f"/api/v1/exports/{number}/file"
    r = client.get(url, headers=headers)
    assert (r.status_code, r.get_data(), r.headers["Accept-Ranges"]) == (200, data, "bytes")
    etag = r.headers["ETag"]
    part = client.get(url, headers={**headers, "Range": "bytes=100-", "If-Range": etag})
    assert (part.status_code, part.get_data()) == (206, data[100:])
    assert part.headers["Content-Range"] == f"bytes 100-{len(data) - 1}/{len(data)}"
    other = client.get(url, headers={**headers, "Range": "bytes=100-", "If-Range": '"x"'})
    assert (other.status_code, other.get_data()) == (200, data)
    beyond = client.get(url, headers={**headers, "Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.json["code"]) == (416, "export_range")
    assert fetch("SELECT count(*) FROM audit WHERE action = 'export_fetched'")[0][0] == 3


def test_the_desk_tells_files_apart_and_an_empty_one_from_a_full_one(city, client):
    who = head_of(city)
    made(city, who)
    made(city, who, "due")
    db.session.rollback()
    page = client.get("/exports", headers={**make.sign_in(client, who), "Accept": "text/html"}).text
    name = fetch("SELECT name FROM round WHERE round_id = %s", (city.round_id,))[0][0]
    assert page.count(f'<span class="sub">{name} · 20') == 2
    feet = re.findall(r'<div class="job-foot">\s*<span>(.*?) KB</span>', page)
    told = [re.sub(r"<[^>]+>", "", f) for f in feet]
    assert told[0].startswith("0 行 · 已遮蔽") and "40 / 40 · 已遮蔽" in told[1]


def test_nobody_fetches_anothers_file(city, client):
    number = ask(city, head_of(city))
    jobs.run_due()
    other = make.staff(Role.DISTRICT_HEAD)
    db.session.rollback()
    r = client.get(f"/api/v1/exports/{number}/file", headers=make.sign_in(client, other))
    assert r.status_code == 404


def test_a_role_that_ended_closes_the_file(city, client):
    who = head_of(city)
    number = ask(city, who)
    jobs.run_due()
    headers = make.sign_in(client, who)
    run(
        "UPDATE grant_role SET until = now() - interval '1 minute' WHERE staff_id = %s",
        (who.staff_id,),
    )
    db.session.commit()
    assert client.get(f"/api/v1/exports/{number}/file", headers=headers).status_code == 403


def test_a_sheet_that_is_full_goes_on_in_the_next_one(city, monkeypatch):
    from screening.exports import files

    monkeypatch.setattr(files, "SHEET_ROWS", rules.Limit(15, "test"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(made(city, head_of(city), form="xlsx")))
    sheets = [book.get_sheet_by_name(n).to_python() for n in book.sheet_names]
    assert [len(s) - 1 for s in sheets] == [15, 15, 10]
    assert len({tuple(s[0]) for s in sheets}) == 1


def test_a_name_that_begins_with_a_formula_stays_text(city):
    from screening.registry import seals
    from screening.registry.service.persons import ring

    cell, person, _code = city.people[0]
    sealed = seals.seal_person(ring(), seals.Details("=HYPERLINK(1)", "X1"))
    run(
        "UPDATE person SET sealed = %s WHERE cell_id = %s AND person_id = %s",
        (sealed, cell, person),
    )
    data = made(city, head_of(city), unmasked=True, reason="calls")
    assert "'=HYPERLINK(1)" in {r[4] for r in lines(data)}


def test_what_is_cancelled_leaves_no_bytes(city):
    who = head_of(city)
    number = ask(city, who)
    service.cancel(number, by=actor_of(who.staff_id))
    db.session.commit()
    jobs.run_due()
    assert queries.get_export(number).state == rules.CANCELLED
    assert fetch("SELECT count(*) FROM export_piece") == [(0,)]


def test_an_expired_file_is_thrown_away_and_only_its_line_stays(city):
    number = ask(city, head_of(city))
    jobs.run_due()
    later = clock.real_now() + timedelta(hours=rules.KEPT_HOURS.value + 1)
    assert service.forget_expired(at=later) == 1
    assert queries.get_export(number).state == rules.GONE
    assert fetch("SELECT count(*) FROM export_piece") == [(0,)]


def test_a_job_that_is_run_again_makes_the_same_file_once(city):
    number = ask(city, head_of(city))
    jobs.run_due()
    first = whole(number)
    run("UPDATE export_file SET state = 'running' WHERE export_id = %s", (number,))
    db.session.commit()
    assert service.build(number) == rules.DONE
    assert whole(number) == first


@pytest.mark.parametrize("kind", ["missed", "coverage", "results", "tubes", "persons"])
@pytest.mark.parametrize("form", rules.FORMATS)
def test_every_kind_is_made_in_every_format(city, kind, form):
    assert set(kinds.LISTINGS) >= {"missed", "coverage", "results", "tubes", "persons"}
    assert made(city, head_of(city), kind, form) or form == "ndjson"


def test_results_are_those_that_were_released(app, client, db_session):
    from tests.reporting import bench as made_bench

    with app.test_request_context():
        bench = made_bench.set_up(client)
        TREE.forget()
        bench.through(bench.fill(0, 3))
        bench.fill(3, 2)
        who = head_of(bench.city)
        _head, *rows = lines(made(bench.city, who, "results"))
        assert len(rows) == 3 and {r[8] for r in rows} == {"阴性"}
        _head, *tubes = lines(made(bench.city, who, "tubes"))
        assert len(tubes) == 2


def test_a_round_that_has_not_begun_has_no_list(city):
    run("UPDATE round SET started_at = NULL WHERE round_id = %s", (city.round_id,))
    db.session.commit()
    with pytest.raises(service.NotBegun):
        ask(city, head_of(city))
