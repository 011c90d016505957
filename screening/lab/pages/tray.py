"""Run files: many dropped at once, and the tray of those whose plate a person has to name."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.guard import current_actor, require
from screening.accounts.rules import Limit
from screening.errors import Fault, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _, current_lang
from screening.lab import queries
from screening.lab.bench import tray_words
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import bp, me, said, shown
from screening.lab.queries.tray import (
    TrayRow,
    count_waiting_files,
    list_ended_files,
    list_takers,
    list_waiting_files,
)
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import tray
from screening.lab.service.plates import WAITING_STATES

PAGE = "lab/tray.html"
MOST_FILES = Limit(100, "house; a shift of six cyclers writes some sixty files")
ENDED = 50


@bp.get("/lab/<int:lab_id>/files")
@require(*READERS, at=LAB)
def files(lab_id: int) -> Any:
    """The tray, with a place to drop files."""
    return shown(PAGE, **tray_view(lab_id))


def tray_view(lab_id: int) -> dict[str, Any]:
    lab = queries.get_lab(lab_id)
    waiting = list_waiting_files(lab)
    ended = list_ended_files(lab, before=request.args.get("before", type=int), limit=ENDED)
    names = accounts.names_of({f.came_by for f in waiting} | {f.ended_by for f in ended})
    takers = list_takers(lab, WAITING_STATES)
    return {
        "lab": lab,
        "waiting": [waiting_line(f, names) for f in waiting],
        "count": count_waiting_files(lab),
        "ended": [ended_line(lab, f, names) for f in ended],
        "next": ended[-1].file_id if len(ended) == ENDED else None,
        "takers": [(str(plate), code) for plate, code in takers],
        "may_write": may_write(lab_id),
        "most": MOST_FILES.value,
    }


def waiting_line(f: TrayRow, names: dict[int, tuple[str, str]]) -> dict[str, Any]:
    told = f.told
    return {
        "file_id": f.file_id,
        "name": f.name,
        "why": {"tone": "look", "text": said(tray_words.WHY, f.why)},
        "plate": told.get("plate") or "",
        "instrument": " ".join(x for x in (told.get("instrument"), told.get("serial")) if x),
        "started": told.get("started") or "",
        "wells": told.get("wells"),
        "named": told.get("named"),
        "stand": [(code, n) for code, n in told.get("stand", ())],
        "came_at": f.came_at,
        "who": names.get(f.came_by, ("", ""))[1],
        "asked": f.asked_by is not None,
        "own": f.asked_by == current_actor().staff_id,
        "reason": f.reason or "",
    }


def ended_line(
    lab: queries.LabRow, f: TrayRow, names: dict[int, tuple[str, str]]
) -> dict[str, Any]:
    assigned = f.state == "assigned"
    return {
        "name": f.name,
        "state": {"tone": "ok", "text": _("已归板")} if assigned
        else {"tone": "unknown", "text": _("已弃用")},
        "reason": f.reason or "",
        "who": names.get(f.ended_by or 0, ("", ""))[1],
        "ended_at": f.ended_at,
        "href": url_for(".run", lab_id=lab.lab_id, run_id=f.run_id) if f.run_id else "",
    }  # fmt: skip


def came_line(lab_id: int, c: tray.Came) -> dict[str, Any]:
    problem = c.problem.sentence(current_lang()) if c.problem else ""
    return {
        "name": c.name,
        "state": {"tone": tray_words.TONES[c.state], "text": said(tray_words.STATES, c.state)},
        "plate": c.plate or "",
        "why": problem or (said(tray_words.WHY, c.why) if c.why else ""),
        "href": url_for(".run", lab_id=lab_id, run_id=c.run_id) if c.run_id else "",
    }


@bp.post("/lab/<int:lab_id>/files")
@require(*WRITERS, at=LAB)
def drop_files(lab_id: int) -> Any:
    """Many files at once: each is matched, laid into the tray, or refused by itself."""
    given = [f for f in request.files.getlist("files") if f.filename or f.read(1)]
    try:
        if not given:
            raise tray_words.NoFiles()
        if len(given) > MOST_FILES.value:
            raise tray_words.TooManyFiles(limit=MOST_FILES.value)
    except Problem as problem:
        sentence, _faults = undo(problem)
        faults = [Fault(problem, field="files")]
        view = tray_view(lab_id)
        return shown(PAGE, problem.status, sentence=sentence, faults=faults, **view)
    came = []
    for file in given:
        file.seek(0)
        came.append(tray.take(lab_id, file.read(), file.filename or "", by=me(), at=clock.now()))
    lines = [came_line(lab_id, c) for c in came]
    return shown(PAGE, came=lines, **tray_view(lab_id))


@bp.post("/lab/<int:lab_id>/files/<int:file_id>/assign")
@require(*WRITERS, at=LAB)
def assign_file(lab_id: int, file_id: int) -> Any:
    """Say which plate a file belongs to; its preview follows."""
    plate = form("plate_id", 20)
    plate_id = int(plate) if plate.isdecimal() else 0
    try:
        run_id = tray.assign(lab_id, file_id, plate_id, by=me(), at=clock.now())
    except Problem as problem:
        return _again(lab_id, problem)
    return redirect(url_for(".run", lab_id=lab_id, run_id=run_id), 303)


@bp.post("/lab/<int:lab_id>/files/<int:file_id>/discard")
@require(*WRITERS, at=LAB)
def discard_file(lab_id: int, file_id: int) -> Any:
    """Put a file away with a reason; what it shows of tubes that it names is told all the same."""
    try:
        told = tray.discard(lab_id, file_id, form("reason"), by=me(), at=clock.now())
    except Problem as problem:
        return _again(lab_id, problem)
    if told:
        flash(_("文件中有信号，已发出 %(n)s 条暂定预警，文件留存备查。", n=told), "look")
    return redirect(url_for(".files", lab_id=lab_id), 303)


def _again(lab_id: int, problem: Problem) -> Any:
    sentence, _faults = undo(problem)
    return shown(PAGE, problem.status, sentence=sentence, **tray_view(lab_id))
