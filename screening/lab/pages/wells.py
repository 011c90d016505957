"""Wells against tubes: by day, and run by run."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request, url_for

from screening import clock
from screening.accounts.guard import require
from screening.lab.pages.frame import bp, said, shown, state_badge
from screening.lab.plate_api import AUDITORS
from screening.lab.scopes import LAB
from screening.lab.service import wells
from screening.lab.wells_audit import FLAGS
from screening.lab.words import RUN_STATES


@bp.get("/lab/<int:lab_id>/wells")
@require(*AUDITORS, at=LAB)
def wells_audit(lab_id: int) -> Any:
    """How many wells stand behind the results of a laboratory's last days."""
    at = clock.now()
    found = wells.audit(lab_id, at=at, day=asked_day())
    days = [
        {
            "day": d.day.isoformat(),
            "plates": d.plates,
            "judged": d.judged,
            "wells": d.wells,
            "listed": d.listed,
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
        "lab/wells.html", lab=found.lab, day=found.day.isoformat(), days=days, runs=runs, odd=odd,
        as_of=at,
    )  # fmt: skip


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
