"""Exports in the worker: made when asked for, forgotten when they expire."""

from __future__ import annotations

from screening import clock
from screening.errors import NotAllowed
from screening.exports import rules, service
from screening.jobs import job


@job(service.JOB)
def build_export(export_id: int) -> str:
    """Make one list as a file, in pieces that a download can begin at."""
    try:
        service.count_total(export_id)
        return service.build(export_id)
    except NotAllowed:
        service.stop(export_id)
        return rules.FAILED


@job("forget_exports", every=3600)
def forget_exports() -> int:
    """Throw away files that have expired."""
    return service.forget_expired(at=clock.real_now())
