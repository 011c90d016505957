"""Plates and files: sample sheets and robots' logs in, set-ups for instruments and maps out."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response, flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.errors import NotFound, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _, current_lang
from screening.lab import queries
from screening.lab.api.plate_files import setup
from screening.lab.bench import commands as bench_commands
from screening.lab.pages.frame import bp, me, said, shown
from screening.lab.pages.plates import CONTROLS, plate_view
from screening.lab.plates import map_sheet, sheets_out
from screening.lab.readers.fill_problems import NotASampleSheet
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import filling, rule_sets
from screening.tube import prints
from screening.tube.rules import Hold

FAULTS_SHOWN = 200  # a wrong column makes a fault of every row
_MAP = msgspec.json.Decoder(dict[str, str])
_MOST = 384  # wells of the largest plate


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/files")
@require(*WRITERS, at=LAB)
def look_at_files(lab_id: int, plate_id: int) -> Any:
    """A sample sheet or a robot's logs are read and shown; no tube moves until it is confirmed."""
    files = [f.read() for f in request.files.getlist("sheet") if f.filename]
    try:
        found = filling.look(lab_id, plate_id, files)
    except NotFound:
        raise
    except Problem as problem:
        sentence, faults = undo(problem)
        return shown(
            "lab/plate.html", problem.status, sentence=sentence, faults=faults[:FAULTS_SHOWN],
            more=max(0, len(faults) - FAULTS_SHOWN), **plate_view(lab_id, plate_id),
        )  # fmt: skip
    view = plate_view(lab_id, plate_id)
    return shown("lab/fill.html", **view | proposal(found))


def proposal(found: filling.Proposed) -> dict[str, Any]:
    rows = [
        {
            "well": line.well,
            "barcode": line.barcode,
            "members": line.members if line.known else None,
            "note": note_of(line),
        }
        for line in found.lines
    ]
    return {
        "lines": rows,
        "source": found.source,
        "left": found.left,
        "sides": found.sides,
        "wells_json": msgspec.json.encode(found.wells).decode(),
    }


def note_of(line: filling.Line) -> str:
    if not line.known or line.holds & Hold.NO_CAPTURE:
        return _("名单还没有上传，结果先扣留")
    return _("名单有问题，结果先扣留") if line.holds else ""


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/fill")
@require(*WRITERS, at=LAB)
def fill_plate(lab_id: int, plate_id: int) -> Any:
    """Put the tubes that were shown into their wells, all or none; everything is checked again."""
    try:
        wells = _MAP.decode(form("wells", 40_000))
        if not 0 < len(wells) <= _MOST:
            raise NotASampleSheet()
        source = "robot" if form("source", 10) == "robot" else "sheet"
        made = filling.confirm(lab_id, plate_id, wells, source=source, by=me(), at=clock.now())
    except NotFound:
        raise
    except (Problem, msgspec.DecodeError) as why:
        problem = why if isinstance(why, Problem) else NotASampleSheet()
        sentence, faults = undo(problem)
        return shown(
            "lab/plate.html", problem.status, sentence=sentence, faults=faults[:FAULTS_SHOWN],
            **plate_view(lab_id, plate_id),
        )  # fmt: skip
    flash(_("已放入 %(n)s 管", n=len(made)), "ok")
    return redirect(url_for(".plate", lab_id=lab_id, plate_id=plate_id), 303)


# --- out ----------------------------------------------------------------------------------------


@bp.get("/lab/<int:lab_id>/plates/<int:plate_id>/setup/<form>")
@require(*READERS, at=LAB)
def plate_setup(lab_id: int, plate_id: int, form: str) -> Any:
    """The plate as an instrument takes it: QuantStudio, CFX, or a plain CSV."""
    return setup(lab_id, plate_id, form if form in sheets_out.FORMS else "plain")


def opened(body: bytes, name: str) -> Response:
    response = Response(body, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


@bp.get("/lab/<int:lab_id>/plates/<int:plate_id>/map.pdf")
@require(*READERS, at=LAB)
def plate_map_pdf(lab_id: int, plate_id: int) -> Any:
    """The map as PDF: whole numbers, and codes that lead back to the plate."""
    lab = queries.get_lab(lab_id)
    row = queries.get_plate(lab, plate_id)
    rule = rule_sets.get_version(row.rule_id)
    tubes = {w: held.barcode for w, held in queries.list_wells(row).items()}
    held = len(set(tubes.values()))
    data = map_sheet.plate_map(
        title=_("板图 %(code)s", code=row.code),
        note=f"{lab.name} · " + _("%(n)s 管", n=held) + f" · {rule.name} v{rule.version}",
        code=row.code,
        url=url_for(".plate", lab_id=lab_id, plate_id=plate_id, _external=True),
        captions=(_("扫码加样"), _("打开板页")),
        size=row.size,
        tubes=tubes,
        controls={w: said(CONTROLS, k.partition(":")[0]) for w, k in row.layout.items()},
        stamp=prints.stamp(current_actor(), row.code, at=clock.now()),
        font=prints.font(),
    )
    return opened(data, f"map-{row.code}.pdf")


@bp.get("/lab/<int:lab_id>/commands.pdf")
@require(*READERS, at=LAB)
def command_codes(lab_id: int) -> Any:
    """The sheet of command codes for the bench's wall."""
    lab = queries.get_lab(lab_id)
    lang = 1 if current_lang() == "en" else 0
    data = map_sheet.command_sheet(
        title=_("扫码台指令码"),
        note=f"{lab.name} · " + _("扫一下就执行；扫错了，扫“撤销上一步”。"),
        commands=[(c.value, words[lang]) for c, words in bench_commands.COMMANDS.items()],
        stamp=prints.stamp(current_actor(), lab.code, at=clock.now()),
        font=prints.font(),
    )
    return opened(data, "commands.pdf")
