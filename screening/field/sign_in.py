"""Who works on a phone: a badge or a number, and the PIN or the password."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from screening import clock
from screening.accounts import phone_sessions
from screening.accounts import queries as accounts
from screening.accounts.sessions import BadSignIn
from screening.field.queries import DeviceRow
from screening.registry.scans import CodeProblem
from screening.tube.codes import Kind, read_code


def sign_in(device: DeviceRow, args: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    """A session of a person on a phone, as the phone keeps it.

    `args`: `badge` (as scanned) or `staff_no`, and `secret`. Raises what
    accounts.phone_sessions.sign_in raises."""
    staff_id, staff_no = who_of(args.get("badge") or "", args.get("staff_no") or "")
    held = phone_sessions.sign_in(
        accounts.get_device(device.device_id), args["secret"], staff_id=staff_id, staff_no=staff_no
    )
    actor = held.actor
    names = accounts.names_of([actor.staff_id])
    return {
        "staff": {
            "id": str(actor.staff_id),
            "no": actor.staff_no,
            "name": names[actor.staff_id][1],
            "roles": [str(r) for r in held.roles],
        },
        "must_change": held.must_change,
        "token": held.token,
        "expires_at": clock.to_ms(held.expires_at),
        "server_time": clock.to_ms(at),
    }


def who_of(badge: str, staff_no: str) -> tuple[int | None, str]:
    """(staff id, "") of a badge's number, or (None, staff number): older badges bear the staff
    number itself. Raises BadSignIn for the code of another thing."""
    if not badge:
        return None, staff_no
    try:
        found = read_code(badge)
    except CodeProblem:
        return None, badge.strip()
    if found.kind is not Kind.BADGE or found.practice or found.serial is None:
        raise BadSignIn()
    return found.serial, ""
