"""Bulletins in the worker: frozen when asked for or due, closing reports after a sign-off."""

from __future__ import annotations

from screening import clock
from screening.bulletins import queries, rhythms, service
from screening.bulletins.rules import Kind
from screening.jobs import job


@job(queries.JOB)
def freeze_bulletin(
    report: str, round_id: int, area_id: int, by: int | None = None,
    rhythm_id: int | None = None, due: str = "",
) -> int:  # fmt: skip
    """Freeze one bulletin at this moment, every figure from one snapshot."""
    service.one_snapshot()
    if rhythm_id is not None and not rhythms.still_wanted(rhythm_id, round_id, due):
        return 0
    made = service.freeze(Kind(report), round_id, area_id, by=by, at=clock.now())
    if rhythm_id is not None:
        rhythms.made(rhythm_id, round_id, due, made)
    return made


@job("plan_bulletins", every=30)
def plan_bulletins() -> int:
    """Plan the bulletins that make themselves; name the cut-offs that went by."""
    return rhythms.plan_runs(at=clock.now())


@job("ask_closing_reports", every=60)
def ask_closing_reports() -> int:
    """Ask for the report of every round that was signed off."""
    return service.ask_closing(at=clock.now())
