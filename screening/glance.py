"""One reading statement that needs no transaction around it, on connections kept for just that.

The session's connections cost a look-up three turns of the driver and of the pool for each statement
(autocommit on, autocommit off, the rollback when they are given back); these cost none."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from screening.db import db

# idle ones of each engine; lists, since append and pop are whole in themselves between threads
_IDLE: weakref.WeakKeyDictionary[Engine, list[psycopg.Connection]] = weakref.WeakKeyDictionary()


def glance(statement: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple]:
    """Rows of one reading statement, which sees only what is committed. One that was cut off while
    it lay idle is asked again on a fresh one."""
    engine = db.engine
    idle = _IDLE.get(engine)
    if idle is None:
        idle = _keep(engine)
    while True:
        held = _take(idle)
        conn = held or _open(engine)
        try:
            rows = conn.execute(statement.encode(), params).fetchall()
        except psycopg.OperationalError:
            if held is None or not conn.closed:
                raise
        else:
            return rows
        finally:
            if _IDLE.get(engine) is idle and not conn.closed:
                idle.append(conn)
            else:  # the engine was disposed of meanwhile
                conn.close()


def _keep(engine: Engine) -> list[psycopg.Connection]:
    """The place for its idle ones; an engine that is forgotten without being disposed of ends them."""
    fresh: list[psycopg.Connection] = []
    idle = _IDLE.setdefault(engine, fresh)
    if idle is fresh:
        weakref.finalize(engine, _close, idle).atexit = False
    return idle


def _take(idle: list[psycopg.Connection]) -> psycopg.Connection | None:
    try:
        return idle.pop()
    except IndexError:
        return None


def _open(engine: Engine) -> psycopg.Connection:
    """Made as the engine makes its own, then no longer its."""
    held = engine.raw_connection()
    conn = held.driver_connection
    assert isinstance(conn, psycopg.Connection)
    held.detach()
    conn.autocommit = True
    return conn


@event.listens_for(Engine, "engine_disposed")
def _end(engine: Engine) -> None:
    _close(_IDLE.pop(engine, []))


def _close(idle: list[psycopg.Connection]) -> None:
    while (conn := _take(idle)) is not None:
        conn.close()
