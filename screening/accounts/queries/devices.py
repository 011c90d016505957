"""Devices and enrolment codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening import clock
from screening.accounts.roles import EVERYWHERE, Place
from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places


class NoSuchDevice(NotFound):
    code = "no_such_device"
    zh = "没有这台设备。"
    en = "There is no such device."


class DeviceRow(NamedTuple):
    device_id: int
    name: str
    kind: str
    site_id: int | None
    lab_id: int | None
    staff_id: int | None
    cell_id: int
    public_key: bytes
    private_key: bytes | None
    state: str
    practice: bool
    enrolled_by: int | None
    enrolled_at: datetime
    heard_at: datetime | None
    offset_ms: int | None
    lost_by: int | None

    @property
    def active(self) -> bool:
        return self.state == "active"


_DEVICE = ", ".join("d." + f for f in DeviceRow._fields)


def find_device(device_id: int) -> DeviceRow | None:
    rows = fetch(f"SELECT {_DEVICE} FROM device d WHERE device_id = %s", (device_id,))
    return DeviceRow(*rows[0]) if rows else None


def get_device(device_id: int) -> DeviceRow:
    row = find_device(device_id)
    if row is None:
        raise NoSuchDevice()
    return row


def place_of_device(device_id: int) -> Place:
    """Where a device belongs: its site or lab; a desk of neither belongs to the whole city."""
    row = get_device(device_id)
    if row.site_id:
        return places.place_of_site(row.site_id)
    if row.lab_id:
        return places.place_of_lab(row.lab_id)
    return EVERYWHERE


class PlacedDevice(NamedTuple):
    device: DeviceRow
    place_name: str


_PLACED = (
    "LEFT JOIN site s ON s.site_id = d.site_id LEFT JOIN lab l ON l.lab_id = d.lab_id "
    "LEFT JOIN area a ON a.area_id = coalesce(s.area_id, l.area_id) "
)


def _at_places(held: Sequence[Place], alias: str) -> tuple[str, list[Any]]:
    cond, params = places.in_scope(held)
    if cond == "TRUE":
        return cond, []
    ids = [[p.id for p in held if p.kind == kind] for kind in ("site", "lab")]
    return (
        f"({cond} OR {alias}.site_id = ANY(%s) OR {alias}.lab_id = ANY(%s))",
        [*params, *ids],
    )


def list_devices(
    held: Sequence[Place], *, kind: str = "phone", after: int = 0, limit: int = 100
) -> list[PlacedDevice]:
    """Devices at the places held, by id."""
    cond, params = _at_places(held, "d")
    rows = fetch(
        f"SELECT {_DEVICE}, coalesce(s.name, l.name, '') FROM device d {_PLACED}"
        f"WHERE d.kind = %s AND d.device_id > %s AND {cond} ORDER BY d.device_id LIMIT %s",
        (kind, after, *params, limit),
    )
    return [PlacedDevice(DeviceRow(*r[:-1]), r[-1]) for r in rows]


class CodeRow(NamedTuple):
    """An enrolment code that still works; its text is known only to whoever made it."""

    ref: str
    place_name: str
    until: datetime
    uses_left: int
    practice: bool
    made_at: datetime


def list_codes(held: Sequence[Place]) -> list[CodeRow]:
    cond, params = _at_places(held, "d")
    rows = fetch(
        "SELECT d.code_hash, coalesce(s.name, l.name, ''), d.until, d.uses_left, d.practice, "
        f"d.made_at FROM enrol_code d {_PLACED}"
        f"WHERE d.until > %s AND d.uses_left > 0 AND {cond} ORDER BY d.made_at, d.code_hash",
        (clock.real_now(), *params),
    )
    return [CodeRow(bytes(r[0]).hex()[:16], *r[1:]) for r in rows]


def place_of_code(ref: str) -> Place:
    rows = fetch(
        "SELECT site_id, lab_id FROM enrol_code WHERE left(encode(code_hash, 'hex'), 16) = %s",
        (ref,),
    )
    if not rows:
        raise NotFound()
    return places.place_of_site(rows[0][0]) if rows[0][0] else places.place_of_lab(rows[0][1])
