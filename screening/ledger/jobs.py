"""The recount in the background, asked for at the sign-off page."""

from __future__ import annotations

from screening import clock
from screening.jobs import job
from screening.ledger import service


@job("ledger_check")
def recount(round_id: int, by: int | None = None) -> None:
    """Replay journals and commands of one round and keep the result."""
    service.recount(round_id, at=clock.now(), by=by)
