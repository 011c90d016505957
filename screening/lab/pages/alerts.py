"""Alerts: the open ones with what is known of their tubes; acknowledged, settled, raised by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import Fault, Problem
from screening.i18n import _
from screening.lab import queries, words
from screening.lab.pages.frame import PAGE, bp, form, me, outcome_badge, said, shown, undo
from screening.lab.queries import AlertRow
from screening.lab.scopes import (
    ALERT,
    ALERTED,
    BENCH,
    LAB,
    SETTLERS,
    check_alert,
    reach_of,
)
from screening.lab.service import alerts as service
from screening.lab.well_rules import Outcome
from screening.tube.queries import Key, list_tubes


@bp.get("/alerts")
@require(*ALERTED, at=OWN_ROWS)
def alerts() -> Any:
    """Alerts of the own laboratory or streets, newest first."""
    return shown("lab/alerts.html", **alerts_view())


def alerts_view() -> dict[str, Any]:
    actor = current_actor()
    every = request.args.get("settled") == "1"
    before = request.args.get("before", type=int)
    reach = reach_of(actor)
    found = queries.list_alerts(reach, open_only=not every, before=before, limit=PAGE)
    labs = queries.list_labs(actor.places(BENCH)) if actor.roles & set(BENCH) else []
    return {
        "rows": lines(found),
        "every": every,
        "counts": queries.count_alerts(reach),
        "next": found[-1].alert_id if len(found) == PAGE else None,
        "may_settle": bool(actor.roles & set(SETTLERS)),
        "settlements": [(code, said(words.SETTLEMENTS, code)) for code in words.SETTLEMENTS],
        "labs": [(str(x.lab_id), x.name) for x in labs],
        "outcomes": [
            (str(int(o)), said(words.OUTCOMES, int(o)))
            for o in (Outcome.POSITIVE, Outcome.INCONCLUSIVE)
        ],
        "as_of": clock.now(),
    }


def lines(found: Sequence[AlertRow]) -> list[dict[str, Any]]:
    """Alerts with the site and the people count of their tubes."""
    tubes = {
        (t["cell_id"], t["round_id"], t["barcode"]): t
        for t in list_tubes({Key(a.barcode, a.cell_id, a.round_id) for a in found})
    }
    sites = queries.site_names([t["site_id"] for t in tubes.values()])
    return [line(a, tubes.get((a.cell_id, a.round_id, a.barcode)), sites) for a in found]


def line(a: AlertRow, tube: dict[str, Any] | None, sites: dict[int, str]) -> dict[str, Any]:
    tube = tube or {}
    if a.settled_at is not None:
        state = {"tone": "ok", "text": said(words.SETTLEMENTS, a.settled_how or "")}
    elif a.seen_at is not None:
        state = {"tone": "look", "text": _("处理中")}
    else:
        state = {"tone": "stop", "text": _("待确认")}
    return {
        "raised_at": a.raised_at,
        "barcode": a.barcode,
        "kind": said(words.ALERTS, a.kind),
        "outcome": outcome_badge(a.outcome) if a.outcome else "",
        "site": sites.get(tube.get("site_id") or 0) or "",
        "members": tube.get("members"),
        "opened_at": tube.get("opened_at"),
        "state": state,
        "seen": a.seen_at is not None,
        "settled": a.settled_at is not None,
        "tone": "" if a.settled_at or a.seen_at else "stop",
        "href": url_for(".alert", cell=a.cell_id, alert_id=a.alert_id),
        "cell": a.cell_id,
        "alert_id": a.alert_id,
    }


@bp.get("/alerts/<int:cell>/<int:alert_id>")
@require(*ALERTED, at=ALERT)
def alert(cell: int, alert_id: int) -> Any:
    """One alert with its tube; for a tube without a list, the tubes handled before and after it."""
    found = check_alert(current_actor(), cell, alert_id, ALERTED)
    return shown("lab/alert.html", **alert_view(found))


def alert_view(found: AlertRow) -> dict[str, Any]:
    key = Key(found.barcode, found.cell_id, found.round_id)
    row = lines([found])[0]
    near = [] if row["members"] else queries.neighbours_of(key)
    sites = queries.site_names([n.site_id for n in near])
    return {
        "alert": found,
        "row": row,
        "near": [n._asdict() | {"site": sites.get(n.site_id or 0, "")} for n in near],
        "run_href": url_for(".run", lab_id=found.lab_id, run_id=found.run_id)
        if found.run_id and found.lab_id in reach_of(current_actor()).labs
        else "",
        "may_settle": bool(current_actor().roles & set(SETTLERS)),
        "settlements": [(code, said(words.SETTLEMENTS, code)) for code in words.SETTLEMENTS],
    }


@bp.post("/alerts/<int:cell>/<int:alert_id>/acknowledge")
@require(*ALERTED, at=ALERT)
def acknowledge_alert(cell: int, alert_id: int) -> Any:
    """Somebody has it in hand."""
    check_alert(current_actor(), cell, alert_id, ALERTED)
    service.acknowledge(cell, alert_id, by=me(), at=clock.now())
    return redirect(url_for(".alert", cell=cell, alert_id=alert_id), 303)


@bp.post("/alerts/<int:cell>/<int:alert_id>/settle")
@require(*SETTLERS, at=ALERT)
def settle_alert(cell: int, alert_id: int) -> Any:
    """Say how the alert ended."""
    found = check_alert(current_actor(), cell, alert_id, SETTLERS)
    try:
        service.settle(cell, alert_id, form("how", 40), by=me(), at=clock.now())
    except Problem as problem:
        sentence, _none = undo(problem)
        return shown("lab/alert.html", problem.status, sentence=sentence, **alert_view(found))
    return redirect(url_for(".alert", cell=cell, alert_id=alert_id), 303)


@bp.post("/alerts")
@require(*BENCH, at=LAB)
def raise_alert() -> Any:
    """An alert by hand, for a tube at this laboratory."""
    outcome = form("outcome", 2)
    try:
        made = service.raise_by_hand(
            int(form("lab_id", 20)),
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
            tube=form("tube", 80), **alerts_view(),
        )  # fmt: skip
    return redirect(url_for(".alert", cell=made.cell_id, alert_id=made.alert_id), 303)
