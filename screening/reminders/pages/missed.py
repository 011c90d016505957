"""The missed of an area by building and household, and what came of a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.coverage.missed_queries import Picked
from screening.coverage.missed_rules import WHYS, Wanted
from screening.coverage.queries import children_of, coverage_of
from screening.errors import NotFound
from screening.i18n import _
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.registry.rules import Flag
from screening.registry.scopes import PERSON_IN_BODY
from screening.reminders import queries, rules, service
from screening.reminders.api import CALLERS, READERS, WAVERS, visit
from screening.reminders.api.missed import note_reads, pairs_of
from screening.reminders.exports import FORMATS
from screening.reminders.pages import frame
from screening.reminders.pages.frame import (
    TONES,
    begin,
    bp,
    choices,
    opens,
    own_areas,
    said,
    the_round,
)
from screening.reminders.pages.missed_filters import filters, in_address, the_filters


@bp.get("/missed", endpoint="missed")
@require(*READERS, at=OWN_ROWS)
def missed_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    return begin(".missed_in", own_areas(current_actor(), READERS))


@bp.get("/missed/<int:area_id>")
@require(*READERS, at=area("area_id"))
def missed_in(area_id: int) -> Any:
    """The missed of an area: below the community by name or household, above it by number."""
    node, policy = queries.get_node(area_id), the_round()
    if policy is None:
        return render_template("reminders/areas.html", rows=[])
    now, asked = clock.now(), the_filters()
    view = request.args.get("view", "") if node.level >= COMMUNITY else "areas"
    shared = head(node, policy, asked, view, now)
    if view == "areas":
        below = children_of(area_id, policy.round_id, at=now)
        children = [child(n, r, node, policy.round_id) for n, r in below]
        return render_template("reminders/missed_areas.html", children=children, **shared)
    listed = people(node, policy, asked, view, now)
    template = "households" if view == "households" else "missed"
    return render_template(f"reminders/{template}.html", **shared, **listed)


def head(
    node: Node, policy: RoundPolicy, asked: Wanted, view: str, now: datetime
) -> dict[str, Any]:
    """What every view of the missed has above its rows."""
    row = coverage_of(node.area_id, policy.round_id, at=now)
    here: dict[str, Any] = {"area_id": node.area_id, "round": policy.round_id}
    parts = [
        {"label": said(w), "count": getattr(row, s), "tone": TONES.get(s, "unknown"),
         "key": str(s),
         "href": url_for(".missed_in", **here, state=s)}
        for s, w in rules.STATES.items() if getattr(row, s)
    ]  # fmt: skip
    exports = [
        {"label": form.upper(), "href": url_for(
            "reminders_api.export_missed", area=node.area_id, round=policy.round_id, format=form,
            **in_address(asked))}
        for form in FORMATS
    ]  # fmt: skip
    views = [("", _("按人")), ("households", _("按户")), ("areas", _("按网格或楼栋"))]
    return {
        "node": node, "policy": policy, "row": row, "parts": parts, "exports": exports,
        "trail": trail(node, policy.round_id), "may_send": may_send(node),
        "below": node.level >= COMMUNITY,
        "views": [
            {"label": label, "active": view == key,
             "href": url_for(".missed_in", **here, view=key or None, **in_address(asked))}
            for key, label in views
        ] if node.level >= COMMUNITY else [],
    }  # fmt: skip


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


def child(node: Node, row: Any, parent: Node, round_id: int) -> dict[str, Any]:
    """One area below. People whose grid or building is not known stand in the parent's name."""
    unknown = node.area_id == parent.area_id
    href = "" if unknown else url_for(".missed_in", area_id=node.area_id, round=round_id)
    return {
        "href": href,
        "name": _("未标明网格或楼栋") if unknown else node.name,
        "missed": (row.missed, row.due),
        **{str(s): getattr(row, s) for s in rules.State},
    }


