"""Bulletins in the worker: frozen when asked for or due, closing reports after a sign-off."""

from __future__ import annotations

from screening import clock
from screening.bulletins import queries, service
from screening.bulletins.rules import Kind
from screening.jobs import job


@job(queries.JOB)
def freeze_bulletin(report: str, round_id: int, area_id: int, by: int | None = None) -> int:
    """Freeze one bulletin at this moment, every figure from one snapshot."""
    service.one_snapshot()
    return service.freeze(Kind(report), round_id, area_id, by=by, at=clock.now())


@job("ask_closing_reports", every=60)
def ask_closing_reports() -> int:
    """Ask for the report of every round that was signed off."""
    return service.ask_closing(at=clock.now())
