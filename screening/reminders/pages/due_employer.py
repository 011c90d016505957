"""One employer's due list: made to be printed each morning, and noted when it was handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, g, make_response, redirect, render_template, request, url_for

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.guard import area, current_actor, require
from screening.db import db
from screening.errors import NotFound, Problem
from screening.i18n import _, current_lang, dt
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry import rules_schedule
from screening.registry import schedule_queries as schedules
from screening.reminders import due_employers, queries, rules
from screening.reminders.api import CALLERS, READERS
from screening.reminders.api.missed import note_pairs
from screening.reminders.due_employers import HOWS, Handed
from screening.reminders.pages.due import TONES, state_word, the_day, trail
from screening.reminders.pages.frame import bp, said
from screening.reminders.queries import due as lists
from screening.reminders.queries.due_facts import day_of

TAIL = 4  # characters of a document by which an employer tells two people of one name apart


@bp.get("/due/<int:area_id>/employer")
@require(*READERS, at=area("area_id"))
def due_employer(area_id: int) -> Any:
    """Who of one employer is due on a day: masked name, end of the document, state; no phone."""
    node = queries.get_node(area_id)
    return render_template("reminders/due_employer.html", **page(node, the_employer(request.args)))


def the_employer(values: Any) -> str:
    name = values.get("employer", "")[:200]
    if not name:
        raise NotFound()
    return name


def page(node: Node, employer: str) -> dict[str, Any]:
    day = the_day()
    found = due_employers.list_employer(node, employer, day)
    note_pairs(sorted({(r.cell_id, r.person_id) for _n, r in found}), why="employer_list")
    known = {s.schedule_id: s for s in schedules.list_schedules()}
    handed = due_employers.list_handed(node, day, [employer])[employer]
    contacts = schedules.contacts_of({employer})
    who = schedules.nearest(contacts.get(employer, ()), node)
    return {
        "node": node, "employer": employer, "day": day, "today": day == day_of(clock.now()),
        "rows": [line(n, community, r, known, day) for n, (community, r) in enumerate(found, 1)],
        "waiting": sum(r.state(day) in (lists.LATE, lists.DUE) for _n, r in found),
        "handed": deliveries(handed), "contact": who,
        "hows": [(how, said(word)) for how, word in HOWS.items()],
        "trail": [*trail(node), (node.name, url_for(".due_in", area_id=node.area_id))],
        "may_hand": current_actor().may(CALLERS, places.place_of_area(node.area_id)),
    }  # fmt: skip


def line(
    number: int,
    community: Node,
    r: lists.DueRow,
    known: dict[int, schedules.ScheduleRow],
    day: date,
) -> dict[str, Any]:
    told, state, schedule = lists.details_of(r), r.state(day), known[r.schedule_id]
    return {
        "n": number, "name": rules.mask_name(told.name),
        "tail": f"…{told.number[-TAIL:]}" if len(told.number) > TAIL else "",
        "community": community.name, "rhythm": said(rules_schedule.say(schedule.rhythm)),
        "due_on": r.due_on, "state": {"tone": TONES[state], "text": state_word(state, r.late(day))},
        "done_at": r.done_at, "tone": "stop" if state == lists.LATE else "",
    }  # fmt: skip


def deliveries(handed: Sequence[Handed]) -> list[str]:
    """What was handed over when, how and by whom."""
    names = accounts.names_of(h.made_by for h in handed)
    return [
        _("%(at)s 已交（%(how)s，%(n)s 人，%(who)s）", at=dt(h.made_at), how=said(HOWS[h.how]),
          n=h.persons, who=" ".join(names.get(h.made_by, ())))
        for h in handed
    ]  # fmt: skip


@bp.post("/due/<int:area_id>/employer")
@require(*CALLERS, at=area("area_id"))
def hand_due_list(area_id: int) -> Any:
    """Note that today's list was handed to the employer."""
    node, employer = queries.get_node(area_id), the_employer(request.form)
    now = clock.now()
    try:
        due_employers.hand_over(
            node, employer, request.form.get("how", ""), by=current_actor().staff_id, at=now,
            day=day_of(now),
        )  # fmt: skip
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        told = problem.sentence(current_lang())
        text = render_template("reminders/due_employer.html", sentence=told, **page(node, employer))
        return make_response(text, problem.status)
    flash(_("已记下名单已交给单位。"), "ok")
    return redirect(url_for(".due_employer", area_id=area_id, employer=employer), 303)
