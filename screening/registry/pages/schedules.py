"""Schedules of key groups: the list, a new one, its beginning and end; who answers for employers."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts import guard
from screening.accounts import queries as accounts
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import BadField, Fault, Faults, Problem
from screening.forms import refused, text
from screening.i18n import _, local
from screening.places import queries as places
from screening.registry import rules_schedule as rules
from screening.registry import schedule_queries as queries
from screening.registry.pages.choices import area_name, area_tree, words
from screening.registry.pages.frame import bp, word
from screening.registry.pages.rounds import ids
from screening.registry.rules import COHORTS, GENERAL
from screening.registry.rules_schedule import PRESETS, Kind, State
from screening.registry.scopes import (
    AROUND_AREAS,
    REGISTRARS,
    ROUND_MAKERS,
    SCHEDULE,
    SETTERS,
    ZONE_SEERS,
    chosen_areas,
)
from screening.registry.service import schedules

TONES = {State.DRAFT: "look", State.ON: "ok", State.ENDED: "unknown"}
MOST_AREAS = 5  # named in a line of the list


@bp.get("/schedules")
@require(*ZONE_SEERS, at=OWN_ROWS)
def list_schedules() -> Any:
    """Schedules that concern the own scope."""
    actor = current_actor()
    rows = queries.list_schedules(actor.places(ZONE_SEERS))
    return render_template(
        "registry/schedules.html", rows=[line(s) for s in rows],
        may_make=bool(actor.places(ROUND_MAKERS)),
    )  # fmt: skip


def line(s: queries.ScheduleRow) -> dict[str, Any]:
    may = current_actor().may(ROUND_MAKERS, places.common_place(s.area_ids))
    names = [n.name for a in s.area_ids if (n := places.find_area(a))]
    return {
        "name": s.name,
        "href": url_for(".show_schedule", schedule_id=s.schedule_id) if may else "",
        "cohort": word(COHORTS[s.cohort]),
        "rhythm": word(rules.say(s.rhythm)),
        "areas": "、".join(names[:MOST_AREAS]) + ("…" if len(names) > MOST_AREAS else ""),
        "starts_on": s.rhythm.starts_on,
        "ends_on": s.rhythm.ends_on,
        "state": {"tone": TONES[s.state], "text": word(rules.STATES[s.state])},
    }


@bp.get("/schedules/new")
@require(*ROUND_MAKERS, at=OWN_ROWS)
def new_schedule() -> Any:
    """The form, empty or filled from a preset."""
    preset = PRESETS.get(request.args.get("preset", ""))
    form: dict[str, Any] = {"kind": "every", "every": 2, "starts_on": today().isoformat()}
    if preset is not None:
        form |= {"name": word(preset), "cohort": preset.cohort, "kind": preset.kind,
                 "every": preset.every or "", "days": "、".join(map(str, preset.days))}  # fmt: skip
    return render_template("registry/schedule_form.html", **form_view(form))


def today() -> date:
    return local(clock.now()).date()


def form_view(form: Any) -> dict[str, Any]:
    return {
        "form": form,
        "cohorts": [c for c in words(COHORTS) if c[0] != GENERAL],
        "kinds": [("every", _("每隔几天")), ("days", _("按天数（从各人起点算）"))],
        "firsts": [("0", _("第 0 天（次日为第 1 天）")), ("1", _("第 1 天"))],
        "tree": area_tree(ROUND_MAKERS),
        "ticked": set(ids("area_ids")) if request.form else set(),
        "presets": [
            {"label": word(p), "href": url_for(".new_schedule", preset=key),
             "source": p.source}
            for key, p in PRESETS.items()
        ],
    }  # fmt: skip


@bp.post("/schedules")
@require(*ROUND_MAKERS, at=AROUND_AREAS)
def add_schedule() -> Any:
    """A draft over the ticked areas; it asks nobody before it begins."""
    try:
        made = schedules.draft(given(), by=current_actor(), at=clock.now())
    except Problem as problem:
        return refused(problem, "registry/schedule_form.html", **form_view(request.form))
    return redirect(url_for(".show_schedule", schedule_id=made), 303)


def given() -> schedules.Draft:
    """The form. Raises Faults."""
    starts_on = a_day("starts_on")
    if starts_on is None:
        raise Faults([Fault(BadField(message=_("请填写日期。")), field="starts_on")])
    every = text("every", 4)
    return schedules.Draft(
        text("name", 60),
        text("cohort", 40),
        Kind.DAYS if text("kind", 10) == "days" else Kind.EVERY,
        starts_on,
        chosen_areas(),
        every=int(every) if every.isdecimal() else 0,
        days=[int(n) for n in re.findall(r"\d{1,3}", text("days"))],
        first_day=1 if text("first_day", 2) == "1" else 0,
        ends_on=a_day("ends_on"),
        employers=request.form.get("employers", "")[:5000].splitlines(),
    )


def a_day(name: str) -> date | None:
    """A date of the form; None when left empty. Raises Faults."""
    typed = text(name, 20)
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise Faults([Fault(BadField(message=_("时间写法不对。")), field=name)]) from None


@bp.get("/schedules/<int:schedule_id>")
@require(*ROUND_MAKERS, at=SCHEDULE)
def show_schedule(schedule_id: int) -> Any:
    """One schedule: what it asks, of whom, where, and what can be done with it."""
    s = queries.get_schedule(schedule_id)
    names = accounts.names_of([i for i in (s.made_by, s.begun_by) if i])
    actor, place = current_actor(), queries.place_of_schedule(schedule_id)
    return render_template(
        "registry/schedule.html",
        s=s,
        cohort=word(COHORTS[s.cohort]),
        rhythm=word(rules.say(s.rhythm)),
        state={"tone": TONES[s.state], "text": word(rules.STATES[s.state])},
        areas=[area_name(a) for a in s.area_ids],
        made_by=" ".join(names.get(s.made_by, ())),
        begun_by=" ".join(names.get(s.begun_by or 0, ())),
        may_set=actor.may(SETTERS, place),
        today=today(),
    )


@bp.post("/schedules/<int:schedule_id>/begin")
@require(*SETTERS, at=SCHEDULE)
def begin_schedule(schedule_id: int) -> Any:
    """From its first day on its people are listed, with or without the spread shown before."""
    shares = [int(n) for n in re.findall(r"\d{1,9}", request.form.get("spread", ""))]
    schedules.begin(
        schedule_id, spread=shares[: rules.MOST_EVERY], by=current_actor(), at=clock.now()
    )
    flash(_("已开始；名单在几分钟内列出。"), "ok")
    return redirect(url_for(".show_schedule", schedule_id=schedule_id), 303)


@bp.post("/schedules/<int:schedule_id>/end")
@require(*SETTERS, at=SCHEDULE)
def end_schedule(schedule_id: int) -> Any:
    """Nobody is asked any more."""
    schedules.end(schedule_id, by=current_actor(), at=clock.now())
    return redirect(url_for(".show_schedule", schedule_id=schedule_id), 303)


@bp.post("/schedules/<int:schedule_id>/round")
@require(*ROUND_MAKERS, at=SCHEDULE)
def round_of_schedule(schedule_id: int) -> Any:
    """A draft of today's cohort round; people approve and start it."""
    made = schedules.draft_round(schedule_id, today(), by=current_actor())
    return redirect(url_for(".show_round", round_id=made), 303)


