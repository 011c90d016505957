"""The database: one Base, one session holder, ids, and the bulk helper of the hot path."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal, overload

import psycopg
from flask_sqlalchemy import SQLAlchemy
from psycopg import sql as pgsql
from sqlalchemy import BigInteger, DateTime, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """All tables. `info={"big": True}` in a table's args marks a row kind that carries cell_id."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        dict: JSONB,
        list: JSONB,
    }


db = SQLAlchemy(metadata=Base.metadata)

_EPOCH_MS = 1_600_000_000_000
_lock = threading.Lock()
_node: tuple[int, int] | None = None
_last = [0, 0]


def new_id() -> int:
    """A 63-bit id: 41 bits of milliseconds, 12 bits of process, 10 bits of counter.

    Made by the application (no sequence), rising in time, alike on one machine and on many. Two
    processes that drew the same number could at worst meet a primary key and be refused.
    """
    global _node
    with _lock:
        pid = os.getpid()
        if _node is None or _node[0] != pid:
            _node = (pid, random.SystemRandom().getrandbits(12))
        ms = max(int(time.time() * 1000) - _EPOCH_MS, _last[0])
        count = _last[1] + 1 if ms == _last[0] else 0
        if count >= 1024:
            ms, count = ms + 1, 0
        _last[0], _last[1] = ms, count
        return (ms << 22) | (_node[1] << 10) | count


def raw() -> psycopg.Connection:
    """The driver connection of this request's own session, so that one commit ends both."""
    db.session.flush()
    conn = db.session.connection().connection.driver_connection
    assert isinstance(conn, psycopg.Connection)
    return conn


def fetch(statement: str, params: Sequence[Any] | dict[str, Any] = ()) -> list[tuple]:
    """Rows of one statement on the driver connection (psycopg placeholders)."""
    return raw().execute(statement.encode(), params).fetchall()


def run(statement: str, params: Sequence[Any] | dict[str, Any] = ()) -> int:
    """Run one statement on the driver connection; the number of rows it touched."""
    return raw().execute(statement.encode(), params).rowcount


@overload
def insert(
    table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], tail: str = ...
) -> list[tuple]: ...
@overload
def insert(
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    tail: str = ...,
    *,
    returning: Literal[True],
) -> list[tuple]: ...
def insert(
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    tail: str = "",
    *,
    returning: bool = False,
) -> list[tuple]:
    """Multi-row INSERT in fixed group sizes, so that each statement is prepared once.

    `tail` follows the VALUES (ON CONFLICT …, RETURNING …); with `returning` its rows come back.
    On a big table the caller groups by cell (database rule 7).
    """
    if not rows:
        return []
    cur = raw().cursor()
    out: list[tuple] = []
    names = tuple(columns)
    at = 0
    for size in _groups(len(rows)):
        flat: list[Any] = []
        for row in rows[at : at + size]:
            flat.extend(row)
        cur.execute(_statement(table, names, size, tail), flat)
        if returning:
            out.extend(cur.fetchall())
        at += size
    return out


def _groups(n: int) -> Iterator[int]:
    for size in (400, 100, 50, 20, 10, 5, 2, 1):
        while n >= size:
            yield size
            n -= size


@lru_cache(maxsize=1024)
def _statement(table: str, columns: tuple[str, ...], size: int, tail: str) -> bytes:
    one = "(" + ",".join(["%s"] * len(columns)) + ")"
    return (
        f"INSERT INTO {table} ({','.join(columns)}) VALUES {','.join([one] * size)} {tail}"
    ).encode()


def by_cell(rows: Iterable[tuple], cell: int = 0) -> list[tuple[int, list[tuple]]]:
    """Group rows by the cell in column `cell`, ascending (the order that avoids deadlocks)."""
    groups: dict[int, list[tuple]] = {}
    for row in rows:
        groups.setdefault(row[cell], []).append(row)
    return sorted(groups.items())


@contextlib.contextmanager
def apart() -> Iterator[psycopg.Connection]:
    """A connection of its own that commits by itself: throttles, refusals, denied access."""
    held = db.engine.raw_connection()
    conn = held.driver_connection
    assert isinstance(conn, psycopg.Connection)
    try:
        yield conn
        conn.commit()
    except BaseException:
        conn.rollback()
        raise
    finally:
        held.close()


def ident(name: str) -> pgsql.Identifier:
    return pgsql.Identifier(name)
