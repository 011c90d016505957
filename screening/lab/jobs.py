"""What the worker does for the laboratory: files that were only looked at are forgotten."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.db import run
from screening.jobs import job
from screening.lab import queries
from screening.lab.service import starts
from screening.places.rules import EVERYWHERE

KEEP_PREVIEWS = timedelta(days=2)  # a shift that looked at a file comes back to it, or never


@job("forget_previews", every=3600)
def forget_previews() -> None:
    """Files that nobody confirmed; nothing had moved by them."""
    run(
        "DELETE FROM original o USING run r WHERE o.cell_id IN (SELECT cell_id FROM lab) "
        "AND r.cell_id = o.cell_id AND r.lab_id = o.lab_id AND r.file_hash = o.file_hash "
        "AND r.state = 'previewed' AND r.imported_at < %s",
        (clock.now() - KEEP_PREVIEWS,),
    )
    run(
        "DELETE FROM run WHERE cell_id IN (SELECT cell_id FROM lab) AND state = 'previewed' "
        "AND imported_at < %s",
        (clock.now() - KEEP_PREVIEWS,),
    )


@job("tell_overdue_runs", every=60)
def tell_overdue_runs() -> None:
    """Plates that went onto an instrument and whose file has not come."""
    starts.tell_overdue(queries.list_labs([EVERYWHERE]), at=clock.now())
