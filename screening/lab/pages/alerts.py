"""Alerts: who was called, who answered, whom to reach; raised by hand, cleared by two persons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries.staff import names_of
from screening.i18n import _, dt
from screening.lab import queries, words
from screening.lab.pages.frame import PAGE, bp, me, outcome_badge, said, shown
from screening.lab.queries import AlertRow, DutyCallRow, Unanswered
from screening.lab.queries.duty import names_of as places_of
from screening.lab.queries.duty import place_of
from screening.lab.queries.members import singles_of
from screening.lab.rules.duty_rules import KNOWN, all_known
from screening.lab.rules.well_rules import Outcome
from screening.lab.scopes import (
    ALERT,
    ALERTED,
    BENCH,
    LISTERS,
    SETTLERS,
    WATCHERS,
    check_alert,
    may_answer,
    reach_of,
)
from screening.lab.service.calling import minutes
from screening.tube.queries import Key, list_tubes

COMMAND = "0"  # raised by no laboratory


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
    choices = [(str(x.lab_id), x.name) for x in labs]
    if actor.roles & set(WATCHERS):
        choices.append((COMMAND, _("指挥部")))
    return {
        "rows": lines(found),
        "every": every,
        "counts": queries.count_alerts(reach),
        "unanswered": [] if before else unanswered(queries.list_unacknowledged(reach)),
        "next": found[-1].alert_id if len(found) == PAGE else None,
        "senders": choices,
        "outcomes": [
            (str(int(o)), said(words.OUTCOMES, int(o)))
            for o in (Outcome.POSITIVE, Outcome.INCONCLUSIVE)
        ],
        "minutes": minutes(),
        "as_of": clock.now(),
    }


def unanswered(found: Sequence[Unanswered]) -> list[dict[str, Any]]:
    """Calls that wait, with the names of those who were called."""
    names = names_of(i for u in found for i in u.staff_ids)
    now, own = clock.now(), me()
    found = sorted(
        found, key=lambda u: own not in u.staff_ids
    )  # what one is called for comes first
    return [
        {
            "place": u.place or _("全市"),
            "level": said(words.LEVELS, u.level),
            "barcode": u.barcode,
            "age": now - u.raised_at,
            "called": called(u.staff_ids, names),
            "times": u.times,
            "called_at": u.called_at,
            "tone": "stop",
            "href": url_for(".alert", cell=u.cell_id, alert_id=u.alert_id),
        }
        for u in found
    ]


def called(staff_ids: Sequence[int], names: dict[int, tuple[str, str]]) -> str:
    """The names of those who were called; a sentence where nobody was on duty."""
    return "、".join(names.get(i, ("", "?"))[1] for i in staff_ids) or _("无人值班")


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
    elif a.asked_at is not None:
        state = {"tone": "look", "text": _("等第二人确认解除")}
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
    actor = current_actor()
    key = Key(found.barcode, found.cell_id, found.round_id)
    row = lines([found])[0]
    near = [] if row["members"] else queries.neighbours_of(key)
    sites = queries.site_names([n.site_id for n in near])
    calls = queries.calls_of(found.cell_id, found.alert_id)
    names = names_of(
        [found.raised_by, found.seen_by, found.asked_by, found.settled_by]
        + [i for c in calls for i in (*c.staff_ids, c.seen_by)]
    )
    singles = singles_of(found)
    mine = [c for c in calls if c.due_at and may_answer(actor, place_of(c.kind, c.place_id))]
    return {
        "alert": found,
        "row": row,
        "near": [n._asdict() | {"site": sites.get(n.site_id or 0, "")} for n in near],
        "run_href": url_for(".run", lab_id=found.lab_id, run_id=found.run_id)
        if found.run_id and found.lab_id in reach_of(actor).labs
        else "",
        "calls": call_lines(calls, names),
        "names": {i: name for i, (_number, name) in names.items()},
        "may_answer": found.seen_at is None or bool(mine),
        "may_list": bool(actor.roles & set(LISTERS)),
        "known": sum(1 for s in singles.values() if s == KNOWN),
        "people": len(singles),
        "asked_how": said(words.SETTLEMENTS, found.asked_how or ""),
        "own_request": found.asked_by == actor.staff_id,
        "may_settle": bool(actor.roles & set(SETTLERS)) and found.raised_by != actor.staff_id,
        "raised_here": bool(actor.roles & set(SETTLERS)) and found.raised_by == actor.staff_id,
        "clearings": [
            (code, said(words.SETTLEMENTS, code))
            for code in words.CLEARINGS
            if code != words.RESAMPLED or all_known(singles)
        ],
        "form": request.form,
    }


def call_lines(calls: Sequence[DutyCallRow], names: dict[int, tuple[str, str]]) -> list[dict]:
    """Who was called where, and who answered."""
    spots = places_of((c.kind, c.place_id) for c in calls)
    out = []
    for c in calls:
        state = {"tone": "stop", "text": _("待确认")}
        if c.seen_at is not None:
            state = {"tone": "ok", "text": _("已确认")}
        elif c.due_at is None:
            state = {"tone": "unknown", "text": _("已结束")}
        out.append({
            "place": spots.get((c.kind, c.place_id)) or _("全市"),
            "level": said(words.LEVELS, c.level),
            "called": called(c.staff_ids, names),
            "first_at": c.first_at,
            "times": c.times,
            "state": state,
            "seen": {"text": names.get(c.seen_by or 0, ("", ""))[1], "sub": dt(c.seen_at)}
            if c.seen_at
            else "",
        })  # fmt: skip
    return out
