"""Reporting over HTTP: reviews, releases, corrections, callbacks, access codes, the look-up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request

from screening import clock
from screening.accounts.desk_mark import current_desk
from screening.accounts.guard import OWN_ROWS, current_actor, public, require
from screening.errors import Problem
from screening.i18n import current_lang
from screening.lab.queries import holds
from screening.lab.queries.labs import list_labs
from screening.openapi import gives, takes
from screening.places.queries import place_of_area
from screening.registry.code_keys import read_person
from screening.reporting import lookup, members, queries, rules, scopes, service
from screening.reporting import schemas as s
from screening.reporting.service import decisions, phone_codes
from screening.reporting.service.codes import check_sampled_at
from screening.tube.queries import get_key, get_tube

bp = Blueprint("reporting_api", __name__, url_prefix="/api/v1")


def told(refused: Sequence[Problem]) -> list[dict[str, Any]]:
    """Reasons as they travel beside what could be done."""
    return [
        {
            "barcode": p.details.get("barcode"),
            "code": p.code,
            "detail": p.sentence(current_lang()),
        }
        for p in refused
    ]


@bp.post("/reviews")
@require(*scopes.SIGNERS, at=scopes.LAB)
@takes(s.ReviewSchema)
@gives(s.ReviewedSchema)
def review(args: dict[str, Any]) -> Any:
    """Sign step 1 or 2 of tubes of one laboratory; the second step is another reviewer's."""
    out = service.review(
        args["barcodes"], args["step"], lab_id=args["lab_id"], by=current_actor(),
        secret=args["secret"], run_id=args["run_id"], desk=current_desk(), at=clock.now(),
    )  # fmt: skip
    return {**out._asdict(), "refused": told(out.refused)}


@bp.post("/releases")
@require(*scopes.RELEASERS, at=scopes.LAB)
@takes(s.ReleaseSchema)
@gives(s.ReleasedSchema)
def release(args: dict[str, Any]) -> Any:
    """Release reviewed results, each tube for itself; what is held comes back with every reason."""
    out = service.release(
        args["barcodes"], lab_id=args["lab_id"], by=current_actor(), run_id=args["run_id"],
        desk=current_desk(), at=clock.now(),
    )  # fmt: skip
    return {**out._asdict(), "refused": told(out.refused)}


@bp.get("/results/<barcode>")
@require(*scopes.SIGNERS, at=scopes.TUBE)
@gives(s.TubeResultSchema)
def get_result(barcode: str) -> Any:
    """All versions of a tube's result, and how far its callbacks have come."""
    key = get_key(barcode)
    called = queries.callbacks_of_tube(key, get_tube(key)["home_cells"])
    pool = rules.pool_state([(c.state, c.outcome, c.attempt) for c in called])
    return {
        "barcode": barcode,
        "versions": queries.list_results([key]).get(key, []),
        "callbacks": Counter(c.state for c in called),
        "pool": pool if called else None,
    }


# --- decisions and holds ----------------------------------------------------------------------


@bp.post("/decisions")
@require(*scopes.RELEASERS, at=scopes.LAB)
@takes(s.DecisionSchema)
@gives(s.DecidedSchema, 201)
def decide(args: dict[str, Any]) -> Any:
    """Where the instrument calls a tube otherwise: keep our call, or rerun the tube. Signed."""
    how = decisions.decide(**args, by=current_actor(), at=clock.now())
    return {"barcode": args["barcode"], "how": how}


@bp.get("/holds")
@require(*scopes.SIGNERS, at=OWN_ROWS)
@gives(s.HoldSchema, many=True)
def list_holds() -> Any:
    """What holds runs of the own laboratories back, the oldest first."""
    return holds.list_holds(list_labs(current_actor().places(scopes.SIGNERS)))


@bp.post("/holds/<int:lab_id>/<int:hold_id>/lift")
@require(*scopes.RELEASERS, at=scopes.LAB)
@takes(s.LiftSchema)
@gives(s.HoldSchema)
def lift_hold(lab_id: int, hold_id: int, args: dict[str, Any]) -> Any:
    """Lift a hold: the first person says why, the second agrees. Both sign."""
    return decisions.lift_hold(lab_id, hold_id, **args, by=current_actor(), at=clock.now())


# --- corrections ------------------------------------------------------------------------------


