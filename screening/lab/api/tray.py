"""The tray over HTTP: files that wait for a plate; a person names it or puts the file away."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import require
from screening.lab import queries
from screening.lab.api.frame import bp, me, page
from screening.lab.queries.tray import (
    count_waiting_files,
    get_file,
    list_ended_files,
    list_waiting_files,
)
from screening.lab.schemas import tray as s
from screening.lab.schemas.frame import PageQuerySchema
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import tray
from screening.openapi import gives, takes


@bp.get("/tray/<int:lab_id>")
@require(*READERS, at=LAB)
@gives(s.TraySchema)
def get_tray(lab_id: int) -> Any:
    """Files whose plate nobody could tell, the oldest first."""
    lab = queries.get_lab(lab_id)
    return {"waiting": count_waiting_files(lab), "items": list_waiting_files(lab)}


@bp.get("/tray/<int:lab_id>/ended")
@require(*READERS, at=LAB)
@takes(PageQuerySchema, "query")
@gives(s.TrayPageSchema)
def list_tray_ended(lab_id: int, args: dict[str, Any]) -> Any:
    """Files that were given to a plate or put away, newest first."""
    rows = list_ended_files(queries.get_lab(lab_id), **args)
    return page(rows, args["limit"], "file_id")


@bp.post("/tray/<int:lab_id>")
@require(*WRITERS, at=LAB)
@takes(s.TrayInSchema, "files")
@gives(s.CameSchema)
def drop_into_tray(lab_id: int, args: dict[str, Any]) -> Any:
    """Take one run file in (form field `file`): it is matched by the plate code that it carries,
    else it waits in the tray. Nothing moves; the same file again changes nothing."""
    file = args["file"]
    came = tray.take(lab_id, file.read(), file.filename or "", by=me(), at=clock.now())
    if came.problem:
        raise came.problem
    return came


@bp.post("/tray/<int:lab_id>/<int:file_id>/assign")
@require(*WRITERS, at=LAB)
@takes(s.AssignSchema)
@gives(s.AssignedSchema)
def assign_tray_file(lab_id: int, file_id: int, args: dict[str, Any]) -> Any:
    """Say which plate a file belongs to; it is looked at for that plate, nothing moves yet."""
    return {"run_id": tray.assign(lab_id, file_id, args["plate_id"], by=me(), at=clock.now())}


@bp.post("/tray/<int:lab_id>/<int:file_id>/discard")
@require(*WRITERS, at=LAB)
@takes(s.PutAwaySchema)
@gives(s.PutAwayDoneSchema)
def discard_tray_file(lab_id: int, file_id: int, args: dict[str, Any]) -> Any:
    """Put a file away with a reason: signals of tubes that it names are alerted all the same, and
    a signal of a tube that it does not name takes a second person."""
    told = tray.discard(lab_id, file_id, args["reason"], by=me(), at=clock.now())
    return {"alerts": told, "file": get_file(queries.get_lab(lab_id), file_id)}
