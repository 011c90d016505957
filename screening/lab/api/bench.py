"""The bench over HTTP: what waits and how much."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import require
from screening.lab import queries
from screening.lab.api.frame import bp
from screening.lab.schemas import bench as s
from screening.lab.scopes import (
    LAB,
    READERS,
)
from screening.openapi import gives


@bp.get("/bench/<int:lab_id>")
@require(*READERS, at=LAB)
@gives(s.BenchSchema)
def get_bench(lab_id: int) -> Any:
    """Tubes received and on no plate, the most pressing first; the load; plates by state."""
    lab, at = queries.get_lab(lab_id), clock.now()
    return {
        "tubes": queries.load_of(lab, at),
        "plates": queries.count_plates(lab, at),
        "waiting": queries.list_waiting(lab, at),
    }
