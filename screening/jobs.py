"""Work for later: rows claimed by SKIP LOCKED, one job a transaction, schedules as rows."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

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


STALE = timedelta(minutes=15)  # a running job whose worker died is taken up again after this


def run_due(limit: int = 20) -> int:
    """Run what is due, each job in its own transaction; the number of jobs run."""
    _tick_schedules()
    ran = 0
    while ran < limit and _run_one():
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
        "SELECT name, every FROM schedule WHERE next_at <= %s FOR UPDATE SKIP LOCKED", (now,)
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


def _run_one() -> bool:
    now = clock.real_now()
    rows = fetch(
        "SELECT job_id, kind, args, attempts FROM job WHERE due_at <= %s AND (state = 0 OR "
        "(state = 1 AND started_at < %s)) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        (now, now - STALE),
    )
    if not rows:
        db.session.rollback()
        return False
    job_id, kind, args, attempts = rows[0]
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
    except Exception:  # the one loop that records the outcome of a job and goes on
        db.session.rollback()
        log.exception("job %s (%s) failed", job_id, kind)
        _failed(job_id, attempts)
    return True


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
