"""Attempts to take more than a day allows, to mix two makings of one file, and to smuggle formulas."""

from __future__ import annotations

import csv
import io
import threading
from datetime import timedelta

import pytest
from flask import current_app
from python_calamine import CalamineWorkbook

from screening import clock, jobs
from screening.accounts.queries import actor_of
from screening.db import db, fetch, run
from screening.exports import files, queries, rules, service
from screening.exports.api import told
from tests.exports import test_exports as desk
from tests.exports.test_exports import ask, county_of, head_of, whole

city = desk.city


def at_once(n, work):
    """`work` in n threads that begin together; what they raised."""
    app, gate, faults = current_app._get_current_object(), threading.Barrier(n), []

    def one(i):
        with app.app_context():
            try:
                gate.wait(20)
                work(i)
                db.session.commit()
            except Exception as e:  # noqa: BLE001
                faults.append(e)
                db.session.rollback()
            finally:
                db.session.remove()

    db.session.commit()
    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return faults


def test_asking_many_times_in_the_same_moment_does_not_pass_the_days_limit(city, monkeypatch):
    monkeypatch.setattr(rules, "RUNNING_MOST", rules.Limit(99, "test"))
    monkeypatch.setattr(rules, "OPEN_FILES", rules.Limit(2, "test"))
    who = head_of(city)
    by, area = actor_of(who.staff_id), county_of(city)
    faults = at_once(6, lambda _: service.ask(
        "persons", area, city.round_id, "csv", by=by, lang="zh", unmasked=True, reason="calls"
    ))  # fmt: skip
    assert fetch("SELECT count(*) FROM export_file") == [(2,)]
    assert {type(f) for f in faults} == {service.OpenLimit}


def test_open_files_made_at_the_same_time_share_the_days_rows(city, monkeypatch):
    monkeypatch.setattr(rules, "OPEN_ROWS", rules.Limit(60, "test"))  # the list has 40
    who = head_of(city)
    numbers = [ask(city, who, unmasked=True, reason="calls") for _ in range(2)]
    assert at_once(2, lambda i: service.build(numbers[i])) == []
    states = [queries.get_export(n).state for n in numbers]
    # where both were far already, neither is given
    assert states.count(rules.DONE) <= 1 and set(states) <= {rules.DONE, rules.LIMITED}


def test_a_file_that_takes_long_is_not_begun_by_a_second_worker(city, monkeypatch):
    who = head_of(city)
    number = ask(city, who)
    begun, go = [], threading.Event()
    plain = service.build

    def slow(export_id):
        begun.append(export_id)
        go.wait(20)
        return plain(export_id)

    monkeypatch.setattr(service, "build", slow)
    app = current_app._get_current_object()

    def work():
        with app.app_context():
            jobs.run_due()
            db.session.remove()

    db.session.commit()
    first = threading.Thread(target=work)
    first.start()
    while not begun:
        pass
    run("UPDATE job SET started_at = %s WHERE state = 1", (clock.real_now() - timedelta(hours=1),))
    db.session.commit()
    second = threading.Thread(target=work)
    second.start()
    second.join(3)
    go.set()
    first.join()
    second.join()
    assert begun == [number]
    assert queries.get_export(number).state == rules.DONE


def test_a_file_whose_worker_was_killed_is_begun_anew_at_once(city):
    """The job stands as running, and nobody runs it."""
    number = ask(city, head_of(city))
    run(
        "UPDATE job SET state = 1, started_at = %s WHERE kind = %s", (clock.real_now(), service.JOB)
    )
    run("UPDATE export_file SET state = 'running', done = 7")
    db.session.commit()
    jobs.run_due()
    row = queries.get_export(number)
    assert row.state == rules.DONE and whole(number)


@pytest.mark.parametrize(
    "value",
    ["=1+1", " =1+1", "\u3000=1+1", "\u200b=1+1", "\ufeff=1+1", "\xa0@SUM(A1)", "\t+1", "\x00=1",
     "\u2060-1", "＝1", "\v=1", "\x1f=1"],
)  # fmt: skip
def test_no_formula_hides_behind_marks_that_nobody_sees(value):
    assert rules.neutral(value).startswith("'")
    (cell,) = next(csv.reader(io.StringIO(rules.csv_line([value]))))
    assert cell.startswith("'")


def test_no_sheet_of_any_form_holds_a_formula(city, tmp_path):
    rows = [['=HYPERLINK("http://x")', "@x", "http://x", 12345678901234567890, 2**62, None, True]]
    data = b"".join(files.write("xlsx", list("abcdefg"), list("abcdefg"), rows, tmp_path, "w"))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert sheet[1][0] == '\'=HYPERLINK("http://x")'
    assert sheet[1][3] == "12345678901234567890" and sheet[1][4] == str(2**62)


@pytest.mark.parametrize("header", ["bytes=" + "9" * 5000 + "-", "bytes=-" + "9" * 5000,
                                    "bytes=0-" + "9" * 5000, "bytes=٣-", "bytes=--1"])  # fmt: skip
def test_a_range_of_absurd_numbers_is_no_fault_of_the_server(header):
    try:
        found = rules.read_range(header, 100)
    except rules.BadRange:
        return
    assert found is None or (0 <= found[0] <= found[1] < 100)


def test_after_a_job_gave_up_the_person_may_ask_again(city):
    who = head_of(city)
    for _ in range(rules.RUNNING_MOST.value):
        number = ask(city, who)
    run("UPDATE job SET state = 3")
    db.session.commit()
    row = queries.get_own(number, who.staff_id)
    assert told(row, queries.broken([row]))["state"] == rules.FAILED
    assert told(row, set())["state"] == rules.WAITING
    assert ask(city, who)
