"""Decisions at the review desk: where the instrument calls otherwise, and holds on a run."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.errors import Problem
from screening.forms import text
from screening.i18n import _
from screening.reporting import scopes
from screening.reporting.pages.desk import again
from screening.reporting.pages.frame import bp
from screening.reporting.service import decisions


@bp.post("/reporting/runs/<int:lab_id>/<int:run_id>/decide/<barcode>")
@require(*scopes.RELEASERS, at=scopes.LAB)
def decide_call(lab_id: int, run_id: int, barcode: str) -> Any:
    """Keep our call, or rerun the tube."""
    how = decisions.RERUN if text("how") == "rerun" else decisions.KEEP
    try:
        decisions.decide(
            barcode, how, text("reason", 500), lab_id=lab_id, by=current_actor(),
            secret=text("secret", 256), at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return again(problem, lab_id, run_id)
    done = _("已决定复测") if how == decisions.RERUN else _("已决定采用本系统判读")
    flash(done, "ok")
    return redirect(url_for(".show_run", lab_id=lab_id, run_id=run_id), 303)


@bp.post("/reporting/runs/<int:lab_id>/<int:run_id>/holds/<int:hold_id>")
@require(*scopes.RELEASERS, at=scopes.LAB)
def lift_run_hold(lab_id: int, run_id: int, hold_id: int) -> Any:
    """One of the two persons who lift a hold."""
    try:
        row = decisions.lift_hold(
            lab_id, hold_id, text("reason", 500), by=current_actor(), secret=text("secret", 256),
            at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return again(problem, lab_id, run_id)
    flash(_("暂缓已解除") if row.lifted_at else _("理由已记录，等待另一人解除"), "ok")
    return redirect(url_for(".show_run", lab_id=lab_id, run_id=run_id), 303)
