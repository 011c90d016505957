"""Runs over HTTP: a file is looked at, confirmed or forgotten."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import send_file

from screening import clock
from screening.accounts.guard import OWN_ROWS, require
from screening.lab import queries
from screening.lab.api.frame import bp, me, own_labs, page
from screening.lab.schemas import runs as s
from screening.lab.schemas.frame import LabPageQuerySchema
from screening.lab.scopes import (
    LAB,
    OPENERS,
    READERS,
    WRITERS,
)
from screening.lab.service import originals, runs
from screening.openapi import gives, takes


@bp.post("/plates/<int:lab_id>/<int:plate_id>/runs")
@require(*WRITERS, at=LAB)
@takes(s.RunFileSchema, "files")
@gives(s.PlateRunSchema, 201)
def preview_run(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Look at a run file (form field `file`): differences, controls, calls. Nothing moves."""
    file = args["file"]
    return runs.preview(lab_id, plate_id, file.read(), file.filename or "", by=me(), at=clock.now())


@bp.get("/runs")
@require(*READERS, at=OWN_ROWS)
@takes(LabPageQuerySchema, "query")
@gives(s.PlateRunPageSchema)
def list_runs(args: dict[str, Any]) -> Any:
    """Runs of the own laboratories, newest first."""
    labs = own_labs(args.pop("lab_id"))
    return page(queries.list_runs(labs, **args), args["limit"], "run_id")


@bp.get("/runs/<int:lab_id>/<int:run_id>")
@require(*READERS, at=LAB)
@gives(s.PlateRunSchema)
def get_run(lab_id: int, run_id: int) -> Any:
    """A run with its verdict and calls."""
    return runs.show(lab_id, run_id, at=clock.now())


@bp.post("/runs/<int:lab_id>/<int:run_id>/confirm")
@require(*WRITERS, at=LAB)
@gives(s.PlateRunSchema)
def confirm_run(lab_id: int, run_id: int) -> Any:
    """Adopt a run that was looked at: calls, alerts and tests in one transaction. Twice is once."""
    return runs.confirm(lab_id, run_id, by=me(), at=clock.now())


@bp.delete("/runs/<int:lab_id>/<int:run_id>")
@require(*WRITERS, at=LAB)
@gives(None, 204)
def discard_run(lab_id: int, run_id: int) -> Any:
    """Forget a file that was only looked at; a signal that it shows is told all the same."""
    runs.discard(lab_id, run_id, by=me(), at=clock.now())
    return "", 204


@bp.get("/runs/<int:lab_id>/<int:run_id>/original")
@require(*OPENERS, at=LAB)
@gives(None)
def get_original(lab_id: int, run_id: int) -> Any:
    """The run's file as it came, byte for byte. Audited."""
    data = originals.open_original(lab_id, run_id)
    return send_file(BytesIO(data), "application/octet-stream", True, f"run-{run_id}")
