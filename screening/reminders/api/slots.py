"""Sites and hours of buildings over HTTP: plan, look at, correct."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.openapi import gives, takes
from screening.reminders import queries, slots
from screening.reminders import schemas as s
from screening.reminders.api.frame import READERS, WAVERS, bp
from screening.reminders.rules.slots import Slot


@bp.get("/slots")
@require(*READERS, at=area("area_id"))
@takes(s.SlotsSchema, "query")
@gives(s.SlotSchema, many=True)
def list_slots(args: dict[str, Any]) -> Any:
    """Where and when each building of an area is asked to come; empty where nothing is planned."""
    node = queries.get_node(args["area_id"])
    return [row._asdict() for row in slots.list_slots(args["round_id"], node)]


@bp.post("/slots/plan")
@require(*WAVERS, at=area("area_id"))
@takes(s.SlotsSchema)
@gives(s.SlotsPlannedSchema)
def plan_slots(args: dict[str, Any]) -> Any:
    """Spread the buildings that have no hour yet over the nearest sites and the first day."""
    node = queries.get_node(args["area_id"])
    planned = slots.plan(args["round_id"], node, by=current_actor(), at=clock.now())
    return {"planned": planned}


@bp.put("/slots")
@require(*WAVERS, at=area("building_id"))
@takes(s.SlotInSchema)
@gives(None, 204)
def set_slot(args: dict[str, Any]) -> Any:
    """Another site or hour for one building."""
    slots.set_slot(
        args["round_id"], queries.get_node(args["building_id"]),
        Slot(args["site_id"], args["starts_at"], args["ends_at"]), by=current_actor(),
        at=clock.now(),
    )  # fmt: skip
    return "", 204
