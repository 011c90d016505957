"""The plate builder: the plate drawn well by well, filled by scanner and keyboard, kept at once."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import require
from screening.errors import NotFound, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.lab import queries
from screening.lab.pages.frame import bp, me, shown
from screening.lab.pages.plates import plate_view
from screening.lab.pages.scan import last_line
from screening.lab.plates import layout, plate_plan
from screening.lab.plates.plate_plan import ORDERS
from screening.lab.queries.steps import find_last
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import bench, plates

PAGE = "lab/builder.html"


@bp.get("/lab/<int:lab_id>/plates/<int:plate_id>/build")
@require(*READERS, at=LAB)
def builder(lab_id: int, plate_id: int) -> Any:
    """A plate as it stands now, whoever filled it and from which computer."""
    return shown(PAGE, **build_view(lab_id, plate_id))


def build_view(lab_id: int, plate_id: int) -> dict[str, Any]:
    view = plate_view(lab_id, plate_id, form("order", 10))
    lab, row = view["lab"], view["plate"]
    free = plate_plan.free_wells(
        view["rule"].rule, row.size, row.layout, queries.list_wells(row), view["order"]
    )
    whole = len(free) == plate_plan.wells_per_tube(view["rule"].rule)
    step = find_last(lab, me())
    here = step is not None and step.plate_id == plate_id
    return view | {
        "next": free if whole and view["open"] else [],
        "awaits": step.awaits if step and here else "",
        "last": last_line(lab, step) if step and here else None,
        "marked": "mark" in row.layout.values(),
    }


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/build")
@require(*WRITERS, at=LAB)
def build_scan(lab_id: int, plate_id: int) -> Any:
    """One scan: a tube into the next free well or the one pointed at, a command, another plate."""
    text, order, well = form("code", 80), form("order", 10), form("well", 4).upper()
    order = order if order in ORDERS else "column"
    size = queries.get_plate(queries.get_lab(lab_id), plate_id).size
    try:
        done = bench.take(
            lab_id, text, by=me(), at=clock.now(), order=order, plate_id=plate_id,
            well=well if layout.is_well(well, size) else None,
        )  # fmt: skip
    except NotFound:
        raise
    except Problem as problem:
        return refused(problem, lab_id, plate_id, text)
    # the way back is by an address: reloading repeats nothing
    return back(lab_id, done.plate_id or plate_id, order)


def back(lab_id: int, plate_id: int, order: str) -> Any:
    where = url_for(".builder", lab_id=lab_id, plate_id=plate_id, order=order)
    return redirect(where, 303)


def refused(problem: Problem, lab_id: int, plate_id: int, text: str) -> Any:
    sentence, _faults = undo(problem)
    view = build_view(lab_id, plate_id)
    view["last"] = {"tone": "stop", "text": text[:40], "message": sentence}
    return shown(PAGE, problem.status, **view)


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/build/empty")
@require(*WRITERS, at=LAB)
def build_empty(lab_id: int, plate_id: int) -> Any:
    """Take the tube of the well that is pointed at off the plate."""
    well = form("well", 4).upper()
    try:
        plates.empty(lab_id, plate_id, well, by=me(), at=clock.now())
    except NotFound:
        raise
    except Problem as problem:
        return refused(problem, lab_id, plate_id, well)
    return back(lab_id, plate_id, request.form.get("order", "column"))
