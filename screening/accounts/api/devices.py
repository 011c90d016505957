"""Devices, and the codes with which they enrol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from screening.accounts import devices, queries, service
from screening.accounts import schemas as s
from screening.accounts.api.frame import MANAGERS, bp
from screening.accounts.guard import OWN_ROWS, At, by, current_actor, public, require
from screening.accounts.queries import place_of_code, place_of_device
from screening.accounts.roles import Place, Role
from screening.errors import NotFound
from screening.openapi import gives, takes
from screening.places import queries as places


def site_or_lab(values: Mapping[str, Any]) -> Place:
    """The one place that a body names. Raises NotFound for none, both or unknown ones."""
    site, lab = values.get("site_id"), values.get("lab_id")
    if bool(site) == bool(lab):
        raise NotFound()
    try:
        return places.place_of_site(int(site)) if site else places.place_of_lab(int(lab or 0))
    except (TypeError, ValueError):
        raise NotFound() from None


SITE_OR_LAB = At("site or lab", site_or_lab)
DEVICE = by("device's site or lab", "device_id", lambda v: place_of_device(int(v)))
CODE = by("code's site or lab", "ref", place_of_code)


@bp.get("/enrol-codes")
@require(*MANAGERS, at=OWN_ROWS)
@gives(s.CodeRowSchema, many=True)
def list_codes() -> Any:
    """Codes that still work, without their text."""
    return queries.list_codes(current_actor().places(MANAGERS))


@bp.post("/enrol-codes")
@require(*MANAGERS, at=SITE_OR_LAB)
@takes(s.EnrolCodeInSchema)
@gives(s.EnrolCodeSchema, 201)
def make_code(args: dict[str, Any]) -> Any:
    """A code with which the phones of a site or lab enrol until an hour."""
    code = service.make_enrol_code(
        current_actor(),
        site_or_lab(args),
        until=args["until"],
        uses=args["uses"],
        practice=args["practice"],
    )
    return {"code": code}


@bp.delete("/enrol-codes/<ref>")
@require(*MANAGERS, at=CODE)
@gives(None, 204)
def withdraw_code(ref: str) -> Any:
    """Make a code useless at once."""
    devices.withdraw_code(ref)
    return "", 204


@bp.post("/devices")
@public
@takes(s.DeviceInSchema)
@gives(s.EnrolledSchema, 201)
def enrol_device(args: dict[str, Any]) -> Any:
    """Enrol a phone with a code and its own public key (65-byte P-256 point, base64url)."""
    return service.enrol(
        args["code"], args["name"], args["public_key"], address=request.remote_addr
    )


@bp.get("/devices")
@require(*MANAGERS, Role.DISPATCHER, at=OWN_ROWS)
@takes(s.DeviceQuerySchema, "query")
@gives(s.DevicePageSchema)
def list_devices(args: dict[str, Any]) -> Any:
    """Devices of the own sites and labs."""
    rows = queries.list_devices(current_actor().places((*MANAGERS, Role.DISPATCHER)), **args)
    last = rows[-1].device.device_id if len(rows) == args["limit"] else None
    return {"items": rows, "next": last}


@bp.post("/devices/<int:device_id>/revoke")
@require(*MANAGERS, at=DEVICE)
@gives(None, 204)
def revoke_device(device_id: int) -> Any:
    """Refuse the device from now on."""
    service.revoke_device(device_id)
    return "", 204


@bp.post("/devices/<int:device_id>/lost")
@require(*MANAGERS, at=DEVICE)
@gives(None, 204)
def lose_device(device_id: int) -> Any:
    """Declare the device lost, in the own name."""
    service.declare_lost(device_id, current_actor())
    return "", 204
