"""Who of the key groups is due today: by employer, area and person; overdue one level up; preview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.i18n import _, dt
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry import rules_schedule
from screening.registry import schedule_queries as schedules
from screening.registry.rules import COHORTS
from screening.registry.scopes import REGISTRARS
from screening.reminders import queries
from screening.reminders.api import READERS
from screening.reminders.api.missed import note_pairs, shown
from screening.reminders.due_employers import Handed, list_handed
from screening.reminders.pages import frame
from screening.reminders.pages.frame import bp, opens, own_areas, said
from screening.reminders.queries import due as lists
from screening.reminders.queries.due_facts import day_of

TONES = {lists.LATE: "stop", lists.DUE: "look", lists.DONE: "ok", lists.EXCUSED: "unknown"}


@bp.get("/due", endpoint="due")
@require(*READERS, at=OWN_ROWS)
def due_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    nodes = own_areas(current_actor(), READERS)
    if len(nodes) == 1:
        return redirect(url_for(".due_in", area_id=nodes[0].area_id), 303)
    rows = [
        {"href": url_for(".due_in", area_id=n.area_id), "name": n.name, "code": n.code}
        for n in nodes
    ]
    return render_template("reminders/due_areas.html", rows=rows)


@bp.get("/due/<int:area_id>")
@require(*READERS, at=area("area_id"))
def due_in(area_id: int) -> Any:
    """The due of an area on a day: by employer, by area below, in a community by person."""
    node, day, schedule = queries.get_node(area_id), the_day(), chosen_schedule()
    community = lists.community_of(node)
    view = the_view(node)
    shared = head(node, day, schedule, view)
    if view == "people":
        assert community is not None
        listed = people(node, community, day, schedule)
        return render_template("reminders/due_people.html", **shared, **listed)
    if view == "areas":
        rows = [area_line(n, s, day, schedule) for n, s in
                lists.list_areas(node, day, schedule=schedule)]  # fmt: skip
        return render_template("reminders/due_places.html", rows=rows, **shared)
    rows = employers(node, day, schedule)
    return render_template("reminders/due.html", rows=rows, **shared)


def the_view(node: Node) -> str:
    """People only within a community; a grid or building has nothing else."""
    asked = request.args.get("view", "")
    if node.level > COMMUNITY:
        return "people"
    allowed = ("people",) if node.level == COMMUNITY else ("areas",)
    return asked if asked in allowed else ""


def the_day() -> date:
    """The day asked for, today if none; later days have no list."""
    today = day_of(clock.now())
    try:
        return min(date.fromisoformat(request.args.get("day", "")), today)
    except ValueError:
        return today


def chosen_schedule() -> int | None:
    return request.args.get("schedule", type=int)


def address(node: Node, day: date, schedule: int | None, **more: Any) -> str:
    today = day == day_of(clock.now())
    return url_for(
        ".due_in", area_id=node.area_id, day=None if today else day.isoformat(),
        schedule=schedule, **more,
    )  # fmt: skip


def head(node: Node, day: date, schedule: int | None, view: str) -> dict[str, Any]:
    """What every view has above its rows. A grid or building shows no sums of its own."""
    actor = current_actor()
    community = lists.community_of(node) or node
    groups = lists.list_groups(community, day)
    wanted = [g for g in groups if schedule in (None, g.schedule.schedule_id)]
    running = {g.schedule.schedule_id: g.schedule for g in groups}
    calls = lists.list_called(community, waiting=True) if node.level <= COMMUNITY else []
    return {
        "node": node, "day": day, "today": day == day_of(clock.now()),
        "sums": lists.add(g.sums for g in wanted) if node.level <= COMMUNITY else None,
        "as_of": lists.settled_at(community, day),
        "trail": trail(node), "schedule": schedule or "", "view": view,
        "schedules": [("", _("全部"))] + [
            (str(i), f"{s.name}（{said(rules_schedule.say(s.rhythm))}）")
            for i, s in sorted(running.items())
        ],
        "views": views(node, day, schedule, view),
        "calls": len(calls),
        "below": address(node, day, schedule, view="people" if node.level == COMMUNITY else "areas"),
        "people": node.level == COMMUNITY,
        "may_name": actor.may(REGISTRARS, places.place_of_area(node.area_id)),
        "before": address(node, day - timedelta(days=1), schedule, view=view or None),
    }  # fmt: skip


def views(node: Node, day: date, schedule: int | None, view: str) -> list[dict[str, Any]]:
    if node.level > COMMUNITY:
        return []
    other = ("people", _("按人")) if node.level == COMMUNITY else ("areas", _("按辖区"))
    return [
        {"label": label, "active": view == key,
         "href": address(node, day, schedule, view=key or None)}
        for key, label in (("", _("按单位")), other)
    ]  # fmt: skip


def trail(node: Node) -> list[tuple[str, str]]:
    """The areas above, as far as the actor reaches."""
    held = [p.path for p in current_actor().places(READERS)]
    return [
        (n.name, url_for(".due_in", area_id=n.area_id))
        for n in places.line_above(node)
        if any(n.path.startswith(path) for path in held)
    ]


def numbers(s: lists.Sums) -> dict[str, Any]:
    return {
        "due": s.due, "done": (s.done, s.due), "late": s.late, "late_1": s.late_1,
        "late_2": s.late_2, "longer": s.longer, "excused": s.excused,
        "tone": "stop" if s.longer else "look" if s.late else "",
    }  # fmt: skip


def employers(node: Node, day: date, schedule: int | None) -> list[dict[str, Any]]:
    """One line an employer and schedule, with who answers for it."""
    groups = lists.list_groups(node, day, schedule=schedule)
    contacts = schedules.contacts_of({g.employer for g in groups if g.employer})
    handed = list_handed(node, day, {g.employer for g in groups if g.employer})
    below = "people" if node.level == COMMUNITY else "areas"
    out = []
    for g in groups:
        who = schedules.nearest(contacts.get(g.employer, ()), node) if g.employer else None
        out.append({
            **numbers(g.sums),
            "due": {"text": g.sums.due, "sort": g.sums.due,
                    "href": address(node, day, g.schedule.schedule_id, view=below)},
            "group": said(COHORTS[g.schedule.cohort]),
            "employer": employer_door(node, day, g.employer, handed.get(g.employer, ())),
            "rhythm": {"text": said(rules_schedule.say(g.schedule.rhythm)), "sub": g.schedule.name},
            "contact": who.name if who else "",
            "tel": who.phone if who else "",
        })  # fmt: skip
    return out


def employer_door(
    node: Node, day: date, employer: str, handed: Sequence[Handed]
) -> dict[str, Any] | str:
    """The employer's own list, and whether somebody handed it over."""
    if not employer:
        return _("未登记单位")
    today = day == day_of(clock.now())
    at = _("名单 %(at)s 已交", at=dt(handed[0].made_at)) if handed else _("名单未交")
    return {
        "text": employer, "sort": employer, "sub": at,
        "href": url_for(".due_employer", area_id=node.area_id, employer=employer,
                        day=None if today else day.isoformat()),
    }  # fmt: skip


