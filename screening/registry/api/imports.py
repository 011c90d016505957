"""Imports of persons: upload, dry run, faults, corrected file, real run."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, refuse, require
from screening.i18n import current_lang
from screening.openapi import gives, takes
from screening.places.readers.tables import EmptyTable, write_csv
from screening.registry import desk_queries as desk
from screening.registry import schemas as s
from screening.registry.api.frame import bp, page_of
from screening.registry.scopes import IMPORT, IMPORT_AREA, REGISTRARS
from screening.registry.service import imports


@bp.get("/persons/imports")
@require(*REGISTRARS, at=OWN_ROWS)
@gives(s.ImportSchema, many=True)
def list_imports() -> Any:
    """Imports into the own scope, newest first."""
    return desk.list_imports(current_actor().places(REGISTRARS))


@bp.post("/persons/imports")
@require(*REGISTRARS, at=IMPORT_AREA)
@takes(s.UploadSchema, "form")
@gives(s.ImportSchema, 202)
def upload_import(args: dict[str, Any]) -> Any:
    """A CSV or XLSX file as form field `file`; its check begins at once, nothing is loaded yet."""
    made = imports.upload(uploaded(), args["area_id"], by=current_actor(), at=clock.now())
    return imports.get_import(made)


def uploaded() -> bytes:
    """The file of this request. Raises EmptyTable when there is none."""
    file = request.files.get("file")
    content = file.read() if file is not None else b""
    if not content:
        raise EmptyTable()
    return content


@bp.get("/persons/imports/<int:import_id>")
@require(*REGISTRARS, at=IMPORT)
@gives(s.ImportSchema)
def get_import(import_id: int) -> Any:
    """How far an import is, and its counts."""
    return imports.get_import(import_id)


@bp.post("/persons/imports/<int:import_id>/start")
@require(*REGISTRARS, at=IMPORT)
@takes(s.StartImportSchema)
@gives(s.ImportSchema, 202)
def start_import(import_id: int, args: dict[str, Any]) -> Any:
    """Load the rows without faults. Doing the same file again changes nothing."""
    imports.start(import_id, rows_confirmed=args["rows_confirmed"])
    return imports.get_import(import_id)


@bp.post("/persons/imports/<int:import_id>/cancel")
@require(*REGISTRARS, at=IMPORT)
@gives(s.ImportSchema)
def cancel_import(import_id: int) -> Any:
    """Stop after the chunk at hand; what is loaded stays."""
    imports.cancel(import_id, at=clock.now())
    return imports.get_import(import_id)


@bp.get("/persons/imports/<int:import_id>/faults")
@require(*REGISTRARS, at=IMPORT)
@takes(s.PageQuerySchema, "query")
@gives(page_of(s.ImportFaultSchema))
def list_import_faults(import_id: int, args: dict[str, Any]) -> Any:
    """Every fault: row, column, code and a sentence; never the value."""
    rows = imports.list_faults(import_id, args["after"], args["limit"])
    return {"items": [fault_line(r) for r in rows],
            "next": rows[-1][0] if len(rows) == args["limit"] else None}  # fmt: skip


def fault_line(row: tuple) -> dict[str, Any]:
    seq, number, column, code, details = row
    detail = imports.sentence(code, details, current_lang())
    return {"seq": seq, "row": number, "column": column, "code": code, "detail": detail}


@bp.get("/persons/imports/<int:import_id>/faulty-rows.csv")
@require(*REGISTRARS, at=IMPORT)
@gives(None)
def get_faulty_rows(import_id: int) -> Any:
    """The faulty rows of the file with a column of faults; only for whoever uploaded it."""
    return faulty_file(import_id)


def faulty_file(import_id: int) -> Response:
    actor = current_actor()
    if imports.get_import(import_id).made_by != actor.staff_id:
        refuse(actor)
    header, rows = imports.faulty_rows(import_id, current_lang())
    return Response(
        b"".join(write_csv(header, rows)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="faulty-rows-{import_id}.csv"'},
    )
