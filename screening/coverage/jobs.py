"""Counting in the background: marks every few seconds, a full check every hour (real seconds)."""

from __future__ import annotations

from screening import clock
from screening.coverage import service
from screening.jobs import job


@job("coverage_recount", every=5)
def recount() -> None:
    """Count anew what the journals, desks and registers have marked."""
    service.take_marks(at=clock.now())


@job("coverage_new", every=15)
def new() -> None:
    """Count what was never counted, what became late by waiting, and freeze what was signed."""
    service.mark_new()
    service.freeze_signed()
    service.mark_late(at=clock.now())
    service.mark_passed(at=clock.now())


@job("coverage_verify", every=3600)
def verify() -> None:
    """Compare the rollup with a full count; a difference is an alarm."""
    service.verify(at=clock.now())