def area_line(node: Node, s: lists.Sums, day: date, schedule: int | None) -> dict[str, Any]:
    return {**numbers(s), "name": node.name, "href": address(node, day, schedule)}


# --- by person --------------------------------------------------------------------------------


def people(node: Node, community: Node, day: date, schedule: int | None) -> dict[str, Any]:
    """One page of people; only who is shown is opened, and each is audited."""
    state = request.args.get("state", "")
    states = (state,) if state in lists.STATES else (lists.LATE, lists.DUE)
    found = lists.list_due(community, day, within=node, schedule=schedule, states=states)
    after = request.args.get("after", "")
    rest = [r for r in found if position(r) > after][: frame.PAGE + 1]
    page = rest[: frame.PAGE]
    seen = [(r.cell_id, r.person_id) for r in page]
    note_pairs(seen, why="due_list")
    full = opens(queries.innermost(node, community), seen)
    known = {s.schedule_id: s for s in schedules.list_schedules()}
    return {
        "rows": [person_line(r, known[r.schedule_id], full, day) for r in page],
        "total": len(found), "state": state,
        "states": [("", _("待采")), *((s, state_word(s)) for s in lists.STATES)],
        "next": address(node, day, schedule, view="people", state=state or None,
                        after=position(page[-1])) if len(rest) > frame.PAGE else "",
        "first": address(node, day, schedule, view="people", state=state or None)
        if after else "",
    }  # fmt: skip


def position(r: lists.DueRow) -> str:
    return ".".join(f"{n:020d}" for n in r.door())


def state_word(state: str, late: int = 0) -> str:
    if state == lists.LATE:
        return _("逾期 %(n)s 天", n=late) if late else _("逾期")
    return {lists.DUE: _("今日应检"), lists.DONE: _("已检"), lists.EXCUSED: _("豁免")}[state]


def person_line(
    r: lists.DueRow, schedule: schedules.ScheduleRow, full: bool, day: date
) -> dict[str, Any]:
    row = shown(r.building_id, lists.details_of(r), full)
    state = r.state(day)
    told = [_("漏过 %(n)s 次", n=r.missed)] if r.missed else []
    return {
        **row,
        "door": "-".join(part for part in (row["unit"], row["room"]) if part),
        "tel": row["phone"] if full else "",
        "employer": r.employer,
        "rhythm": {"text": said(rules_schedule.say(schedule.rhythm)), "sub": schedule.name},
        "due_on": r.due_on,
        "state": {"tone": TONES[state], "text": state_word(state, r.late(day)),
                  "sub": "，".join(told)},
        "done_at": r.done_at,
    }  # fmt: skip
