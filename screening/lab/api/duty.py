"""The duty roster over HTTP; hangs below the laboratory's own blueprint."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from screening import clock
from screening.accounts.guard import OWN_ROWS, At, current_actor, require
from screening.errors import NotFound
from screening.lab.schemas import alerts as s
from screening.lab.scopes import KEEPERS, ROSTER
from screening.lab.service import duty
from screening.openapi import gives, takes
from screening.places.queries import find_place

bp = Blueprint("duty", __name__, url_prefix="/duty")
PLACE = At("place that is manned", filtered=True)


@bp.get("")
@require(*ROSTER, at=OWN_ROWS)
@gives(s.PostSchema, many=True)
def list_posts() -> Any:
    """Who is on duty at the own places now and in the next days, and when nobody is."""
    return duty.list_posts(current_actor().places(ROSTER), at=clock.now())


@bp.post("")
@require(*KEEPERS, at=PLACE)
@takes(s.DutyInSchema)
@gives(s.DutyMadeSchema, 201)
def add_duty(args: dict[str, Any]) -> Any:
    """Put somebody on duty; every fault at once."""
    place = find_place(args.pop("kind"), args.pop("place_id"))
    if place is None:
        raise NotFound()
    return {"duty_id": duty.add(place, **args, by=current_actor(), at=clock.now())}


@bp.delete("/<int:duty_id>")
@require(*KEEPERS, at=PLACE)
@gives(None, 204)
def remove_duty(duty_id: int) -> Any:
    """Take somebody off the roster."""
    duty.remove(duty_id, by=current_actor(), at=clock.now())
    return "", 204
