"""The missed of an area by building and household, and what came of a call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts import audit
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.coverage.queries import children_of, coverage_of
from screening.errors import NotFound
from screening.i18n import _
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.registry.scopes import PERSON_IN_BODY
from screening.reminders import queries, rules, service
from screening.reminders.api import CALLERS, READERS, WAVERS, sees_all, visit
from screening.reminders.exports import FORMATS
from screening.reminders.pages import frame
from screening.reminders.pages.frame import (
    TONES,
    begin,
    bp,
    choices,
    own_areas,
    said,
    the_round,
)


@bp.get("/missed", endpoint="missed")
@require(*READERS, at=OWN_ROWS)
def missed_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    return begin(".missed_in", own_areas(current_actor(), READERS))


@bp.get("/missed/<int:area_id>")
@require(*READERS, at=area("area_id"))
def missed_in(area_id: int) -> Any:
    """The missed of an area: below the community by name, above it by number."""
    node, policy = queries.get_node(area_id), the_round()
    if policy is None:
        return render_template("reminders/areas.html", rows=[])
    now = clock.now()
    row = coverage_of(area_id, policy.round_id, at=now)
    parts = [
        {"label": said(w), "count": getattr(row, s), "tone": TONES.get(s, "unknown"),
         "href": url_for(".missed_in", area_id=area_id, round=policy.round_id, state=s)}
        for s, w in rules.STATES.items() if getattr(row, s)
    ]  # fmt: skip
    exports = [
        {"label": form.upper(), "href": url_for(
            "reminders_api.export_missed", area=area_id, round=policy.round_id, format=form)}
        for form in FORMATS
    ]  # fmt: skip
    shared = {
        "node": node, "policy": policy, "row": row, "parts": parts, "exports": exports,
        "trail": trail(node, policy.round_id), "may_send": may_send(node),
    }  # fmt: skip
    if node.level < COMMUNITY:
        children = [child(n, r, policy.round_id) for n, r in children_of(area_id, policy.round_id,
                                                                        at=now)]  # fmt: skip
        return render_template("reminders/missed_areas.html", children=children, **shared)
    return render_template("reminders/missed.html", **shared, **people(node, policy))


def trail(node: Node, round_id: int) -> list[tuple[str, str]]:
    """The areas above, as far as the actor reaches."""
    held = [p.path for p in current_actor().places(READERS)]
    return [
        (n.name, url_for(".missed_in", area_id=n.area_id, round=round_id))
        for n in places.line_above(node)
        if any(n.path.startswith(path) for path in held)
    ]


def may_send(node: Node) -> bool:
    return current_actor().may(WAVERS, places.place_of_area(node.area_id))


def child(node: Node, row: Any, round_id: int) -> dict[str, Any]:
    return {
        "href": url_for(".missed_in", area_id=node.area_id, round=round_id),
        "name": node.name,
        "missed": (row.missed, row.due),
        **{str(s): getattr(row, s) for s in rules.State},
    }


def people(node: Node, policy: RoundPolicy) -> dict[str, Any]:
    """One page of the missed by building and household; each person shown is audited."""
    actor, state = current_actor(), request.args.get("state", "")
    (community,) = queries.communities_of(node)
    full = sees_all(actor, community.path)
    found = queries.open_missed(
        community, policy.round_id, at=clock.now(), within=node, states=(state,) if state else ()
    )
    after = request.args.get("after", "")
    rest = [p for p in found if position(p) > after][: frame.PAGE + 1]
    shown = rest[: frame.PAGE]
    audit.note_read_person(community.cell_id, [p.person_id for p in shown], why="missed_list")
    more: dict[str, Any] = {"round": policy.round_id, "state": state or None}
    more["area_id"] = node.area_id
    return {
        "rows": [line(p, full) for p in shown],
        "total": len(found),
        "state": state,
        "states": [(str(s), said(w)) for s, w in rules.STATES.items()],
        "choices": choices(),
        "may_call": actor.may(CALLERS, places.place_of_area(community.area_id)),
        "next": url_for(".missed_in", after=position(shown[-1]), **more)
        if len(rest) > frame.PAGE else "",
        "first": url_for(".missed_in", **more) if after else "",
        "back": request.full_path,
    }  # fmt: skip


def position(p: queries.Opened) -> str:
    """Where a person stands in the order of building, household, person."""
    m = p.missed
    far = (1 << 63) - 1
    return f"{m.building_id or far:020d}.{m.household_id or far:020d}.{m.person_id:020d}"


def line(p: queries.Opened, full: bool) -> dict[str, Any]:
    row = visit(p, full)
    state = rules.State(p.missed.state)
    door = "-".join(part for part in (row["unit"], row["room"]) if part)
    return {
        **row,
        "door": door,
        "state": {"tone": TONES.get(state, "unknown"), "text": said(rules.STATES[state])},
        "tel": row["phone"] if full else "",
        "tone": "stop" if state == rules.State.RESAMPLE else "",
    }


@bp.post("/missed/contact")
@require(*CALLERS, at=PERSON_IN_BODY)
def add_contact() -> Any:
    """What came of a call or a visit, in two taps."""
    outcome, now = request.form.get("do", ""), clock.now()
    hours = rules.QUICK_HOURS.get(outcome)
    kind = request.form.get("kind", "call")
    if kind not in rules.CONTACT_KINDS:
        raise NotFound()
    cell, person_id = (request.form.get(f, 0, type=int) for f in ("cell_id", "person_id"))
    if outcome == "opt_out":
        service.opt_out(cell, person_id, at=now)
    else:
        service.note_contact(
            cell, person_id, request.form.get("round_id", 0, type=int), outcome, kind=kind,
            until=now + timedelta(hours=hours) if hours else None,
            by=current_actor().staff_id, at=now,
        )  # fmt: skip
    flash(_("已记录。"), "ok")
    return redirect(_back(url_for(".missed")), 303)


def _back(otherwise: str) -> str:
    back = request.form.get("back", "")
    return back if back.startswith(("/missed", "/visits")) else otherwise
