"""Journals in, receipts out."""

from __future__ import annotations

from flask import Response, jsonify
from marshmallow import Schema, fields, validate

from screening import clock
from screening.accounts.guard import public
from screening.field import queries, service
from screening.field.api.frame import body, bp
from screening.openapi import gives, takes
from screening.tube.entries import json_schema


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
    out = service.ingest(body(), received_at=clock.now())
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
