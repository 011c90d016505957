"""Rounds approved, started, extended, stopped, cancelled on the desk."""

from __future__ import annotations

from typing import Any

from flask import redirect, url_for

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.errors import Problem
from screening.forms import refused
from screening.registry.pages.frame import bp, needed_moment
from screening.registry.pages.rounds.plans import round_view
from screening.registry.scopes import ROUND, ROUND_MAKERS
from screening.registry.service import rounds


def done(round_id: int, act: Any) -> Any:
    """Do `act`, then show the round; or show it with the reason why not."""
    try:
        act()
    except Problem as problem:
        return refused(problem, "registry/round.html", **round_view(round_id))
    return redirect(url_for(".show_round", round_id=round_id), 303)


@bp.post("/rounds/<int:round_id>/approve")
@require(*ROUND_MAKERS, at=ROUND)
def approve_round(round_id: int) -> Any:
    """draft → scheduled."""
    return done(round_id, lambda: rounds.approve(round_id, by=current_actor()))


@bp.post("/rounds/<int:round_id>/start")
@require(*ROUND_MAKERS, at=ROUND)
def start_round(round_id: int) -> Any:
    """scheduled → sampling."""
    return done(round_id, lambda: rounds.start(round_id, at=clock.now()))


@bp.post("/rounds/<int:round_id>/extend")
@require(*ROUND_MAKERS, at=ROUND)
def extend_round(round_id: int) -> Any:
    """More time while sampling goes on."""
    return done(round_id, lambda: rounds.extend(round_id, ends_at=needed_moment("ends_at")))


@bp.post("/rounds/<int:round_id>/stop")
@require(*ROUND_MAKERS, at=ROUND)
def stop_round(round_id: int) -> Any:
    """sampling → finishing."""
    return done(round_id, lambda: rounds.stop(round_id, at=clock.now()))


@bp.post("/rounds/<int:round_id>/cancel")
@require(*ROUND_MAKERS, at=ROUND)
def cancel_round(round_id: int) -> Any:
    """The draft or scheduled round is given up."""
    return done(round_id, lambda: rounds.cancel(round_id))
