"""A run held for its instrument's clock: a reviewer says why it may pass."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.guard import current_actor, require
from screening.errors import Problem
from screening.forms import text as form
from screening.forms import undo
from screening.lab.pages.frame import bp, me, said, shown
from screening.lab.pages.runs import run_view
from screening.lab.queries import RunRow
from screening.lab.scopes import CHECKERS, LAB
from screening.lab.service import clock_overrides, runs
from screening.places.queries import place_of_lab


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"clock_offer": clock_offer, "clock_said": clock_said}


def clock_offer(found: RunRow) -> list[tuple[str, str]]:
    """The reasons to choose from; none where nothing is to be decided, or not by this person."""
    if not clock_overrides.may_override(found) or found.imported_by == me():
        return []
    if not current_actor().may(CHECKERS, place_of_lab(found.lab_id)):
        return []
    return [(code, said(clock_overrides.REASONS, code)) for code in clock_overrides.REASONS]


def clock_said(verdict: dict[str, Any]) -> dict[str, str]:
    """Who let a run's time count for nothing, and why."""
    given = verdict.get("clock")
    if not given:
        return {}
    who = accounts.names_of([int(given["by"])]).get(int(given["by"]), ("", ""))[1]
    return {"who": who, "why": said(clock_overrides.REASONS, given["reason"])}


@bp.post("/lab/<int:lab_id>/runs/<int:run_id>/clock")
@require(*CHECKERS, at=LAB)
def override_clock(lab_id: int, run_id: int) -> Any:
    """Let a run pass whose instrument's clock alone disagrees; its preview follows."""
    try:
        clock_overrides.override(lab_id, run_id, form("clock_reason", 20), by=me(), at=clock.now())
    except Problem as problem:
        sentence, _faults = undo(problem)
        made = runs.show(lab_id, run_id, at=clock.now())
        view = run_view(made) | {"may_write": False, "clock_fault": sentence}
        return shown("lab/run.html", problem.status, **view)
    return redirect(url_for(".run", lab_id=lab_id, run_id=run_id), 303)
