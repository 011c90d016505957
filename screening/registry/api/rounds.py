"""Rounds and zones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, refuse, require
from screening.accounts.roles import EVERYBODY
from screening.openapi import gives, takes
from screening.places.queries import place_of_area
from screening.registry import desk_queries as desk
from screening.registry import schemas as s
from screening.registry.api.frame import bp, page, page_of
from screening.registry.queries import get_policy
from screening.registry.scopes import AROUND_AREAS, ROUND, ROUND_MAKERS, SETTERS, ZONE, ZONE_SEERS
from screening.registry.service import rounds, zones
from screening.registry.service.rounds import Draft


def draft_of(args: dict[str, Any]) -> Draft:
    return Draft(**args | {"sites": {r["site_id"]: r["lab_id"] for r in args["sites"]}})


@bp.get("/rounds")
@require(*EVERYBODY, at=OWN_ROWS)
@gives(s.RoundSchema, many=True)
def list_rounds() -> Any:
    """Rounds that concern the own scope, newest first."""
    return desk.list_rounds(current_actor().places(EVERYBODY))


@bp.post("/rounds")
@require(*ROUND_MAKERS, at=AROUND_AREAS)
@takes(s.NewRoundSchema)
@gives(s.MadeSchema, 201)
def draft_round(args: dict[str, Any]) -> Any:
    """A new round in state draft; limits and pool rules left out take the defaults."""
    return {"id": rounds.draft(draft_of(args), by=current_actor())}


@bp.get("/rounds/<int:round_id>")
@require(*ROUND_MAKERS, at=ROUND)
@gives(s.RoundSchema)
def get_round(round_id: int) -> Any:
    """One round with its limits and pool rules."""
    return get_policy(round_id)


@bp.put("/rounds/<int:round_id>")
@require(*ROUND_MAKERS, at=ROUND)
@takes(s.NewRoundSchema)
@gives(s.RoundSchema)
def edit_round(round_id: int, args: dict[str, Any]) -> Any:
    """Replace the settings of a draft; its new areas must lie within the own scope too."""
    check_areas(args["area_ids"])
    rounds.edit(round_id, draft_of(args))
    return get_policy(round_id)


@bp.post("/rounds/<int:round_id>/approve")
@require(*ROUND_MAKERS, at=ROUND)
@gives(s.RoundSchema)
def approve_round(round_id: int) -> Any:
    """draft → scheduled."""
    rounds.approve(round_id, by=current_actor())
    return get_policy(round_id)


@bp.post("/rounds/<int:round_id>/start")
@require(*ROUND_MAKERS, at=ROUND)
@gives(s.RoundSchema)
def start_round(round_id: int) -> Any:
    """scheduled → sampling; an area and cohort may be in one open round only."""
    rounds.start(round_id, at=clock.now())
    return get_policy(round_id)


@bp.post("/rounds/<int:round_id>/extend")
@require(*ROUND_MAKERS, at=ROUND)
@takes(s.ExtendSchema)
@gives(s.RoundSchema)
def extend_round(round_id: int, args: dict[str, Any]) -> Any:
    """More time, areas (within the own scope) or sites while sampling goes on."""
    check_areas(args["area_ids"])
    sites = {r["site_id"]: r["lab_id"] for r in args["sites"]}
    rounds.extend(round_id, ends_at=args["ends_at"], area_ids=args["area_ids"], sites=sites)
    return get_policy(round_id)


def check_areas(area_ids: Iterable[int]) -> None:
    """Areas added to a round must lie where its maker answers for them. Raises NotAllowed."""
    actor = current_actor()
    if not all(actor.may(ROUND_MAKERS, place_of_area(a)) for a in area_ids):
        refuse(actor)


@bp.post("/rounds/<int:round_id>/stop")
@require(*ROUND_MAKERS, at=ROUND)
@gives(s.RoundSchema)
def stop_round(round_id: int) -> Any:
    """sampling → finishing: no new swabs but re-checks and door lists."""
    rounds.stop(round_id, at=clock.now())
    return get_policy(round_id)


@bp.post("/rounds/<int:round_id>/cancel")
@require(*ROUND_MAKERS, at=ROUND)
@gives(s.RoundSchema)
def cancel_round(round_id: int) -> Any:
    """A draft or scheduled round is given up."""
    rounds.cancel(round_id)
    return get_policy(round_id)


@bp.post("/rounds/<int:round_id>/clone")
@require(*ROUND_MAKERS, at=ROUND)
@takes(s.NewRoundSchema)
@gives(s.MadeSchema, 201)
def clone_round(round_id: int, args: dict[str, Any]) -> Any:
    """A new draft with the same rules and a scope no wider."""
    return {"id": rounds.clone(round_id, draft_of(args), by=current_actor())}


@bp.get("/zones")
@require(*ZONE_SEERS, at=OWN_ROWS)
@takes(s.PageQuerySchema, "query")
@gives(page_of(s.ZoneSchema))
def list_zones(args: dict[str, Any]) -> Any:
    """Zones within the own scope, with from and to."""
    rows = desk.list_zones(current_actor().places(ZONE_SEERS), **args)
    return page(rows, "zone_id", args["limit"])


@bp.post("/zones")
@require(*SETTERS, at=AROUND_AREAS)
@takes(s.NewZoneSchema)
@gives(s.MadeSchema, 201)
def add_zone(args: dict[str, Any]) -> Any:
    """A measure over communities, grids or buildings from a time on."""
    return {"id": zones.add_zone(**args, by=current_actor())}


@bp.post("/zones/<int:zone_id>/end")
@require(*SETTERS, at=ZONE)
@gives(None, 204)
def end_zone(zone_id: int) -> Any:
    """The measure is lifted now."""
    zones.end_zone(zone_id, at=clock.now())
    return "", 204
