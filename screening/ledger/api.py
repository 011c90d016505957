"""The ledger over HTTP: balance, parts with their lists, devices, explanations, sign-off."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import Role
from screening.jobs import enqueue
from screening.ledger import parts, queries, service
from screening.ledger import schemas as s
from screening.ledger.rules import PARTS, Balance
from screening.ledger.sight import Sight, sight_of
from screening.openapi import gives, takes
from screening.registry.queries import get_policy
from screening.registry.scopes import ROUND

bp = Blueprint("ledger_api", __name__, url_prefix="/api/v1")

SEERS = (
    Role.SITE_SUPERVISOR, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR, Role.AUDITOR,
)  # fmt: skip
EXPLAINERS = (Role.SITE_SUPERVISOR, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
CLOSERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
SIGNERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
SIGN_READERS = (*SIGNERS, Role.AUDITOR)


def own_sight(roles: tuple[Role, ...]) -> Sight:
    return sight_of(current_actor().places(roles))


@bp.get("/ledger")
@require(*SEERS, at=OWN_ROWS)
@takes(s.LedgerAskSchema, "query")
@gives(s.BalanceSchema)
def get_balance(args: dict[str, Any]) -> Any:
    """The balance of a round within the own sites and laboratories, now."""
    seen = service.look(args["round"], sight=own_sight(SEERS), at=clock.now())
    places = [
        c
        for c in seen.counts
        if args.get("site") in (None, c.site_id) and args.get("lab") in (None, c.lab_id)
    ]
    return {**told(seen.balance()), "at": seen.at, "by_place": places}


def told(found: Balance) -> dict[str, Any]:
    return found.to_dict()


@bp.get("/ledger/parts/<part>")
@require(*SEERS, at=OWN_ROWS)
@takes(s.LedgerListSchema, "query")
@gives(s.UnaccountedListSchema)
def list_part(args: dict[str, Any], part: str) -> Any:
    """The list behind one part's number, by subject, each tube with its last scan."""
    if part not in PARTS:
        raise service.NoSuchPart()
    items = parts.list_items(
        part, get_policy(args["round"]).round_id, at=clock.now(), sight=own_sight(SEERS),
        site=args.get("site"), lab=args.get("lab"), box=args.get("box"),
        after=args.get("after") or "", limit=args["limit"],
    )  # fmt: skip
    scans = queries.last_scans(args["round"], items)
    return {
        "items": [
            {**i._asdict(), "state": i.state, "last_scan": scans.get(i.subject_id)} for i in items
        ],
        "next": items[-1].subject_id if len(items) == args["limit"] else None,
    }


@bp.get("/ledger/devices")
@require(*SEERS, at=OWN_ROWS)
@takes(s.LedgerAskSchema, "query")
@gives(s.HeardAndSilentSchema)
def list_devices(args: dict[str, Any]) -> Any:
    """What was heard of each device of a round, and which phones said nothing at all."""
    sight, round_id = own_sight(SEERS), get_policy(args["round"]).round_id
    return {
        "heard": queries.list_devices(round_id, sight),
        "silent": queries.list_silent(round_id, sight),
    }


@bp.post("/ledger/explanations")
@require(*EXPLAINERS, at=OWN_ROWS)
@takes(s.ExplainSchema)
@gives(s.DoneSchema, 201)
def explain(args: dict[str, Any]) -> Any:
    """Say why these lines are accounted for; a second person closes it."""
    n = service.explain(
        args["round"], args["part"], args["subjects"], args["code"], args["note"],
        by=current_actor(), sight=own_sight(EXPLAINERS), at=clock.now(),
    )  # fmt: skip
    return {"n": n}


@bp.post("/ledger/closings")
@require(*CLOSERS, at=OWN_ROWS)
@takes(s.SubjectsSchema)
@gives(s.DoneSchema, 201)
def close(args: dict[str, Any]) -> Any:
    """Agree, as a second person, that these lines are explained."""
    n = service.close(
        args["round"], args["part"], args["subjects"], by=current_actor(),
        sight=own_sight(CLOSERS), at=clock.now(),
    )  # fmt: skip
    return {"n": n}


@bp.post("/ledger/checks")
@require(*SIGN_READERS, at=ROUND)
@takes(s.LedgerCheckSchema)
@gives(s.LedgerJobSchema, 202)
def start_check(args: dict[str, Any]) -> Any:
    """Recount a round from its journals and commands in the background."""
    number = enqueue("ledger_check", round_id=args["round_id"], by=current_actor().staff_id)
    return {"job_id": number}


# --- sign-off -----------------------------------------------------------------------------------


@bp.get("/rounds/<int:round_id>/sign-off")
@require(*SIGN_READERS, at=ROUND)
@gives(s.SignOffSchema)
def get_sign_off(round_id: int) -> Any:
    """What stands in the way of signing a round off, and who has signed."""
    now = clock.now()
    found, against = service.checklist(round_id, at=now)
    return {
        "round_id": round_id,
        "state": get_policy(round_id).state,
        "obstacles": against,
        "signatures": queries.list_signatures(round_id),
        "balance": {**told(found), "at": now, "by_place": []},
    }


@bp.post("/rounds/<int:round_id>/sign-off")
@require(*SIGNERS, at=ROUND)
@gives(s.SignOffSchema, 201)
def sign_off(round_id: int) -> Any:
    """Sign the balance; the second signature, by another person, closes the round."""
    service.sign_off(round_id, by=current_actor(), at=clock.now())
    return {
        "round_id": round_id,
        "state": get_policy(round_id).state,
        "obstacles": [],
        "signatures": queries.list_signatures(round_id),
        "balance": None,
    }


@bp.delete("/rounds/<int:round_id>/sign-off")
@require(*SIGNERS, at=ROUND)
@gives(None, 204)
def withdraw(round_id: int) -> Any:
    """Take back the first signature while there is no second."""
    service.withdraw(round_id, by=current_actor(), at=clock.now())
    return "", 204