@bp.post("/corrections")
@require(*scopes.RELEASERS, at=scopes.LAB)
@takes(s.AskSchema)
@gives(s.AskedSchema, 201)
def ask_correction(args: dict[str, Any]) -> Any:
    """Ask that a released result be replaced; another reviewer settles it."""
    number = service.ask_correction(
        args["barcode"], args["outcome"], args["reason"], lab_id=args["lab_id"],
        by=current_actor(), secret=args["secret"], at=clock.now(),
    )  # fmt: skip
    return {"cell_id": get_key(args["barcode"]).cell_id, "correction_id": number}


@bp.get("/corrections")
@require(*scopes.SIGNERS, at=OWN_ROWS)
@takes(s.CorrectionQuerySchema, "query")
@gives(s.CorrectionSchema, many=True)
def list_corrections(args: dict[str, Any]) -> Any:
    """Corrections of the own laboratories, newest first."""
    labs = list_labs(current_actor().places(scopes.SIGNERS))
    return queries.list_corrections(labs, **args)


@bp.post("/corrections/<int:cell>/<int:correction_id>/settlement")
@require(*scopes.RELEASERS, at=scopes.CORRECTION)
@takes(s.SettleSchema)
@gives(s.CorrectionSchema)
def settle_correction(cell: int, correction_id: int, args: dict[str, Any]) -> Any:
    """Confirm or refuse a correction that somebody else asked for."""
    return service.settle_correction(
        cell, correction_id, agree=args["agree"], by=current_actor(), secret=args["secret"],
        at=clock.now(),
    )  # fmt: skip


# --- callbacks --------------------------------------------------------------------------------


@bp.get("/callbacks")
@require(*scopes.CALLERS, at=scopes.AREA)
@takes(s.CallbackQuerySchema, "query")
@gives(s.CallbackPageSchema)
def list_callbacks(args: dict[str, Any]) -> Any:
    """People of an area to be swabbed again, with where to find them and until when. Audited."""
    states = rules.RUNNING if args["state"] == "running" else (args["state"],)
    rows = members.callbacks_of_area(
        place_of_area(args["area_id"]), states=states, after=args["after"], limit=args["limit"]
    )
    last = rows[-1].callback_id if len(rows) == args["limit"] else None
    return {"items": members.open_members(rows), "next": last}


@bp.post("/callbacks/<int:cell>/<int:callback_id>/attempts")
@require(*scopes.CALLERS, at=scopes.CALLBACK)
@takes(s.AttemptSchema)
@gives(s.AttemptedSchema, 201)
def tell_attempt(cell: int, callback_id: int, args: dict[str, Any]) -> Any:
    """Note what came of a try to reach somebody: will come, absent, moved, refused, unreachable."""
    by = current_actor().staff_id
    return service.tell_attempt(cell, callback_id, args["outcome"], by=by, at=clock.now())


# --- the resident -----------------------------------------------------------------------------


@bp.post("/access-codes")
@require(*scopes.CODE_DESKS, at=scopes.CODE_FOR)
@takes(s.CodeForSchema)
@gives(s.CodeSchema, 201)
def issue_code(args: dict[str, Any]) -> Any:
    """A new look-up code for a person, to be printed; older ones end with it."""
    cell, person = read_person(args["person"], at=clock.now())
    if args["site_id"]:
        check_sampled_at(cell, person, args["site_id"], lookup.recent_rounds())
    found = service.issue_codes([(cell, person)], by=current_actor().staff_id, at=clock.now())
    return {"code": found[0][0], "until": found[0][1]}


@bp.post("/results/lookup")
@public
@takes(s.LookUpSchema)
@gives(s.LookedSchema)
def look_up(args: dict[str, Any]) -> Any:
    """The own result by the code on the slip, or by the resident code, with the last four of the
    document. Wrong tries slow their address; right ones never."""
    return lookup.look_up(
        args["code"], last4=args["last4"], number=args["number"], address=request.remote_addr,
        at=clock.now(),
    )  # fmt: skip


@bp.post("/results/phone-codes")
@public
@takes(s.AskPhoneSchema)
@gives(None, 202)
def ask_phone_code(args: dict[str, Any]) -> Any:
    """Ask for a one-time code by message. The answer is the same whether anybody has the number."""
    phone_codes.ask_code(args["phone"], args["last4"], address=request.remote_addr)
    return Response(status=202)


@bp.post("/results/lookup/phone")
@public
@takes(s.ByPhoneSchema)
@gives(s.LookedSchema)
def look_up_by_phone(args: dict[str, Any]) -> Any:
    """The own result by the code of the message, which ends with it."""
    return lookup.look_up_by_phone(
        args["phone"], args["last4"], args["code"], address=request.remote_addr
    )
