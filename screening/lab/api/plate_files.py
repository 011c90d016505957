"""Plates and files over HTTP, and wells against tubes; hangs below the laboratory's blueprint."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.accounts.roles import Role
from screening.lab import queries
from screening.lab.plates import sheets_out
from screening.lab.schemas import plate_files as s
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import filling, rule_sets, wells
from screening.openapi import gives, takes

bp = Blueprint("plate_files", __name__)

AUDITORS = (*READERS, Role.AUDITOR)
TELLERS = (*WRITERS, Role.AUDITOR)  # the laboratory itself, or who counted there


@bp.post("/plates/<int:lab_id>/<int:plate_id>/files")
@require(*WRITERS, at=LAB)
@takes(s.SheetFilesSchema, "files")
@gives(s.ProposedSchema)
def look_at_files(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Look at a sample sheet or a robot's logs (form field `file`, more than once for several
    logs): what they would put into which well, or every fault of every row. Nothing moves; the
    wells that come back are what `POST …/wells` takes."""
    files = [f.read() for f in request.files.getlist("file")] or [args["file"].read()]
    return filling.look(lab_id, plate_id, files)


@bp.get("/plates/<int:lab_id>/<int:plate_id>/setup")
@require(*READERS, at=LAB)
@takes(s.SetupQuerySchema, "query")
@gives(None)
def get_setup(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """The plate as an instrument takes it: QuantStudio (tab text), CFX (CSV), or a plain CSV."""
    return setup(lab_id, plate_id, args["form"])


def setup(lab_id: int, plate_id: int, form: str) -> Response:
    row = queries.get_plate(queries.get_lab(lab_id), plate_id)
    tubes = {w: held.barcode for w, held in queries.list_wells(row).items()}
    rule = rule_sets.get_version(row.rule_id).rule
    made = sheets_out.FORMS[form]
    plate = sheets_out.plate_of(row.code, row.size, rule, row.layout, tubes)
    response = Response(made.write(plate), content_type=made.media)
    name = f"{row.code}-{form}.{made.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/well-counts/<int:lab_id>")
@require(*AUDITORS, at=LAB)
@takes(s.WellCountQuerySchema, "query")
@gives(s.WellCountSchema)
def get_well_counts(lab_id: int, args: dict[str, Any]) -> Any:
    """Wells against tubes of the last days, and of every run of one of them, with what is odd."""
    found = wells.audit(lab_id, at=clock.now(), day=args["day"])
    return {
        "day": found.day,
        "days": [
            {**d._asdict(), "told": d.told and d.told._asdict(), "flags": flags}
            for d, flags in found.days
        ],
        "runs": [{**r._asdict(), "flags": flags} for r, flags in found.runs],
    }


@bp.post("/well-counts/<int:lab_id>")
@require(*TELLERS, at=LAB)
@takes(s.UseSchema)
@gives(None, 204)
def tell_use(lab_id: int, args: dict[str, Any]) -> Any:
    """Say how many wells were run and how many reactions of kits were used on a day."""
    wells.tell(lab_id, **args, by=current_actor().staff_id, at=clock.now())
    return "", 204
