"""The callbacks of an area: whom to reach, where, until when; what came of each try."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, refuse, require
from screening.accounts.roles import Actor
from screening.errors import NotFound
from screening.forms import text
from screening.i18n import _, dt
from screening.places import queries as places
from screening.places.rules import COMMUNITY
from screening.registry.queries import find_policy
from screening.reporting import members, rules, scopes, service, words
from screening.reporting.members import Member
from screening.reporting.pages.frame import bp


@bp.get("/callbacks")
@require(*scopes.CALLERS, at=OWN_ROWS)
def callbacks() -> Any:
    """People of an area who are to be swabbed again, by building and deadline. Audited."""
    me, now = current_actor(), clock.now()
    choices = _areas(me)
    area_id = request.args.get("area_id", type=int) or (choices[0][0] if choices else None)
    if area_id is None:
        raise NotFound()
    place = places.place_of_area(area_id)
    if not me.may(scopes.CALLERS, place):
        refuse(me)
    asked = request.args.get("state", "running")
    states = rules.RUNNING if asked not in (rules.CLOSED, rules.WITHDRAWN) else (asked,)
    after = request.args.get("after", 0, type=int)
    # round 0 is a round of its own (swabs of none); without a word every round is meant
    asked_round = request.args.get("round", type=int)
    policy = None if asked_round is None else find_policy(asked_round)
    round_id = policy.round_id if policy else None
    rows = members.callbacks_of_area(place, states=states, round_id=round_id, after=after)
    found = members.open_members(rows)
    late = sum(1 for m in found if m.row.state == rules.OPEN and m.row.due_at < now)
    full = len(rows) == rules.LIST_ROWS.value
    return render_template(
        "reporting/callbacks.html", rows=[_line(m, now) for m in found], areas=choices,
        area_id=area_id, state=asked, late=late, as_of=now, policy=policy,
        away=sum(1 for m in found if m.row.attempt in rules.EXPLAINS),
        attempts=[(a, words.word(words.ATTEMPTS, a)) for a in rules.ATTEMPTS],
        next=url_for(".callbacks", area_id=area_id, state=asked, round=round_id, after=rows[-1].callback_id)
        if full else "",
    )  # fmt: skip


def _areas(me: Actor) -> list[tuple[int, str]]:
    """Areas of the own scope from the top down to communities, in code order; a grid or building
    that is the scope itself as well."""
    held = me.places(scopes.CALLERS)
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held if p.kind == "area")
    nodes = [
        n
        for n in places.TREE.get().by_id.values()
        if (1 < n.level <= COMMUNITY and (everywhere or (paths and n.path.startswith(paths))))
        or n.path in paths
    ]
    top = min((n.level for n in nodes), default=0)
    return [
        (n.area_id, "　" * (n.level - top) + n.name) for n in sorted(nodes, key=lambda n: n.path)
    ]


def _line(m: Member, now: datetime) -> dict[str, Any]:
    r = m.row
    late = r.state == rules.OPEN and r.due_at < now
    href = url_for(".show_timeline", cell=r.cell_id, person_id=r.person_id)
    return {
        "building": m.building,
        "community": m.community,
        "name": {"text": m.name, "href": href},
        "address": m.address,
        "phone": m.phone,
        "reason": words.word(words.REASONS, r.reason),
        "tube": r.barcode,
        "state": {
            "tone": "look" if r.state == rules.OPEN else "ok",
            "text": words.word(words.CALLBACK_STATES, r.state),
        },
        "outcome": words.outcome(r.outcome),
        "due_at": r.due_at,
        "contact": {
            "text": words.word(words.ATTEMPTS, m.contact) if m.contact else "",
            "sub": dt(m.contact_at) if m.contact_at else "",
        },
        "late": late,
        "tone": "stop" if late else "",
        "running": r.state in rules.RUNNING,
        "cell": r.cell_id,
        "number": r.callback_id,
    }


@bp.post("/callbacks/<int:cell>/<int:callback_id>/attempt")
@require(*scopes.CALLERS, at=scopes.CALLBACK)
def tell_attempt(cell: int, callback_id: int) -> Any:
    """Note what came of a try to reach somebody."""
    by = current_actor().staff_id
    service.tell_attempt(cell, callback_id, text("outcome", 20), by=by, at=clock.now())
    flash(_("已记录。"), "ok")
    back: dict[str, Any] = {
        name: int(text(field, 20)) if text(field, 20).isdigit() else None
        for name, field in (("area_id", "area"), ("round", "round"))
    }
    return redirect(url_for(".callbacks", **back), 303)
