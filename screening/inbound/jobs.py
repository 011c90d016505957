"""What the worker does for inbound lists: raise what is overdue, forget what is over."""

from __future__ import annotations

from screening import clock
from screening.inbound.service import items, lists
from screening.jobs import job


@job("inbound_overdue", every=60)
def inbound_overdue() -> None:
    """Tell the level above of lines of inbound lists whose clock has run out."""
    items.raise_overdue(at=clock.now())


@job("inbound_forget", every=3600)
def inbound_forget() -> None:
    """Remove files that nobody took over and the personal part of lines closed long ago."""
    lists.forget(at=clock.now())
