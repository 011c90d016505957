"""Bulletins that make themselves, on the desk: set, ended, what became of each cut-off."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.bulletins import paper, rhythms
from screening.bulletins import rhythm_queries as queries
from screening.bulletins.pages.desk import areas_of
from screening.bulletins.pages.frame import bp, lang, refused
from screening.bulletins.rhythm_rules import GRACE, STEPS, BadRhythm, Every, Rhythm
from screening.bulletins.scopes import AREA, MAKERS, READERS, RHYTHM
from screening.errors import Problem
from screening.i18n import _
from screening.places import queries as places
from screening.registry.queries import find_policy


@bp.get("/bulletins/rhythms", endpoint="rhythms")
@require(*READERS, at=OWN_ROWS)
def list_rhythms() -> Any:
    """The recurring bulletins of the own areas, with their last cut-offs, and the form for one."""
    return render_template("bulletins/rhythms.html", **page())


def page() -> dict[str, Any]:
    actor = current_actor()
    found = queries.list_rhythms(actor.places(READERS))
    runs = queries.list_runs([r.rhythm_id for r in found])
    held = actor.places(MAKERS)
    areas = areas_of(held)
    return {
        "rows": [line(r, runs.get(r.rhythm_id, [])) for r in found],
        "areas": areas,
        "steps": [("", _("每天一次")), *((n, Rhythm(Every.HOURS, n).words(lang())) for n in STEPS)],
        "form": request.form,
    }


def line(r: queries.RhythmRow, runs: list[queries.RunRow]) -> dict[str, Any]:
    node = places.find_area(r.area_id)
    place = places.place_of_area(r.area_id)
    return {
        "rhythm_id": r.rhythm_id, "area": node.name if node else "",
        "rhythm": r.rhythm.words(lang()), "since": r.made_at,
        "runs": [said(u) for u in runs], "may_end": current_actor().may(MAKERS, place),
    }  # fmt: skip


def said(u: queries.RunRow) -> dict[str, Any]:
    """One cut-off: made, made later, missed, or not made yet."""
    policy = find_policy(u.round_id)
    shown = {"due": u.due_at, "round": policy.name if policy else "", "href": "", "tone": "unknown"}
    if u.bulletin_id is not None and u.cut_off is not None:
        shown["href"] = url_for(".show", bulletin_id=u.bulletin_id)
        if u.cut_off - u.due_at <= GRACE:
            return {**shown, "tone": "ok", "text": _("已冻结")}
        return {**shown, "tone": "look", "text": _("%(at)s 补做", at=paper.dt(u.cut_off))}
    if u.missed:
        return {**shown, "tone": "stop", "text": _("错过，未生成")}
    if clock.now() - u.due_at > GRACE:
        return {**shown, "tone": "stop", "text": _("未生成，后台没有完成")}
    return {**shown, "text": _("到时冻结")}


@bp.post("/bulletins/rhythms")
@require(*MAKERS, at=AREA)
def set_rhythm() -> Any:
    """From now on this area's 日报 makes itself."""
    try:
        rhythms.set_rhythm(
            request.form.get("area_id", 0, type=int), typed(), by=current_actor().staff_id,
            at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "bulletins/rhythms.html", page)
    flash(_("已设置，到时自动冻结，列在通报里。"), "ok")
    return redirect(url_for(".rhythms"), 303)


def typed() -> Rhythm:
    """What the form says. Raises BadRhythm."""
    hours = request.form.get("hours", "")
    if hours:
        return Rhythm(Every.HOURS, int(hours) if hours.isascii() and hours.isdigit() else 0)
    hour, _colon, minute = request.form.get("time", "").partition(":")
    if not (hour + minute).isascii() or not hour.isdigit() or not minute[:2].isdigit():
        raise BadRhythm()
    return Rhythm(Every.DAY, int(hour[:3]) * 60 + min(int(minute[:2]), 59))


@bp.post("/bulletins/rhythms/<int:rhythm_id>/end")
@require(*MAKERS, at=RHYTHM)
def end_rhythm(rhythm_id: int) -> Any:
    """No more of them."""
    rhythms.end_rhythm(rhythm_id, by=current_actor().staff_id, at=clock.now())
    flash(_("已停止，已有的通报不变。"), "ok")
    return redirect(url_for(".rhythms"), 303)
