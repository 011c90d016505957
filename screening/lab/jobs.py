"""What the worker does for the laboratory: files that were only looked at are forgotten."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.db import run
from screening.jobs import job

KEEP_PREVIEWS = timedelta(days=2)  # a shift that looked at a file comes back to it, or never


@job("forget_previews", every=3600)
def forget_previews() -> None:
    """Files that nobody confirmed; nothing had moved by them."""
    run(
        "DELETE FROM run WHERE cell_id IN (SELECT cell_id FROM lab) AND state = 'previewed' "
        "AND imported_at < %s",
        (clock.now() - KEEP_PREVIEWS,),
    )
