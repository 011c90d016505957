"""In the background: pictures of the open rounds, and recounts that somebody asked for."""

from __future__ import annotations

from screening import clock
from screening.jobs import job
from screening.ledger import service
from screening.registry.queries import open_rounds


@job("ledger_check")
def recount(round_id: int, by: int | None = None) -> None:
    """Replay journals and commands of one round and keep the result."""
    service.recount(round_id, at=clock.now(), by=by)


@job("ledger_live", every=20)
def live() -> None:
    """The picture of every open round, for those who look at many cells."""
    for policy in open_rounds():
        service.keep_live(policy.round_id, at=clock.now())
