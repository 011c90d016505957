"""Wells against tubes: by day, and run by run."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import ZONE
from screening.lab import queries
from screening.lab.api.plate_files import AUDITORS, TELLERS
from screening.lab.pages.frame import bp, me, said, shown, state_badge
from screening.lab.plates.wells_audit import FLAGS, DayCount
from screening.lab.queries import LabRow
from screening.lab.queries.well_counts import DAYS
from screening.lab.scopes import LAB
from screening.lab.service import wells
from screening.lab.words import RUN_STATES
from screening.places import queries as places


@bp.get("/lab/wells")
@require(*AUDITORS, at=OWN_ROWS)
def wells_of_labs() -> Any:
    """The laboratories of the own scope, those first where wells and tubes do not agree."""
    at = clock.now()
    labs = queries.list_labs(current_actor().places(AUDITORS))
    rows = [lab_line(lab, wells.days_of(lab, at=at)) for lab in labs]
    rows.sort(key=lambda r: (-r["odd_days"], r["code"]))
    return shown("lab/wells_labs.html", rows=rows, as_of=at)


def lab_line(lab: LabRow, days: list[tuple[DayCount, list[str]]]) -> dict[str, Any]:
    flags = dict.fromkeys(f for _, found in days for f in found)
    return {
        "name": lab.name,
        "code": lab.code,
        "judged": sum(d.judged for d, _ in days),
        "listed": sum(d.listed for d, _ in days),
        "wells": sum(d.told.wells if d.told else d.wells for d, _ in days),
        "odd_days": sum(bool(found) for _, found in days),
        "odd": badge(list(flags)),
        "href": url_for(".wells_audit", lab_id=lab.lab_id),
    }


@bp.get("/lab/<int:lab_id>/wells")
@require(*AUDITORS, at=LAB)
def wells_audit(lab_id: int) -> Any:
    """How many wells stand behind the results of a laboratory's last days."""
    return page(lab_id)


@bp.post("/lab/<int:lab_id>/wells")
@require(*TELLERS, at=LAB)
def tell_wells(lab_id: int) -> Any:
    """What was used on a day goes on record; the page answers with the day's counts."""
    wells_used, reactions = form("wells", 12), form("reactions", 12)
    try:
        day = date.fromisoformat(form("day", 10))
        wells.tell(
            lab_id, day=day, wells=int(wells_used), reactions=int(reactions), by=me(),
            at=clock.now(),
        )  # fmt: skip
    except (ValueError, wells.BadUse):
        sentence, _none = undo(wells.BadUse(days=DAYS))
        return page(lab_id, 422, sentence)
    return redirect(url_for(".wells_audit", lab_id=lab_id, day=day.isoformat()), 303)


def page(lab_id: int, status: int = 200, sentence: str = "") -> Any:
    at = clock.now()
    found = wells.audit(lab_id, at=at, day=asked_day())
    days = [
        {
            "day": d.day.isoformat(),
            "plates": d.plates,
            "judged": d.judged,
            "wells": d.wells,
            "listed": d.listed,
            "told_wells": d.told.wells if d.told else None,
            "reactions": d.told.reactions if d.told else None,
            "odd": badge(flags),
            "href": url_for(".wells_audit", lab_id=lab_id, day=d.day.isoformat()),
        }
        for d, flags in found.days
    ]
    runs = [
        {
            "code": r.code,
            "at": r.at,
            "state": state_badge(RUN_STATES, r.state),
            "tubes": r.tubes,
            "wells": r.wells,
            "read": r.read,
            "judged": r.judged,
            "odd": badge(flags),
            "href": url_for(".run", lab_id=lab_id, run_id=r.run_id),
        }
        for r, flags in found.runs
    ]
    odd = sum(bool(flags) for _, flags in found.runs)
    return shown(
        "lab/wells.html",
        status,
        sentence=sentence,
        may_tell=current_actor().may(TELLERS, places.place_of_lab(lab_id)),
        today=at.astimezone(ZONE).date().isoformat(),
        lab=found.lab,
        day=found.day.isoformat(),
        days=days,
        runs=runs,
        odd=odd,
        as_of=at,
    )


def asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def badge(flags: list[str]) -> Any:
    if not flags:
        return ""
    tone = "stop" if "fewer_wells" in flags else "look"
    return {"tone": tone, "text": " · ".join(said(FLAGS, f) for f in flags)}
