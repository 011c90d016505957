"""Exported journals in, whoever carries them."""

from __future__ import annotations

from flask import Response, jsonify

from screening import clock
from screening.accounts.guard import public
from screening.field import carried
from screening.field.api.frame import body, bp
from screening.field.api.journal import ReceiptOut
from screening.openapi import gives


@bp.post("/api/v1/journal/carried")
@public
@gives(ReceiptOut)
def post_carried() -> Response:
    """Take the unsent part of a journal that a phone exported (`screening-carry-1`,
    docs/journal.md): a file of lines, or what its QR codes say.

    It is sealed to this server and signed by its device: who carries it can neither read nor change
    it. The answer is the receipt of the last line; `new` counts all lines."""
    receipts = carried.take(body(), received_at=clock.now())
    out = receipts[-1].to_dict() | {"new": sum(r.new for r in receipts)}
    return jsonify(out)
