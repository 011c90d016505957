"""What is done with an alert: its members opened, answered, cleared by two persons, raised by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import Fault, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import dt
from screening.lab import words
from screening.lab.pages.alerts import COMMAND, alert_view, alerts_view
from screening.lab.pages.frame import bp, me, said, shown, signature
from screening.lab.queries import AlertRow
from screening.lab.rules.duty_rules import KNOWN
from screening.lab.rules.well_rules import Outcome
from screening.lab.scopes import (
    ALERT,
    ALERTED,
    LISTERS,
    SETTLERS,
    answers,
    check_alert,
    check_raising,
    homes_of,
)
from screening.lab.service import alerts as service
from screening.lab.service import members


@bp.get("/alerts/<int:cell>/<int:alert_id>/members")
@require(*LISTERS, at=ALERT)
def alert_members(cell: int, alert_id: int) -> Any:
    """The people in the tube who live in the own area, for those who must reach them. Audited."""
    found = check_alert(current_actor(), cell, alert_id, LISTERS)
    rows, elsewhere = members.open_members(found, homes_of(current_actor()))
    return shown("lab/alert_members.html", alert=found, elsewhere=elsewhere, as_of=clock.now(),
                 rows=[member_line(m) for m in rows])  # fmt: skip


def member_line(m: members.Member) -> dict[str, Any]:
    return {
        "name": m.name,
        "phone": m.phone,
        "community": m.community,
        "address": m.address,
        "contact": {
            "text": said(words.CONTACTS, m.contact) if m.contact else "",
            "sub": dt(m.contact_at) if m.contact_at else "",
        },
        "single": {
            "tone": "ok" if m.single == KNOWN else "look",
            "text": said(words.SINGLES, m.single),
        },
    }


@bp.post("/alerts/<int:cell>/<int:alert_id>/acknowledge")
@require(*ALERTED, at=ALERT)
def acknowledge_alert(cell: int, alert_id: int) -> Any:
    """Somebody has it in hand."""
    actor = current_actor()
    check_alert(actor, cell, alert_id, ALERTED)
    service.acknowledge(cell, alert_id, by=me(), at=clock.now(), covers=answers(actor))
    return redirect(url_for(".alert", cell=cell, alert_id=alert_id), 303)


@bp.post("/alerts/<int:cell>/<int:alert_id>/clearing")
@require(*SETTLERS, at=ALERT)
def ask_clearing(cell: int, alert_id: int) -> Any:
    """The first of two says why the alert may be cleared."""
    found = check_alert(current_actor(), cell, alert_id, SETTLERS)
    texts = form("how", 40), form("reason", 500), form("early", 500)
    return _done(
        found,
        lambda: service.ask_clearing(cell, alert_id, *texts, by=signature(), at=clock.now()),
    )


@bp.post("/alerts/<int:cell>/<int:alert_id>/clearing/answer")
@require(*SETTLERS, at=ALERT)
def answer_clearing(cell: int, alert_id: int) -> Any:
    """The second clears the alert or sends the request back."""
    found = check_alert(current_actor(), cell, alert_id, SETTLERS)
    if form("agree", 1) != "1":
        return _done(
            found, lambda: service.refuse_clearing(cell, alert_id, by=me(), at=clock.now())
        )
    return _done(
        found, lambda: service.agree_clearing(cell, alert_id, by=signature(), at=clock.now())
    )


def _done(found: AlertRow, act: Callable[[], AlertRow]) -> Any:
    """Back to the alert; the same page with the sentence where it was refused."""
    try:
        act()
    except Problem as problem:
        sentence, _none = undo(problem)
        return shown("lab/alert.html", problem.status, sentence=sentence, **alert_view(found))
    return redirect(url_for(".alert", cell=found.cell_id, alert_id=found.alert_id), 303)


@bp.post("/alerts")
@require(*ALERTED, at=OWN_ROWS)
def raise_alert() -> Any:
    """An alert by hand: by a laboratory for a tube of its own, by command for one in its streets."""
    outcome, given = form("outcome", 2), form("lab_id", 20)
    lab_id = int(given) if given.isdecimal() and given != COMMAND else None
    try:
        check_raising(current_actor(), lab_id, form("tube", 80))
        made = service.raise_by_hand(
            lab_id,
            form("tube", 80),
            outcome=int(Outcome.INCONCLUSIVE if outcome == "3" else Outcome.POSITIVE),
            by=me(),
            at=clock.now(),
        )
    except Problem as problem:
        sentence, _none = undo(problem)
        faults = [Fault(problem, field="tube")]
        return shown(
            "lab/alerts.html", problem.status, sentence=sentence, faults=faults,
            tube=form("tube", 80), sender=given, **alerts_view(),
        )  # fmt: skip
    return redirect(url_for(".alert", cell=made.cell_id, alert_id=made.alert_id), 303)
