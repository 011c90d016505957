"""The archive over HTTP: tubes into places and out of them, found again, thrown away."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.desk_mark import current_desk
from screening.accounts.guard import current_actor, require
from screening.accounts.signing import sign
from screening.lab import queries
from screening.lab.api.frame import bp, me
from screening.lab.queries.archive import list_asked, list_box, list_boxes
from screening.lab.schemas import archive as s
from screening.lab.scopes import BENCH, LAB, READERS
from screening.lab.service import archive
from screening.openapi import gives, takes


@bp.get("/archive/<int:lab_id>")
@require(*READERS, at=LAB)
@gives(s.ArchiveBoxSchema, many=True)
def list_archive(lab_id: int) -> Any:
    """The boxes in use, the one with the oldest tube first."""
    found = list_boxes(queries.get_lab(lab_id))
    return [dict(zip(("rack", "box", "tubes", "oldest"), row, strict=True)) for row in found]


@bp.get("/archive/<int:lab_id>/box")
@require(*READERS, at=LAB)
@takes(s.ArchiveBoxQuerySchema, "query")
@gives(s.StaySchema, many=True)
def list_archive_box(lab_id: int, args: dict[str, Any]) -> Any:
    """What lies in a box, by place."""
    return list_box(queries.get_lab(lab_id), **args)


@bp.get("/archive/<int:lab_id>/tubes/<barcode>")
@require(*READERS, at=LAB)
@gives(s.ArchiveFoundSchema)
def find_in_archive(lab_id: int, barcode: str) -> Any:
    """Where a tube lies, every place that it had, and whether it may be thrown away."""
    return archive.look(lab_id, barcode, at=clock.now())


@bp.post("/archive/<int:lab_id>")
@require(*BENCH, at=LAB)
@takes(s.ArchivePutSchema)
@gives(s.StaySchema, 201)
def put_into_archive(lab_id: int, args: dict[str, Any]) -> Any:
    """Into a place, the next free one of the box unless it is named; the place before is left."""
    return archive.put(lab_id, args.pop("tube"), **args, by=me(), at=clock.now())


@bp.post("/archive/<int:lab_id>/take")
@require(*BENCH, at=LAB)
@takes(s.ArchivedTubeSchema)
@gives(s.StaySchema)
def take_from_archive(lab_id: int, args: dict[str, Any]) -> Any:
    """Out of the archive, for a re-check; the place that it had."""
    return archive.take(lab_id, args["tube"], by=me(), at=clock.now())


@bp.get("/archive/<int:lab_id>/discards")
@require(*READERS, at=LAB)
@gives(s.DiscardsSchema)
def list_discards(lab_id: int) -> Any:
    """What may be thrown away now, and positives that await a second person."""
    lab = queries.get_lab(lab_id)
    return {"free": archive.free_now(lab, clock.now())[0], "asked": list_asked(lab)}


@bp.post("/archive/<int:lab_id>/discards")
@require(*BENCH, at=LAB)
@takes(s.DiscardSchema)
@gives(s.DiscardedSchema)
def discard_from_archive(lab_id: int, args: dict[str, Any]) -> Any:
    """Throw a tube away; for a positive or doubtful one two persons sign, by `secret`, and the
    first says why."""
    signed = sign(current_actor(), args["secret"], current_desk()) if args["secret"] else None
    return archive.discard(
        lab_id, args["tube"], why=args["why"], signed=signed, by=me(), at=clock.now()
    )
