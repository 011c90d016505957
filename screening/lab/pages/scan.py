"""The bench by scanner: one field, one plate at a time, what the last scans did."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.guard import require
from screening.errors import NotFound, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _, current_lang
from screening.lab import queries
from screening.lab.bench import words as bench_words
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import bp, me, said, shown, state_badge
from screening.lab.plates.plate_plan import ORDERS
from screening.lab.queries.steps import StepRow, find_last, list_steps
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import bench, plates
from screening.lab.words import PLATE_STATES
from screening.tube.queries import find_keys, list_tubes
from screening.tube.rules import Hold

PAGE = "lab/scan.html"


@bp.get("/lab/<int:lab_id>/scan")
@require(*READERS, at=LAB)
def bench_scan(lab_id: int) -> Any:
    """Where one's bench stands: the plate that is taken up, what the next scan is for."""
    return shown(PAGE, **scan_view(lab_id))


def scan_view(lab_id: int, plate_id: int | None = None, order: str = "") -> dict[str, Any]:
    lab = queries.get_lab(lab_id)
    last = find_last(lab, me())
    plate_id = plate_id or request.args.get("plate", type=int) or (last.plate_id if last else None)
    order = order or request.args.get("order", "column")
    view: dict[str, Any] = {
        "lab": lab,
        "plate": None,
        "steps": [],
        "awaits": last.awaits if last else "",
        "last": last_line(lab, last) if last else None,
        "order": order if order in ORDERS else "column",
        "may_write": may_write(lab_id),
        "open_plates": open_plates(lab),
    }
    if plate_id is not None:
        view |= plate_part(lab, plate_id)
    return view


def plate_part(lab: queries.LabRow, plate_id: int) -> dict[str, Any]:
    row = queries.get_plate(lab, plate_id)
    steps = list_steps(lab, plate_id)
    names = accounts.names_of({s.staff_id for s in steps})
    tubes = queries.list_wells(row)
    return {
        "plate": row,
        "state": state_badge(PLATE_STATES, row.state),
        "closed": row.state not in plates.OPEN_STATES,
        "tubes": len({w.barcode for w in tubes.values()}),
        "free": row.size - len(row.layout) - len(tubes),
        "steps": [step_line(s, names) for s in steps],
    }


def open_plates(lab: queries.LabRow) -> list[dict[str, Any]]:
    """Plates that can be taken up here, for those who have no code to scan."""
    found = queries.list_plates([lab], limit=50)
    return [
        {"code": p.code, "tubes": p.tubes, "size": p.size, "made_at": p.made_at,
         "href": url_for(".bench_scan", lab_id=lab.lab_id, plate=p.plate_id)}
        for p in found
        if p.state in ("planned", "filled")
    ]  # fmt: skip


def step_line(step: StepRow, names: dict[int, tuple[str, str]]) -> dict[str, Any]:
    taken_back = step.undone_at is not None
    return {
        "at": step.at,
        "what": {
            "tone": "unknown" if taken_back else bench_words.TONES.get(step.kind, "ok"),
            "text": said(bench_words.KINDS, step.kind),
        },
        "barcode": step.barcode,
        "wells": step.wells,
        "who": names.get(step.staff_id, ("", ""))[1],
        "note": _("这一步已撤销") if taken_back else "",
    }


def last_line(lab: queries.LabRow, step: StepRow) -> dict[str, str]:
    """The read that this page answers, also after a reload or on another computer."""
    table = bench_words.DONE[step.kind][1 if current_lang() == "en" else 0]
    code = ""
    if step.plate_id is not None and step.kind == "open":
        code = queries.get_plate(lab, step.plate_id).code
    message = table.format(wells=step.wells, plate=code)
    tone = bench_words.TONES.get(step.kind, "ok")
    if step.kind == "tube" and step.barcode and (why := held(step.barcode)):
        tone, message = (
            "look",
            f"{message}；{why}" if current_lang() == "zh" else f"{message}; {why}",
        )
    return {"tone": tone, "text": step.barcode or code, "message": message}


def held(barcode: str) -> str:
    rows = list_tubes(find_keys([barcode]).values())
    holds = rows[0]["holds"] if rows else 0
    if holds & Hold.NO_CAPTURE:
        return _("名单还没有上传，结果先扣留")
    return _("名单有问题，结果先扣留") if holds else ""


@bp.post("/lab/<int:lab_id>/scan")
@require(*WRITERS, at=LAB)
def take_scan(lab_id: int) -> Any:
    """One scan, kept at once: a tube, a command, or the code of a plate."""
    text, order, plate = form("code", 80), form("order", 10), form("plate_id", 20)
    order = order if order in ORDERS else "column"
    plate_id = int(plate) if plate.isdecimal() else None
    try:
        done = bench.take(lab_id, text, by=me(), at=clock.now(), order=order, plate_id=plate_id)
    except NotFound:
        raise
    except Problem as problem:
        sentence, _faults = undo(problem)
        last = {"tone": "stop", "text": text[:40], "message": sentence}
        view = scan_view(lab_id, plate_id, order) | {"last": last}
        return shown(PAGE, problem.status, **view)
    # the way back is by the plate that was just worked on: reloading repeats nothing
    back = url_for(".bench_scan", lab_id=lab_id, plate=done.plate_id, order=order)
    return redirect(back, 303)
