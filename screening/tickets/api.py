"""Tickets over HTTP: lists, counts, taking, solving together, checking."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from screening import clock
from screening.accounts.guard import OWN_ROWS, At, current_actor, refuse, require
from screening.errors import NotFound
from screening.openapi import gives, takes
from screening.tickets import desk, queries
from screening.tickets import schemas as s
from screening.tickets.rules import KINDS

bp = Blueprint("tickets_api", __name__, url_prefix="/api/v1")

OWN_TICKETS = At("site, laboratory or cell of each ticket", filtered=True)


@bp.get("/tickets")
@require(*desk.READERS, at=OWN_ROWS)
@takes(s.TicketsWantedSchema, "query")
@gives(s.TicketListSchema)
def list_tickets(args: dict[str, Any]) -> Any:
    """What waits within the own scope, the most urgent first; notes and closed ones on demand."""
    rows = find(args)
    more = rows[-1].cursor if len(rows) == args["limit"] else None
    return {"tickets": rows, "next": more}


def find(args: dict[str, Any]) -> list[queries.TicketRow]:
    """The tickets that a list's arguments ask for, within the actor's reach."""
    actor = current_actor()
    names = ("kind", "weight", "state", "site_id", "lab_id", "round_id", "barcode")
    wanted = queries.Wanted(
        **{n: args.get(n) for n in names},
        owner_id=actor.staff_id if args.get("mine") else None,
        overdue=clock.now() if args.get("overdue") else None,
    )
    return queries.list_tickets(
        desk.reach(actor), wanted, after=args.get("after"), limit=args["limit"]
    )


@bp.get("/tickets/counts")
@require(*desk.READERS, at=OWN_ROWS)
@gives(s.TicketCountSchema, many=True)
def list_counts() -> Any:
    """What waits and what was noted, by round, site and kind, with the oldest; a rollup."""
    counts = queries.list_counts(desk.reach(current_actor()))
    return [c._asdict() | {"weight": KINDS[c.kind].weight} for c in counts]


@bp.get("/tickets/<int:cell>/<int:ticket_id>")
@require(*desk.READERS, at=OWN_TICKETS)
@gives(s.TicketSchema)
def get_ticket(cell: int, ticket_id: int) -> Any:
    """One ticket with both sides."""
    return own_ticket(cell, ticket_id)


def own_ticket(cell: int, ticket_id: int) -> queries.TicketRow:
    actor = current_actor()
    found = queries.get_ticket(cell, ticket_id)
    if not desk.reach(actor).holds(found):
        refuse(actor)
    return found


def keys_of(args: dict[str, Any]) -> list[desk.Key]:
    keys = [(t["cell_id"], t["ticket_id"]) for t in args["tickets"]]
    if not keys:
        raise NotFound()
    return keys


@bp.post("/tickets/take")
@require(*desk.SOLVERS, at=OWN_TICKETS)
@takes(s.TicketKeysSchema)
@gives(None, 204)
def take(args: dict[str, Any]) -> Any:
    """Become the owner of tickets."""
    desk.take(keys_of(args), by=current_actor(), at=clock.now())
    return "", 204


@bp.post("/tickets/give-back")
@require(*desk.SOLVERS, at=OWN_TICKETS)
@takes(s.TicketKeysSchema)
@gives(None, 204)
def give_back(args: dict[str, Any]) -> Any:
    """Nobody owns them any more."""
    desk.give_back(keys_of(args), by=current_actor(), at=clock.now())
    return "", 204


@bp.post("/tickets/solve")
@require(*desk.SOLVERS, at=OWN_TICKETS)
@takes(s.TicketSolveSchema)
@gives(None, 204)
def solve(args: dict[str, Any]) -> Any:
    """Solve tickets of one kind and one site together; another person checks them."""
    keys = {(t["cell_id"], t["ticket_id"]): t.get("n") for t in args["tickets"]}
    desk.solve(keys, args["solution"], args["note"], by=current_actor(), at=clock.now())
    return "", 204


@bp.post("/tickets/check")
@require(*desk.SOLVERS, at=OWN_TICKETS)
@takes(s.TicketCheckSchema)
@gives(None, 204)
def check(args: dict[str, Any]) -> Any:
    """Agree with how tickets were solved, which carries it out, or open them again."""
    desk.check(
        keys_of(args), agree=args["agree"], note=args["note"], by=current_actor(), at=clock.now()
    )
    return "", 204
