"""HTTP of the door: journals in, receipts out."""

from __future__ import annotations

import gzip
import io
import zlib

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, fields, validate

from screening import clock
from screening.accounts.guard import public
from screening.errors import TooLarge
from screening.field import queries, service
from screening.field.chain import MalformedBatch
from screening.openapi import gives, takes
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
