"""Keeping the command pages fresh in the background (real seconds)."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.figures import service
from screening.jobs import job

KEPT = timedelta(days=1)


@job("site_paces", every=15)
def paces() -> None:
    """Count anew what each site closes and how long its tubes take."""
    service.take_rollups(at=clock.now())


@job("area_pictures", every=5)
def pictures() -> None:
    """Write the pictures of areas that somebody looks at, where something has moved."""
    service.refresh(at=clock.now())


@job("forget_pictures", every=3600)
def forget() -> None:
    """Drop pictures that nobody has looked at for a day."""
    service.forget(before=clock.real_now() - KEPT)
