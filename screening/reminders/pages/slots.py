"""Which site and hour each building is given before a round begins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, g, make_response, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.db import db
from screening.errors import Problem
from screening.i18n import ZONE, _, current_lang, local
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy, get_policy
from screening.registry.rules import RoundState
from screening.reminders import queries, slots
from screening.reminders.api import READERS, WAVERS
from screening.reminders.pages.frame import bp, the_round
from screening.reminders.rules.slots import SLOT, Slot, slot_words


@bp.get("/slots/<int:area_id>")
@require(*READERS, at=area("area_id"))
def slots_in(area_id: int) -> Any:
    """The buildings of an area with their sites and hours; above the community by number."""
    return page_of(area_id)


def page_of(area_id: int, **more: Any) -> Any:
    node, policy = queries.get_node(area_id), asked_round()
    shared = {
        "node": node,
        "policy": policy,
        "may_plan": policy is not None
        and policy.state in (RoundState.DRAFT, RoundState.SCHEDULED)
        and current_actor().may(WAVERS, places.place_of_area(area_id)),
        **more,
    }
    if policy is None:
        return render_template("reminders/slots.html", rows=[], sites=[], **shared)
    if node.level < COMMUNITY:
        rows = [community_line(n, policy) for n in queries.communities_of(node)]
        return render_template("reminders/slots_areas.html", rows=rows, **shared)
    rows = [line(r) for r in slots.list_slots(policy.round_id, node)]
    return render_template(
        "reminders/slots.html",
        rows=rows,
        buildings=[(r["building_id"], r["building"]) for r in rows],
        first_start=f"{local(policy.starts_at):%Y-%m-%dT%H:%M}",
        first_end=f"{local(policy.starts_at + SLOT):%Y-%m-%dT%H:%M}",
        sites=[(s.site_id, s.name) for s in slots.open_sites(policy)],
        **shared,
    )


def asked_round() -> RoundPolicy | None:
    asked = request.values.get("round", type=int) or request.form.get("round_id", type=int)
    return get_policy(asked) if asked else the_round()


def community_line(node: Node, policy: RoundPolicy) -> dict[str, Any]:
    counts, planned = slots.people_by_building(node), slots.slots_of(policy.round_id, node)
    return {
        "href": url_for(".slots_in", area_id=node.area_id, round=policy.round_id),
        "name": node.name,
        "buildings": len(counts),
        "planned": len(planned.keys() & counts.keys()),
        "persons": sum(counts.values()),
    }


def line(r: slots.SlotRow) -> dict[str, Any]:
    planned = r.starts_at is not None and r.ends_at is not None and r.site_id is not None
    hours = slot_words(Slot(r.site_id, r.starts_at, r.ends_at), ZONE) if planned else ""  # type: ignore[arg-type]
    return {**r._asdict(), "hours": hours}


@bp.post("/slots/plan")
@require(*WAVERS, at=area("area_id"))
def plan_slots() -> Any:
    """Give every building that has none a site and an hour."""
    area_id, round_id = (request.form.get(f, 0, type=int) for f in ("area_id", "round_id"))
    n = slots.plan(round_id, queries.get_node(area_id), by=current_actor(), at=clock.now())
    flash(_("安排了 %(n)s 栋。", n=n), "ok")
    return redirect(url_for(".slots_in", area_id=area_id, round=round_id), 303)


@bp.post("/slots")
@require(*WAVERS, at=area("building_id"))
def set_slot() -> Any:
    """Another site or hour for one building."""
    building = queries.get_node(request.form.get("building_id", 0, type=int))
    round_id = request.form.get("round_id", 0, type=int)
    (community,) = queries.communities_of(building)
    try:
        slot = Slot(request.form.get("site_id", 0, type=int), moment("starts_at"),
                    moment("ends_at"))  # fmt: skip
        slots.set_slot(round_id, building, slot, by=current_actor(), at=clock.now())
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        sentence = problem.sentence(current_lang())
        return make_response(page_of(community.area_id, sentence=sentence), problem.status)
    flash(_("已记录。"), "ok")
    return redirect(url_for(".slots_in", area_id=community.area_id, round=round_id), 303)


def moment(name: str) -> datetime:
    """Raises WrongSlot."""
    try:
        return datetime.fromisoformat(request.form.get(name, "")).replace(tzinfo=ZONE)
    except ValueError as e:
        raise slots.WrongSlot() from e
