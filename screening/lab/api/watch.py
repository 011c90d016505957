"""Control charts and positivity over HTTP: the same numbers as the pages show."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import require
from screening.lab.api.frame import bp, me
from screening.lab.schemas import watch as s
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import charts, lots
from screening.openapi import gives, takes


@bp.get("/control-charts/<int:lab_id>")
@require(*READERS, at=LAB)
@takes(s.ControlChartQuerySchema, "query")
@gives(s.ControlChartsSchema)
def get_control_charts(lab_id: int, args: dict[str, Any]) -> Any:
    """Levey-Jennings series of one kit and lot with the Westgard rules that are broken."""
    return charts.control_charts(lab_id, **args, at=clock.now())


@bp.post("/control-charts/<int:lab_id>/lots")
@require(*WRITERS, at=LAB)
@takes(s.KitLotInSchema)
@gives(s.KitLotSchema, 201)
def open_kit_lot(lab_id: int, args: dict[str, Any]) -> Any:
    """From now on this lot of a kit is used: its charts begin anew. The same lot changes nothing."""
    return lots.open_lot(lab_id, args["kit"], args["lot"], by=me(), at=clock.now())


@bp.get("/positivity/<int:lab_id>")
@require(*READERS, at=LAB)
@gives(s.PositivitySchema)
def get_positivity(lab_id: int) -> Any:
    """Signals by hour and plate with the band that chance allows, and what is on hold."""
    return charts.positivity_of(lab_id, at=clock.now())
