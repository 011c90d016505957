"""Zones over areas and buildings, and who is exempt in an area."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts import guard
from screening.accounts import queries as accounts
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _
from screening.places import queries as places
from screening.registry import desk_queries as desk
from screening.registry.pages.choices import area_choices, area_name, area_tree, words
from screening.registry.pages.frame import PAGE, bp, moment, word
from screening.registry.pages.rounds import ids
from screening.registry.rules import EXEMPTIONS, ZONE_KINDS
from screening.registry.scopes import (
    AROUND_AREAS,
    EXEMPTION,
    REGISTRARS,
    SETTERS,
    ZONE,
    ZONE_SEERS,
    chosen_areas,
)
from screening.registry.service import exemptions, zones


@bp.get("/zones")
@require(*ZONE_SEERS, at=OWN_ROWS)
def list_zones() -> Any:
    """Zones within the own scope, with from and to."""
    return render_template("registry/zones.html", **zones_view())


def zones_view() -> dict[str, Any]:
    actor = current_actor()
    after = request.args.get("after", 0, type=int)
    rows = desk.list_zones(actor.places(ZONE_SEERS), after=after, limit=PAGE)
    may_make = bool(actor.places(SETTERS))
    return {
        "rows": [zone_line(r, may_make) for r in rows],
        "next": rows[-1].zone_id if len(rows) == PAGE else None,
        "after": after,
        "may_make": may_make,
        "kinds": words(ZONE_KINDS),
        "tree": area_tree(SETTERS) if may_make else [],
        "form": request.form,
        "ticked": set(ids("area_ids")),
    }


def zone_line(row: desk.ZoneRow, may_end: bool) -> dict[str, Any]:
    now = clock.now()
    over = row.ends_at is not None and row.ends_at <= now
    tone, said = ("unknown", _("已解除")) if over else ("ok", _("生效中"))
    if row.starts_at > now:
        tone, said = "look", _("未开始")
    return {
        "zone_id": row.zone_id,
        "name": row.name,
        "kind": word(ZONE_KINDS[row.kind]),
        "areas": "、".join(row.areas[:5]) + ("…" if len(row.areas) > 5 else ""),
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "state": {"tone": tone, "text": said},
        "act": may_end and not over,
    }


@bp.post("/zones")
@require(*SETTERS, at=AROUND_AREAS)
def add_zone() -> Any:
    """A measure over the ticked areas."""
    try:
        zones.add_zone(
            text("name", 60),
            text("kind", 20),
            chosen_areas(),
            starts_at=moment("starts_at") or clock.now(),
            ends_at=moment("ends_at"),
            by=current_actor(),
        )
    except Problem as problem:
        return refused(problem, "registry/zones.html", **zones_view())
    return redirect(url_for(".list_zones"), 303)


@bp.post("/zones/<int:zone_id>/end")
@require(*SETTERS, at=ZONE)
def end_zone(zone_id: int) -> Any:
    """The measure is lifted now."""
    zones.end_zone(zone_id, at=clock.now())
    return redirect(url_for(".list_zones"), 303)


# --- exemptions -------------------------------------------------------------------------------


@bp.get("/exemptions")
@require(*REGISTRARS, at=OWN_ROWS)
def choose_exemptions() -> Any:
    """Of which area the exemptions shall be shown."""
    choices = area_choices(REGISTRARS)
    if len(choices) == 1:
        return redirect(url_for(".list_exemptions", area_id=choices[0][0]))
    return render_template("registry/exemptions.html", areas=choices, place=None, rows=[])


@bp.get("/exemptions/in/<int:area_id>")
@require(*REGISTRARS, at=guard.area())
def list_exemptions(area_id: int) -> Any:
    """Exemptions that hold now for people of an area; no names, a click opens the person."""
    after = request.args.get("after", 0, type=int)
    place = places.place_of_area(area_id)
    asked = asked_exemptions()
    rows = desk.list_exemptions(place, at=clock.now(), after=after, limit=PAGE, asked=asked)
    names = accounts.names_of(r.made_by for r in rows)
    return render_template(
        "registry/exemptions.html",
        areas=area_choices(REGISTRARS),
        place=area_name(area_id),
        area_id=area_id,
        rows=[exemption_line(r, names) for r in rows],
        next=rows[-1].exemption_id if len(rows) == PAGE else None,
        after=after,
        asked={k: v for k, v in request.args.items() if k in desk.Asked._fields},
    )


def asked_exemptions() -> desk.Asked:
    """The filters of the address; what cannot be read asks nothing."""
    try:
        since = datetime.fromisoformat(request.args["since"])
    except (KeyError, ValueError):
        since = None
    reason = request.args.get("reason")
    return desk.Asked(
        reason if reason in EXEMPTIONS else None, request.args.get("by", type=int),
        since if since and since.tzinfo else None,
    )  # fmt: skip


def exemption_line(row: desk.ExemptionRow, names: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
    return {
        "cell": row.cell_id,
        "exemption_id": row.exemption_id,
        "code": word(EXEMPTIONS[row.code]),
        "community": area_name(row.community_id),
        "person": {
            "text": str(row.person_id),
            "href": url_for(".show_person", cell=row.cell_id, person_id=row.person_id),
        },
        "round": row.round_id or _("所有轮次"),
        "until": row.until,
        "made_at": row.made_at,
        "by": " ".join(names.get(row.made_by or 0, ())) or _("系统（自动）"),
        "act": row.made_by is not None and row.ended_at is None,
        "ended": row.ended_at,
    }


@bp.post("/exemptions/<int:cell>/<int:exemption_id>/end")
@require(*REGISTRARS, at=EXEMPTION)
def end_exemption(cell: int, exemption_id: int) -> Any:
    """The person is due again from now on."""
    community = desk.place_of_exemption(cell, exemption_id).id
    exemptions.end_exemption(cell, exemption_id, at=clock.now())
    return redirect(url_for(".list_exemptions", area_id=community), 303)
