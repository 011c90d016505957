"""Rounds drafted, edited and cloned on the desk."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for

from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import NotAllowed, Problem
from screening.forms import refused
from screening.registry.api.rounds import check_areas
from screening.registry.pages.frame import bp, typed
from screening.registry.pages.rounds.form import filled_from, form_draft, form_view
from screening.registry.queries import get_policy
from screening.registry.scopes import AROUND_AREAS, ROUND, ROUND_MAKERS
from screening.registry.service import rounds


@bp.get("/rounds/new")
@require(*ROUND_MAKERS, at=OWN_ROWS)
def new_round() -> Any:
    """The form of a new round, with the guide's own rules filled in."""
    return render_template("registry/round_form.html", old=None, **form_view())


@bp.get("/rounds/<int:round_id>/clone")
@require(*ROUND_MAKERS, at=ROUND)
def clone_form(round_id: int) -> Any:
    """The form of a new round after an old one: the same rules, a scope no wider."""
    old = get_policy(round_id)
    return render_template("registry/round_form.html", old=old, **form_view(filled_from(old)))


@bp.get("/rounds/<int:round_id>/edit")
@require(*ROUND_MAKERS, at=ROUND)
def edit_form(round_id: int) -> Any:
    """The form of a draft as it stands."""
    old = get_policy(round_id)
    filled = filled_from(old) | {
        "starts_at": typed(old.starts_at), "ends_at": typed(old.ends_at), "drill": old.drill
    }  # fmt: skip
    return render_template("registry/round_form.html", old=None, editing=old, **form_view(filled))


@bp.post("/rounds/<int:round_id>/edit")
@require(*ROUND_MAKERS, at=ROUND)
def edit_round(round_id: int) -> Any:
    """Replace the settings of a draft."""
    try:
        given = form_draft()
        check_areas(given.area_ids)
        rounds.edit(round_id, given)
    except NotAllowed:
        raise
    except Problem as problem:
        editing = get_policy(round_id)
        return refused(
            problem, "registry/round_form.html", old=None, editing=editing, **form_view()
        )
    return redirect(url_for(".show_round", round_id=round_id), 303)


@bp.post("/rounds")
@require(*ROUND_MAKERS, at=AROUND_AREAS)
def draft_round() -> Any:
    """A new round in state draft."""
    try:
        made = rounds.draft(form_draft(), by=current_actor())
    except Problem as problem:
        return refused(problem, "registry/round_form.html", old=None, **form_view())
    return redirect(url_for(".show_round", round_id=made), 303)


@bp.post("/rounds/<int:round_id>/clone")
@require(*ROUND_MAKERS, at=ROUND)
def clone_round(round_id: int) -> Any:
    """A new draft after an old round."""
    try:
        made = rounds.clone(round_id, form_draft(), by=current_actor())
    except Problem as problem:
        old = get_policy(round_id)
        return refused(problem, "registry/round_form.html", old=old, **form_view())
    return redirect(url_for(".show_round", round_id=made), 303)
