"""A glance: one statement outside any transaction, on a connection of its own."""

from __future__ import annotations

import gc

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine

from screening.db import db, raw
from screening.glance import _IDLE, _keep, glance


@pytest.fixture(autouse=True)
def none_idle(app: Flask) -> None:
    """Other tests of this process glance too, from several threads."""
    with app.app_context():
        db.engine.dispose()


def test_a_glance_lends_its_connection_again(app: Flask) -> None:
    with app.app_context():
        (first,) = glance("SELECT pg_backend_pid()")
        assert glance("SELECT pg_backend_pid()") == [first]
        assert len(_IDLE[db.engine]) == 1


def test_a_glance_sees_nothing_that_is_not_committed(app: Flask) -> None:
    with app.app_context():
        raw().execute("CREATE TABLE glanced (n int)")
        assert glance("SELECT to_regclass('glanced')") == [(None,)]
        db.session.rollback()


def test_one_that_was_cut_off_while_idle_is_asked_again(app: Flask) -> None:
    with app.app_context():
        ((pid,),) = glance("SELECT pg_backend_pid()")
        raw().execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        db.session.rollback()
        ((other,),) = glance("SELECT pg_backend_pid()")
        assert other != pid


def test_a_statement_that_fails_is_not_asked_again_and_spoils_nothing(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(psycopg.errors.DivisionByZero):
            glance("SELECT 1 / 0")
        with pytest.raises(psycopg.errors.QueryCanceled):
            glance("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)")
        assert glance("SELECT 1") == [(1,)]


def test_disposing_of_the_engine_closes_the_idle_ones(app: Flask) -> None:
    with app.app_context():
        glance("SELECT 1")
        (idle,) = _IDLE[db.engine]
        db.engine.dispose()
        assert idle.closed
        assert glance("SELECT 1") == [(1,)]


def test_an_engine_that_is_forgotten_closes_the_idle_ones(database_url: str) -> None:
    engine = create_engine(database_url)
    held = engine.raw_connection()
    conn = held.driver_connection
    assert isinstance(conn, psycopg.Connection)
    held.detach()
    _keep(engine).append(conn)
    del engine, held
    gc.collect()
    assert conn.closed
