"""What a phone asks for in its own name, signed with the key it enrolled with."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request
from marshmallow import Schema, fields, validate

from screening import clock
from screening.accounts import phone_sessions, sessions
from screening.accounts import queries as accounts
from screening.accounts.guard import At, current_actor, public, require
from screening.accounts.roles import EVERYBODY
from screening.field import doors, sign_in, signed, slices
from screening.field.api.frame import bp
from screening.openapi import gives, takes
from screening.places.rules import Place
from screening.wire import Id, text


class RedirectSeenIn(Schema):
    """A redirected box whose new laboratory a person on the road has read."""

    batch = text(64, required=True)
    redirect = Id(required=True, metadata={"description": "as the slice named it"})
    by = Id(load_default=None, allow_none=True, metadata={"description": "staff id"})
    at = fields.Integer(
        required=True, validate=validate.Range(0, 2**42),
        metadata={"description": "milliseconds since 1970"},
    )  # fmt: skip


class SliceIn(Schema):
    """`revision`: of the roster the phone holds already; it is left out when it still holds."""

    revision = fields.String(load_default="", validate=validate.Length(max=32))
    seen = fields.List(
        fields.Nested(RedirectSeenIn), load_default=list, validate=validate.Length(max=200),
        metadata={"description": "redirections that somebody read on this phone since"},
    )  # fmt: skip


@bp.post("/api/v1/field/slice")
@public
@takes(SliceIn)
@gives(None)
def get_slice(args: dict[str, Any]) -> Response:
    """Rounds, pool rules, keys, the catchment's masked roster and the work at the phone's place.

    The phone signs the request: `X-Device: <device id> <milliseconds> <signature>`, ES256 (r ‖ s,
    base64url) over six lines: screening-request-1, device id, method, path, milliseconds, the
    body's SHA-256 in hex. No staff session is needed at five in the morning."""
    now = clock.now()
    device = signed.device_of(request, at=now)
    slices.hear(device, args["seen"], at=now)
    return zipped(jsonify(slices.make(device, revision=args["revision"], at=now)))


def zipped(response: Response) -> Response:
    """Gzipped for whoever says it can read that: a roster is a phone's largest download."""
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


class PhoneSignIn(Schema):
    """`badge` as scanned, or `staff_no` as typed; `secret` is the PIN or the password."""

    badge = fields.String(load_default="", validate=validate.Length(max=64))
    staff_no = fields.String(load_default="", validate=validate.Length(max=64))
    secret = fields.String(required=True, validate=validate.Length(1, 256))


class PhoneStaff(Schema):
    id = fields.String(required=True)
    no = fields.String(required=True)
    name = fields.String()
    roles = fields.List(fields.String(), metadata={"description": "those that hold here"})


class PhoneSession(Schema):
    staff = fields.Nested(PhoneStaff, required=True)
    must_change = fields.Boolean(metadata={"description": "a first password: change it at a desk"})
    token = fields.String(metadata={"description": "send as Authorization: Bearer …"})
    expires_at = fields.Integer(metadata={"description": "milliseconds since 1970"})
    server_time = fields.Integer(metadata={"description": "milliseconds since 1970"})


@bp.post("/api/v1/field/sign-in")
@public
@takes(PhoneSignIn)
@gives(PhoneSession)
def sign_in_here(args: dict[str, Any]) -> dict[str, Any]:
    """Sign in on an enrolled phone, which signs the request (`X-Device`, as for the slice).

    The person must hold a role at the phone's site or laboratory; couriers may anywhere."""
    now = clock.now()
    return sign_in.sign_in(signed.device_of(request, at=now), args, at=now)


class NothingIn(Schema):
    """An empty object."""


class SignedOut(Schema):
    server_time = fields.Integer(metadata={"description": "milliseconds since 1970"})


@bp.post("/api/v1/field/sign-out")
@require(*EVERYBODY)
@takes(NothingIn)
@gives(SignedOut)
def sign_out_here(args: dict[str, Any]) -> dict[str, Any]:
    """End the own session at the end of a shift; the journal needs none."""
    sessions.close_session(current_actor())
    return {"server_time": clock.to_ms(clock.now())}


def place_of_phone(_: Mapping[str, Any]) -> Place:
    """Where the phone stands that signs this request. Raises as signed.device_of."""
    device = signed.device_of(request, at=clock.now())
    return phone_sessions.place_of(accounts.get_device(device.device_id))


SIGNING_PHONE = At("place of the phone that signs", place_of_phone)


@bp.post("/api/v1/field/doors")
@require(*doors.TEAM, at=SIGNING_PHONE)
@takes(NothingIn)
@gives(None)
def get_doors(args: dict[str, Any]) -> Response:
    """Whom to visit: people called back by deadline, then visits of the round, with name, phone and
    address. The phone signs, a person of its site's team is signed in (`Authorization: Bearer`)."""
    now = clock.now()
    return zipped(jsonify(doors.list_doors(signed.device_of(request, at=now), at=now)))
