"""Jobs that are run by several workers, outlive them, and see the clock set back."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

from sqlalchemy import create_engine

from screening import cli, clock, jobs, serve
from screening.app import create_app
from screening.db import db, fetch, run


def test_a_schedule_goes_on_after_the_clock_was_set_back(db_session):
    jobs.run_due()
    run("UPDATE schedule SET next_at = %s", (clock.real_now() + timedelta(days=1),))
    run("DELETE FROM job")
    db.session.commit()
    jobs.run_due(0)
    assert fetch("SELECT count(*) FROM job")[0][0] == len(jobs.SCHEDULES)


def test_a_job_that_ends_its_worker_again_and_again_is_given_up(db_session, monkeypatch):
    monkeypatch.setattr(jobs, "SCHEDULES", {})
    job_id = jobs.enqueue("no_such_kind")
    run(
        "UPDATE job SET state = 1, attempts = %s, started_at = %s WHERE job_id = %s",
        (len(jobs.BACK_OFF), clock.real_now(), job_id),
    )
    db.session.commit()
    assert jobs.run_due() == 0
    assert fetch("SELECT state, error FROM job") == [(jobs.FAILED, "worker_ended")]


def test_the_locks_of_a_job_go_with_it(db_session):
    jobs.run_due()
    db.session.rollback()
    held = fetch(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
        "WHERE locktype = 'advisory' AND datname = current_database()"
    )
    assert held == [(0,)]


def test_a_job_that_fails_logs_its_place_and_no_value(db_session, monkeypatch, caplog):
    def fails() -> None:
        raise ValueError("440106199001011234")

    monkeypatch.setattr(jobs, "SCHEDULES", {})
    monkeypatch.setitem(jobs.KINDS, "fails", fails)
    jobs.enqueue("fails")
    db.session.commit()
    jobs.run_due(1)
    assert "440106199001011234" not in caplog.text
    assert "ValueError" in caplog.text and "test_jobs.py" in caplog.text


def test_the_worker_outlives_a_database_that_is_away(app, db_session, monkeypatch, caplog):
    kept = app.extensions["settings"]
    away = create_app(kept)
    nowhere = create_engine("postgresql+psycopg://nobody@/none?host=/nowhere")
    monkeypatch.setattr(cli, "AWAY", 0)
    with away.app_context():
        monkeypatch.setitem(db._app_engines[away], None, nowhere)
        assert cli._run_due() == 0
    assert "the worker waits" in caplog.text


def child(code):
    return subprocess.Popen([sys.executable, "-c", code])


def test_a_worker_that_was_killed_is_started_again_a_web_server_is_not(monkeypatch):
    monkeypatch.setattr(serve, "TRIES", 1)
    monkeypatch.setattr(serve.signal, "signal", lambda *_: None)  # the tests keep theirs
    stays, dies = "import time; time.sleep(60)", "import os; os.kill(os.getpid(), 9)"
    begun = []

    def again():
        begun.append(child("raise SystemExit(3)"))
        return begun[-1]

    with serve.running(child(stays), child(dies)) as children:
        assert serve.wait(children, again) == 3
    assert len(begun) == 1
    with serve.running(child(dies), child(stays)) as children:
        assert serve.wait(children, again) == -9
    assert len(begun) == 1
