"""Plates and wells over HTTP."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import OWN_ROWS, require
from screening.lab import queries
from screening.lab.api.frame import bp, me, own_labs, page
from screening.lab.queries import PlateRow
from screening.lab.schemas import plates as s
from screening.lab.scopes import (
    LAB,
    READERS,
    WRITERS,
)
from screening.lab.service import plates, starts
from screening.openapi import gives, takes


@bp.get("/plates")
@require(*READERS, at=OWN_ROWS)
@takes(s.PlateQuerySchema, "query")
@gives(s.PlatePageSchema)
def list_plates(args: dict[str, Any]) -> Any:
    """Plates of the own laboratories, newest first."""
    labs = own_labs(args.pop("lab_id"))
    return page(queries.list_plates(labs, **args), args["limit"], "plate_id")


@bp.post("/plates")
@require(*WRITERS, at=LAB)
@takes(s.PlateInSchema)
@gives(s.PlateSchema, 201)
def make_plate(args: dict[str, Any]) -> Any:
    """An empty plate of 96 or 384 wells with its controls, under a rule set that is in force."""
    return whole(plates.create(args.pop("lab_id"), **args, by=me(), at=clock.now()))


def whole(plate: PlateRow) -> dict[str, Any]:
    return {**plate._asdict(), "wells": list(queries.list_wells(plate).values())}


@bp.get("/plates/<int:lab_id>/<int:plate_id>")
@require(*READERS, at=LAB)
@gives(s.PlateSchema)
def get_plate(lab_id: int, plate_id: int) -> Any:
    """A plate with its wells."""
    return whole(queries.get_plate(queries.get_lab(lab_id), plate_id))


@bp.post("/plates/<int:lab_id>/<int:plate_id>/scans")
@require(*WRITERS, at=LAB)
@takes(s.ScanSchema)
@gives(s.PlacedSchema, 201)
def scan_tube(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Put a scanned tube into the next free well; the scan is its receipt too."""
    return plates.scan(lab_id, plate_id, args["code"], order=args["order"], by=me(), at=clock.now())


@bp.post("/plates/<int:lab_id>/<int:plate_id>/wells")
@require(*WRITERS, at=LAB)
@takes(s.MapSchema)
@gives(s.PlacedSchema, 201, many=True)
def fill_wells(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """Put tubes into named wells, all or none; every fault is told."""
    return plates.fill(lab_id, plate_id, args["wells"], by=me(), at=clock.now())


@bp.delete("/plates/<int:lab_id>/<int:plate_id>/wells/<well>")
@require(*WRITERS, at=LAB)
@gives(s.TakenOffSchema)
def empty_well(lab_id: int, plate_id: int, well: str) -> Any:
    """Take the tube of a well off the plate; it is received as before."""
    return {"barcode": plates.empty(lab_id, plate_id, well, by=me(), at=clock.now())}


@bp.post("/plates/<int:lab_id>/<int:plate_id>/start")
@require(*WRITERS, at=LAB)
@takes(s.StartQuerySchema, "query")
@gives(s.PlateSchema)
def start_plate(lab_id: int, plate_id: int, args: dict[str, Any]) -> Any:
    """The plate goes onto the instrument; its map is fixed from now on, and its file is awaited."""
    made = plates.start(lab_id, plate_id, instrument=args["instrument"], by=me(), at=clock.now())
    return whole(made)


@bp.get("/plates/overdue")
@require(*READERS, at=OWN_ROWS)
@gives(s.StartSchema, many=True)
def list_overdue() -> Any:
    """Plates on instruments whose file should have come, the longest first."""
    return starts.list_overdue(own_labs(None), clock.now())


@bp.post("/plates/<int:lab_id>/<int:plate_id>/abandon")
@require(*WRITERS, at=LAB)
@gives(s.PlateSchema)
def abandon_plate(lab_id: int, plate_id: int) -> Any:
    """Give up a plate that has no result; its tubes go back to the rack."""
    return whole(plates.abandon(lab_id, plate_id, by=me(), at=clock.now()))
