"""Inbound lists over HTTP: upload, take over, lines, receipts, outcomes, sums."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, request

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.errors import BY_CODE
from screening.i18n import current_lang
from screening.inbound import queries
from screening.inbound import schemas as s
from screening.inbound.queries import Asked, ListRow
from screening.inbound.scopes import ITEM, LIST, READERS, SENDERS, WORKERS
from screening.inbound.service import items, lists
from screening.inbound.service.lists import Told
from screening.inbound.showing import line, note_reads
from screening.openapi import gives, takes
from screening.places import queries as places
from screening.places.readers.tables import EmptyTable

bp = Blueprint("inbound_api", __name__, url_prefix="/api/v1")


def uploaded() -> bytes:
    """The file of this request. Raises EmptyTable when there is none."""
    file = request.files.get("file")
    content = file.read() if file is not None else b""
    if not content:
        raise EmptyTable()
    return content


def faults_of(held: ListRow) -> list[dict[str, Any]]:
    """Every fault of a list in the reader's language."""
    lang = current_lang()
    return [
        {"row": row, "column": column, "code": code,
         "detail": BY_CODE[code](**(details or {})).sentence(lang)}
        for row, column, code, details in held.faults
    ]  # fmt: skip


def shown(held: ListRow) -> dict[str, Any]:
    return {**held._asdict(), "faults": faults_of(held)}


@bp.post("/inbound")
@require(*SENDERS, at=area())
@takes(s.InboundUploadSchema, "form")
@gives(s.InboundListSchema, 201)
def upload_list(args: dict[str, Any]) -> Any:
    """Keep a list and check it whole; every fault of every row comes back, nothing is taken over."""
    told = Told(
        args["kind"], args["title"], args["source"], args["area_id"],
        args["received_at"] or clock.now(), args["hours"],
    )  # fmt: skip
    made = lists.upload(uploaded(), told, by=current_actor().staff_id, at=clock.now())
    return shown(queries.get_list(made))


@bp.get("/inbound/<int:list_id>")
@require(*SENDERS, at=LIST)
@gives(s.InboundListSchema)
def get_list(list_id: int) -> Any:
    """One list with its counts and faults."""
    return shown(queries.get_list(list_id))


@bp.post("/inbound/<int:list_id>/start")
@require(*SENDERS, at=LIST)
@gives(s.InboundTakenSchema)
def start_list(list_id: int) -> Any:
    """Take the rows without faults over: match them and give each to the area that answers."""
    return {"lines": lists.take_over(list_id, by=current_actor().staff_id, at=clock.now())}


@bp.post("/inbound/<int:list_id>/discard")
@require(*SENDERS, at=LIST)
@gives(None, 204)
def discard_list(list_id: int) -> Any:
    """Throw a checked file away."""
    lists.discard(list_id)
    return "", 204


# --- lines ----------------------------------------------------------------------------------------


@bp.get("/inbound/items")
@require(*READERS, at=area("area"))
@takes(s.InboundAskSchema, "query")
@gives(s.InboundItemSchema, many=True)
def list_items(args: dict[str, Any]) -> Any:
    """The lines for which an area, or one below it, answers."""
    node = node_of(args["area"])
    asked = Asked(args["list_id"], args["kind"], "", args["state"])
    found = queries.list_items(node, asked, at=clock.now(), after=args["after"])
    note_reads(found)
    return [line(i) for i in found]


def node_of(area_id: int) -> places.Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def done_at(args: dict[str, Any]) -> Any:
    return clock.now() - timedelta(seconds=args["age"])


@bp.post("/inbound/items/<int:item_id>/take")
@require(*WORKERS, at=ITEM)
@takes(s.InboundActInSchema)
@gives(None, 204)
def take_item(item_id: int, args: dict[str, Any]) -> Any:
    """Receive a line. Told twice it is one receipt."""
    by = current_actor().staff_id
    items.take(item_id, by=by, at=done_at(args), key=args["key"])
    return "", 204


@bp.post("/inbound/items/<int:item_id>/outcome")
@require(*WORKERS, at=ITEM)
@takes(s.InboundOutcomeSchema)
@gives(None, 204)
def dispose_item(item_id: int, args: dict[str, Any]) -> Any:
    """What came of the person; an outcome is a receipt too. Told twice it is one."""
    by = current_actor().staff_id
    items.dispose(item_id, args["outcome"], by=by, at=done_at(args), key=args["key"])
    return "", 204


@bp.post("/inbound/items/<int:item_id>/undo")
@require(*WORKERS, at=ITEM)
@takes(s.InboundUndoSchema)
@gives(None, 204)
def undo_item(item_id: int, args: dict[str, Any]) -> Any:
    """Take the own act of this key back, even before it arrives."""
    items.undo(item_id, args["key"], by=current_actor().staff_id, at=clock.now())
    return "", 204


@bp.post("/inbound/items/<int:item_id>/assign")
@require(*SENDERS, at=ITEM)
@takes(s.InboundAssignSchema)
@gives(None, 204)
def assign_item(item_id: int, args: dict[str, Any]) -> Any:
    """Another area answers from now on, perhaps through an employer."""
    by = current_actor().staff_id
    items.assign(
        item_id, args["to_area_id"], employer=args["employer"].strip(), by=by, at=clock.now()
    )
    return "", 204


@bp.get("/inbound/sums")
@require(*READERS, at=area("area"))
@takes(s.InboundSumsAskSchema, "query")
@gives(s.InboundRollUpSchema)
def get_sums(args: dict[str, Any]) -> Any:
    """All lines of an area: by kind, by the areas below, by employer."""
    found = queries.roll_up(node_of(args["area"]), at=clock.now(), kind=args["kind"])
    return {
        "whole": found.whole,
        "by_kind": found.by_kind,
        "below": [{"area_id": n.area_id, **x._asdict()} for n, x in found.below],
        "by_employer": [{"employer": e, **x._asdict()} for e, x in found.by_employer],
    }
