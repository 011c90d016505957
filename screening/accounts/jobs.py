"""What the worker does for accounts: sealing the audit, forgetting old counters and sessions."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.accounts import audit, throttle
from screening.db import db, run
from screening.jobs import job

KEEP_SESSIONS = timedelta(days=30)  # ended ones, so that "who was signed in" can be answered


@job("seal_audit", every=60)
def seal_audit() -> None:
    """One commit a cell: each is whole in itself, and no cell waits for another."""
    for cell in audit.unsealed_cells():
        while audit.seal_cell(cell) == audit.CHUNK:
            db.session.commit()
        db.session.commit()


@job("tidy_accounts", every=3600)
def tidy_accounts() -> None:
    """Forget old throttles, and sessions and enrolment codes that ended long ago."""
    throttle.forget_old()
    run("DELETE FROM login_session WHERE expires_at < %s", (clock.real_now() - KEEP_SESSIONS,))
    run("DELETE FROM enrol_code WHERE until < %s", (clock.real_now() - KEEP_SESSIONS,))
