"""Exemptions and cohorts."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts import guard
from screening.accounts.guard import current_actor, require
from screening.accounts.roles import EVERYBODY
from screening.openapi import gives, takes
from screening.places.queries import place_of_area
from screening.registry import desk_queries as desk
from screening.registry import schemas as s
from screening.registry import search
from screening.registry.api.frame import bp, page, page_of
from screening.registry.api.persons import documents_of
from screening.registry.rules import COHORTS, EXEMPTIONS
from screening.registry.scopes import EXEMPTION, PERSON_IN_BODY, REGISTRARS
from screening.registry.service import exemptions


@bp.get("/exemptions")
@require(*REGISTRARS, at=guard.area())
@takes(s.ExemptionQuerySchema, "query")
@gives(page_of(s.ExemptionSchema))
def list_exemptions(args: dict[str, Any]) -> Any:
    """Exemptions that hold now for people of an area, by id."""
    place = place_of_area(args.pop("area_id"))
    rows = desk.list_exemptions(place, at=clock.now(), **args)
    return page(rows, "exemption_id", args["limit"])


@bp.post("/exemptions")
@require(*REGISTRARS, at=PERSON_IN_BODY)
@takes(s.NewExemptionSchema)
@gives(s.MadeSchema, 201)
def add_exemption(args: dict[str, Any]) -> Any:
    """Excuse a person with a code until a time, for one round or (0) for all."""
    pair = (args.pop("cell_id"), args.pop("person_id"))
    (made,) = exemptions.exempt([pair], **args, by=current_actor().staff_id, at=clock.now())
    return {"id": made}


@bp.post("/exemptions/<int:cell>/<int:exemption_id>/end")
@require(*REGISTRARS, at=EXEMPTION)
@gives(None, 204)
def end_exemption(cell: int, exemption_id: int) -> Any:
    """The person is due again from now on."""
    exemptions.end_exemption(cell, exemption_id, at=clock.now())
    return "", 204


@bp.get("/exemption-codes")
@require(*EVERYBODY)
@gives(s.ReasonSchema, many=True)
def list_exemption_codes() -> Any:
    """The reasons for which a person is not due, with their sources."""
    return [{"code": k, **v._asdict()} for k, v in EXEMPTIONS.items()]


@bp.get("/cohorts")
@require(*EVERYBODY)
@gives(s.ReasonSchema, many=True)
def list_cohorts() -> Any:
    """The cohorts that rounds and pool rules know."""
    return [{"code": k, **v._asdict(), "source": ""} for k, v in COHORTS.items()]


@bp.post("/cohorts/members")
@require(*REGISTRARS, at=guard.area())
@takes(s.CohortMembersSchema)
@gives(s.MatchedSchema)
def put_in_cohort(args: dict[str, Any]) -> Any:
    """Match a list of documents to people of an area and put them into a cohort for a time."""
    found = search.lookup(documents_of(args["documents"]), place_of_area(args["area_id"]))
    pairs = {p for p in found if p}
    exemptions.put_in_cohort(pairs, args["cohort"], since=args["since"], until=args["until"])
    return {"matched": len(pairs), "unmatched": [n for n, p in enumerate(found, 1) if not p]}
