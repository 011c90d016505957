"""The floor: the statements that the server really sent, replayed by psycopg from prepared data."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from bench.city import settings
from screening import clock
from screening.app import create_app
from screening.db import db
from screening.field import service

_log: list[tuple[Any, Any]] | None = None


class Recorder(psycopg.Cursor):
    """Notes every statement with its parameters as it passes."""

    def execute(self, query: Any, params: Any = None, **kw: Any) -> Any:
        if _log is not None:
            _log.append((query, params))
        return super().execute(query, params, **kw)


def record(url: str, queues: Sequence[Sequence[bytes]]) -> list[list[list[tuple[Any, Any]]]]:
    """Ingest every body in this process; per queue, per batch the statements it took."""
    global _log
    app = create_app(settings(url))
    app.config["SQLALCHEMY_ENGINES"] = {}
    out: list[list[list[tuple[Any, Any]]]] = []
    with app.app_context():
        from sqlalchemy import event

        @event.listens_for(db.engine, "connect")
        def _wear(conn: Any, _: Any) -> None:
            conn.cursor_factory = Recorder

        for queue in queues:
            batches = []
            for body in queue:
                _log = []
                service.ingest(gzip.decompress(body), received_at=clock.now())
                db.session.commit()
                batches.append(_log)
            out.append(batches)
        _log = None
        db.session.remove()
        db.engine.dispose()
    return out


def replay(
    url: str, recorded: Sequence[Sequence[Sequence[tuple[Any, Any]]]], clients: int, seconds: float
) -> tuple[int, float, list[float]]:
    """(batches done, seconds, latencies in ms): each client takes whole queues in order."""
    waiting = list(range(len(recorded)))
    lock = threading.Lock()
    taken: list[float] = []
    stop = time.perf_counter() + seconds

    def work() -> None:
        with psycopg.connect(url, prepare_threshold=1) as conn:
            while time.perf_counter() < stop:
                with lock:
                    if not waiting:
                        return
                    queue = recorded[waiting.pop()]
                for statements in queue:
                    _one(conn, statements, taken)
                    if time.perf_counter() > stop:
                        return

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return len(taken), time.perf_counter() - began, taken


def _one(
    conn: psycopg.Connection, statements: Sequence[tuple[Any, Any]], taken: list[float]
) -> None:
    """One batch's transaction. Clients take the queues in another order than the recording did,
    so that a person sampled twice may win or lose elsewhere: that batch does not count."""
    began = time.perf_counter()
    try:
        for query, params in statements:
            conn.execute(query, params)
        conn.commit()
    except (psycopg.IntegrityError, psycopg.errors.DeadlockDetected):
        conn.rollback()
        return
    taken.append((time.perf_counter() - began) * 1000)
