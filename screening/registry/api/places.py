"""Areas, sites, laboratories."""

from __future__ import annotations

from typing import Any

from flask import request

from screening import clock
from screening.accounts import guard
from screening.accounts.guard import CITY, OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYBODY, Role
from screening.openapi import gives, takes
from screening.places import queries as places
from screening.places.models import LEVELS
from screening.places.readers.tables import EmptyTable
from screening.registry import schemas as s
from screening.registry.api.frame import bp, page, page_of
from screening.registry.scopes import SETTERS
from screening.registry.service import setting_up


@bp.get("/areas")
@require(*EVERYBODY, at=OWN_ROWS)
@takes(s.AreaQuerySchema, "query")
@gives(page_of(s.AreaSchema))
def list_areas(args: dict[str, Any]) -> Any:
    """Areas below `parent_id` (without one the roots), or by part of a name, within the own scope."""
    rows = places.list_areas(current_actor().places(EVERYBODY), **args)
    return page(rows, "area_id", args["limit"])


@bp.post("/areas")
@require(*SETTERS, at=guard.area("parent_id"))
@takes(s.NewAreaSchema)
@gives(s.MadeSchema, 201)
def add_area(args: dict[str, Any]) -> Any:
    """One area below another: a new community, a grid, a building."""
    level = LEVELS.index(args["level"])
    made = setting_up.add_area(
        args["parent_id"], args["code"], args["name"], level, on=clock.now().date()
    )
    return {"id": made}


@bp.post("/areas/import")
@require(Role.ADMINISTRATOR, at=CITY)
@gives(s.AreaReportSchema)
def import_areas() -> Any:
    """A CSV of whole subtrees (code, name, parent, level, code12) as form field `file`."""
    file = request.files.get("file")
    if file is None:
        raise EmptyTable()
    return setting_up.import_areas(file.read(), on=clock.now().date())


@bp.patch("/areas/<int:area_id>")
@require(*SETTERS, at=guard.area())
@takes(s.AreaChangeSchema)
@gives(None, 204)
def change_area(area_id: int, args: dict[str, Any]) -> Any:
    """Rename an area (the old name stays dated) or name its grid owner."""
    setting_up.change_area(area_id, args, on=clock.now().date())
    return "", 204


@bp.post("/areas/<int:area_id>/close")
@require(*SETTERS, at=guard.area())
@gives(None, 204)
def close_area(area_id: int) -> Any:
    """An area and all below it end today."""
    setting_up.close_area(area_id, on=clock.now().date())
    return "", 204


@bp.get("/sites")
@require(*EVERYBODY, at=OWN_ROWS)
@takes(s.PageQuerySchema, "query")
@gives(page_of(s.SiteSchema))
def list_sites(args: dict[str, Any]) -> Any:
    """Collection sites within the own scope, by id."""
    rows = places.list_sites(current_actor().places(EVERYBODY), **args)
    return page(rows, "site_id", args["limit"])


@bp.post("/sites")
@require(*SETTERS, at=guard.area())
@takes(s.NewSiteSchema)
@gives(s.MadeSchema, 201)
def add_site(args: dict[str, Any]) -> Any:
    """A collection site in an area."""
    return {"id": setting_up.add_site(args.pop("code"), args.pop("area_id"), args)}


@bp.patch("/sites/<int:site_id>")
@require(*SETTERS, Role.SITE_SUPERVISOR, at=guard.site())
@takes(s.SiteChangeSchema)
@gives(None, 204)
def change_site(site_id: int, args: dict[str, Any]) -> Any:
    """Change name, kind, tables, hours, number or responsible person of a site."""
    setting_up.change_site(site_id, args)
    return "", 204


@bp.post("/sites/<int:site_id>/close")
@require(*SETTERS, at=guard.site())
@gives(None, 204)
def close_site(site_id: int) -> Any:
    """A site takes no more people; what it holds stays where it is."""
    setting_up.close_site(site_id, at=clock.now())
    return "", 204


@bp.get("/labs")
@require(*EVERYBODY, at=OWN_ROWS)
@takes(s.PageQuerySchema, "query")
@gives(page_of(s.LabSchema))
def list_labs(args: dict[str, Any]) -> Any:
    """Laboratories within the own scope, by id."""
    rows = places.list_labs(current_actor().places(EVERYBODY), **args)
    return page(rows, "lab_id", args["limit"])


@bp.post("/labs")
@require(*SETTERS, at=guard.area())
@takes(s.NewLabSchema)
@gives(s.MadeSchema, 201)
def add_lab(args: dict[str, Any]) -> Any:
    """A laboratory; capacity in tubes a day."""
    return {"id": setting_up.add_lab(args.pop("code"), args.pop("area_id"), args)}


@bp.patch("/labs/<int:lab_id>")
@require(*SETTERS, at=guard.lab())
@takes(s.LabChangeSchema)
@gives(None, 204)
def change_lab(lab_id: int, args: dict[str, Any]) -> Any:
    """Change name, capacity, responsible person or whether it has its own system."""
    setting_up.change_lab(lab_id, args)
    return "", 204
