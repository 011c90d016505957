"""Overdue key groups, one level up: what an area must answer for, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.guard import At, area, current_actor, require
from screening.accounts.roles import Role
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import LEVEL_NAMES
from screening.registry import schedule_queries as schedules
from screening.reminders import due_calls, queries
from screening.reminders.api import READERS
from screening.reminders.pages.due import trail
from screening.reminders.pages.frame import bp
from screening.reminders.queries import due as lists
from screening.reminders.queries.due_facts import day_of

ANSWERERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
CALL = At(
    "area of the level that is called",
    lambda v: lists.place_of_call(int(v["cell"]), int(v["call_id"])),
)


@bp.get("/due/<int:area_id>/calls")
@require(*READERS, at=area("area_id"))
def due_calls_of(area_id: int) -> Any:
    """Lateness that a level above the community must answer for, and what was answered."""
    return render_template("reminders/due_calls.html", **calls_view(queries.get_node(area_id)))


def calls_view(node: Node) -> dict[str, Any]:
    found = lists.list_called(node)
    known = {s.schedule_id: s for s in schedules.list_schedules()}
    contacts = schedules.contacts_of({c.employer for c in found if c.employer})
    names = accounts.names_of(c.seen_by for c in found)
    return {
        "node": node, "trail": [*trail(node), (node.name, url_for(".due_in", area_id=node.area_id))],
        "rows": [call_line(c, known[c.schedule_id], contacts, names) for c in found],
    }  # fmt: skip


def call_line(
    c: lists.Called, schedule: schedules.ScheduleRow, contacts: Any, names: Any
) -> dict[str, Any]:
    who = schedules.nearest(contacts.get(c.employer, ()), c.area)
    may = current_actor().may(ANSWERERS, places.place_of_area(c.area.area_id))
    waiting = {"tone": "look", "text": _("待答复")}
    answered = {
        "tone": "ok",
        "text": _("已答复"),
        "sub": f"{c.note or ''} {' '.join(names.get(c.seen_by or 0, ()))}",
    }
    return {
        "level": {"text": c.area.name, "sort": c.area.level,
                  "sub": LEVEL_NAMES[c.area.level][1 if current_lang() == "en" else 0]},
        "community": communities(c.communities),
        "employer": {"text": c.employer or _("未登记单位"), "sub": schedule.name},
        "late": c.late,
        "days": (day_of(clock.now()) - c.oldest).days,
        "raised_at": c.raised_at,
        "contact": who.name if who else "",
        "tel": who.phone if who else "",
        "state": answered if c.seen_at else waiting,
        "action": url_for(".answer_due_call", cell=c.cell_id, call_id=c.call_id)
        if may and not c.seen_at else "",
        "tone": "" if c.seen_at else "look",
    }  # fmt: skip


def communities(ids: Sequence[int]) -> dict[str, Any]:
    """The first community as a door, and how many more there are."""
    first = places.find_area(ids[0])
    more = _("另有 %(n)s 个", n=len(ids) - 1) if len(ids) > 1 else ""
    return {"text": first.name if first else "", "sub": more,
            "href": url_for(".due_in", area_id=ids[0])}  # fmt: skip


@bp.post("/due/calls/<int:cell>/<int:call_id>/answer")
@require(*ANSWERERS, at=CALL)
def answer_due_call(cell: int, call_id: int) -> Any:
    """Say what is being done about those who are late."""
    call, actor = lists.get_call(cell, call_id), current_actor()
    due_calls.answer(cell, call_id, request.form.get("note", ""), by=actor.staff_id, at=clock.now())
    back = lists.area_of_call(call)
    return redirect(url_for(".due_calls_of", area_id=back.area_id), 303)
