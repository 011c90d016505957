"""A plate: its wells, the scan field, taking a tube off, the printed map."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import require
from screening.errors import Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _
from screening.lab import queries, words
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import bp, me, outcome_badge, said, shown, state_badge
from screening.lab.plates import layout
from screening.lab.plates.plate_plan import ORDERS
from screening.lab.queries import PlateRow
from screening.lab.queries.runs import list_previews
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import plates, rule_sets, starts
from screening.tube.printers import qr

CONTROLS = {
    "ntc": ("阴控", "NTC"),
    "pc": ("阳控", "PC"),
    "blank": ("空白", "blank"),
    "mark": ("标记", "mark"),
}


@bp.get("/lab/<int:lab_id>/plates/<int:plate_id>")
@require(*READERS, at=LAB)
def plate(lab_id: int, plate_id: int) -> Any:
    """A plate as it stands, with a scan field while it is open."""
    return shown("lab/plate.html", **plate_view(lab_id, plate_id))


def plate_view(lab_id: int, plate_id: int, order: str = "") -> dict[str, Any]:
    lab = queries.get_lab(lab_id)
    row = queries.get_plate(lab, plate_id)
    rule = rule_sets.get_version(row.rule_id)
    grid = wells_of(row)
    order = order or request.args.get("order", "column")
    return {
        "lab": lab,
        "plate": row,
        "state": state_badge(words.PLATE_STATES, row.state),
        "rule": rule,
        "rows": grid,
        "columns": list(range(1, layout.SHAPES[row.size][1] + 1)),
        "tubes": len({w["barcode"] for line in grid for w in line if w["barcode"]}),
        "free": sum(w["kind"] == "free" for line in grid for w in line),
        "open": row.state in plates.OPEN_STATES,
        "takes_files": row.state in plates.WAITING_STATES,
        "order": order if order in ORDERS else "column",
        "may_write": may_write(lab_id),
        "run_href": url_for(".run", lab_id=lab_id, run_id=row.run_id) if row.run_id else "",
        "made_at": row.made_at,
        "begun": starts.find(row) if row.state in ("running", "quarantined") else None,
        "previews": [url_for(".run", lab_id=lab_id, run_id=r) for r in list_previews(row)]
        if row.state in plates.WAITING_STATES
        else [],
    }


def wells_of(row: PlateRow) -> list[list[dict[str, Any]]]:
    """The wells row by row: what stands in each, and what the run says of it."""
    tubes = queries.list_wells(row)
    called: dict[str, int] = {}
    if row.run_id is not None:
        called = {c.barcode: c.outcome for c in queries.list_calls(row.cell_id, row.run_id)}
    down, across = layout.SHAPES[row.size]
    return [
        [one_well(layout.well(r, c), row, tubes, called) for c in range(across)]
        for r in range(down)
    ]


def one_well(
    name: str, row: PlateRow, tubes: dict[str, queries.WellRow], called: dict[str, int]
) -> dict[str, Any]:
    out: dict[str, Any] = {"name": name, "kind": "free", "barcode": "", "text": "", "badge": None}
    if name in row.layout:
        kind = row.layout[name].partition(":")[0]
        return out | {"kind": kind, "text": said(CONTROLS, kind)}
    if name in tubes:
        barcode = tubes[name].barcode
        out |= {"kind": "tube", "barcode": barcode, "text": barcode[-6:]}
        if barcode in called:
            out["badge"] = {"tone": "ok"} | {
                k: v for k, v in outcome_badge(called[barcode]).items() if v
            }
    return out


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/scan")
@require(*WRITERS, at=LAB)
def scan(lab_id: int, plate_id: int) -> Any:
    """One tube into the next free well; the same page answers, ready for the next."""
    text, order = form("code", 80), form("order", 10)
    try:
        made = plates.scan(
            lab_id, plate_id, text, by=me(), at=clock.now(),
            order=order if order in ORDERS else "column",
        )  # fmt: skip
    except Problem as problem:
        sentence, _faults = undo(problem)
        last = {"tone": "stop", "text": text[:40], "message": sentence}
        return shown(
            "lab/plate.html", problem.status, last=last, **plate_view(lab_id, plate_id, order)
        )
    message = _("已放入 %(well)s", well=" ".join(made.wells))
    tone = "ok"
    if made.unknown:
        tone, message = "look", _("%(said)s；名单还没有上传，结果先扣留", said=message)
    elif made.holds:
        tone, message = "look", _("%(said)s；名单有问题，结果先扣留", said=message)
    last = {"tone": tone, "text": made.barcode, "message": message}
    return shown("lab/plate.html", last=last, **plate_view(lab_id, plate_id, order))


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/empty")
@require(*WRITERS, at=LAB)
def empty(lab_id: int, plate_id: int) -> Any:
    """Take the tube of a well off the plate."""
    well = form("well", 4).upper()
    try:
        barcode = plates.empty(lab_id, plate_id, well, by=me(), at=clock.now())
    except Problem as problem:
        sentence, _faults = undo(problem)
        last = {"tone": "stop", "text": well, "message": sentence}
        return shown("lab/plate.html", problem.status, last=last, **plate_view(lab_id, plate_id))
    last = {"tone": "ok", "text": barcode, "message": _("已从 %(well)s 取出", well=well)}
    return shown("lab/plate.html", last=last, **plate_view(lab_id, plate_id))


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/start")
@require(*WRITERS, at=LAB)
def start(lab_id: int, plate_id: int) -> Any:
    """The plate goes onto the instrument."""
    serial = request.form.get("instrument", "").strip()[:60] or None
    plates.start(lab_id, plate_id, instrument=serial, by=me(), at=clock.now())
    return redirect(url_for(".plate", lab_id=lab_id, plate_id=plate_id), 303)


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/abandon")
@require(*WRITERS, at=LAB)
def abandon(lab_id: int, plate_id: int) -> Any:
    """Give up the plate; its tubes wait to be plated again."""
    plates.abandon(lab_id, plate_id, by=me(), at=clock.now())
    return redirect(url_for(".plate", lab_id=lab_id, plate_id=plate_id), 303)


@bp.get("/lab/<int:lab_id>/plates/<int:plate_id>/map")
@require(*READERS, at=LAB)
def plate_map(lab_id: int, plate_id: int) -> Any:
    """The map for the bench: whole numbers, on paper, with codes that lead back."""
    view = plate_view(lab_id, plate_id)
    there = url_for(".plate", lab_id=lab_id, plate_id=plate_id, _external=True)
    codes = [drawn(view["plate"].code, _("扫码加样")), drawn(there, _("打开板页"))]
    return shown("lab/map.html", codes=codes, **view)


def drawn(text: str, caption: str) -> dict[str, Any]:
    """A QR as one path of an SVG, with its quiet zone."""
    size, dark = qr.runs(text)
    path = "".join(f"M{x + qr.QUIET} {y + qr.QUIET}h{n}v1h-{n}z" for x, y, n in dark)
    return {"caption": caption, "size": size + 2 * qr.QUIET, "path": path}
