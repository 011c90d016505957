"""The database: one Base, one session holder, ids, and the bulk helper of the hot path."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import psycopg
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from psycopg import sql as pgsql
from psycopg.types.json import Jsonb
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Text,
)
from sqlalchemy.dialects import postgresql
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


def insert(
    table: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    tail: str = "",
    *,
    returning: bool = False,
) -> list[tuple]:
    """Many rows in one statement, prepared once whatever their number.

    `tail` follows the rows (ON CONFLICT …, RETURNING …); with `returning` its rows come back.
    On one PostgreSQL the rows travel as one array a column; on Citus, where that costs twice as
    much as VALUES (docs/database.md), as VALUES in fixed group sizes, one cell a statement."""
    if not rows:
        return []
    if current_app.extensions["settings"].distributed:
        return _insert_values(table, tuple(columns), rows, tail, returning)
    statement, writers = _array_statement(table, tuple(columns), tail)
    params = [w(col) for w, col in zip(writers, zip(*rows, strict=True), strict=True)]
    cur = raw().execute(statement, params)
    return cur.fetchall() if returning else []


@lru_cache(maxsize=256)
def _array_statement(
    table: str, columns: tuple[str, ...], tail: str
) -> tuple[bytes, list[Callable[[Sequence[Any]], str]]]:
    """`INSERT … SELECT … FROM unnest(…)` and, per column, what writes its array."""
    known = Base.metadata.tables[table].c
    casts, picks, writers = [], [], []
    for i, name in enumerate(columns):
        kind = known[name].type
        nested = isinstance(kind, ARRAY)
        casts.append("%s::text[]" if nested else f"%s::{kind.compile(_DIALECT)}[]")
        picks.append(f"u.c{i}::bigint[]" if nested else f"u.c{i}")
        writers.append(_writer(kind))
    names = ",".join(f"c{i}" for i in range(len(columns)))
    text = (
        f"INSERT INTO {table} ({','.join(columns)}) SELECT {','.join(picks)} "
        f"FROM unnest({','.join(casts)}) AS u({names}) {tail}"
    )
    return text.encode(), writers


_DIALECT = postgresql.dialect()


def _writer(kind: Any) -> Callable[[Sequence[Any]], str]:
    """How one column's values become the text of a PostgreSQL array."""
    one: Callable[[Any], str]
    if isinstance(kind, Integer):
        one = _plain
    elif isinstance(kind, Boolean):
        one = _bool
    elif isinstance(kind, DateTime):
        one = _time
    elif isinstance(kind, LargeBinary):
        one = _binary
    elif isinstance(kind, ARRAY):
        one = _nested
    elif isinstance(kind, JSONB):
        one = _json
    else:
        one = _quoted
    return lambda values: "{" + ",".join(["NULL" if v is None else one(v) for v in values]) + "}"


def _plain(value: Any) -> str:
    return str(int(value))


def _bool(value: Any) -> str:
    return "t" if value else "f"


def _time(value: datetime) -> str:
    return f'"{value.isoformat()}"'


def _binary(value: bytes) -> str:
    return f'"\\\\x{bytes(value).hex()}"'


def _nested(value: Sequence[int]) -> str:
    return '"{' + ",".join(map(str, value)) + '}"'


def _json(value: Any) -> str:
    return _quoted(json_text(value.obj if isinstance(value, Jsonb) else value))


def _quoted(value: Any) -> str:
    text = str(value)
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def json_text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _insert_values(
    table: str, columns: tuple[str, ...], rows: Sequence[Sequence[Any]], tail: str, returning: bool
) -> list[tuple]:
    cur, out = raw().cursor(), []
    known = Base.metadata.tables[table]
    groups: list[list[Any]] = [list(rows)]
    if known.info.get("big") and columns[0] == "cell_id":
        groups = [g for _, g in by_cell([tuple(r) for r in rows])]
    wrap = [i for i, c in enumerate(columns) if isinstance(known.c[c].type, JSONB)]
    for group in groups:
        at = 0
        for size in _groups(len(group)):
            flat: list[Any] = []
            for row in group[at : at + size]:
                values = list(row)
                for i in wrap:
                    if values[i] is not None and not isinstance(values[i], Jsonb):
                        values[i] = Jsonb(values[i])
                flat.extend(values)
            cur.execute(_statement(table, columns, size, tail), flat)
            if returning:
                out.extend(cur.fetchall())
            at += size
    return out


def _groups(n: int) -> Iterator[int]:
    for size in (100, 50, 20, 10, 5, 2, 1):
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
    except BaseException:  # nothing is swallowed: roll back, whatever it was, and pass it on
        conn.rollback()
        raise
    finally:
        held.close()


def ident(name: str) -> pgsql.Identifier:
    return pgsql.Identifier(name)
