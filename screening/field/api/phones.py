"""What a phone asks for in its own name, signed with the key it enrolled with."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields, validate

from screening import clock
from screening.accounts.guard import public
from screening.field import signed, slices
from screening.field.api.frame import bp
from screening.openapi import gives, takes


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