# --- employers --------------------------------------------------------------------------------


@bp.get("/employers/in/<int:area_id>")
@require(*REGISTRARS, at=guard.area())
def list_employers(area_id: int) -> Any:
    """Employers of key groups whose people live in an area, and who answers for each."""
    return render_template("registry/employers.html", **employers_view(area_id))


def employers_view(area_id: int) -> dict[str, Any]:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    rows = queries.list_employers(node)
    contacts = queries.contacts_of([r.employer for r in rows])
    lines = []
    for r in rows:
        who = queries.nearest(contacts.get(r.employer, ()), node)
        lines.append({
            "group": word(COHORTS[r.key_group]), "employer": r.employer, "persons": r.persons,
            "contact": who.name if who else "", "phone": who.phone if who else "",
        })  # fmt: skip
    return {
        "area_id": area_id, "place": area_name(area_id), "rows": lines, "form": request.form,
        "choices": [("", "—"), *((r.employer, r.employer) for r in rows)],
    }  # fmt: skip


@bp.post("/employers/in/<int:area_id>")
@require(*REGISTRARS, at=guard.area())
def put_employer(area_id: int) -> Any:
    """Who answers for an employer's people in this area."""
    try:
        schedules.put_contact(
            area_id, text("employer", 200), text("contact_name", 60), text("contact_phone", 40),
            by=current_actor(), at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "registry/employers.html", **employers_view(area_id))
    return redirect(url_for(".list_employers", area_id=area_id), 303)
