"""Work for later: rows claimed by SKIP LOCKED, one job a transaction, schedules as rows.

Whoever runs a job holds an advisory lock for as long, on a connection of its own: however long it
takes nobody else begins it, and when a worker dies another one takes it up at once."""

from __future__ import annotations

import contextlib
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from screening import clock
from screening.db import Base, db, fetch, new_id, run

WAITING, RUNNING, DONE, FAILED, CANCELLED = 0, 1, 2, 3, 4
BACK_OFF = (5, 30, 120, 600)  # seconds
log = logging.getLogger("screening.jobs")

KINDS: dict[str, Callable[..., Any]] = {}
SCHEDULES: dict[str, int] = {}


class Job(Base):
    """`kind` names a registered function; `args` its keyword arguments (ids, never personal)."""

    __tablename__ = "job"
    job_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    args: Mapped[dict]
    state: Mapped[int] = mapped_column(SmallInteger, default=0)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    __table_args__ = (Index("ix_job_due", "due_at", postgresql_where="state IN (0, 1)"),)


class Schedule(Base):
    """A job that comes back; `every` in real seconds."""

    __tablename__ = "schedule"
    name: Mapped[str] = mapped_column(primary_key=True)
    every: Mapped[int]
    next_at: Mapped[datetime]


def job(kind: str, *, every: int | None = None) -> Callable[[Callable], Callable]:
    """Register a function as a kind of job; with `every` (real seconds) it also recurs.

    The function runs inside one transaction; it may commit per chunk itself where a resume mark
    makes that safe (imports, waves, purge)."""

    def wear(fn: Callable) -> Callable:
        KINDS[kind] = fn
        if every:
            SCHEDULES[kind] = every
        return fn

    return wear


def enqueue(kind: str, *, due_at: datetime | None = None, **args: Any) -> int:
    """Write a job row in the caller's transaction; returns its id. Real time."""
    row = Job(job_id=new_id(), kind=kind, args=args, due_at=due_at or clock.real_now())
    row.state, row.attempts, row.done, row.total = WAITING, 0, 0, 0
    db.session.add(row)
    db.session.flush()
    return row.job_id


def progress(job_id: int, done: int, total: int) -> None:
    """Told apart, so that a watcher sees it before the job's own transaction ends."""
    from screening.db import apart

    with apart() as conn:
        conn.execute(
            b"UPDATE job SET done = %s, total = %s WHERE job_id = %s", (done, total, job_id)
        )


def run_due(limit: int = 20) -> int:
    """Run what is due, each job in its own transaction; the number of jobs run."""
    _tick_schedules()
    ran = 0
    while ran < limit and _run_one(orphans=not ran):
        ran += 1
    return ran


def _tick_schedules() -> None:
    now = clock.real_now()
    for name, every in SCHEDULES.items():
        run(
            "INSERT INTO schedule (name, every, next_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET every = EXCLUDED.every",
            (name, every, now),
        )
    due = fetch(
        "SELECT name, every FROM schedule WHERE next_at <= %s "
        "OR next_at > %s + every * interval '1 second' FOR UPDATE SKIP LOCKED",
        (now, now),  # further ahead than its own interval: the clock was set back
    )
    for name, every in due:
        run(
            "UPDATE schedule SET next_at = %s WHERE name = %s",
            (now + timedelta(seconds=every), name),
        )
        waiting = fetch("SELECT 1 FROM job WHERE kind = %s AND state IN (0, 1) LIMIT 1", (name,))
        if name in KINDS and not waiting:
            enqueue(name)
    db.session.commit()


