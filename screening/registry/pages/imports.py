"""Imports of persons: upload, progress, faults, corrected file."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYWHERE
from screening.errors import Problem
from screening.forms import refused
from screening.i18n import _
from screening.registry import desk_queries as desk
from screening.registry.api.imports import fault_line, faulty_file, uploaded
from screening.registry.pages.choices import area_choices, area_name
from screening.registry.pages.frame import PAGE, bp
from screening.registry.readers.columns import COLUMNS, REQUIRED
from screening.registry.scopes import IMPORT, IMPORT_AREA, REGISTRARS
from screening.registry.service import imports
from screening.registry.service.imports import Import

JOB_STATE = {
    "checking": "running",
    "checked": "done",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}


@bp.get("/imports")
@require(*REGISTRARS, at=OWN_ROWS)
def list_imports() -> Any:
    """Imports into the own scope, newest first, and the form of a new one."""
    return render_template("registry/imports.html", **imports_view())


def imports_view() -> dict[str, Any]:
    actor = current_actor()
    return {
        "rows": [import_line(i) for i in desk.list_imports(actor.places(REGISTRARS))],
        "areas": area_choices(REGISTRARS),
        "whole_city": actor.may(REGISTRARS, EVERYWHERE),
        "columns": [names[0] for names in COLUMNS.values()],
        "required": [COLUMNS[key][0] for key in REQUIRED],
    }


def state_words(held: Import) -> dict[str, str]:
    words = {
        "checking": ("unknown", _("检查中")),
        "checked": ("look", _("已检查，待导入")),
        "running": ("unknown", _("导入中")),
        "done": ("ok", _("已导入")),
        "failed": ("stop", _("没有完成")),
        "cancelled": ("unknown", _("已取消")),
    }
    tone, said = words[held.state]
    return {"tone": tone, "text": said}


def import_line(held: Import) -> dict[str, Any]:
    return {
        "made_at": held.made_at,
        "area": area_name(held.area_id) or _("全市"),
        "total": held.total,
        "faults": held.faults,
        "added": held.report.get("added"),
        "state": state_words(held),
        "href": url_for(".show_import", import_id=held.import_id),
    }


@bp.post("/imports")
@require(*REGISTRARS, at=IMPORT_AREA)
def upload_import() -> Any:
    """Keep the file sealed and check it; nothing is loaded before somebody says so."""
    try:
        area = request.form.get("area_id", type=int)
        made = imports.upload(uploaded(), area, by=current_actor(), at=clock.now())
    except Problem as problem:
        return refused(problem, "registry/imports.html", **imports_view())
    return redirect(url_for(".show_import", import_id=made), 303)


@bp.get("/imports/<int:import_id>")
@require(*REGISTRARS, at=IMPORT)
def show_import(import_id: int) -> Any:
    """How far an import is, what it found, and the next step."""
    return render_template("registry/import.html", **import_view(import_id))


def import_view(import_id: int) -> dict[str, Any]:
    held = imports.get_import(import_id)
    after = request.args.get("after", 0, type=int)
    faults = [fault_line(r) for r in imports.list_faults(import_id, after, PAGE)]
    mine = held.made_by == current_actor().staff_id
    return {
        "held": held,
        "state": state_words(held),
        "area": area_name(held.area_id) or _("全市"),
        "job": progress_of(held),
        "fault_rows": faults,
        "next": faults[-1]["seq"] if len(faults) == PAGE else None,
        "after": after,
        "may_fetch": mine and held.faults > 0 and held.state != "cancelled",
    }


def progress_of(held: Import) -> dict[str, Any]:
    titles = {"checking": _("检查全部行"), "running": _("写入名册")}
    live = held.state in titles
    job: dict[str, Any] = {
        "id": held.import_id,
        "title": titles.get(held.state, _("导入")),
        "state": JOB_STATE[held.state],
        "done": held.done,
        "total": held.total,
    }
    if live:
        job["cancel_href"] = url_for(".cancel_import", import_id=held.import_id)
    return job


@bp.post("/imports/<int:import_id>/start")
@require(*REGISTRARS, at=IMPORT)
def start_import(import_id: int) -> Any:
    """Load the rows without faults."""
    try:
        imports.start(import_id, rows_confirmed=request.form.get("rows_confirmed") == "1")
    except Problem as problem:
        return refused(problem, "registry/import.html", **import_view(import_id))
    return redirect(url_for(".show_import", import_id=import_id), 303)


@bp.post("/imports/<int:import_id>/cancel")
@require(*REGISTRARS, at=IMPORT)
def cancel_import(import_id: int) -> Any:
    """Stop after the chunk at hand."""
    try:
        imports.cancel(import_id, at=clock.now())
    except Problem as problem:
        return refused(problem, "registry/import.html", **import_view(import_id))
    return redirect(url_for(".show_import", import_id=import_id), 303)


@bp.get("/imports/<int:import_id>/faulty-rows.csv")
@require(*REGISTRARS, at=IMPORT)
def get_faulty_rows(import_id: int) -> Any:
    """The faulty rows with a column of faults, for whoever uploaded the file."""
    return faulty_file(import_id)
