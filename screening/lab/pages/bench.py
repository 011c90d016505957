"""The bench: what waits, what stands on plates, and a new plate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import Fault, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _
from screening.lab import queries, words
from screening.lab.pages.frame import PAGE, bp, me, shown, state_badge
from screening.lab.queries.tray import count_waiting_files
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import plates, rule_sets, starts
from screening.places import queries as places
from screening.tube.rules import Mode

FIRST = 50  # tubes of the work list on the bench's own page


@bp.get("/lab")
@require(*READERS, at=OWN_ROWS)
def home() -> Any:
    """The own laboratories; straight to the bench when there is one."""
    labs = queries.list_labs(current_actor().places(READERS))
    if len(labs) == 1:
        return redirect(url_for(".bench", lab_id=labs[0].lab_id))
    rows = [
        {
            "name": x.name,
            "code": x.code,
            "capacity": x.capacity,
            "href": url_for(".bench", lab_id=x.lab_id),
        }
        for x in labs
    ]
    return shown("lab/labs.html", rows=rows)


@bp.get("/lab/<int:lab_id>")
@require(*READERS, at=LAB)
def bench(lab_id: int) -> Any:
    """One laboratory: figures, work list, plates."""
    return shown("lab/bench.html", **bench_view(lab_id))


def bench_view(lab_id: int) -> dict[str, Any]:
    lab, at = queries.get_lab(lab_id), clock.now()
    before = request.args.get("before", type=int)
    listed = queries.list_plates([lab], before=before, limit=50)
    return {
        "lab": lab,
        "load": queries.load_of(lab, at),
        "alerts": queries.count_alerts(queries.Reach([], [lab_id])),
        **work_part(lab, at, first=FIRST),
        "tray": count_waiting_files(lab),
        "plates": [plate_line(p) for p in listed],
        "next": listed[-1].plate_id if len(listed) == 50 else None,
        "shares": shares(queries.count_plates(lab, at)),
        "rules": rule_choices(),
        "may_write": may_write(lab_id),
        "as_of": at,
    }


def work_part(lab: queries.LabRow, at: datetime, *, first: int, after: str = "") -> dict[str, Any]:
    """The work list, headed by the plates whose file is overdue."""
    listed = queries.list_waiting(lab, at, after=after, limit=first)
    more = len(listed) == first
    return {
        "late": [late_line(s) for s in starts.list_overdue([lab], at)],
        "waiting": [waiting_line(w) for w in listed],
        "more": url_for(".work_list", lab_id=lab.lab_id, after=listed[-1].cursor) if more else "",
    }


def late_line(s: starts.Start) -> dict[str, Any]:
    return {
        "code": s.code,
        "started_at": s.started_at,
        "due_at": s.due_at,
        "instrument": s.instrument or "",
        "tone": "stop",
        "href": url_for(".plate", lab_id=s.lab_id, plate_id=s.plate_id),
    }


@bp.get("/lab/<int:lab_id>/work")
@require(*READERS, at=LAB)
def work_list(lab_id: int) -> Any:
    """The whole work list, page by page."""
    lab, at = queries.get_lab(lab_id), clock.now()
    after = request.args.get("after", "")[:120]
    part = work_part(lab, at, first=PAGE, after=after)
    total = queries.load_of(lab, at).waiting
    return shown("lab/worklist.html", lab=lab, as_of=at, total=total, after=after, **part)


def shares(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Plates by state as shares of a bar, in the order of a plate's life."""
    return [
        {"label": badge["text"], "count": counts[s], "tone": badge["tone"]}
        for s in words.PLATE_STATES
        if counts.get(s) and (badge := state_badge(words.PLATE_STATES, s))
    ]


def may_write(lab_id: int) -> bool:
    return current_actor().may(WRITERS, places.place_of_lab(lab_id))


def rule_choices() -> list[tuple[str, str]]:
    found = rule_sets.list_in_force(at=clock.now())
    found.sort(key=lambda v: v.name != "general-ct40")
    return [(str(v.rule_id), f"{v.body['kit']} · {v.name} v{v.version}") for v in found]


def waiting_line(w: queries.Waiting) -> dict[str, Any]:
    why = {
        "recheck": _("复核"),
        "rerun": _("复测"),
        "single": _("单采"),
        "key_group": _("重点人群"),
        "overdue": _("超时"),
    }
    return {
        "barcode": w.barcode,
        "why": {"tone": "look", "text": why[w.why]} if w.why else "",
        "mode": {
            Mode.SINGLE: _("单采"),
            Mode.HOUSEHOLD: _("一户一管"),
            Mode.POOLED: _("混采"),
        }.get(Mode(w.mode) if w.mode else Mode.POOLED, ""),
        "members": w.members,
        "held": {"tone": "look", "text": _("名单待补")} if w.holds else "",
        "sampled_at": w.sampled_at,
        "received_at": w.received_at,
        "due_at": w.due_at,
        "tone": "stop" if w.overdue else "",
    }


def plate_line(p: queries.PlateLine) -> dict[str, Any]:
    return {
        "code": p.code,
        "state": state_badge(words.PLATE_STATES, p.state),
        "size": p.size,
        "tubes": p.tubes,
        "made_at": p.made_at,
        "href": url_for(".plate", lab_id=p.lab_id, plate_id=p.plate_id),
    }


@bp.post("/lab/<int:lab_id>/plates")
@require(*WRITERS, at=LAB)
def make_plate(lab_id: int) -> Any:
    """A new plate; the page that follows waits for scans."""
    rule, size = form("rule_id", 20), form("size", 4)
    try:
        made = plates.create(
            lab_id,
            code=form("code", 60),
            rule_id=int(rule) if rule.isdecimal() else 0,
            size=int(size.rstrip("m")) if size.rstrip("m").isdecimal() else 96,
            marked=size.endswith("m"),
            by=me(),
            at=clock.now(),
        )
    except Problem as problem:
        sentence, _none = undo(problem)
        faults = [Fault(problem, field="code")]
        return shown(
            "lab/bench.html", problem.status, sentence=sentence, faults=faults,
            code=form("code", 60), **bench_view(lab_id),
        )  # fmt: skip
    return redirect(url_for(".plate", lab_id=lab_id, plate_id=made.plate_id), 303)