def _run_one(*, orphans: bool = True) -> bool:
    with _keeper() as conn:
        claimed = (_take_orphan(conn) if orphans else None) or _take_waiting(conn)
        if claimed is None:
            db.session.rollback()
            return False
        job_id, kind, args, attempts = claimed
        now = clock.real_now()
        run("UPDATE job SET state = 1, started_at = %s WHERE job_id = %s", (now, job_id))
        db.session.commit()
        try:
            fn = KINDS[kind]
            takes_id = "job_id" in fn.__code__.co_varnames[: fn.__code__.co_argcount + 8]
            fn(**args, **({"job_id": job_id} if takes_id else {}))
            run(
                "UPDATE job SET state = %s, ended_at = %s WHERE job_id = %s",
                (DONE, clock.real_now(), job_id),
            )
            db.session.commit()
        except Exception as e:  # noqa: BLE001 the one loop that records what became of a job
            db.session.rollback()
            log.error("job %s (%s) failed: %s: %s", job_id, kind, type(e).__name__, _trace(e))
            _failed(job_id, attempts)
        return True


Claimed = tuple[int, str, dict, int]
_WAITING = (
    "SELECT job_id, kind, args, attempts FROM job WHERE due_at <= %s AND state = 0 "
    "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED"
)
_ORPHAN = (
    "UPDATE job SET attempts = attempts + 1, state = CASE WHEN attempts >= %s THEN %s ELSE 1 END, "
    "error = 'worker_ended' WHERE job_id = %s AND state = 1 "
    "RETURNING job_id, kind, args, attempts, state"
)


@contextlib.contextmanager
def _keeper() -> Iterator[psycopg.Connection]:
    """A connection whose locks last as long as this process does, or the job."""
    held = db.engine.raw_connection()
    conn = held.driver_connection
    assert isinstance(conn, psycopg.Connection)
    try:
        conn.autocommit = True
        # a machine that is gone is noticed within a minute
        conn.execute(
            b"SELECT set_config('tcp_keepalives_idle', '30', false), "
            b"set_config('tcp_keepalives_interval', '10', false), "
            b"set_config('tcp_keepalives_count', '3', false)"
        )
        yield conn
    finally:
        try:
            conn.execute(b"SELECT pg_advisory_unlock_all()")
            conn.autocommit = False
        except psycopg.Error:
            held.invalidate()
        held.close()


def _lock(conn: psycopg.Connection, job_id: int) -> bool:
    row = conn.execute(b"SELECT pg_try_advisory_lock(%s)", (job_id,)).fetchone()
    return bool(row and row[0])


def _take_waiting(conn: psycopg.Connection) -> Claimed | None:
    """The next job that is due, locked before anybody can see it as running."""
    rows = fetch(_WAITING, (clock.real_now(),))
    if not rows or not _lock(conn, rows[0][0]):
        return None
    return rows[0]


def _take_orphan(conn: psycopg.Connection) -> Claimed | None:
    """A job that stands as running though nobody runs it any more. One that has ended its workers
    again and again is given up."""
    db.session.rollback()
    for (job_id,) in fetch("SELECT job_id FROM job WHERE state = 1 ORDER BY started_at"):
        if not _lock(conn, job_id):
            continue
        for *claimed, state in fetch(_ORPHAN, (len(BACK_OFF), FAILED, job_id)):
            if state == RUNNING:
                return claimed[0], claimed[1], claimed[2], claimed[3]
            db.session.commit()
        conn.execute(b"SELECT pg_advisory_unlock(%s)", (job_id,))
    return None


def _trace(e: Exception) -> str:
    """The way to the fault, the innermost first; no message, since a value could be personal."""
    frames = reversed(traceback.extract_tb(e.__traceback__)[-12:])
    return " < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames)


def _failed(job_id: int, attempts: int) -> None:
    now = clock.real_now()
    over = attempts >= len(BACK_OFF)
    wait = timedelta(0) if over else timedelta(seconds=BACK_OFF[attempts])
    # the place of the fault, never its values: a value could be personal
    where = traceback.format_exc(limit=-1).splitlines()[1:3]
    run(
        "UPDATE job SET state = %s, attempts = attempts + 1, due_at = %s, error = %s, "
        "ended_at = %s WHERE job_id = %s",
        (FAILED if over else WAITING, now + wait, " ".join(where)[:300], now, job_id),
    )
    db.session.commit()