def people(
    node: Node, policy: RoundPolicy, asked: Wanted, view: str, now: datetime
) -> dict[str, Any]:
    """One page of the missed, those who need a new swab first, or of their households in the
    order of doors; only who is shown is opened, and each is audited."""
    actor = current_actor()
    (community,) = queries.communities_of(node)
    found = queries.pick_missed(community, policy.round_id, asked, at=now, within=node)
    key = household if view == "households" else position
    page, more = paged(found, key, request.args.get("after", ""))
    shown = queries.open_these(community, policy.round_id, page, at=now)
    note_reads(shown, why="missed_list")
    full = opens(queries.innermost(node, community), pairs_of(shown))
    here: dict[str, Any] = {"area_id": node.area_id, "round": policy.round_id,
                            "view": view or None, **in_address(asked)}  # fmt: skip
    rows = households(shown, full) if view == "households" else [line(p, full) for p in shown]
    return {
        "rows": rows,
        "total": len({household(p) for p in found}) if view == "households" else len(found),
        "asked": asked,
        "state": next(iter(asked.states), ""),
        "filters": filters(),
        "filtered": asked != Wanted(),
        "choices": choices(),
        "may_call": actor.may(CALLERS, places.place_of_area(community.area_id)),
        "next": url_for(".missed_in", after=more, **here) if more else "",
        "first": url_for(".missed_in", **here) if request.args.get("after") else "",
        "back": request.full_path,
    }


def paged(
    found: list[Picked], key: Callable[[Picked], str], after: str, size: int = 0
) -> tuple[list[Picked], str]:
    """Those of one page, and the key after which the next begins ("": this is the last).

    People who share a key (a household) are never torn apart."""
    size = size or frame.PAGE
    rest = sorted(((k, p) for p in found if (k := key(p)) > after), key=itemgetter(0))
    last = rest[size - 1][0] if len(rest) > size else ""
    page = [p for k, p in rest if not last or k <= last]
    return page, last if len(page) < len(rest) else ""


def position(p: Picked) -> str:
    """Where a person stands in the list: a new swab first, then building, household, person."""
    return ".".join(f"{int(n):020d}" for n in p.place())


def household(p: Picked) -> str:
    """The building and household; who is in none is a household alone."""
    building, home, cell, person = p.missed.door()
    alone = f"{cell:020d}.{person:020d}" if p.missed.household_id is None else ""
    return f"{building:020d}.{home:020d}.{alone}"


def line(p: queries.Opened, full: bool) -> dict[str, Any]:
    row = visit(p, full)
    again = rules.State(p.missed.state) == rules.State.RESAMPLE
    return {
        **row,
        "door": "-".join(part for part in (row["unit"], row["room"]) if part),
        "state": state_of(p),
        "again": again_of(p),
        "tel": row["phone"] if full else "",
        "tone": "stop" if again else "",
    }


def state_of(p: queries.Opened) -> dict[str, Any]:
    """The state as a badge; below it what else the list must say of the person."""
    state = rules.State(p.missed.state)
    sub = [said(WHYS[p.again.why])] if p.again else []
    sub += [_("行动不便")] if p.missed.flags & Flag.CANNOT_WALK else []
    sub += [_("开始后新增")] if p.missed.added else []
    return {"tone": TONES.get(state, "unknown"), "text": said(rules.STATES[state]),
            "sub": "，".join(sub)}  # fmt: skip


def again_of(p: queries.Opened) -> dict[str, Any] | None:
    """Until when a new swab is to be taken."""
    if p.again is None:
        return None
    late = p.again.late(clock.now())
    return {
        "text": p.again.due_at,
        "sort": p.again.due_at.isoformat(),
        "sub": _("已超时") if late else "",
    }


def households(shown: Sequence[queries.Opened], full: bool) -> list[dict[str, Any]]:
    """One line a household: its door, who of it is missed and why."""
    out = []
    for _key, group in groupby(shown, key=lambda p: household_of(p)):
        members = list(group)
        lines = [line(p, full) for p in members]
        again = any(x["tone"] for x in lines)
        phones = dict.fromkeys(x["phone"] for x in lines if x["phone"])
        out.append({
            "building": lines[0]["building"], "door": lines[0]["door"],
            "missed": len(lines), "names": "、".join(x["name"] for x in lines),
            "states": "，".join(dict.fromkeys(x["state"]["text"] for x in lines)),
            "phones": list(phones), "call": full, "tone": "stop" if again else "",
        })  # fmt: skip
    return out


def household_of(p: queries.Opened) -> str:
    return household(Picked(p.missed, p.again, frozenset()))


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
    return back if back.startswith(("/missed", "/visits", "/day")) else otherwise
