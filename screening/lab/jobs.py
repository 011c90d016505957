"""What the worker does for the laboratory: files that were only looked at are forgotten."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.jobs import job
from screening.lab import queries
from screening.lab.service import calling, dropped, starts, tray
from screening.places.rules import EVERYWHERE

KEEP_PREVIEWS = timedelta(days=2)  # a shift that looked at a file comes back to it, or never
TRAY_QUIET = timedelta(hours=2)  # house; by then a started plate is nearly overdue as well


@job("forget_previews", every=3600)
def forget_previews() -> None:
    """Files that nobody confirmed; nothing had moved by them, and a signal in one is told now."""
    now = clock.now()
    dropped.drop_before(queries.list_labs([EVERYWHERE]), now - KEEP_PREVIEWS, at=now)


@job("tell_overdue_runs", every=60)
def tell_overdue_runs() -> None:
    """Plates that went onto an instrument and whose file has not come."""
    starts.tell_overdue(queries.list_labs([EVERYWHERE]), at=clock.now())


@job("call_on_duty", every=15)
def call_on_duty() -> None:
    """Alerts that nobody has answered: called again, and one level up."""
    calling.follow(at=clock.now())


@job("tell_tray", every=600)
def tell_tray() -> None:
    """Files that nobody has laid to a plate: signals of tubes that they name are told."""
    now = clock.now()
    tray.tell_waiting(queries.list_labs([EVERYWHERE]), now - TRAY_QUIET, at=now)
