"""Alerts over HTTP; hangs below the laboratory's own blueprint."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from screening import clock
from screening.accounts.desk_mark import current_desk
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.signing import sign
from screening.lab import queries
from screening.lab.schemas import alerts as s
from screening.lab.scopes import (
    ALERT,
    ALERTED,
    LISTERS,
    SETTLERS,
    answers,
    check_alert,
    check_raising,
    homes_of,
    reach_of,
)
from screening.lab.service import alerts, members
from screening.openapi import gives, takes

bp = Blueprint("alerts", __name__, url_prefix="/alerts")


def me() -> int:
    return current_actor().staff_id


@bp.get("")
@require(*ALERTED, at=OWN_ROWS)
@takes(s.AlertQuerySchema, "query")
@gives(s.AlertPageSchema)
def list_alerts(args: dict[str, Any]) -> Any:
    """Alerts of the own laboratory or streets, or for which the own district was called, newest
    first; open ones unless `settled`."""
    found = queries.list_alerts(
        reach_of(current_actor()), open_only=not args.pop("settled"), **args
    )
    full = len(found) == args["limit"]
    return {"items": found, "next": found[-1].alert_id if full else None}


@bp.post("")
@require(*ALERTED, at=OWN_ROWS)
@takes(s.AlertInSchema)
@gives(s.AlertSchema, 201)
def raise_alert(args: dict[str, Any]) -> Any:
    """Say of a tube what no file says yet: a laboratory of its own, command of any in its streets."""
    check_raising(current_actor(), args["lab_id"], args["tube"])
    return alerts.raise_by_hand(
        args["lab_id"], args["tube"], outcome=args["outcome"], by=me(), at=clock.now()
    )


@bp.get("/unacknowledged")
@require(*ALERTED, at=OWN_ROWS)
@gives(s.UnansweredSchema, many=True)
def list_unacknowledged() -> Any:
    """Calls to those on duty that nobody has answered, the highest level first."""
    return queries.list_unacknowledged(reach_of(current_actor()))


@bp.get("/<int:cell>/<int:alert_id>/members")
@require(*LISTERS, at=ALERT)
@gives(s.MembersSchema)
def get_members(cell: int, alert_id: int) -> Any:
    """Who lies in the tube, how to reach them, and whether each was tested alone since. Audited."""
    found = check_alert(current_actor(), cell, alert_id, LISTERS)
    rows, elsewhere = members.open_members(found, homes_of(current_actor()))
    return {"items": rows, "elsewhere": elsewhere}


@bp.post("/<int:cell>/<int:alert_id>/acknowledge")
@require(*ALERTED, at=ALERT)
@gives(s.AlertSchema)
def acknowledge_alert(cell: int, alert_id: int) -> Any:
    """Somebody has it in hand: the calls to the own places are answered; the first name stands."""
    actor = current_actor()
    check_alert(actor, cell, alert_id, ALERTED)
    return alerts.acknowledge(cell, alert_id, by=me(), at=clock.now(), covers=answers(actor))


@bp.post("/<int:cell>/<int:alert_id>/clearing")
@require(*SETTLERS, at=ALERT)
@takes(s.ClearingSchema)
@gives(s.AlertSchema)
def ask_clearing(cell: int, alert_id: int, args: dict[str, Any]) -> Any:
    """The first of two says why the alert may be cleared; `early` where members were not all
    tested alone yet. Signed by `secret`."""
    check_alert(current_actor(), cell, alert_id, SETTLERS)
    signed = sign(current_actor(), args.pop("secret"), current_desk())
    return alerts.ask_clearing(cell, alert_id, **args, by=signed, at=clock.now())


@bp.post("/<int:cell>/<int:alert_id>/clearing/answer")
@require(*SETTLERS, at=ALERT)
@takes(s.ClearingAnswerSchema)
@gives(s.AlertSchema)
def answer_clearing(cell: int, alert_id: int, args: dict[str, Any]) -> Any:
    """The second clears the alert, signed by `secret`, or sends the request back; it stays on
    record."""
    check_alert(current_actor(), cell, alert_id, SETTLERS)
    if not args["agree"]:
        return alerts.refuse_clearing(cell, alert_id, by=me(), at=clock.now())
    signed = sign(current_actor(), args["secret"], current_desk())
    return alerts.agree_clearing(cell, alert_id, by=signed, at=clock.now())
