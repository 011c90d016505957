"""What the worker does for the tickets desk."""

from __future__ import annotations

from screening.jobs import job
from screening.tickets import desk


@job("ticket_counts", every=10)
def ticket_counts() -> None:
    """Count what waits, so that lists and the home page need not."""
    desk.count_tickets()
