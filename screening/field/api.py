"""HTTP of the door: journals in, receipts out; slices for phones, checks for screens."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, fields, validate

from screening import clock
from screening.accounts.guard import At, public, require
from screening.accounts.roles import LAB_ROLES, SITE_ROLES, Role
from screening.errors import TooLarge
from screening.field import check, queries, service, signed, slices
from screening.field.chain import MalformedBatch
from screening.openapi import gives, takes
from screening.tube.answers import worst
from screening.tube.entries import json_schema

bp = Blueprint("field_api", __name__)
MAX_BATCH = 8 * 1024 * 1024  # bytes after unpacking


class ReceiptOut(Schema):
    """What the server holds of one journal."""

    device = fields.Integer(required=True)
    journal = fields.String(required=True)
    last = fields.Integer(required=True, metadata={"description": "numbers 1..last are held"})
    head = fields.String(required=True)
    held = fields.List(fields.List(fields.Integer()))
    parked = fields.List(fields.Dict())
    forked = fields.Boolean()
    device_state = fields.String()
    server_time = fields.Integer(metadata={"description": "milliseconds since 1970"})
    new = fields.Integer()


class ReceiptIn(Schema):
    device = fields.Integer(required=True)
    journal = fields.String(required=True, validate=validate.Regexp("^[0-9a-f]{32}$"))


@bp.post("/api/v1/journal")
@public
@gives(ReceiptOut)
def post_journal() -> Response:
    """Take a signed batch of a device's journal (NDJSON, optionally gzip; docs/journal.md).

    The device's signature is the only key: any phone, file or desk may carry a batch."""
    out = service.ingest(_body(), received_at=clock.now())
    return jsonify(out.to_dict())


@bp.get("/api/v1/journal/receipt")
@public
@takes(ReceiptIn, location="query")
@gives(ReceiptOut)
def get_receipt(args: dict) -> Response:
    """The receipt of one journal: numbers held, held beyond a gap, parked. The journal's random
    id is what a caller must know."""
    device = queries.get_device(args["device"])
    out = service.receipt(device, args["journal"], at=clock.now())
    return jsonify(out.to_dict())


@bp.get("/api/v1/journal/schema")
@public
@gives(None)
def get_schema() -> Response:
    """JSON Schema of a journal's entries."""
    return jsonify(json_schema())


def _body() -> bytes:
    """The request's bytes, unpacked, bounded."""
    data = request.get_data(cache=False)
    if request.headers.get("Content-Encoding", "").lower() != "gzip":
        return _bounded(data)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return _bounded(packed.read(MAX_BATCH + 1))
    except (OSError, EOFError, zlib.error):
        raise MalformedBatch(what="gzip") from None


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_BATCH:
        raise TooLarge()
    return data


# --- what phones take along, what screens ask ---------------------------------------------------


class SliceIn(Schema):
    """`revision`: of the roster the phone holds already; it is left out when it still holds."""

    revision = fields.String(load_default="", validate=validate.Length(max=32))


@bp.post("/api/v1/field/slice")
@public
@takes(SliceIn)
@gives(None)
def get_slice(args: dict[str, Any]) -> Response:
    """Rounds, pool rules, code patterns and the catchment's masked roster for an enrolled phone.

    The phone signs the request: `X-Device: <device id> <milliseconds> <signature>`, ES256 (r ‖ s,
    base64url) over six lines: screening-request-1, device id, method, path, milliseconds, the
    body's SHA-256 in hex. No staff session is needed at five in the morning."""
    device = signed.device_of(request, at=clock.now())
    return jsonify(slices.make(device, revision=args["revision"], at=clock.now()))


class DifferenceIn(Schema):
    code = fields.String(
        required=True,
        validate=validate.OneOf(["late_tube", "broken", "stays", "not_sent", "other"]),
    )
    n = fields.Integer(required=True, validate=validate.Range(-500, 500))
    tube = fields.String(load_default=None, allow_none=True)


def _text(most: int = 64) -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=most))


class ActCheckIn(Schema):
    """One act of a screen. `text` is a scan as read; `n` a count as typed; what an act does not
    need is ignored."""

    act = fields.String(required=True, validate=validate.OneOf(check.ACTS))
    site_id = fields.Integer(load_default=None, allow_none=True)
    lab_id = fields.Integer(load_default=None, allow_none=True)
    round_id = fields.Integer(load_default=0)
    practice = fields.Boolean(load_default=False)
    tube = _text()
    mode = fields.String(
        load_default="pooled", validate=validate.OneOf(["single", "household", "pooled"])
    )
    size = fields.Integer(load_default=10, validate=validate.Range(1, 100))
    text = _text(200)
    doc_type, doc_number, doc_country = _text(20), _text(40), _text(3)
    name, phone = _text(100), _text(20)
    seen = fields.Boolean(load_default=False)
    reason = _text(200)
    n = fields.Integer(load_default=0, validate=validate.Range(0, 500))
    counted = fields.Boolean(load_default=True)
    batch = fields.String(
        load_default="", validate=validate.Regexp("^([0-9]{1,10}-[0-9a-f]{16,32})?$")
    )
    box, seal = _text(), _text()
    seals = fields.List(fields.String(), load_default=list, validate=validate.Length(max=200))
    temperature = fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(-100, 100)
    )
    differences = fields.List(fields.Nested(DifferenceIn), load_default=list)


class AnswerOut(Schema):
    tone = fields.String(required=True, validate=validate.OneOf(["ok", "look", "stop"]))
    code = fields.String(required=True)
    sentence = fields.Dict(metadata={"description": "{zh, en}"})
    details = fields.Dict()


class ActCheckOut(Schema):
    """`tone` is the worst of all answers: `stop` means the screen must not go on."""

    tone = fields.String(required=True)
    answers = fields.List(fields.Nested(AnswerOut))


CHECKED_AT = At("site or lab of the screen, and its boxes", check.place_of)


@bp.post("/api/v1/field/check")
@require(*SITE_ROLES, Role.COURIER, *LAB_ROLES, at=CHECKED_AT)
@takes(ActCheckIn)
@gives(ActCheckOut)
def check_act(args: dict[str, Any]) -> dict[str, Any]:
    """Would this be accepted? Answers in words; writes nothing."""
    found = check.check(args, at=clock.now())
    return {"tone": worst(found), "answers": [a.to_dict() for a in found]}
